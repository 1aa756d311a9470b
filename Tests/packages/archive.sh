#!/usr/bin/env bash
# The archive of dev/make_archive.sh: the same bytes twice, and, unpacked in a folder with a strange name, enough to build the
# examples with pkg-config, with CMake and by hand. Called by Tests/run_c_tests.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "archive: $*" >&2; exit 1; }
built=()

archive=$(dev/make_archive.sh | sed 's/: .*//')
cp "$archive" "$work/first.tar.gz"
sleep 1.1 # another second, so that a time in it would show
TZ=Asia/Tokyo dev/make_archive.sh >/dev/null
cmp "$work/first.tar.gz" "$archive" || fail "two runs give other bytes"

place="$work/not a plain|name&é"
mkdir "$place"
tar -xzf "$archive" -C "$place"
root=$(echo "$place"/stepsize-*)
for file in LICENSE README.md CHANGELOG.md lib/libstepsize.a lib/libstepsize-learn.so share/man/man3/stepsize.3; do
  [ -f "$root/$file" ] || fail "no $file in $archive"
done
! grep -r '@[A-Z]*@' "$root"/README.md "$root"/lib/pkgconfig "$root"/lib/cmake >&2 || fail "a place that is not filled in"

check() { "$@" | grep -qx 'update  5000  learning rate 0.000587' || fail "$*: wrong"; }
gcc "$root/examples/hello.c" "-I$root/include" "$root/lib/libstepsize.a" -o "$work/hello"
check "$work/hello"
if command -v pkg-config >/dev/null; then
  words=$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --cflags --libs stepsize)
  eval "gcc '$root/examples/hello.c' $words '-Wl,-rpath,$root/lib' -o '$work/shared'" || fail "pkg-config: $words"
  check "$work/shared"
  built+=(pkg-config)
else
  echo "archive: skipped pkg-config, not installed"
fi
if command -v cmake >/dev/null; then
  mkdir "$work/project" "$work/plain name"
  # CMake's makefiles take spaces, but no |.
  tar -xzf "$archive" -C "$work/plain name"
  cp "$root"/examples/*.c "$work/project"
  cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.10)
project(hello C)
find_package(stepsize REQUIRED COMPONENTS learn)
add_executable(hello hello.c)
target_link_libraries(hello PRIVATE stepsize::stepsize)
add_executable(factorize factorize.c)
target_link_libraries(factorize PRIVATE stepsize::learn)
END
  { cmake -S "$work/project" -B "$work/cmake" "-DCMAKE_PREFIX_PATH=$(echo "$work/plain name"/stepsize-*)" &&
    cmake --build "$work/cmake"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "CMake"; }
  check "$work/cmake/hello"
  [ "$("$work/cmake/factorize")" = 'relative loss < 1e-3' ] || fail "factorize is wrong"
  built+=(CMake)
else
  echo "archive: skipped CMake, not installed"
fi
echo "archive: $archive, twice the same, unpacked and built by hand and with: ${built[*]}"
