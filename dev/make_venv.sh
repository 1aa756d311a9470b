#!/usr/bin/env bash
# Makes a virtual environment with the first Python 3.10 or later that is found.
set -euo pipefail
target=$1
for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10 /usr/bin/python3; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    exec "$python" -m venv "$target"
  fi
done
echo "stepsize: no Python 3.10 or later found; set PYTHON to one." >&2
exit 1
