#!/usr/bin/env bash
# build_wasm.sh [page]: builds build/wasm/stepsize.wasm, libstepsize for WebAssembly, with the functions that the shared
# library exports, malloc and free; or build/wasm/page.wasm, with those alone that bindings/wasm calls, for a web page. They
# import nothing. What is up to date stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/wasm
name=${1:-stepsize}
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
target=wasm32-unknown-none-wasm
if [ "$name" = page ]; then
  functions=$(grep -oh 'wasm\.stepsize_[a-z0-9_]*' bindings/wasm/src/*.js | sed 's/wasm\.//' | LC_ALL=C sort -u)
else
  functions=$(cat Tests/abi/symbols.txt)
fi

# Every engine of the last years has all of these; exceptions are how longjmp leaves a call where memory has run out.
features=(-mbulk-memory -mexception-handling -mllvm -wasm-enable-sjlj)
optimizer=(wasm-opt -Oz --converge --enable-bulk-memory --enable-exception-handling --enable-sign-ext --enable-mutable-globals
  --enable-nontrapping-float-to-int)
export TARGET=$target
export C_OPTIONS="-Ibindings/wasm/libc ${features[*]}"
# WebAssembly's stack is out of reach of what is written beyond an array.
list=$(dev/modules.sh "$build" -lto=llvm-full -disable-stack-protector StepsizeC)
mapfile -t modules < <(grep -v '/memcpy\.c\.o$' <<<"$list")

inputs=("${modules[@]}" bindings/wasm/libc/* dev/build_wasm.sh)
if ! { [ "$(cat "$build/$name.functions" 2>/dev/null)" = "$functions" ] &&
  [ -z "$(find "${inputs[@]}" -newer "$build/$name.functions" -print -quit)" ]; }; then
  objects=()
  for source in libc setjmp; do
    "$tools/clang" -target "$target" -std=c99 -Wall -Wextra -Werror -Oz -ffreestanding -Ibindings/wasm/libc "${features[@]}" \
      -c "bindings/wasm/libc/$source.c" -o "$build/$source.o"
    objects+=("$build/$source.o")
  done
  mapfile -t exports < <(sed 's/^/--export=/' <<<"$functions")
  "$tools/wasm-ld" --no-entry --gc-sections --strip-all --lto-O2 -O2 --stack-first -z stack-size=1048576 \
    -mllvm -inline-threshold=0 --export=malloc --export=free "${exports[@]}" "${modules[@]}" "${objects[@]}" -o "$build/$name.wasm"
  # A sixth less; no bit of a value depends on it.
  if command -v wasm-opt >/dev/null; then
    "${optimizer[@]}" "$build/$name.wasm" -o "$build/$name.wasm.new"
    mv "$build/$name.wasm.new" "$build/$name.wasm"
  else
    echo "build_wasm: wasm-opt (Debian: binaryen) is not installed: the file is larger than it has to be" >&2
  fi
  printf '%s\n' "$functions" >"$build/$name.functions"
fi
if [ "$name" = stepsize ]; then cp "$build/stepsize.wasm" bindings/wasm/stepsize.wasm; fi
echo "$build/$name.wasm: $(stat -c %s "$build/$name.wasm") bytes"
