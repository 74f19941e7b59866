#!/bin/sh
# run.sh SOURCE PRESET TEST…: builds test programs under a preset's sanitizers and runs them. A report of a sanitizer ends
# the program, so a test that passes is clean.
# It compiles nearly everything once more, a quarter of an hour on two cores, so it waits to be asked.
source=$1 preset=$2
shift 2
if [ -z "${SPILLWAY_SANITIZERS:-}" ]; then
  printf '[ RUN      ] Sanitizers.%s\n%s: Skipped\n%s\n[  SKIPPED ] Sanitizers.%s (0 ms)\n' "$preset" "$0" \
    "set SPILLWAY_SANITIZERS=1 to build and run the tests under the preset $preset: a quarter of an hour" "$preset"
  exit 77
fi
cd "$source" || exit 1
build=.build/$preset
mkdir -p "$build" || exit 1

cmake --preset "$preset" >"$build/build.log" 2>&1 && cmake --build --preset "$preset" --target "$@" >>"$build/build.log" 2>&1 || {
  grep -E -A4 'error|FAILED' "$build/build.log" | head -n 60
  echo "$preset: could not build; all output is in $build/build.log"
  exit 1
}

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1
export SPILLWAY_PROPERTY_COUNT=${SPILLWAY_PROPERTY_COUNT:-120}
failed=0
for test in "$@"; do
  program=$(find "$build/tests" -name "$test" -type f | head -n 1)
  if "$program" --gtest_brief=1 >"$build/$test.out" 2>&1; then
    grep PASSED "$build/$test.out" | sed "s/^/$preset $test: /"
  else
    failed=1
    echo "$preset $test: failed"
    grep -E -A30 'ERROR|WARNING: ThreadSanitizer|runtime error|Failure' "$build/$test.out" | head -n 80
  fi
done
exit $failed
