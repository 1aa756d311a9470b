#!/usr/bin/env python3
"""The tables and polynomials of the core's exp, log and their relatives (Sources/StepsizeBase/Numerics).

    python3 dev/math_tables.py             write ExpTable.swift, LogTable.swift and TanhPolynomial.swift
    python3 dev/math_tables.py --check     compare the committed files with a fresh run, status 1 if they differ
    python3 dev/math_tables.py --errors    the error of each polynomial, in bits

Needs mpmath. One coefficient of a polynomial after another, the lowest power first, is rounded to a double, and those
above it are fitted again to what is left.
"""

import struct
import sys
from pathlib import Path

import mpmath
from mpmath import mp, mpf

mp.prec = 400
FOLDER = Path(__file__).resolve().parent.parent / "Sources/StepsizeBase/Numerics"
PLACES = 7
SIZE = 2**PLACES
# Where the reduced argument of the logarithm begins, in units of its intervals.
LOG_FIRST = 90
# z/c - 1 is in [LOG_LOW, LOG_HIGH].
LOG_LOW, LOG_HIGH = -mpf(183) / 2**15, mpf(1) / 128


def double(x) -> float:
    """The nearest double, ties to even."""
    return float(mp.mpf(x))


def bits(x: float) -> int:
    return int.from_bytes(struct.pack(">d", x), "big")


def cut(x, bit: int) -> float:
    """The multiple of 2^bit nearest to x."""
    return double(mp.nint(mp.ldexp(x, -bit)) * mp.ldexp(1, bit))


class Fit:
    """The polynomial p of `count` coefficients for which weight(x)·(f(x) − p(x)) is small all over [low, high]: least
    squares over the extrema of a Chebyshev polynomial, which is within a bit of the best."""

    def __init__(self, f, weight, low, high, count):
        self.f, self.weight = f, weight
        middle, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
        self.points = [middle - half * mp.cos(mp.pi * i / (8 * count)) for i in range(8 * count + 1)]
        self.coefficients: list[float] = []
        for power in range(count):
            rest = [weight(x) * (f(x) - self(x)) for x in self.points]
            rows = [[weight(x) * x**n for n in range(power, count)] for x in self.points]
            self.coefficients.append(double(mp.lu_solve(mp.matrix(rows), mp.matrix(rest))[0]))

    def __call__(self, x):
        return mp.polyval(self.coefficients[::-1], x) if self.coefficients else 0

    def error(self):
        between = [(a + b) / 2 for a, b in zip(self.points, self.points[1:], strict=False)]
        return max(abs(self.weight(x) * (self.f(x) - self(x))) for x in self.points + between)


def exp_polynomial():
    """(e^r − 1 − r)/r² for |r| <= ln 2/256, with a little to spare for the rounding of k."""
    terms = [1 / mp.factorial(n + 2) for n in range(30)]
    reach = mp.log(2) / (2 * SIZE) * (1 + mpf(2) ** -20)
    return Fit(lambda r: mp.polyval(terms[::-1], r), lambda r: r * r, -reach, reach, 4)


def expm1_polynomial():
    """(e^x − 1 − x − x²/2)/x³ for |x| <= 1/16, for the error relative to x."""
    terms = [1 / mp.factorial(n + 3) for n in range(40)]
    return Fit(lambda x: mp.polyval(terms[::-1], x), lambda x: x * x, -mpf(1) / 16, mpf(1) / 16, 8)


def log_polynomial():
    """(ln(1 + r) − r + r²/2)/r³ for the r of the table, for the error relative to r."""
    terms = [(-1) ** n / mpf(n + 3) for n in range(60)]
    return Fit(lambda r: mp.polyval(terms[::-1], r), lambda r: r * r, LOG_LOW, LOG_HIGH, 6)


def log1p_polynomial():
    """(ln(1 + x) − x + x²/2)/x³ for |x| <= 1/16, for the error relative to x."""
    terms = [(-1) ** n / mpf(n + 3) for n in range(100)]
    return Fit(lambda x: mp.polyval(terms[::-1], x), lambda x: x * x, -mpf(1) / 16, mpf(1) / 16, 11)


def tanh_polynomial():
    """(tanh(√z)/√z − 1)/z for z in [0, 0.55²], for the error relative to x."""

    def f(z):
        x = mp.sqrt(z)
        return (mp.tanh(x) / x - 1) / z

    small = mpf(10) ** -12
    return Fit(lambda z: f(max(z, small)), lambda z: z, small, mpf("0.5525") ** 2, 11)


def exp_table():
    """(tail, bits) for i = 0 ... 127: 2^(i/128) = scale·(1 + tail)."""
    rows = []
    for i in range(SIZE):
        exact = mpf(2) ** (mpf(i) / SIZE)
        scale = double(exact)
        rows.append((bits(double(exact / mpf(scale) - 1)), bits(scale) - (i << (52 - PLACES))))
    return rows


def log_table():
    """(1/c, high, low) for the intervals of z, from the one that begins at 90/128."""
    rows = []
    for i in range(SIZE):
        # 128 intervals in a binade: below 1 they are half as wide.
        n = LOG_FIRST * 2 - SIZE + i
        low, high = (mpf(n + SIZE) / (2 * SIZE), mpf(n + 1 + SIZE) / (2 * SIZE)) if n < SIZE else (
            mpf(n) / SIZE, mpf(n + 1) / SIZE)
        inverse = cut(2 / (low + high), -7 if n < SIZE else -8)
        if n in (SIZE - 1, SIZE):
            inverse = 1.0
        assert LOG_LOW <= low * inverse - 1 < high * inverse - 1 <= LOG_HIGH
        exact = -mp.log(mpf(inverse))
        top = cut(exact, -42)
        rows.append((inverse, top, double(exact - mpf(top))))
    return rows


def hexadecimal(x: float) -> str:
    """As swift-format leaves it."""
    text = x.hex()
    mantissa, exponent = text.split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}p{int(exponent)}"


def constants(prefix: str, first: int, values) -> list[str]:
    return [f"  static let {prefix}{first + i} = {hexadecimal(x)}" for i, x in enumerate(values)]


HEAD = "// Generated by dev/math_tables.py. Do not edit.\n"


def exp_file() -> str:
    step = mp.log(2) / SIZE
    top = cut(step, -42)
    lines = [
        HEAD,
        "/// What `Double.exp` and its relatives look up.",
        "enum ExpTable {",
        "  /// 128/ln 2, and ln 2/128 in two parts: the first has 35 bits, so that k times it is exact.",
        f"  static let inverseStep = {hexadecimal(double(1 / step))}",
        f"  static let step = {hexadecimal(top)}",
        f"  static let stepLow = {hexadecimal(double(step - mpf(top)))}",
        "",
        "  // e^r = 1 + r + r²(c2 + c3 r + …) for |r| <= ln 2/256.",
        *constants("c", 2, exp_polynomial().coefficients),
        "",
        "  // e^x - 1 = x + x²/2 + x³(m3 + m4 x + …) for |x| <= 1/16.",
        *constants("m", 3, expm1_polynomial().coefficients),
        "",
        "  /// For i = 0 ... 127: the bits of the tail in 2^(i/128) = s (1 + tail), then those of s, a double, less",
        "  /// i·2^45: adding k·2^45 for k = i + 128 e makes 2^e s.",
        f"  static let entries: InlineArray<{2 * SIZE}, UInt64> = [",
    ]
    for tail, scale in exp_table():
        lines.append(f"    0x{tail:016x}, 0x{scale:016x},")
    return "\n".join([*lines, "  ]", "}", ""])


def log_file() -> str:
    ln2 = mp.log(2)
    top = cut(ln2, -42)
    lines = [
        HEAD,
        "/// What `Double.log` and its relatives look up.",
        "enum LogTable {",
        "  /// The bits of the double at which the first interval begins.",
        f"  static let first: UInt64 = 0x{(0x3FE << 52) + ((LOG_FIRST * 2 - SIZE) << (52 - PLACES)):016x}",
        "  /// ln 2 in two parts: the first is a multiple of 2^-42, so that k times it is exact.",
        f"  static let ln2 = {hexadecimal(top)}",
        f"  static let ln2Low = {hexadecimal(double(ln2 - mpf(top)))}",
        "",
        "  // ln(1 + r) = r - r²/2 + r³(c3 + c4 r + …) for -1/179 < r < 1/128.",
        *constants("c", 3, log_polynomial().coefficients),
        "",
        "  // ln(1 + x) = x - x²/2 + x³(m3 + m4 x + …) for |x| <= 1/16.",
        *constants("m", 3, log1p_polynomial().coefficients),
        "",
        "  /// For each interval 1/c, which has 8 bits, and ln c in two parts, the first a multiple of 2^-42.",
        f"  static let entries: InlineArray<{3 * SIZE}, Double> = [",
    ]
    for inverse, high, low in log_table():
        lines.append(f"    {hexadecimal(inverse)}, {hexadecimal(high)}, {hexadecimal(low)},")
    return "\n".join([*lines, "  ]", "}", ""])


def tanh_file() -> str:
    lines = [
        HEAD,
        "// tanh x = x + x³(c0 + c1 x² + …) for |x| <= 0.55.",
        "enum TanhPolynomial {",
        *constants("c", 0, tanh_polynomial().coefficients),
    ]
    return "\n".join([*lines, "}", ""])


def errors():
    for make in (exp_polynomial, expm1_polynomial, log_polynomial, log1p_polynomial, tanh_polynomial):
        print(f"{make.__name__}: 2^{mpmath.nstr(mp.log(make().error(), 2), 5)}")


def main() -> int:
    if "--errors" in sys.argv:
        errors()
        return 0
    status = 0
    for name, make in (("ExpTable", exp_file), ("LogTable", log_file), ("TanhPolynomial", tanh_file)):
        path, text = FOLDER / f"{name}.swift", make()
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is not what dev/math_tables.py makes", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
