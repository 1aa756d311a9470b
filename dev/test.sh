#!/usr/bin/env bash
# All tests, on the library that is shipped; stops at the first failure. Called by `make test`, and by `make test-core`
# with VENV=.venv-core, where the tests skip what is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHON=$PWD/${VENV:-.venv}/bin/python PATH=$PWD/${VENV:-.venv}/bin:$PATH
step() { printf '\n== %s\n' "$1"; }

step "format and lint"
swift format lint --strict -r Sources Tests Package.swift
"$PYTHON" -m ruff check --quiet .
dev/check_sources.sh

step "build"
dev/build_library.sh

step "generated files"
dev/generate.sh --check
"$PYTHON" Tests/golden/generate.py --check
"$PYTHON" Tests/golden/controllers.py --check

step "other platforms"
dev/check_portable.sh

step "Swift tests"
dev/swift.sh .build-test test

step "C tests"
Tests/run_c_tests.sh

step "Python tests, on the installed wheel"
rm -rf build/wheel && mkdir -p build/wheel
"$PYTHON" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w build/wheel ./bindings/python
"$PYTHON" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/stepsize-*.whl
cmp build/lib/libstepsize.so "$("$PYTHON" -c 'from stepsize._foreign import library; print(library.PACKAGED)')"
# Without torch what is made from it has no types, and the networks of a league are not there.
types=() leagues=(logistic learned)
if ! "$PYTHON" -c 'import torch' 2>/dev/null; then
  types=(--exclude '/(torch/|huggingface/|lightning)' --disable-error-code import-not-found)
  types+=(--disable-error-code unused-ignore)
  leagues=(logistic)
fi
(cd bindings/python && "$PYTHON" -m mypy --no-error-summary "${types[@]}" src/stepsize)
tests=$PWD/bindings/python/tests
"$PYTHON" dev/test_docs.py
(cd "${TMPDIR:-/tmp}" && "$PYTHON" -m pytest -q -p no:cacheprovider "$tests")

step "league, on tiny settings"
# One by one: each has modules named suite, results and report of its own.
for league in "${leagues[@]}"; do
  league=$PWD/Benchmarks/league/$league/test_suite.py
  (cd "${TMPDIR:-/tmp}" && "$PYTHON" -m pytest -q -p no:cacheprovider "$league")
done
