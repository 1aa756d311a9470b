#!/usr/bin/env bash
# What docs/abi.md promises of other versions: a program of each version that is kept in Tests/abi/VERSION, compiled with its
# headers, on the present library; a newer program on the present library; and the present interface compared with each
# that is kept, by our own rules and by abidiff. What is not installed (abidiff) is skipped and told. Called by
# Tests/run_c_tests.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

python=${PYTHON:-.venv/bin/python}
abi=$(sed -n 's/^#define STEPSIZE_ABI_VERSION //p' include/stepsize/stepsize.h)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "compatibility: $*" >&2
  # Until it is released, the newest version may change.
  grep -m 1 '^## ' CHANGELOG.md | sed -n 's/^## \(.*\), unreleased$/compatibility: \1 is not released: where that is meant, make freeze-abi/p' >&2
  exit 1
}
passed=0

# caller INCLUDE OPTION...: Tests/abi/caller.c, compiled with the headers in INCLUDE, on build/lib.
caller() {
  local include=$1 output
  shift
  for struct in $(growable "$include"); do
    grep -q "GUARDED($struct, " Tests/abi/caller.c || fail "caller.c does not use $struct of $include"
  done
  gcc -std=c99 -Wall -Wextra -Werror -O1 "$@" "-I$include" -ITests/StepsizeCTests Tests/abi/caller.c -Lbuild/lib \
    -lstepsize-learn -lstepsize -lm "-Wl,-rpath,$PWD/build/lib" -o "$work/caller"
  output=$("$work/caller") || fail "a program with the headers in $include: $output"
  passed=$((passed + ${output%% *}))
}

# growable INCLUDE: the structs whose first field is their size.
growable() {
  awk '/^typedef struct [a-z_]+ \{$/ { name = $3; next } name && /^  uint32_t size;/ { print name } { name = "" }' \
    "$1"/stepsize/*.h
}

# lengthened FOLDER: the present headers, where each struct that can grow has one field more.
lengthened() {
  local header
  mkdir -p "$1/stepsize"
  for header in include/stepsize/*.h; do
    awk '/^typedef struct [a-z_]+ \{$/ { is_new = 1; print; next } is_new && /^  uint32_t size;/ { grows = 1 }
      grows && /^\} / { print "  int64_t later;"; grows = 0 } { is_new = 0; print }' "$header" >"$1/stepsize/${header##*/}"
  done
}

# stub INCLUDE LIBRARY: a library with the functions and types of the headers, for tools that read debug information.
stub() {
  gcc -E -P -DSTEPSIZE_CHECKED=extern "-I$1" "$1/stepsize/learn.h" |
    awk '/^[a-z_].*[ *]stepsize_[a-z0-9_]+\(/ { is_function = 1 }
      is_function && sub(/\);$/, ") { __builtin_trap(); }") { is_function = 0 } { print }' >"$work/stub.c"
  gcc -g -w -shared -fPIC "$work/stub.c" -o "$2"
}

# is_compatible OLD NEW: whether the headers in NEW take nothing from programs compiled with those in OLD; $work/log says
# what they do.
is_compatible() {
  local grown
  "$python" dev/check_abi.py "$1" "$2" >"$work/grown" 2>"$work/log" || return 1
  if command -v abidiff >/dev/null; then
    # Structs that have grown as they may are those that it need not look at.
    grown=$(paste -sd '|' "$work/grown")
    printf '[suppress_type]\n  type_kind = struct\n  name_regexp = ^(%s)$\n' "${grown:-none}" >"$work/abignore"
    stub "$1" "$work/old.so"
    stub "$2" "$work/new.so"
    abidiff --no-added-syms --suppressions "$work/abignore" "$work/old.so" "$work/new.so" >"$work/log" 2>&1 || return 1
  fi
  passed=$((passed + 1))
}
command -v abidiff >/dev/null || echo "compatibility: skipped abidiff, not installed (Debian: abigail-tools)"

# Programs that are older, as old, and newer.
lengthened "$work/newer"
[ "$(growable "$work/newer" | wc -l)" = "$(grep -c 'int64_t later;' "$work"/newer/stepsize/*.h | awk -F: '{ n += $2 } END { print n }')" ] ||
  fail "not every struct has grown"
kept=0
for folder in Tests/abi/[0-9]*/; do
  folder=${folder%/}
  if ! grep -qx "#define STEPSIZE_ABI_VERSION $abi" "$folder/stepsize/stepsize.h"; then
    echo "compatibility: skipped $folder, which has another ABI number than $abi"
    continue
  fi
  caller "$folder"
  for list in symbols.txt symbols_learn.txt; do
    gone=$(comm -23 <(sort "$folder/$list") <(sort "Tests/abi/$list"))
    [ -z "$gone" ] || fail "functions of ${folder##*/} are gone: $gone"
  done
  is_compatible "$folder" include || fail "the interface has changed since ${folder##*/}: $(cat "$work/log")"
  kept=$((kept + 1))
done
[ "$kept" -gt 0 ] || fail "no version with ABI number $abi is kept: run dev/freeze_abi.sh"
caller include
caller "$work/newer" -DNEWER

# What these checks are worth: growth at the end passes, all else is found.
is_compatible include "$work/newer" || fail "structs may grow: $(cat "$work/log")"
[ "$(sort "$work/grown")" = "$(growable include | sort)" ] || fail "not all grown structs were found: $(cat "$work/grown")"
broken() { # SED-SCRIPT: the present headers, changed so
  rm -rf "$work/broken"
  mkdir -p "$work/broken/stepsize"
  for header in include/stepsize/*.h; do sed -e "$1" "$header" >"$work/broken/stepsize/${header##*/}"; done
  ! cmp -s include/stepsize/stepsize.h "$work/broken/stepsize/stepsize.h" || fail "the change '$1' changes nothing"
  ! is_compatible include "$work/broken" || fail "the change '$1' was not found"
  passed=$((passed + 1))
}
broken 's/^  double tau; /  float tau; /'
broken 's/^  int64_t position;/  int64_t before_position;\n&/'
broken 's/^int32_t stepsize_version(void);//'
broken 's/^  STEPSIZE_ERROR_STATE = 30,/  STEPSIZE_ERROR_STATE = 33,/'
broken 's/^  char text\[496\];/  char text[1000];/'

# A function that only a newer library has: the program starts and can tell; where all is bound at start, or the function
# is called, the loader names it.
printf 'STEPSIZE_%s { global: *; };\n' "$abi" >"$work/map"
stub include "$work/any.so"
{ cat "$work/stub.c" && echo 'int32_t stepsize_of_a_later_version(void) { return 1; }'; } >"$work/later.c"
gcc -w -shared -fPIC "$work/later.c" "-Wl,--version-script=$work/map" "-Wl,-soname,libstepsize.so.$abi" \
  -o "$work/libstepsize.so"
cat >"$work/program.c" <<'END'
#include <stepsize/stepsize.h>
int32_t stepsize_of_a_later_version(void) ATTRIBUTE;
int main(int count, char **words) {
  (void)words;
  if (CAN_TELL && !stepsize_of_a_later_version) return stepsize_abi_version() == STEPSIZE_ABI_VERSION ? 40 : 1;
  return count > 1 ? stepsize_of_a_later_version() : 41;
}
END
newer() { # ATTRIBUTE CAN_TELL WORD...
  gcc -O1 "-DATTRIBUTE=$1" "-DCAN_TELL=$2" -Iinclude "$work/program.c" "-L$work" -lstepsize "-Wl,-rpath,$PWD/build/lib" \
    "${@:3}" -o "$work/program"
}
status_of() { local status=0; "$@" >"$work/log" 2>&1 || status=$?; echo "$status"; }
refused="undefined symbol: stepsize_of_a_later_version, version STEPSIZE_$abi"
newer '__attribute__((weak))' 1
[ "$(status_of "$work/program")" = 40 ] || fail "a program cannot tell that a function is not there: $(cat "$work/log")"
newer '' 0 -Wl,-z,lazy
[ "$(status_of "$work/program")" = 41 ] || fail "a newer program does not start: $(cat "$work/log")"
[ "$(status_of "$work/program" call)" = 127 ] && grep -q "$refused" "$work/log" || fail "the call: $(cat "$work/log")"
newer '' 0 -Wl,-z,now
[ "$(status_of "$work/program")" = 127 ] && grep -q "$refused" "$work/log" || fail "bound at start: $(cat "$work/log")"

# A library of another ABI number, which something else in the process needs, is another library.
printf 'STEPSIZE_%s { global: *; };\n' $((abi + 1)) >"$work/map"
echo '#include <stdint.h>
int32_t stepsize_abi_version(void) { return -1; }' >"$work/next.c"
gcc -shared -fPIC "$work/next.c" "-Wl,--version-script=$work/map" "-Wl,-soname,libstepsize.so.$((abi + 1))" \
  -o "$work/libstepsize.so.$((abi + 1))"
echo '#include <stepsize/stepsize.h>
int32_t theirs(void) { return stepsize_abi_version(); }' >"$work/theirs.c"
gcc -shared -fPIC -Iinclude "$work/theirs.c" "$work/libstepsize.so.$((abi + 1))" "-Wl,-rpath,$work" -o "$work/libtheirs.so"
echo '#include <stepsize/stepsize.h>
int32_t theirs(void);
int main(void) { return theirs() == -1 && stepsize_abi_version() == STEPSIZE_ABI_VERSION ? 40 : 1; }' >"$work/both.c"
for order in "-ltheirs -lstepsize" "-lstepsize -ltheirs"; do
  # shellcheck disable=SC2086
  gcc -Iinclude "$work/both.c" -Lbuild/lib "-L$work" $order "-Wl,-rpath,$PWD/build/lib:$work" -o "$work/program" \
    2>"$work/log" || fail "$(cat "$work/log")" # the linker warns
  [ "$(status_of "$work/program")" = 40 ] || fail "libraries of two ABI numbers in one process: $(cat "$work/log")"
done
passed=$((passed + 6))

echo "compatibility, with $kept version kept: $passed passed, 0 failed"
