#!/usr/bin/env bash
# The tests in C, on build/lib (dev/build_library.sh). Stops at the first failure; the last line is the summary.
#   Tests/run_c_tests.sh [PART...]     all parts where none is named
#     programs    each test against the shared and the static library, there the long ones in a shorter form
#     interface   the description, every function through libffi, bad arguments to every function, the header, the binary,
#                 programs of other versions
#     bits        the same bits on other processors and at other levels of optimization
#     cpp         stepsize.hpp, with each C++ compiler that is installed
#     examples    the examples that no other part builds
#     install     the installation and the archive, and programs built on them; the man pages
#     valgrind    the tests under valgrind, the long ones in a shorter form
#     corpus      the inputs of the fuzz targets (Tests/fuzz)
#     parallel    not in all: what depends on the order in which threads and processes run
#     quick       the tests against the shared library, the long ones in a shorter form
#     platform    not in all: the tests for another PLATFORM (dev/sysroot.sh), against both forms of its libraries, under qemu
#                 where that has another processor (make dist-test)
#     sanitize    not in all: the tests with sources built for AddressSanitizer, UndefinedBehaviorSanitizer and
#                 ThreadSanitizer (make sanitize); needs the clang of the Swift toolchain
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. dev/make_file.sh

parts=${*:-programs interface cpp examples bits install valgrind corpus}
out=build${PLATFORM:+/$PLATFORM}
lib=$out/lib
for library in libstepsize libstepsize-learn; do
  if [ ! -f "$lib/$library.so" ] || [ ! -f "$lib/$library.a" ]; then
    echo "run_c_tests: $lib is not built yet: run dev/build_library.sh (make lib)" >&2
    exit 1
  fi
done
# Where a Swift runtime is linked in, its backtracer would hang for minutes after a crash.
export SWIFT_BACKTRACE=enable=no

flags=(-std=c99 -pedantic -Wall -Wextra -Werror -Wno-keyword-macro -O1 -g -Iinclude -ITests/StepsizeCTests)
shared=("-L$lib" -lstepsize -lm -lpthread "-Wl,-rpath,$PWD/$lib")
static=("$lib/libstepsize.a" -lm -lpthread)
# The second library stands before the first, which it calls, also where a program itself does not: the linker must not
# leave it out.
learn_shared=("-L$lib" -lstepsize-learn -Wl,--no-as-needed "${shared[@]}")
learn_static=("$lib/libstepsize-learn.a" "${static[@]}")
total=0

# A locale with a decimal comma, for test_introduction: those that are installed are found as well.
if type -P localedef >/dev/null && [ ! -d build/tests/locale/de_DE.UTF-8 ]; then
  mkdir -p build/tests/locale
  localedef -i de_DE -f UTF-8 build/tests/locale/de_DE.UTF-8 2>/dev/null || true
fi
if [ -d build/tests/locale/de_DE.UTF-8 ]; then export LOCPATH=$PWD/build/tests/locale; fi

# Runs a test that ends with "N passed, M failed" and adds N to the total.
run() {
  local output
  if ! output=$("${runner[@]}" "$@"); then
    printf '%s\n' "$output" >&2
    echo "run_c_tests: failed: $*" >&2
    exit 1
  fi
  grep ': skipped' <<<"$output" || true
  printf '%-44s %s\n' "${label:-$1}" "$(tail -n 1 <<<"$output")"
  total=$((total + $(tail -n 1 <<<"$output" | sed 's/.*: //; s/ passed.*//')))
}

# compile FOLDER KIND: every test into FOLDER, against the libraries of KIND, such as shared or static. All kinds are made of
# the same object files.
compiler=(gcc)
objects=build/tests/objects
# What runs a program that was built for another platform.
runner=()
if [ -n "${PLATFORM:-}" ]; then compiler=(dev/cc.sh "$PLATFORM") runner=(dev/run.sh "$PLATFORM") objects=$out/tests/objects; fi
compile() {
  local source object folder=$1 headers=(Tests/StepsizeCTests/*.h include/stepsize/*.h)
  local -n first="$2" second="learn_$2"
  mkdir -p "$folder" "$objects"
  # Parts of this script run side by side.
  exec 9>"$objects.lock"
  if command -v flock >/dev/null; then flock 9; fi
  for source in Tests/StepsizeCTests/test_*.c Tests/StepsizeLearnCTests/test_*.c; do
    object=$objects/$(basename "$source" .c).o
    make_file "$object" "$source" "${headers[@]}" -- "${compiler[@]}" "${flags[@]}" -c "$source" -o "$object"
    case $source in
      */StepsizeCTests/*) "${compiler[@]}" "$object" "${first[@]}" -o "$folder/$(basename "$source" .c)" ;;
      *) "${compiler[@]}" "$object" "${second[@]}" -o "$folder/$(basename "$source" .c)" ;;
    esac
  done
  exec 9>&-
}

# Every test, but for those that are given golden files (golden).
names=()
# Without the longest ones, others in a shorter form: so many random calls, and few of the damaged states.
short=()
for source in Tests/StepsizeCTests/test_*.c Tests/StepsizeLearnCTests/test_*.c; do
  name=$(basename "$source" .c)
  name=${name#test_}
  case $name in golden*) continue ;; esac
  names+=("$name")
  case $name in
    limits | values | text | record | costs | threads | allocations | char_gpt | learn_costs) ;;
    controllers) short+=("$name 30000") ;;
    state | memory | learn_memory) short+=("$name --quick") ;;
    *) short+=("$name") ;;
  esac
done
memory_arguments() {
  case $1 in
    memory) echo --all Tests/abi/symbols.txt ;;
    learn_memory) echo --all Tests/abi/symbols_learn.txt ;;
  esac
}
golden() {
  run "$1/test_golden" --all Tests/golden/*.tsv Tests/golden/bits.txt
  run "$1/test_golden_controllers" Tests/golden/controllers.txt
  run "$1/test_golden_states" Tests/golden/states.txt
}

programs() {
  local name test
  compile build/tests/shared shared
  for name in "${names[@]}"; do
    # Those on memory tell which functions they have tried, and have the limit of the address space lowered.
    # shellcheck disable=SC2046
    label=build/tests/shared/test_$name run "build/tests/shared/test_$name" $(memory_arguments "$name")
  done
  golden build/tests/shared
  # The static libraries are the same object file, linked otherwise: every test, but no random case a second time.
  compile build/tests/static static
  # shellcheck disable=SC2086
  for test in limits values "text 20000" record costs threads allocations char_gpt learn_costs "${short[@]}"; do
    run build/tests/static/test_$test
  done
  golden build/tests/static
}

quick() {
  local test
  compile build/tests/quick shared
  # shellcheck disable=SC2086
  for test in values text record costs learn_costs "${short[@]}"; do run build/tests/quick/test_$test; done
  golden build/tests/quick
}

platform() {
  local test
  compile "$out/tests/shared" shared
  compile "$out/tests/static" static
  # Without those that take minutes under an emulator (text, costs, memory).
  for test in values record threads learn_threads "${short[@]}"; do
    case $test in "memory "* | "learn_memory "*) continue ;; esac
    # shellcheck disable=SC2086
    run $out/tests/shared/test_$test
  done
  golden "$out/tests/shared"
  run "$out/tests/static/test_introduction"
  golden "$out/tests/static"
}

parallel() {
  local test
  compile build/tests/parallel shared
  for test in threads learn_threads allocator memory; do run "build/tests/parallel/test_$test"; done
  bindings/c/test_annealing.sh
}

interface() {
  local out=build/tests/interface
  mkdir -p "$out"
  Tests/abi/description.sh
  # A runtime that knows no C compiler calls through libffi.
  if echo '#include <ffi.h>' | gcc -E - >/dev/null 2>&1; then
    gcc "${flags[@]}" -std=c11 "-I$out" Tests/abi/libffi.c "${learn_shared[@]}" -ldl -lffi -o "$out/libffi"
    run "$out/libffi" build/lib/libstepsize.so build/lib/libstepsize-learn.so
  else
    echo "skipped libffi, not installed"
  fi
  gcc "${flags[@]}" Tests/abi/abuse.c "${shared[@]}" -o "$out/abuse"
  run "$out/abuse" Tests/abi/symbols.txt
  gcc "${flags[@]}" Tests/abi/abuse_learn.c "${learn_shared[@]}" -o "$out/abuse_learn"
  run "$out/abuse_learn" Tests/abi/symbols_learn.txt
  Tests/abi/header_test.sh
  Tests/abi/introduction.sh
  Tests/abi/check_binary.sh
  run Tests/abi/compatibility.sh
}

bits() { run Tests/abi/same_bits.sh; }

cpp() {
  local compiler standard out=build/tests/cpp warnings=(-Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -Iinclude)
  mkdir -p "$out"
  for compiler in g++ clang++; do
    type -P "$compiler" >/dev/null || { echo "skipped $compiler, not installed" && continue; }
    for standard in 17 20; do
      "$compiler" "-std=c++$standard" -O1 "${warnings[@]}" Tests/StepsizeCppTests/test_cpp.cpp "${shared[@]}" -o "$out/test_cpp"
      label="test_cpp, $compiler -std=c++$standard" run "$out/test_cpp" Tests/golden/*.tsv Tests/golden/bits.txt
    done
    # Without exceptions a program says itself what ends it; one that does not is told.
    "$compiler" -std=c++17 -fno-exceptions "${warnings[@]}" Tests/StepsizeCppTests/no_exceptions.cpp "${shared[@]}" \
      -o "$out/no_exceptions"
    label="no_exceptions, $compiler" run "$out/no_exceptions"
    if echo '#include "stepsize/stepsize.hpp"' | "$compiler" -std=c++17 -fno-exceptions -Iinclude -fsyntax-only -x c++ - \
      2>"$out/log"; then
      echo "run_c_tests: stepsize.hpp compiles with -fno-exceptions, and has nothing to report failures with" >&2
      exit 1
    fi
    grep -q 'define STEPSIZE_THROW' "$out/log" || { cat "$out/log" >&2 && exit 1; }
  done
}

# What install.sh installs beside build/lib.
man_pages() { [ -f build/man/stepsize.3 ] || "${PYTHON:-python3}" dev/man_pages.py; }

examples() {
  man_pages
  bindings/c/test_examples.sh
}

install() {
  man_pages
  bindings/c/test_install.sh
  Tests/abi/static.sh
  Tests/packages/man.sh
  Tests/packages/archive.sh
  bindings/c/test_annealing.sh
}

valgrind() {
  local test checker
  checker=$(type -P valgrind) || { echo "skipped valgrind, not installed" && return; }
  compile build/tests/valgrind shared
  # A malloc of the test's own (failing.h) stays; that of the C library, which it calls, is checked.
  for test in "${short[@]}"; do
    # shellcheck disable=SC2086
    label="valgrind test_$test" run "$checker" --quiet --leak-check=full --show-leak-kinds=all \
      --errors-for-leak-kinds=all --error-exitcode=9 --soname-synonyms=somalloc=nouserintercepts \
      build/tests/valgrind/test_$test
  done
}

corpus() { label="fuzz corpora" run Tests/fuzz/fuzz.sh replay; }

# sanitized KIND LIST TEST...: the tests on objects that are built for the sanitizers of the comma-separated LIST.
sanitized() {
  local kind=$1 list=$2 test library runtime flags=("${flags[@]}") objects
  shift 2
  mapfile -t library < <(dev/build_objects.sh ".build-$kind" "-sanitize=$kind")
  [ "${#library[@]}" -gt 0 ] || exit 1
  # shellcheck disable=SC2034
  sanitizer=("-fsanitize=$list" -fno-sanitize-recover=all -fuse-ld=lld "${library[@]}" -lm -lpthread)
  # The toolchain's ThreadSanitizer knows of libdispatch, and does not link without it.
  runtime=$(dirname "$(dirname "$(readlink -f "$(type -P swiftc)")")")/lib/swift/linux
  if [ "$kind" = thread ]; then sanitizer+=("-L$runtime" -ldispatch -lBlocksRuntime "-Wl,-rpath,$runtime"); fi
  # shellcheck disable=SC2034
  learn_sanitizer=("${sanitizer[@]}")
  compiler=(clang) objects=build/tests/$kind/objects
  flags+=("-fsanitize=$list" -fno-sanitize-recover=all)
  compile "build/tests/$kind" sanitizer
  for test in "$@"; do
    # shellcheck disable=SC2086
    label="$kind test_$test" run build/tests/$kind/test_$test
  done
}

sanitize() {
  sanitized address address,undefined values text record threads "${short[@]}"
  sanitized thread thread threads learn_threads
}

for part in $parts; do "$part"; done
echo "C tests: $total checks passed"
