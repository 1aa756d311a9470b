#!/usr/bin/env bash
# The tests in C, on build/lib (dev/build_library.sh): against the shared and the static library, the header, bad
# arguments, the binary, the installation. Stops at the first failure; the last line is the summary.
#   Tests/run_c_tests.sh [--partial]     --partial: golden cases of schedules that are not there yet may be skipped
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

golden_mode=--all
if [ "${1:-}" = --partial ]; then golden_mode=; fi
for library in libstepsize libstepsize-learn; do
  if [ ! -f "build/lib/$library.so" ] || [ ! -f "build/lib/$library.a" ]; then
    echo "run_c_tests: build/lib is not built yet: run dev/build_library.sh (make lib)" >&2
    exit 1
  fi
done
# Where a Swift runtime is linked in, its backtracer would hang for minutes after a crash.
export SWIFT_BACKTRACE=enable=no

out=build/tests
mkdir -p "$out/shared" "$out/static"
flags=(-std=c99 -pedantic -Wall -Wextra -Werror -O1 -g -Iinclude -ITests/StepsizeCTests)
shared=(-Lbuild/lib -lstepsize -lm -lpthread "-Wl,-rpath,$PWD/build/lib")
static=(build/lib/libstepsize.a -lm -lpthread)
# The second library stands before the first, which it calls.
learn_shared=(-Lbuild/lib -lstepsize-learn "${shared[@]}")
learn_static=(build/lib/libstepsize-learn.a "${static[@]}")
total=0

# Runs a test that ends with "N passed, M failed" and adds N to the total.
run() {
  local output
  if ! output=$("$@"); then
    printf '%s\n' "$output" >&2
    echo "run_c_tests: failed: $*" >&2
    exit 1
  fi
  printf '%-44s %s\n' "${label:-$1}" "$(tail -n 1 <<<"$output")"
  total=$((total + $(tail -n 1 <<<"$output" | sed 's/.*: //; s/ passed.*//')))
}

for source in Tests/StepsizeCTests/test_*.c; do
  name=$(basename "$source" .c)
  gcc "${flags[@]}" "$source" "${shared[@]}" -o "$out/shared/$name"
  gcc "${flags[@]}" "$source" "${static[@]}" -o "$out/static/$name"
done
for source in Tests/StepsizeLearnCTests/test_*.c; do
  name=$(basename "$source" .c)
  gcc "${flags[@]}" "$source" "${learn_shared[@]}" -o "$out/shared/$name"
  gcc "${flags[@]}" "$source" "${learn_static[@]}" -o "$out/static/$name"
done
for kind in shared static; do
  for name in structs values text scheduler controllers phases record state extend theory learned threads allocations nmf agents; do run "$out/$kind/test_$name"; done
  # shellcheck disable=SC2086
  run "$out/$kind/test_golden" $golden_mode Tests/golden/*.tsv
  run "$out/$kind/test_golden_controllers" Tests/golden/controllers.txt
done

# A runtime that knows no C compiler calls through libffi.
if echo '#include <ffi.h>' | gcc -E - >/dev/null 2>&1; then
  gcc -std=c99 -Wall -Wextra -Werror Tests/abi/libffi.c -ldl -lffi -lm -o "$out/libffi"
  run "$out/libffi" build/lib/libstepsize.so build/lib/libstepsize-learn.so
else
  echo "skipped libffi, not installed"
fi

gcc "${flags[@]}" Tests/abi/abuse.c "${shared[@]}" -o "$out/abuse"
run "$out/abuse" Tests/abi/symbols.txt
gcc "${flags[@]}" Tests/abi/abuse_learn.c "${learn_shared[@]}" -o "$out/abuse_learn"
run "$out/abuse_learn" Tests/abi/symbols_learn.txt

if command -v valgrind >/dev/null; then
  # The long ones in a shorter form: so many random calls, and few of the damaged states.
  for test in scheduler extend structs theory learned nmf agents phases "controllers 30000" "state --quick"; do
    # shellcheck disable=SC2086
    label="valgrind test_$test" run valgrind --quiet --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=9 \
      "$out/shared/test_"$test
  done
else
  echo "skipped valgrind, not installed"
fi

Tests/abi/header_test.sh
Tests/abi/check_binary.sh
bindings/c/test_install.sh
bindings/c/test_annealing.sh
echo "C tests: $total checks passed"
