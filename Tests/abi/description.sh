#!/usr/bin/env bash
# include/stepsize/abi.json says of the headers what compilers say of them: constants, types, layouts for pointers of 8 and
# of 4 bytes, prototypes. Leaves the calls that libffi.c makes in build/tests/interface/calls.h.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=build/tests/interface
flags=(-std=c11 -Wall -Wextra -Werror -ffreestanding -fsyntax-only -Iinclude "$out/layout.c")
"${PYTHON:-python3}" Tests/abi/description.py "$out"
gcc "${flags[@]}"
if type -P clang >/dev/null; then
  clang "${flags[@]}"
  for target in wasm32 armv7em-none-eabi; do clang "--target=$target" -DBITS_32 "${flags[@]}"; done
else
  echo "description: skipped the layouts of 32-bit targets: clang is not installed"
fi
