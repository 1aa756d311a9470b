#!/usr/bin/env bash
# Installs into a temporary folder and builds an example of each library as users do: with pkg-config, with CMake,
# statically.
# What is not installed on this machine (pkg-config, CMake) is skipped and reported.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "test_install: $*" >&2; exit 1; }
example=bindings/c/examples/hello.c
learn_example=bindings/c/examples/factorize.c
abi=$(sed -n 's/^#define STEPSIZE_ABI_VERSION //p' include/stepsize/stepsize.h)
built=()

# A program that calls the second library alone, and lies elsewhere: it brings both.
echo '#include <stepsize/learn.h>
int main(void) { return stepsize_learn_abi_version() == STEPSIZE_ABI_VERSION ? 0 : 1; }' >"$work/second.c"

# What is printed is checked against the formula at two updates.
check() {
  local output
  output=$("$@") || fail "$* failed"
  grep -qx 'update     0  learning rate 0.000002' <<<"$output" || fail "$*: $output"
  grep -qx 'update  5000  learning rate 0.000587' <<<"$output" || fail "$*: $output"
}
check_learn() {
  local output
  output=$("$@") || fail "$* failed"
  [ "$output" = 'relative loss < 1e-3' ] || fail "$*: $output"
}

bindings/c/install.sh "$work/usr" >/dev/null
libraries=$work/usr/lib
for library in libstepsize libstepsize-learn; do
  [ "$(readlink "$libraries/$library.so")" = "$library.so.$abi" ] || fail "$library.so is no link to the soname"
  cmp -s "build/lib/$library.so" "$libraries/$library.so.$abi" || fail "another $library was installed"
done
cmp -s include/stepsize/abi.json "$work/usr/include/stepsize/abi.json" || fail "abi.json is not installed"

# DESTDIR moves the files but not what is written in them; LIBDIR may have several parts.
LIBDIR=lib/somewhere bindings/c/install.sh /opt/stepsize "$work/stage" >/dev/null
for file in stepsize.pc stepsize-learn.pc; do
  grep -qx 'prefix=/opt/stepsize' "$work/stage/opt/stepsize/lib/somewhere/pkgconfig/$file" || fail "DESTDIR is in $file"
done
if bindings/c/install.sh relative 2>/dev/null; then fail "a relative prefix was accepted"; fi
if bindings/c/install.sh $'/two\nlines' "$work/stage" 2>/dev/null; then fail "a prefix of two lines was accepted"; fi

# `make install` needs no Swift; where nothing is built it says what to do. `make uninstall` leaves what is not ours.
strange="$work/a b|c&d'e\"f\\g#h;é[x]*"
make() { env -i "PATH=/usr/bin:/bin" "LC_ALL=C.UTF-8" make --no-print-directory "$@"; }
make install "PREFIX=$strange" >/dev/null || fail "make install"
mkdir "$work/unbuilt"
cp -r --parents Makefile bindings/c include "$work/unbuilt"
if make -C "$work/unbuilt" install "PREFIX=$work/usr" >"$work/log" 2>&1; then fail "installed what is not built"; fi
grep -q "is not built yet: run 'make lib'" "$work/log" || fail "where nothing is built: $(cat "$work/log")"
make install PREFIX=/opt/removed "DESTDIR=$work/stage" >/dev/null
echo "another's" >"$work/stage/opt/removed/include/stepsize/another.h"
make uninstall PREFIX=/opt/removed "DESTDIR=$work/stage" >/dev/null || fail "make uninstall"
left=$(find "$work/stage/opt/removed" ! -type d)
[ "$left" = "$work/stage/opt/removed/include/stepsize/another.h" ] || fail "make uninstall leaves $left"

warnings=(-std=c99 -Wall -Wextra -pedantic -Werror)
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$libraries/pkgconfig
  # shellcheck disable=SC2046
  gcc "${warnings[@]}" "$example" $(pkg-config --cflags --libs stepsize) -o "$work/shared"
  check env LD_LIBRARY_PATH="$libraries" "$work/shared"
  # shellcheck disable=SC2046
  gcc "${warnings[@]}" "$learn_example" $(pkg-config --cflags --libs stepsize-learn) -o "$work/learn_shared"
  check_learn env LD_LIBRARY_PATH="$libraries" "$work/learn_shared"
  # shellcheck disable=SC2046
  gcc "${warnings[@]}" "$work/second.c" $(pkg-config --cflags --libs stepsize-learn) "-Wl,-rpath,$libraries" -o "$work/second"
  "$work/second" || fail "a program that calls the second library alone"
  # Where the prefix needs it, what pkg-config prints is for a shell that reads it again.
  words=$(PKG_CONFIG_PATH=$strange/lib/pkgconfig pkg-config --cflags --libs stepsize-learn)
  eval "gcc ${warnings[*]} $learn_example $words -o '$work/learn_shared'" || fail "pkg-config in $strange: $words"
  check_learn env LD_LIBRARY_PATH="$libraries" "$work/learn_shared" # a path of which has no ; in it
  built+=(pkg-config)
else
  echo "test_install: skipped pkg-config, not installed"
fi

gcc "${warnings[@]}" "-I$work/usr/include" "$example" "$libraries/libstepsize.a" -o "$work/static"
check "$work/static"
if readelf -d "$work/static" | grep -q libstepsize; then fail "the static program needs libstepsize.so"; fi
gcc "${warnings[@]}" "-I$work/usr/include" "$learn_example" "$libraries/libstepsize-learn.a" "$libraries/libstepsize.a" \
  -o "$work/learn_static"
check_learn "$work/learn_static"
if readelf -d "$work/learn_static" | grep -q libstepsize; then fail "the static program needs a libstepsize"; fi
gcc "${warnings[@]}" -static "-I$work/usr/include" "$example" "$libraries/libstepsize.a" -o "$work/all_static"
check "$work/all_static"
built+=(static)

if command -v cmake >/dev/null; then
  mkdir "$work/project"
  cp "$example" "$work/project/hello.c"
  cp "$learn_example" "$work/project/factorize.c"
  cp "$work/second.c" "$work/project/second.c"
  cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.10)
project(hello C)
find_package(stepsize ${WANTED} REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello PRIVATE stepsize::stepsize)
add_executable(hello_static hello.c)
target_link_libraries(hello_static PRIVATE stepsize::static)
if(TARGET stepsize::learn)
  message(FATAL_ERROR "stepsize::learn is defined without COMPONENTS learn")
endif()
find_package(stepsize ${WANTED} REQUIRED COMPONENTS learn)
add_executable(factorize factorize.c)
target_link_libraries(factorize PRIVATE stepsize::learn)
add_executable(second second.c)
target_link_libraries(second PRIVATE stepsize::learn)
add_executable(factorize_static factorize.c)
target_link_libraries(factorize_static PRIVATE stepsize::learn_static)
find_package(stepsize ${WANTED} QUIET COMPONENTS mist)
if(stepsize_FOUND)
  message(FATAL_ERROR "a component that does not exist was found")
endif()
END
  version=$(sed -n "s/^Version: //p" "$libraries/pkgconfig/stepsize.pc")
  wanted=${version%.*}
  # The second was moved from /opt/stepsize; make and CMake themselves stumble over | ; and a backslash.
  spaced="$work/a b&c'd\"e#é"
  bindings/c/install.sh "$spaced" >/dev/null
  for prefix in "$work/usr" "$work/stage/opt/stepsize" "$spaced"; do
    rm -rf "$work/cmake"
    folder=$(dirname "$(find "$prefix" -name stepsizeConfig.cmake)")
    configure() { cmake -S "$work/project" -B "$work/cmake" "-Dstepsize_DIR=$folder" "-DWANTED=$1"; }
    # Another major or, before 1.0, another minor version is another interface.
    for other in 99 0.1; do
      if configure "$other" >"$work/log" 2>&1; then fail "CMake found version $other"; fi
    done
    { configure "$wanted" && cmake --build "$work/cmake"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "CMake"; }
    check "$work/cmake/hello"
    check "$work/cmake/hello_static"
    check_learn "$work/cmake/factorize"
    "$work/cmake/second" || fail "a program that calls the second library alone, with CMake"
    check_learn "$work/cmake/factorize_static"
  done
  built+=(CMake)
else
  echo "test_install: skipped CMake, not installed"
fi
echo "test_install: installed, built and ran with: ${built[*]}"
