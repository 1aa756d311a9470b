#!/usr/bin/env bash
# Trains on the digits with the C and the Python trainer and draws the curves. Called by `make demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.venv/bin/python
out=build/demo
mkdir -p "$out"
"$python" -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python

${CC:-cc} -std=c99 -O2 -Wall -Wextra -Iinclude bindings/c/examples/train_digits.c -o "$out/train_digits" \
  -Lbuild/lib -lstepsize -lm -Wl,-rpath,"$PWD/build/lib"

echo "== C trainer"
"$out/train_digits" | tee "$out/digits_c.txt"
echo
echo "== Python trainer"
"$python" bindings/python/examples/train_digits.py --curves "$out/digits.csv" | tee "$out/digits_python.txt"
"$python" dev/plot_digits.py --output "$out/digits.png" "$out/digits.csv"
echo
echo "The curves are in $out/digits.png, the tables in $out/digits_c.txt and $out/digits_python.txt."
