#!/usr/bin/env bash
# Builds build/lib/libstepsize.so and build/lib/libstepsize.a: the Embedded Swift build of the C interface.
# Needs a Swift 6.3 toolchain. Called by `make lib` and by the build of the Python wheel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v swift >/dev/null; then
  echo "stepsize: no Swift toolchain found: install Swift 6.3 or later (swift.org/install) so that 'swift' is on the PATH." >&2
  exit 1
fi

build=.build-embedded
exports=Sources/StepsizeC/exports.map
soname=libstepsize.so.0
# What is called at each update comes first and in this order, so that it lies where it was measured, whatever else the
# library holds: its place within the cache lines is worth up to a quarter of a step of GreedyLR.
order=$PWD/$build/order.txt
mkdir -p "$build"
printf 'stepsize_%s\n' scheduler_step scheduler_step_with_loss scheduler_step_without_loss schedule_at >"$order"
options=(
  -c release --traits Embedded --build-path "$build" --product stepsize-c --omit-frame-pointers
  # Small code, except where the source asks for speed; what nobody calls is left out.
  -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections
  -Xswiftc -use-ld=lld -Xlinker --gc-sections -Xlinker --icf=all -Xlinker -s
  -Xlinker "--symbol-ordering-file=$order"
  # Nothing but stepsize_* is visible, and nothing may be missing.
  -Xlinker "--version-script=$PWD/$exports" -Xlinker --no-undefined -Xlinker "-soname=$soname"
)
# SwiftPM does not link again when only the export list has changed.
if [ "$exports" -nt "$build/release/libstepsize-c.so" ]; then rm -f "$build/release/libstepsize-c.so"; fi

if ! log=$(swift build "${options[@]}" 2>&1); then
  printf '%s\n' "$log" >&2
  echo "stepsize: the library did not build (Swift 6.3 or later is needed; this is $(swift --version 2>/dev/null | head -n 1))." >&2
  exit 1
fi

mkdir -p build/lib
# The old file may be mapped by a running program: a new one takes its name.
cp "$build/release/libstepsize-c.so" "build/lib/$soname.new"
chmod 755 "build/lib/$soname.new"
mv "build/lib/$soname.new" "build/lib/$soname"
ln -sf "$soname" build/lib/libstepsize.so

# Of a source that is gone its object stays behind.
find "$build/release/" -name '*.swift.o' | while read -r object; do
  name=$(basename "$object" .o)
  if [ "$name" != main.swift ] && [ -z "$(find Sources -name "$name" -print -quit)" ]; then rm -f "$object"; fi
done

# The static library is one object in which only stepsize_* is global.
objects=$(find "$build/release/" -path '*.build/*.o' \( -path '*/Stepsize.build/*' -o -path '*/StepsizeC.build/*' \
  -o -path '*/CMathShims.build/*' \) | sort)
# shellcheck disable=SC2086
ld -r -o "$build/stepsize.o" $objects
objcopy --keep-global-symbols=Tests/abi/symbols.txt --strip-debug "$build/stepsize.o"
rm -f build/lib/libstepsize.a
ar rcs build/lib/libstepsize.a "$build/stepsize.o"
echo "build/lib/libstepsize.so: $(stat -c %s "build/lib/$soname") bytes"
