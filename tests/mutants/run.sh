#!/usr/bin/env bash
# Do the tests of the collector's components notice wrong rules? Applies each mutant of mutants.txt to a copy of its
# file, links the tests with it instead of the original, and expects them to fail. Two mutants at a time.
#
# run.sh FOLDER COMPILER FLAGS OBJECTS_AND_LIBRARIES...
#   FOLDER   for copies and programs; made when missing
#   FLAGS    of compiling and linking, one word list
# Exit code 0: all killed. MUTANTS=regex in the environment picks some.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
work=$1 compiler=$2
read -ra flags <<<"$3"
shift 3
parts=("$@")
limit=60   # seconds for one run of the tests; a mutant that hangs is noticed, too

fail() { printf '%s\n' "$*" >&2; return 1; }

# link PROGRAM [OBJECT]: an object in front of the libraries replaces the one inside them.
link() { "$compiler" "${flags[@]}" -o "$@" "${parts[@]}"; }

tests_pass() { timeout "$limit" "$1" --gtest_brief=1 --gtest_fail_fast >"$1.log" 2>&1; }

# apply FILE OLD NEW TARGET: the old text must be there exactly once.
apply() {
  local text rest
  text=$(<"$source_dir/$1")
  rest=${text//"$2"/}
  local count=$(((${#text} - ${#rest}) / ${#2}))
  [ "$count" = 1 ] || fail "$1 has this text $count times, not once: $2" || return
  mkdir -p "$(dirname "$4")"
  printf '%s\n' "${text/"$2"/"$3"}" >"$4"
}

# Compiles within the copy's folder by relative names, so that a compiler cache knows it again.
try_mutant() {
  local name=$1 file=$2 old=$3 new=$4 folder=$work/$1
  mkdir -p "$folder"
  apply "$file" "$old" "$new" "$folder/$file" || return
  "$compiler" "${flags[@]}" -I"$source_dir" -c "$folder/$file" -o "$folder/mutant.o" ||
    fail "$name: does not compile" || return
  link "$folder/tests" "$folder/mutant.o" || fail "$name: does not link" || return
  if tests_pass "$folder/tests"; then fail "SURVIVED $name" || return; fi
  rm -f "$folder/tests"
  printf 'killed   %s\n' "$name"
}

declare -a names=() files=() olds=() news=()
read_list() {
  local line last=-1
  while IFS= read -r line; do
    case $line in
      'mutant '*) names+=("${line#mutant }") files+=('') olds+=('') news+=('') last=$((last + 1)) ;;
      'file '*) files[last]=${line#file } ;;
      '- '*) olds[last]+=${olds[last]:+$'\n'}${line#- } ;;
      '+ '*) news[last]+=${news[last]:+$'\n'}${line#+ } ;;
    esac
  done <"$here/mutants.txt"
}

mkdir -p "$work"
read_list
[ "${#names[@]}" -gt 0 ] || fail "no mutants in mutants.txt" || exit 1
link "$work/original" || exit 1
tests_pass "$work/original" || fail "the tests fail without any mutant: $work/original.log" || exit 1

survivors=0
tried=0
for i in "${!names[@]}"; do
  [[ ${names[i]} =~ ${MUTANTS:-.} ]] || continue
  tried=$((tried + 1))
  if [ "$(jobs -rp | wc -l)" -ge 2 ]; then wait -n || survivors=$((survivors + 1)); fi
  try_mutant "${names[i]}" "${files[i]}" "${olds[i]}" "${news[i]}" &
done
while [ -n "$(jobs -p)" ]; do wait -n || { [ $? = 127 ] && break; survivors=$((survivors + 1)); }; done
printf '%s mutants, %s not killed\n' "$tried" "$survivors"
[ "$survivors" = 0 ]
