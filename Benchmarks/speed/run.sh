#!/usr/bin/env bash
# Measures libstepsize against hand-written C, numpy, scipy, scikit-learn, torch and transformers;
# everything is printed. Called by `make bench`. Needs build/lib (dev/build_library.sh) and gcc; for the other parts
# the peers and the installed package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=build/bench
mkdir -p "$out"
flags=(-std=c11 -O2 -Wall -Wextra -Werror)
gcc "${flags[@]}" -fPIC -shared -Wl,-soname,libtwin.so Benchmarks/speed/twin.c -lm -o "$out/libtwin.so"
gcc "${flags[@]}" -Iinclude Benchmarks/speed/bench.c -Lbuild/lib -lstepsize -L"$out" -ltwin -lm \
  "-Wl,-rpath,$PWD/build/lib:$PWD/$out" -o "$out/bench"

echo
if command -v swiftc >/dev/null; then
  # As in the libraries, but under names that can be called.
  swiftc -enable-experimental-feature Embedded -wmo -parse-as-library -Osize -package-name stepsize -Xcc -fno-math-errno \
    -module-name Functions -c Sources/StepsizeBase/Numerics/*.swift Benchmarks/speed/functions.swift -o "$out/functions.o"
  gcc "${flags[@]}" Benchmarks/speed/functions.c "$out/functions.o" -lm -o "$out/functions"
  "$out/functions"
else
  echo "functions: skipped, no swiftc"
fi
"$out/bench"

echo
gcc "${flags[@]}" -Iinclude Benchmarks/speed/scaling.c -Lbuild/lib -lstepsize "-Wl,-rpath,$PWD/build/lib" -o "$out/scaling"
"$out/scaling"

echo
python=${PYTHON:-python3}
if "$python" -c 'import numpy' 2>/dev/null; then
  "$python" Benchmarks/speed/bench_fill.py
else
  echo "bench_fill: skipped, $python has no numpy"
fi

echo
if "$python" -c 'import scipy' 2>/dev/null; then
  "$python" Benchmarks/speed/bench_refine.py
else
  echo "bench_refine: skipped, $python has no scipy"
fi
if "$python" -c 'import sklearn, stepsize' 2>/dev/null; then
  "$python" Benchmarks/speed/bench_nmf.py --quick
else
  echo "bench_nmf: skipped, $python has no scikit-learn or no stepsize"
fi

echo
if "$python" -c 'import torch, stepsize' 2>/dev/null; then
  "$python" Benchmarks/speed/bench_python.py
  "$python" Benchmarks/speed/bench_observe.py
else
  echo "bench_python: skipped, $python has no torch or no stepsize"
fi
