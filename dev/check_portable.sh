#!/usr/bin/env bash
# The core compiles for WebAssembly and microcontrollers too: to object code, for every target below for which the
# toolchain has the Embedded standard library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
library=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/embedded
sources=$(find Sources/Stepsize -name '*.swift')
for target in wasm32-unknown-none-wasm armv7em-none-none-eabi riscv32-none-none-eabi aarch64-none-none-elf; do
  if [ ! -d "$library/$target" ]; then
    echo "$target: skipped, not in this toolchain"
    continue
  fi
  # shellcheck disable=SC2086
  swiftc -target "$target" -enable-experimental-feature Embedded -wmo -Osize -parse-as-library \
    -module-name Stepsize -I Sources/CMathShims/include -c $sources -o "$out/core.o"
  echo "$target: compiles"
done
