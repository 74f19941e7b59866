#!/bin/sh
# skip_on_3.sh NAME COMMAND…: runs it; where it ends with 3, something is missing on this machine: ends with 77 and says what,
# in the words of a GoogleTest program, which ./spillway test gathers.
name=$1
shift
errors=$(mktemp)
"$@" 2>"$errors"
code=$?
cat "$errors" >&2
reason=$(grep -m 1 -E 'not there|no program|cannot measure here' "$errors")
rm -f "$errors"
[ $code -ne 3 ] || {
  printf '[ RUN      ] %s\n%s: Skipped\n%s\n[  SKIPPED ] %s (0 ms)\n' "$name" "$name" "${reason:-something is missing here}" "$name"
  exit 77
}
exit $code
