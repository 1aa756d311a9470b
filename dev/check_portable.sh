#!/usr/bin/env bash
# The Swift modules of both libraries compile for WebAssembly and microcontrollers too: to object code, for every target
# below for which the toolchain has the Embedded standard library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
library=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/embedded
for target in wasm32-unknown-none-wasm armv7em-none-none-eabi riscv32-none-none-eabi aarch64-none-none-elf; do
  if [ ! -d "$library/$target" ]; then
    echo "$target: skipped, not in this toolchain"
    continue
  fi
  TARGET=$target dev/modules.sh "build/portable/$target" -Osize Stepsize StepsizeLearn >/dev/null
  echo "$target: compiles"
done
