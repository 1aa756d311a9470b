#!/usr/bin/env bash
# The Swift modules of both libraries compile for WebAssembly and microcontrollers too: to object code, for every target
# below for which the toolchain has the Embedded standard library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
library=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/embedded
headers=()
for module in CStepsize CStepsizeLearn; do headers+=(-I "Sources/$module/include"); done
for target in wasm32-unknown-none-wasm armv7em-none-none-eabi riscv32-none-none-eabi aarch64-none-none-elf; do
  if [ ! -d "$library/$target" ]; then
    echo "$target: skipped, not in this toolchain"
    continue
  fi
  for module in StepsizeBase Stepsize StepsizeLearn; do
    sources=$(find "Sources/$module" -name '*.swift')
    # shellcheck disable=SC2086
    swiftc -target "$target" -enable-experimental-feature Embedded -wmo -Osize -parse-as-library -swift-version 6 \
      -package-name stepsize -module-name "$module" "${headers[@]}" -I "$out" \
      -emit-module -emit-module-path "$out/$module.swiftmodule" -c $sources -o "$out/$module.o"
  done
  echo "$target: compiles"
done
