#!/usr/bin/env python3
"""Reference values of the core's exp, log and their relatives, computed with mpmath.

    python3 functions.py            write functions.txt
    python3 functions.py --check    generate again, compare with the committed file, status 1 if they differ

A line is NAME <tab> X <tab> Y <tab> RESULT <tab> REST. X, Y and RESULT are the 16 hex digits of doubles (Y is that of
pow, else -); RESULT is the double nearest to the value, REST what it lacks of the value, in units of its last place
(0 where it is not finite, or 0 though the value is not). Everything is done with 200 digits.

The arguments: random ones over the whole range and where the functions do other things inside, the ends of the
intervals of their tables with both neighbours, the ends of the range; and, from a hundred times as many random ones,
those whose value lies nearest to the middle between two doubles.
"""

import math
import random
import struct
import sys
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 200
HERE = Path(__file__).resolve().parent
FILE = HERE / "functions.txt"
RANDOM, HARD = 60, 12


def bits(x: float) -> str:
    return struct.pack(">d", x).hex()


def value_of(name, x, y):
    x = mpf(x)
    if name == "pow":
        return x ** mpf(y)
    return {"exp": mp.exp, "expm1": mp.expm1, "log": mp.log, "log1p": mp.log1p, "tanh": mp.tanh}[name](x)


def rounded(value):
    """The nearest double and the rest in its units, which are those of a subnormal at the least."""
    if value == 0:
        return 0.0, 0.0
    exponent = max(mp.frexp(value)[1] - 53, -1074)
    scaled = mp.ldexp(value, -exponent)
    whole = mp.nint(scaled)  # ties to even
    # The scaled value of a normal number has 53 bits, so that this does not round.
    result = math.ldexp(int(whole), exponent) if mp.frexp(whole)[1] + exponent <= 1024 else math.copysign(
        math.inf, value)
    if math.isinf(result) or result == 0:
        return result, 0.0
    # At a power of two the units below are half as long; they are counted in those above.
    return result, float(scaled - whole)


def neighbours(x):
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def uniform(low, high):
    return lambda r: r.uniform(low, high)


def logarithmic(low, high, sign=1):
    return lambda r: sign * math.exp(r.uniform(math.log(low), math.log(high)))


# Where random arguments are drawn. pow has one more list, of exponents.
RANGES = {
    "exp": [uniform(-745.2, 709.8), uniform(-1, 1), uniform(-0.01, 0.01), uniform(-745.2, -700), uniform(700, 709.8),
            logarithmic(1e-300, 1), logarithmic(1e-20, 1, -1)],
    "expm1": [uniform(-40, 709.8), uniform(-1, 1), uniform(-0.0625, 0.0625), uniform(0.0625, 0.13),
              uniform(-0.13, -0.0625), logarithmic(1e-300, 1), logarithmic(1e-20, 1, -1)],
    "log": [logarithmic(1e-308, 1e308), uniform(0.5, 2), uniform(0.98, 1.02), uniform(1 - 2**-8, 1 + 2**-7),
            logarithmic(5e-324, 1e-307), uniform(1 - 2**-30, 1 + 2**-30)],
    "log1p": [logarithmic(1e-300, 1e300), uniform(-1, 1), uniform(-0.0625, 0.0625), uniform(0.0625, 0.13),
              uniform(-0.13, -0.0625), logarithmic(1e-20, 1, -1), logarithmic(1e10, 1e20)],
    "tanh": [uniform(-20, 20), uniform(-1, 1), uniform(0.5, 0.6), uniform(0.55, 0.75), logarithmic(1e-300, 1),
             logarithmic(1e-20, 0.6, -1)],
    "pow": [(logarithmic(1e-300, 1e300), uniform(-1, 1)), (uniform(0, 1), uniform(0, 4)),
            (uniform(0.5, 2), uniform(-1000, 1000)), (uniform(0.99, 1.01), uniform(-50000, 50000)),
            (uniform(1 - 2**-30, 1 + 2**-30), uniform(-6e11, 6e11)), (logarithmic(5e-324, 1e-307), uniform(-1, 1)),
            (uniform(0, 1000), lambda r: r.randint(-20, 20)), (uniform(0.2, 0.3), uniform(510, 540))],
}  # fmt: skip


def edges():
    """Arguments that are not random."""
    r = random.Random("edges")
    ln2 = mp.log(2)
    for name in ("exp", "expm1", "tanh"):
        for k in [0, 1, -1, 2, -2, *(r.randint(-130000, 130000) for _ in range(40))]:
            x = float((k + mpf(1) / 2) * ln2 / 128) / (2 if name == "tanh" else 1)
            if name == "exp" or abs(x) < (37 if name == "expm1" else 19):
                yield from ((name, n, None) for n in neighbours(x))
    for i in range(90, 182):
        for scale in (1.0, math.ldexp(1, r.randint(-1000, 1000))):
            for x in neighbours(i / 128 * scale):
                yield "log", x, None
                if scale == 1:
                    yield "log1p", x - 1, None
    for x in (709.782712893384, -708.3964185322641, -745.1332191019411, 700, -700, 2**-54, -(2**-54), 2**-28, 0.5):
        yield from (("exp", n, None) for n in neighbours(x))
    for x in (0.0625, -0.0625, 2**-54, -(2**-54), 700, 709.782712893384, -36.7, -37.5, -700, -1000, 5e-324):
        yield from (("expm1", n, None) for n in neighbours(x))
    for x in (5e-324, 2**-1022, 1.7976931348623157e308, 1, 2, 0.5, 10, 2.718281828459045):
        yield from (("log", n, None) for n in neighbours(x) if 0 < n < math.inf)
    for x in (0.0625, -0.0625, 2**-54, 2**54, 2**53, -1 + 2**-53, 1e300, 5e-324, -5e-324, 1, -0.5):
        yield from (("log1p", n, None) for n in neighbours(x) if n > -1)
    for x in (0.55, -0.55, 2**-28, 19.5, 19.06, 22, 700, 5e-324):
        yield from (("tanh", n, None) for n in neighbours(x))
    powers = (
        (10, 308), (10, -308), (10, -323), (2, 1023.9999999), (2, -1073.5), (2, -1074), (0.5, 1074), (3, 33), (7, 1),
        (0.1, 1), (0.9993, 220), (1.1, 2), (1e-200, 0.5), (1.0000000001, 1e12), (5e-324, 0.5), (49, 0.5),
    )  # fmt: skip
    for x, y in powers:
        yield from (("pow", n, float(y)) for n in neighbours(float(x)) if n > 0)


def cases():
    yield from edges()
    for name, ranges in RANGES.items():
        for number, draw in enumerate(ranges):
            r = random.Random(f"{name} {number}")
            drawn = []
            for _ in range(RANDOM + 100 * HARD):
                x, y = (float(d(r)) for d in draw) if name == "pow" else (draw(r), None)
                drawn.append((name, x, y))
            yield from drawn[:RANDOM]
            mp.dps = 40
            rest = sorted(drawn[RANDOM:], key=lambda c: -abs(rounded(value_of(*c))[1]))
            mp.dps = 200
            yield from rest[:HARD]


def text() -> str:
    lines = [f"# Written by {Path(__file__).name}, which says what is in it. Do not edit."]
    for name, x, y in cases():
        result, rest = rounded(value_of(name, x, y))
        lines.append("\t".join((name, bits(x), "-" if y is None else bits(y), bits(result), f"{rest:.5f}")))
    return "\n".join(lines) + "\n"


def main() -> int:
    if "--check" not in sys.argv:
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text():
        return 0
    print(f"{FILE.name} is not what {Path(__file__).name} writes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
