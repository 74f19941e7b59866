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
script=build.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec 3>&1 1>&2 # stdout is for the results only: descriptor 3
# shellcheck source=../pinned_build.sh
source "$here/../pinned_build.sh"

# The binary of a version; its folder names everything that went into it.
binary_of() { # VERSION
  local hash
  hash=$(cd "$here/$1" && { echo "CGO_ENABLED=0 $go_flags $ld_flags" && sha256sum -- *.go go.mod go.sum; } | sha256sum)
  echo "$cache/otelcol/$1-${hash:0:12}/otelcol"
}

build() { # VERSION BINARY
  local TIMEFORMAT="build.sh: otelcol $1 took %R s (user %U s, system %S s)"
  find_go "$here"/[0-9]*/go.mod # one Go for all, so that only the Collectors differ
  echo "build.sh: building otelcol $1 with $go, some minutes with cold caches"
  mkdir -p "${2%/*}"
  # Go runs without descriptor 9, or a helper it leaves behind would keep the lock.
  time (cd "$here/$1" && nice "$go" build -ldflags="$ld_flags" -o "$2.new" . 9>&-) ||
    stop 3 "cannot build otelcol $1 (reason above)"
  mv "$2.new" "$2"
}

known=$(cd "$here" && echo [0-9]*/)
known=${known//\//}
read -ra versions <<<"${*:-$known}"
for version in "${versions[@]}"; do
  [[ " $known " == *" $version "* ]] || stop 2 "unknown version '$version'; there are: $known"
done

find_cache otelcol
set_up_go "$go_flags"

for version in "${versions[@]}"; do
  binary=$(binary_of "$version")
  if [[ ! -x $binary ]]; then
    take_lock "$cache/otelcol/.lock"
    [[ -x $binary ]] || build "$version" "$binary"
    exec 9>&-
  fi
  echo "$version $binary" >&3
done
