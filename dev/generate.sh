#!/usr/bin/env bash
# Makes every generated file: header, export list, list of symbols, ctypes signatures, Python constructors.
# With --check it writes nothing and fails where one of them is stale.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python}
swift build -c release --traits Embedded --target StepsizeC --build-path .build-embedded \
  -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections >/dev/null
bin=$(swift build -c release --traits Embedded --show-bin-path --build-path .build-embedded)
"$python" dev/generate.py "$@" "$bin/StepsizeC.build/include/StepsizeC-Swift.h"
# The constructors come from the catalogue of the library itself.
dev/build_library.sh >/dev/null
STEPSIZE_LIBRARY=build/lib/libstepsize.so "$python" dev/python_catalogue.py "$@"
