#!/usr/bin/env bash
# Makes every generated file: headers, export lists, lists of symbols, ctypes signatures, Python constructors.
# With --check it writes nothing and fails where one of them is stale.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python}
options=(-c release --traits Embedded)
bin=$(dev/swift.sh .build-embedded build "${options[@]}" --show-bin-path)
# The second library is compiled against what the first one's header says: in this order.
for library in stepsize:StepsizeC stepsize-learn:StepsizeLearnC; do
  layer=${library#*:}
  if ! log=$(dev/swift.sh .build-embedded build "${options[@]}" --target "$layer" \
    -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections 2>&1); then
    printf '%s\n' "$log" >&2
    exit 1
  fi
  "$python" dev/generate.py "$@" "${library%:*}" "$bin/$layer.build/include/$layer-Swift.h"
done
# The constructors come from the catalogue of the library itself.
dev/build_library.sh >/dev/null
STEPSIZE_LIBRARY=build/lib/libstepsize.so "$python" dev/python_catalogue.py "$@"
