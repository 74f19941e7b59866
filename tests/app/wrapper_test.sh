#!/usr/bin/env bash
# shellcheck disable=SC2329 # the cases are called by name
# Behaviour of ./spillway, the wrapper, on copies of this tree whose program is a shell script: no compiler runs.
#
#   wrapper_test.sh ROOT [CASE…]      all cases when none is named
set -uo pipefail
root=$1 && shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset SPILLWAY_CACHE CCACHE_DIR "${!SPILLWAY_OTELCOL_@}" # of the wrapper that may run this test

# ---- a clone to play with -------------------------------------------------------------------------------------------

# Sources as large as the real ones, a program made of sim/program.sh, tests that pass, skip and fail.
make_clone() { # FOLDER
  mkdir -p "$1" && cd "$1" && cp -r "$root"/{sim,models,analysis,real} . && cp "$root"/{spillway,CMakePresets.json} .
  rm -f real/collector/build.sh
  mkdir -p tests real/collector
  cat >sim/program.sh <<'END'
#!/bin/sh
[ "$1" != exit ] || exit "$2"
echo "program: $*"
END
  cat >sim/compile.sh <<'END'
if grep -q broken "$1"; then echo "$1:1:1: error: this is broken"; exit 1; fi
echo "$CCACHE_DIR" >cache
mkdir -p sim/app && cp "$1" sim/app/spillway && chmod +x sim/app/spillway
END
  cat >tests/skips.sh <<'END'
printf '[ RUN      ] Collector.Answers\ncase_test.cpp:7: Skipped\n'
printf 'no collector: %s\n\n' "${SPILLWAY_OTELCOL_0_111:-none}"
printf '[  SKIPPED ] Collector.Answers (0 ms)\n'
END
  cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(stub NONE)
enable_testing()
set(made ${CMAKE_BINARY_DIR}/sim/app/spillway)
add_custom_command(OUTPUT ${made} COMMAND sh ${CMAKE_SOURCE_DIR}/sim/compile.sh ${CMAKE_SOURCE_DIR}/sim/program.sh
  DEPENDS sim/program.sh)
add_custom_target(spillway-bin ALL DEPENDS ${made})
add_custom_target(spillway-real-bin ALL COMMAND touch real-is-built)
add_dependencies(spillway-real-bin spillway-bin)
add_test(NAME passes COMMAND true)
add_test(NAME skips COMMAND sh ${CMAKE_SOURCE_DIR}/tests/skips.sh)
set_tests_properties(skips PROPERTIES LABELS real SKIP_REGULAR_EXPRESSION "SKIPPED")
add_test(NAME fails COMMAND false)
set_tests_properties(fails PROPERTIES LABELS slow)
END
}

# All commands of this machine but those named, so that the wrapper believes to be elsewhere.
path_without() { # COMMAND…
  local folder farm=$work/farm name
  mkdir -p "$farm"
  tr : '\n' <<<"$PATH" | while IFS= read -r folder; do
    find -L "$folder" -maxdepth 1 -type f -exec ln -s -t "$farm" {} + 2>/dev/null
  done
  for name in "$@"; do rm -f "$farm/$name"; done
  echo "$farm"
}

# ---- assertions -----------------------------------------------------------------------------------------------------

run() { "$@" >"$work/out" 2>"$work/err" && code=0 || code=$?; } # stdout, stderr and exit code to look at
miss() { { echo "    $1" && sed 's/^/      | /' "$work/out" "$work/err"; } >>"$work/misses"; }
exits() { [[ $code -eq $1 ]] || miss "exit code is $code, expected $1"; }
prints() { [[ $(<"$work/out") == "$1" ]] || miss "stdout is not '$1'"; }
tells() { grep -qF -- "$1" "$work/err" || miss "stderr lacks '$1'"; }
says_in_output() { grep -qF -- "$1" "$work/out" || miss "stdout lacks '$1'"; }
is_silent() { [[ ! -s $work/err ]] || miss "stderr is not empty"; }

# ---- cases ----------------------------------------------------------------------------------------------------------

case_first_call_builds_and_keeps_stdout_clean() {
  run ./spillway --version 'a b'
  exits 0 && prints "program: --version a b" && tells "building (first time: about"
}

case_second_call_is_silent_and_instant() {
  local begin took best=1000000
  ./spillway --version >/dev/null 2>&1
  for _ in 1 2 3; do # the best of three: other tests run beside this one
    begin=${EPOCHREALTIME/./}
    run ./spillway --version
    took=$((${EPOCHREALTIME/./} - begin))
    best=$((took < best ? took : best))
  done
  prints "program: --version" && is_silent
  [[ $best -lt 500000 ]] || miss "took $best microseconds"
  echo "    second call: $((best / 1000)) ms"
}

case_exit_code_is_the_programs() {
  run ./spillway exit 98
  exits 98
  run ./spillway exit 2
  exits 2 && is_silent
}

case_works_through_a_symlink_from_elsewhere_without_home() {
  ln -s "$PWD/spillway" "$work/link" && cd /
  run env -u HOME -u XDG_CACHE_HOME "$work/link" x
  exits 0 && prints "program: x"
  [[ $(<"$work/a clone/.build/release/cache") == "$work/a clone/.build/cache/ccache" ]] || miss "no cache in the clone"
}

case_rebuilds_what_changed() {
  ./spillway x >/dev/null 2>&1
  sleep 0.02 && sed -i 's/program:/changed:/' sim/program.sh
  run ./spillway x
  prints "changed: x" && tells "building…"
  run ./spillway x
  is_silent
}

case_notices_a_removed_source_and_a_commit() {
  ./spillway x >/dev/null 2>&1
  sleep 0.02 && rm sim/time.hpp
  run ./spillway x
  tells "building…"
  git init -q . && git -c user.name=a -c user.email=b commit -q --allow-empty -m c
  run ./spillway x
  tells "building…"
  run ./spillway x
  is_silent
}

case_what_only_the_real_world_needs_is_built_when_asked_for() {
  run ./spillway x
  [[ ! -e .build/release/real-is-built ]] || miss "built for a command that does not need it"
  run ./spillway import y
  prints "program: import y" && tells "building (first time"
  [[ -e .build/release/real-is-built ]] || miss "not built for import"
  run ./spillway import y
  is_silent
  run ./spillway x
  is_silent
}

case_failed_build_shows_the_error_and_exits_3() {
  echo broken >>sim/program.sh
  run ./spillway x
  exits 3 && prints "" && tells "program.sh:1:1: error: this is broken" && tells "build.log"
  sed -i /broken/d sim/program.sh
  run ./spillway x
  exits 0 && prints "program: x"
}

case_a_moved_clone_builds_again() {
  ./spillway x >/dev/null 2>&1
  mv "$PWD" "$work/moved" && cd "$work/moved" || return
  run ./spillway x
  exits 0 && prints "program: x" && tells "building…"
}

case_two_at_once_build_once() {
  ./spillway x >"$work/other" 2>&1 &
  run ./spillway x
  wait
  exits 0 && prints "program: x"
  grep -q "program: x" "$work/other" || miss "the other call failed: $(<"$work/other")"
}

case_clone_that_cannot_be_written_says_so() {
  echo "in the way" >.build
  run ./spillway x
  exits 3 && prints "" && tells "cannot write to"
}

case_builds_without_apt_when_everything_is_there() {
  PATH=$(path_without dpkg-query apt-get) run ./spillway x
  exits 0 && prints "program: x"
}

case_names_the_packages_where_there_is_no_apt() {
  PATH=$(path_without dpkg-query apt-get cmake) run ./spillway x
  exits 3 && prints "" && tells "no apt" && tells "libyaml-cpp-dev"
}

case_installs_what_is_missing() {
  local farm
  farm=$(path_without dpkg-query apt-get sudo)
  printf '#!/bin/sh\necho "installed git"' >"$farm/dpkg-query"
  printf '#!/bin/sh\necho "$*" >>"%s/apt"' "$work" >"$farm/apt-get"
  printf '#!/bin/sh\nexec "$@"' >"$farm/sudo"
  chmod +x "$farm"/{dpkg-query,apt-get,sudo}
  PATH=$farm run ./spillway x
  exits 0 && prints "program: x" && tells "installing g++ cmake"
  grep -q 'install --no-install-recommends g++ .*libyaml-cpp-dev' "$work/apt" || miss "apt-get was not asked to install"
  ! grep -qw git "$work/apt" || miss "asked for git, which is there"
}

case_says_what_to_do_without_sudo() {
  local farm
  [[ $EUID -eq 0 ]] && command -v setpriv >/dev/null || return 0
  farm=$(path_without dpkg-query apt-get sudo cmake)
  printf '#!/bin/sh\n' >"$farm/dpkg-query" && printf '#!/bin/sh\n' >"$farm/apt-get"
  chmod +x "$farm"/{dpkg-query,apt-get} && chmod -R a+rwX "$work"
  PATH=$farm run setpriv --reuid 65534 --clear-groups bash ./spillway x
  exits 3 && tells "no sudo here; as root: apt-get install"
}

case_test_ends_with_the_summary_and_lists_skips_before_it() {
  run ./spillway test
  exits 8 && says_in_output "  Collector.Answers: no collector: none"
  grep -A99 'Skipped, and why' "$work/out" | grep -q 'tests passed, 1 tests failed out of 3' ||
    miss "the skipped tests do not stand before ctest's summary"
  [[ $(tail -n 1 "$work/out") != *Collector.Answers* ]] || miss "ctest's summary is not at the end"
}

case_quick_leaves_out_slow_and_real_and_passes_arguments_on() {
  run ./spillway test --quick -R passes
  exits 0 && says_in_output "100% tests passed, 0 tests failed out of 1"
  tells "leaves out 1 tests labelled slow, and 1 that need real collectors"
}

case_a_test_that_does_not_exist_is_an_error() {
  run ./spillway test --quick -R nothing-like-it
  [[ $code -ne 0 ]] || miss "exit code is 0"
}

case_tests_get_the_real_collectors() {
  printf '#!/bin/sh\necho "0.111 /some where/otelcol"' >real/collector/build.sh && chmod +x real/collector/build.sh
  run ./spillway test -R skips
  says_in_output "no collector: /some where/otelcol"
}

case_reason_is_told_when_there_are_no_real_collectors() {
  printf '#!/bin/sh\necho "no Go here" >&2; exit 3' >real/collector/build.sh && chmod +x real/collector/build.sh
  run ./spillway test -R skips
  exits 0 && tells "skipped: no Go here" && says_in_output "no collector: none"
}

# ---- all of them ----------------------------------------------------------------------------------------------------

[[ $# -gt 0 ]] || mapfile -t cases < <(declare -F | sed -n 's/^declare -f \(case_.*\)/\1/p')
failed=0
for case in "${cases[@]-$@}"; do
  rm -rf "$work" && mkdir "$work" && touch "$work/misses"
  (make_clone "$work/a clone" && "$case") </dev/null
  [[ -s $work/misses ]] && failed=1 && echo "FAILED ${case#case_}" && cat "$work/misses" || echo "ok     ${case#case_}"
done
exit "$failed"
