"""The running median and the refinement of gradient norms against scipy's filter, and the memory that they take.

Both filters get the same numbers, scipy with the padding of the definition made beforehand; every element is compared
before anything is timed. Memory is the peak of a process of its own, less what it had before the norms were there.
"""

import ctypes
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

MILLION = 1_000_000
# Norms, tau, pairs of measurements.
CASES = [(10_000, 0.1, 15), (MILLION, 0.001, 5), (MILLION, 0.1, 5), (10 * MILLION, 0.1, 3)]
LARGEST, TAU = 10 * MILLION, 0.1

root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "bindings/python/src/stepsize/_foreign"))
import abi  # noqa: E402  the generated signatures alone: the library is that of build/lib

lib = abi.bind(ctypes.CDLL(str(root / "build/lib/libstepsize.so")))


def norms(count):
    """Large at first, slowly rising, noisy."""
    t = np.arange(count) / count
    return (1 + 4 * np.exp(-20 * t) + t) * np.exp(0.3 * np.random.default_rng(0).standard_normal(count))


def pointer(array):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def our_filter(values, tau, out):
    if lib.stepsize_median_filter(pointer(values), len(values), tau, pointer(out), None) != 0:
        sys.exit("bench_refine: the filter failed")
    return out


def refine(values, tau, out):
    options = abi.stepsize_refine_options()
    lib.stepsize_refine_defaults(ctypes.byref(options), ctypes.sizeof(options))
    options.tau = tau
    arrays = (pointer(values), len(values), pointer(out), len(out))
    if lib.stepsize_refine(ctypes.byref(options), *arrays, None, None) != 0:
        sys.exit("bench_refine: the refinement failed")
    return out


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def measure_speed():
    from scipy.ndimage import median_filter

    print(f"{'norms, tau':24} {'ms filter':>10} {'ms scipy':>10} {'scipy/ours':>10} {'ms refine':>10}")
    for count, tau, pairs in CASES:
        values, out = norms(count), np.empty(count)
        width = 2 * (math.floor(tau * count) // 2) + 1
        padded = np.pad(values, (0, 2 * width), mode="reflect")

        def theirs(padded=padded, width=width, count=count):
            return median_filter(padded, size=width, mode="nearest")[:count]

        if not np.array_equal(our_filter(values, tau, out), theirs()):
            sys.exit("bench_refine: the filters differ")
        times = [(seconds(lambda: our_filter(values, tau, out)), seconds(theirs)) for _ in range(pairs)]
        ours, scipys = (1e3 * statistics.median(column) for column in zip(*times))
        ratio = statistics.median(b / a for a, b in times)
        whole = 1e3 * statistics.median(seconds(lambda: refine(values, tau, out)) for _ in range(pairs))
        print(f"{f'{count}, {tau}':24} {ours:10.2f} {scipys:10.2f} {ratio:10.2f} {whole:10.2f}", flush=True)


def status(field):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def measure_memory():
    before = status("VmRSS")
    values = norms(LARGEST)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is that of making the norms
    refine(values, TAU, np.empty(LARGEST))
    print(f"{(status('VmHWM') - before) / values.nbytes:.2f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--memory"]:
        measure_memory()
    else:
        measure_speed()
        run = subprocess.run([sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True)
        times = run.stdout.strip()
        print(f"memory of refining {LARGEST} norms with tau {TAU}, norms and result included: {times} times the norms")
