"""stepsize_schedule_fill of a million values against the same formula in vectorised numpy.

Both write the same values into float64 arrays; they are compared before anything is timed. numpy is measured twice:
as one writes it (a fresh array for each intermediate result), and operation by operation into one array made
beforehand.
"""

import ctypes
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev"))
from foreign import opened  # noqa: E402

COUNT = 1_000_000
REPEATS = 15
BASE, FLOOR = 1e-3, 0.1

lib = opened()
scratch = np.empty(COUNT)
target = np.empty(COUNT)
STEPS = np.arange(COUNT)
DOUBLES = ctypes.POINTER(ctypes.c_double)


def numpy_linear():
    t = np.minimum(np.arange(COUNT), COUNT)
    return BASE * (FLOOR + (1 - FLOOR) * (1 - t / COUNT))


def numpy_linear_out():
    np.minimum(STEPS, COUNT, out=target)
    np.divide(target, COUNT, out=target)
    np.subtract(1, target, out=target)
    np.multiply(target, 1 - FLOOR, out=target)
    np.add(target, FLOOR, out=target)
    return np.multiply(target, BASE, out=target)


def numpy_cosine():
    t = np.minimum(np.arange(COUNT), COUNT)
    return BASE * (FLOOR + (1 - FLOOR) * (0.5 * (1 + np.cos(np.pi * t / COUNT))))


def numpy_cosine_out():
    np.minimum(STEPS, COUNT, out=target)
    np.multiply(target, np.pi, out=target)
    np.divide(target, COUNT, out=target)
    np.cos(target, out=target)
    np.add(target, 1, out=target)
    np.multiply(target, 0.5, out=target)
    np.multiply(target, 1 - FLOOR, out=target)
    np.add(target, FLOOR, out=target)
    return np.multiply(target, BASE, out=target)


def schedule(make):
    handle = ctypes.c_void_p()
    if make(COUNT, FLOOR, ctypes.byref(handle), None) != 0:
        sys.exit("bench_fill: the schedule was refused")
    return handle


def fill_into(handle, out):
    if lib.stepsize_schedule_fill(handle, 0, 1, BASE, out.ctypes.data_as(DOUBLES), COUNT) != 0:
        sys.exit("bench_fill: fill failed")
    return out


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def ratio_of(ours, theirs):
    """Median times of both in milliseconds, measured in turns, and the median ratio."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(REPEATS)]
    a, b = (1e3 * statistics.median(column) for column in zip(*pairs))
    return a, b, statistics.median(theirs / ours for ours, theirs in pairs)


print(f"{'a million values':44} {'ms ours':>10} {'ms numpy':>10} {'numpy/ours':>10}")
for name, make, fresh, into in (
    ("linear", lib.stepsize_schedule_linear, numpy_linear, numpy_linear_out),
    ("cosine", lib.stepsize_schedule_cosine, numpy_cosine, numpy_cosine_out),
):
    handle = schedule(make)
    for theirs in (fresh, into):
        error = np.max(np.abs(fill_into(handle, scratch) - theirs()))
        if error > 8 * 2.0**-53 * BASE:
            sys.exit(f"bench_fill: the values of {name} differ by {error}")
    a, b, ratio = ratio_of(lambda: fill_into(handle, np.empty(COUNT)), fresh)
    print(f"{name + ', a fresh array':44} {a:10.3f} {b:10.3f} {ratio:10.2f}")
    a, b, ratio = ratio_of(lambda: fill_into(handle, scratch), into)
    print(f"{name + ', into an array made beforehand':44} {a:10.3f} {b:10.3f} {ratio:10.2f}")
    lib.stepsize_schedule_destroy(handle)
