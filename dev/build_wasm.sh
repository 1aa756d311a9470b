#!/usr/bin/env bash
# Builds build/wasm/stepsize.wasm: libstepsize for WebAssembly, with the functions that the shared library exports, malloc and
# free. It imports nothing. Prints its size.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/wasm
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
target=wasm32-unknown-none-wasm
# Every engine of the last years has both: exceptions are how longjmp leaves a call where memory has run out.
features=(-mbulk-memory -mexception-handling -mllvm -wasm-enable-sjlj)
export TARGET=$target
export C_OPTIONS="-Ibindings/wasm/libc ${features[*]}"
# WebAssembly's stack is out of reach of what is written beyond an array.
mapfile -t modules < <(dev/modules.sh "$build" -lto=llvm-full -disable-stack-protector -Xfrontend \
  -disable-llvm-merge-functions-pass StepsizeC)

objects=()
for module in "${modules[@]}"; do
  case $module in */memcpy.c.o) ;; *) objects+=("$module") ;; esac
done
for source in libc setjmp; do
  "$tools/clang" -target "$target" -std=c99 -Wall -Wextra -Werror -Oz -ffreestanding -Ibindings/wasm/libc "${features[@]}" \
    -c "bindings/wasm/libc/$source.c" -o "$build/$source.o"
  objects+=("$build/$source.o")
done
mapfile -t exports < <(sed 's/^/--export=/' Tests/abi/symbols.txt)
"$tools/wasm-ld" --no-entry --gc-sections --strip-all --lto-O2 -O2 --stack-first -z stack-size=1048576 \
  --export=malloc --export=free "${exports[@]}" "${objects[@]}" -o "$build/stepsize.wasm.new"
# A sixth less, where Binaryen is installed; no bit of a value depends on it.
if command -v wasm-opt >/dev/null; then
  wasm-opt -Oz --enable-bulk-memory --enable-exception-handling --enable-sign-ext --enable-mutable-globals \
    --enable-nontrapping-float-to-int \
    "$build/stepsize.wasm.new" -o "$build/stepsize.wasm"
  rm "$build/stepsize.wasm.new"
else
  echo "build_wasm: wasm-opt (Debian: binaryen) is not installed: the file is larger than it has to be" >&2
  mv "$build/stepsize.wasm.new" "$build/stepsize.wasm"
fi
cp "$build/stepsize.wasm" bindings/wasm/stepsize.wasm
echo "$build/stepsize.wasm: $(stat -c %s "$build/stepsize.wasm") bytes"
