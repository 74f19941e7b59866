#!/bin/sh
# run_case.sh SPILLWAY CASE VERSION FOLDER: one case against the real collector of one version; what it prints is kept
# in FOLDER, for the table of agreement. Where it cannot be run it ends with 77 and says why, in the words of a
# GoogleTest program, which ./spillway test gathers.
spillway=$1 case=$2 version=$3 kept=$4/$(basename "$2" .yaml).$3
rm -f "$kept"

skip() { # REASON
  name=Differential.$(basename "$case" .yaml).$version
  printf '[ RUN      ] %s\n%s: Skipped\n%s\n[  SKIPPED ] %s (0 ms)\n' "$name" "$case" "$1" "$name"
  exit 77
}

variable=SPILLWAY_OTELCOL_$(echo "${version%.*}" | tr . _) # SPILLWAY_OTELCOL_0_111 for 0.111.0
eval "program=\${$variable:-}"
[ -x "$program" ] || skip "$variable names no built collector"

# The names under `collectors:`; all of them get this version.
names=$(awk '/^[^ #]/ { inside = /^collectors:/ } inside && /^  [A-Za-z0-9_-]+:/ { sub(/:.*/, ""); print $1 }' "$case")
set -- measure "$case" --compare
for name in $names; do set -- "$@" --set "collectors.$name.version=$version"; done

errors=$(mktemp)
mkdir -p "$(dirname "$kept")"
"$spillway" "$@" >"$kept.running" 2>"$errors"
code=$?
cat "$kept.running"
mv "$kept.running" "$kept"
cat "$errors" >&2
reason=$(grep -m 1 'cannot measure here' "$errors")
rm -f "$errors"
[ $code -ne 3 ] || skip "${reason:-no isolated network here}"
exit $code
