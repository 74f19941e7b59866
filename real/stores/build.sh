#!/usr/bin/env bash
# Builds or fetches the real stores of telemetry beside this script, once, into a cache.
#
#   build.sh [--there] [NAME...]   all when none is named; prints one line "NAME PATH" each (zipkin: a jar, for `java -jar`)
#                                  --there: only those that are there already; 3 when one is not
#
# promtail, tempo, victorialogs: built from pinned Go modules. zipkin: a pinned Maven artifact (needs mvn; a Java runtime
# to run it). prometheus, promtool: Debian's, from PATH, else unpacked into the cache; nothing is installed or started.
# Progress goes to stderr. Exit codes: 0 there now, 2 wrong use, 3 the machine could not get one (the others are tried).
# Cache: ${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spillway}; Go's and Maven's own caches stay where they are.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
unset CDPATH

readonly go_flags="-buildvcs=false -trimpath" ld_flags="-s -w"
readonly zipkin_version=3.6.1 zipkin_sha256=d8326e0ed4f43855dba81228f688554706e52578a7c782d9a90b73f8680654a1
readonly copy_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
readonly known="promtail tempo victorialogs zipkin prometheus promtool"
script=real/stores/build.sh
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec 3>&1 1>&2 # stdout is for the results only: descriptor 3
# shellcheck source=../pinned_build.sh
source "$here/../pinned_build.sh"

must_be_there() { # NAME
  [[ -z $there ]] || stop 3 "$1 is not there"
}

# ---- Go modules -----------------------------------------------------------------------------------------------------

# A folder NAME has a go.mod whose line `tool` is the program's package; its go.sum pins every byte.
go_program() { # NAME
  local hash
  hash=$(cd "$here/$1" && { echo "CGO_ENABLED=0 $go_flags $ld_flags" && sha256sum -- go.mod go.sum; } | sha256sum)
  result=$cache/stores/$1-${hash:0:12}/$1
  [[ -x $result ]] && return
  must_be_there "$1"
  take_lock "$cache/stores/.lock-go"
  [[ -x $result ]] || build_go "$1" "$result"
  exec 9>&-
}

build_go() { # NAME BINARY
  local package TIMEFORMAT="$script: $1 took %R s (user %U s, system %S s)"
  package=$(awk '$1 == "tool" { print $2 }' "$here/$1/go.mod")
  find_go "$here/$1/go.mod"
  echo "$script: building $1 with $go, some minutes with cold caches"
  mkdir -p "${2%/*}"
  time (cd "$here/$1" && nice "$go" build -mod=readonly -ldflags="$ld_flags" -o "$2.new" "$package" 9>&-) ||
    stop 3 "cannot build $1 (reason above)"
  mv "$2.new" "$2"
}

# ---- Maven ----------------------------------------------------------------------------------------------------------

zipkin() {
  result=$cache/stores/zipkin-server-$zipkin_version-exec.jar
  [[ -f $result ]] && return
  must_be_there zipkin
  command -v mvn >/dev/null || stop 3 "zipkin comes by Maven: install the package maven (and, to run it, openjdk-17-jre-headless or newer)"
  scratch=$(mktemp -d "$cache/stores/zipkin.XXXXXX")
  echo "$script: fetching zipkin-server $zipkin_version, 135 MB"
  (cd "$scratch" && mvn --quiet --batch-mode -Dstyle.color=never "$copy_plugin" -Dartifact="io.zipkin:zipkin-server:$zipkin_version:jar:exec" \
    -DoutputDirectory="$scratch") || stop 3 "cannot fetch zipkin-server $zipkin_version (reason above)"
  mv "$scratch"/zipkin-server-*.jar "$scratch/jar"
  echo "$zipkin_sha256  $scratch/jar" | sha256sum --check --quiet || stop 3 "the zipkin-server that came is not the pinned one"
  mv "$scratch/jar" "$result"
  rm -rf "$scratch"
  scratch=
}

# ---- Debian ---------------------------------------------------------------------------------------------------------

# Unpacked, not installed: an installed one would be started as a service.
debian_prometheus() { # PROGRAM
  result=$(command -v "$1") && return
  local versions=("$cache"/stores/debian-prometheus-*/usr/bin/"$1")
  result=${versions[-1]}
  [[ -x $result ]] && return
  must_be_there "$1"
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    stop 3 "$1 is not on PATH, and this system has no apt to fetch the package prometheus with"
  echo "$script: fetching Debian's package prometheus"
  scratch=$(mktemp -d "$cache/stores/prometheus.XXXXXX")
  # apt hands over to a user that may not see our folder; as root it then says so and does it itself
  (cd "$scratch" && apt-get -qq download prometheus 2>/dev/null) ||
    stop 3 "cannot fetch the package prometheus; try apt-get update, or install it"
  dpkg-deb -x "$scratch"/prometheus_*.deb "$scratch/unpacked"
  local version
  version=$(dpkg-deb -f "$scratch"/prometheus_*.deb Version)
  [[ -d $cache/stores/debian-prometheus-$version ]] || mv "$scratch/unpacked" "$cache/stores/debian-prometheus-$version"
  result=$cache/stores/debian-prometheus-$version/usr/bin/$1
  rm -rf "$scratch"
  scratch=
}

# ---- all ------------------------------------------------------------------------------------------------------------

there=
[[ ${1:-} != --there ]] || { there=$1 && shift; }
read -ra names <<<"${*:-$known}"
for name in "${names[@]}"; do
  [[ " $known " == *" $name "* ]] || stop 2 "unknown store '$name'; there are: $known"
done
if [[ ${#names[@]} -gt 1 ]]; then # each in a process of its own: what one lacks does not keep the others away
  status=0
  for name in "${names[@]}"; do "$here/build.sh" $there "$name" >&3 || status=$?; done
  exit "$status"
fi

find_cache stores
set_up_go "$go_flags"
case ${names[0]} in
zipkin) zipkin ;;
prometheus | promtool) debian_prometheus "${names[0]}" ;;
*) go_program "${names[0]}" ;;
esac
echo "${names[0]} $result" >&3
