#!/usr/bin/env bash
# Installs what the tests need into the given virtual environment, with the CPU build of torch where the
# package index has one: the ordinary one brings 5 GB of libraries for accelerators.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pip="$1/bin/python -m pip"
# Python compiles what is imported when it is: a tenth of these packages.
options="--quiet --disable-pip-version-check --no-compile"
if ! $1/bin/python -c 'import torch' 2>/dev/null; then
  cpu=$($pip index versions torch 2>/dev/null | grep -oE '[0-9.]+\+cpu' | head -n 1 || true)
  $pip install $options "torch${cpu:+==$cpu}" >/dev/null 2>&1 || $pip install $options torch
fi
$pip install $options -r dev/requirements-demo.txt -r dev/requirements-test.txt
# Without torchvision, which would bring the torch that it was built for, and which timm's schedulers do not use.
$pip install $options --no-deps timm
# DeepSpeed comes as sources that want the torch installed above; without it its tests are skipped.
$pip install $options setuptools wheel hjson py-cpuinfo msgpack ninja tqdm psutil packaging pydantic einops
$pip install $options --no-build-isolation --no-deps deepspeed >/dev/null 2>&1 \
  || echo "DeepSpeed could not be installed: the comparison with it is skipped." >&2
