#!/usr/bin/env bash
# Makes every generated file: what follows from which schedules and controllers are declared (Swift), headers, export
# lists, lists of symbols, ctypes signatures, the description of the interface and from it the low-level layers of the other
# bindings, and from the catalogue the constructors in Swift and Python.
# With --check it writes nothing and fails where one of them is stale.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python}
"$python" dev/swift_catalogue.py "$@"
# The second library is compiled against what the first one's header says: in this order.
for library in stepsize:StepsizeC stepsize-learn:StepsizeLearnC; do
  layer=${library#*:}
  dev/modules.sh build/release "$layer" >/dev/null
  "$python" dev/generate.py "$@" "${library%:*}" "build/release/$layer-Swift.h"
done
"$python" dev/abi_description.py "$@"
"$python" dev/bindings.py "$@"
# The constructors come from the catalogue of the library itself.
dev/build_library.sh >/dev/null
"$python" dev/swift_constructors.py "$@"
"$python" dev/python_catalogue.py "$@"
