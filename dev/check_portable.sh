#!/usr/bin/env bash
# The Swift modules of both libraries compile for WebAssembly and microcontrollers too: to object code, for every target
# below for which the toolchain has the Embedded standard library. What other tests have compiled for a target is used: the
# bitcode of dev/build_wasm.sh, the objects of Tests/abi/same_bits.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
for target in wasm32-unknown-none-wasm armv7em-none-none-eabi riscv32-none-none-eabi aarch64-none-none-elf; do
  if [ ! -d "$tools/../lib/swift/embedded/$target" ]; then
    echo "$target: skipped, not in this toolchain"
    continue
  fi
  case $target in
    wasm32-*) place=(build/wasm -lto=llvm-full -disable-stack-protector) ;;
    aarch64-*) place=(build/bits/aarch64 -Osize) ;;
    *) place=("build/portable/$target" -Osize) ;;
  esac
  objects=$(TARGET=$target dev/modules.sh "${place[@]}" Stepsize StepsizeLearn)
  if [ "${place[0]}" = build/wasm ]; then
    for object in $objects; do
      case $object in *.c.o) ;; *) "$tools/clang" "--target=$target" -O0 -c -x ir "$object" -o /dev/null ;; esac
    done
  fi
  echo "$target: compiles"
done
