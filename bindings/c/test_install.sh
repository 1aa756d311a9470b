#!/usr/bin/env bash
# Installs into a temporary folder and builds the example as users do: with pkg-config, with CMake, statically.
# What is not installed on this machine (pkg-config, CMake) is skipped and told.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "test_install: $*" >&2; exit 1; }
example=bindings/c/examples/hello.c
built=()

# What is printed is checked against the formula at two updates.
check() {
  local output
  output=$("$@") || fail "$* failed"
  grep -qx 'update    0: learning rate 0.000002' <<<"$output" || fail "$*: $output"
  grep -qx 'update 5000: learning rate 0.000587' <<<"$output" || fail "$*: $output"
}

bindings/c/install.sh "$work/usr" >/dev/null
libraries=$work/usr/lib
[ "$(readlink "$libraries/libstepsize.so")" = libstepsize.so.0 ] || fail "libstepsize.so is no link to the soname"
cmp -s build/lib/libstepsize.so "$libraries/libstepsize.so.0" || fail "another library was installed"

# DESTDIR moves the files but not what is written in them; LIBDIR may have several parts.
LIBDIR=lib/somewhere bindings/c/install.sh /opt/stepsize "$work/stage" >/dev/null
grep -qx 'prefix=/opt/stepsize' "$work/stage/opt/stepsize/lib/somewhere/pkgconfig/stepsize.pc" || fail "DESTDIR is in stepsize.pc"
if bindings/c/install.sh relative 2>/dev/null; then fail "a relative prefix was accepted"; fi

warnings=(-std=c99 -Wall -Wextra -pedantic -Werror)
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$libraries/pkgconfig
  # shellcheck disable=SC2046
  gcc "${warnings[@]}" "$example" $(pkg-config --cflags --libs stepsize) -o "$work/shared"
  check env LD_LIBRARY_PATH="$libraries" "$work/shared"
  built+=(pkg-config)
else
  echo "test_install: skipped pkg-config, not installed"
fi

gcc "${warnings[@]}" "-I$work/usr/include" "$example" "$libraries/libstepsize.a" -lm -o "$work/static"
check "$work/static"
if readelf -d "$work/static" | grep -q libstepsize; then fail "the static program needs libstepsize.so"; fi
built+=(static)

if command -v cmake >/dev/null; then
  mkdir "$work/project"
  cp "$example" "$work/project/hello.c"
  cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.10)
project(hello C)
find_package(stepsize ${WANTED} REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello PRIVATE stepsize::stepsize)
add_executable(hello_static hello.c)
target_link_libraries(hello_static PRIVATE stepsize::static)
END
  for prefix in "$work/usr" "$work/stage/opt/stepsize"; do # the second was moved from /opt/stepsize
    rm -rf "$work/cmake"
    folder=$(dirname "$(find "$prefix" -name stepsizeConfig.cmake)")
    configure() { cmake -S "$work/project" -B "$work/cmake" "-Dstepsize_DIR=$folder" "-DWANTED=$1"; }
    if configure 99 >"$work/log" 2>&1; then fail "CMake found version 99"; fi
    { configure 0.1 && cmake --build "$work/cmake"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "CMake"; }
    check "$work/cmake/hello"
    check "$work/cmake/hello_static"
  done
  built+=(CMake)
else
  echo "test_install: skipped CMake, not installed"
fi
echo "test_install: installed, built and ran with: ${built[*]}"
