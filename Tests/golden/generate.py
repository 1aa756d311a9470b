#!/usr/bin/env python3
"""Golden vectors: every schedule of the catalogue, computed from its formula with mpmath.

    python3 generate.py            write examples.tsv, primitives.tsv, compositions.tsv and algebra.tsv
    python3 generate.py --check    generate again, compare with the committed files, status 1 if they differ
    python3 generate.py --names    the names that are covered, one a line

The cases of examples.tsv are the examples in the Swift files that declare the schedules: a new schedule needs its
formula here, and is covered.

Needs Python 3.10 and mpmath. Shares nothing with the library: each function below is one line of the
catalogue, written as the formula stands there, in arithmetic wide enough that its form does not matter.

The numbers
  - A real parameter is the exact binary value of the double nearest to its literal: 0.1 is mpf(0.1).
  - Steps, lengths and counts are exact integers; quotients of them, and floors, are exact rationals.
  - Everything is evaluated with 120 decimal digits (50 are too few: (1 + cos(pi x))/2 loses 37 of them one
    step before the end of T = 2^62), then rounded once to the nearest double, ties to even, subnormals
    included. A second pass with 180 digits must round to the same double, or the run fails.
  - A value above the largest finite double is the largest finite double (only `exponential` gets there).
  - Constants that a composition passes to its parts are doubles. Rounded in double arithmetic, one
    operation at a time: the knots of `onecycle`, p*T - 1 and 2*(p*T) - 2, and its values 1/div and
    1/div/final_div; the products of darknet's scales; lr_min/lr0 of `llama_cpp`. Correctly rounded: the 1/sqrt(C) of `t5`.
    The decay^i of cycles stays exact.
  - `noise` and `random` depend on the library's generator and are not here.

The files
  UTF-8 lines, fields separated by one tab.
    # ...                            comment; "# length N" or "# length inf" follows each header, then "# ulp N"
                                     where doubles need more than 3 units in the last place (cosine^power)
    = TEXT                           header: the text form of the schedule for the lines that follow
    STEP <tab> BITS <tab> DECIMAL    step as a signed 64-bit decimal integer; the value as the 16 hex digits
                                     of its IEEE 754 binary64 bits; the same value in decimal, for the reader
  Empty lines separate the cases. BITS are to be compared, DECIMAL (shortest that reads back) is not needed.
"""

import functools
import inspect
import math
import random
import struct
import sys
import zlib
from fractions import Fraction
from pathlib import Path

from mpmath import mp, mpf

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev"))
import declarations

DIGITS, CONTROL_DIGITS = 120, 180
STEP_MIN, STEP_MAX = -(2**63), 2**63 - 1
RANDOM_POINTS = 20
FILES = ("examples", "primitives", "compositions", "algebra")


# ---------------------------------------------------------------------------------------------------------
# A schedule: its text, its length (None: unbounded), the steps worth testing, and its value at t >= 0.


class Schedule:
    def __init__(self, value, length=None, marks=(), span=None):
        self.value, self.length = value, length
        self.marks = set(marks)  # boundaries: tested with both neighbours
        self.span = span if span is not None else (length or 100)  # where random steps are drawn
        self.ulp = 3  # what a careful evaluation in doubles stays within
        self.text, self.binding = "", "call"  # binding: call, * or >>

    def at(self, t):
        t = max(t, 0)
        return self.value(t if self.length is None else min(t, self.length))

    def named(self, text, binding="call"):
        self.text, self.binding = text, binding
        return self

    def __rshift__(self, other):
        return sequence(self, other)

    def __mul__(self, other):
        return product(self, other)

    def __rmul__(self, number):
        return scale(number, self)


def literal(v):
    if isinstance(v, Schedule):
        return v.text
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, str):
        return f'"{v}"'
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(map(literal, v)) + "]"
    return repr(v)


NAMES = {}


def schedule(function):
    """Registers a schedule under its name, and writes the text form from the call."""
    name = function.__name__.rstrip("_")

    @functools.wraps(function)
    def call(*args, phase=None, **kw):
        inspect.signature(function).bind(*args, **kw)
        parts = [literal(a) for a in args] + [f"{k}={literal(v)}" for k, v in kw.items()]
        if phase is not None:
            parts.append(f"phase={literal(phase)}")
        return function(*args, **kw).named(f"{name}({', '.join(parts)})")

    NAMES[name] = call
    return call


# ---------------------------------------------------------------------------------------------------------
# Exact helpers.


def R(v):
    """An int, double or Fraction as an mpf."""
    return mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else mpf(v)


def single(v):
    """A double rounded to single precision, or the product of two singles as a float has it."""
    return struct.unpack("f", struct.pack("f", v))[0]


def power(base, exponent):
    """base^exponent; exact where base is rational and the exponent a small whole number."""
    if isinstance(base, Fraction):
        if float(exponent).is_integer() and 0 <= exponent <= 8:
            return base ** int(exponent)
        base = R(base)
    return mp.power(base, R(exponent))


def half_cosine(x):
    """(1 + cos(pi x)) / 2, exactly 0 at odd and 1 at even x."""
    return (1 + mp.cospi(R(x % 2))) / 2


def between(floor, c):
    return R(floor) + (1 - R(floor)) * R(c)


def fall(shape, x, p=1, q=0.1):
    p, q = R(p), R(q)
    match shape:
        case "linear":
            return R(1 - x)
        case "cosine":
            return half_cosine(x)
        case "1-sqrt":
            return 1 - mp.sqrt(R(x))
        case "1-square":
            return 1 - R(x) ** 2
        case "1-power":
            return 1 - R(x) ** p
        case "sqrt":
            return mp.sqrt(R(1 - x))
        case "square":
            return R(1 - x) ** 2
        case "power":
            return R(1 - x) ** p
        case "exponential":
            return (q ** R(x) - q) / (1 - q)
        case "mirror-cosine":
            return 2 * R(1 - x) - half_cosine(x)
    raise ValueError(shape)


FALLS = ("linear", "cosine", "1-sqrt", "1-square", "1-power", "sqrt", "square", "power", "exponential",
         "mirror-cosine")


# ---------------------------------------------------------------------------------------------------------
# Primitives.


@schedule
def constant(length=None, value=1):
    return Schedule(lambda t: R(value), length)


@schedule
def linear(total, floor=0):
    return Schedule(lambda t: between(floor, 1 - Fraction(t, total)), total)


@schedule
def cosine(total, floor=0, cycles=0.5, power=1, k_decay=1):
    raised = globals()["power"]

    def value(t):
        y = raised(Fraction(t, total), k_decay)
        turns = 2 * (Fraction(cycles) if isinstance(y, Fraction) else R(cycles)) * y
        return between(floor, raised(half_cosine(turns), power))

    turning = {math.floor(Fraction(n, 2) * total / Fraction(cycles)) for n in range(1, int(2 * cycles) + 1)}
    made = Schedule(value, total, marks=turning)
    made.ulp = math.ceil(3 * max(1, power) * (1 if k_decay == 1 else 2))  # powers multiply the relative error
    return made


@schedule
def polynomial(total, power=1, floor=0, k_decay=1, cycle=False):
    raised = globals()["power"]

    def value(t):
        x = Fraction(t, total * max(1, -(-t // total)) if cycle else total)
        return between(floor, raised(1 - raised(x, k_decay), power))

    if cycle:
        return Schedule(value, marks=[total * i for i in (1, 2, 3, 10)], span=5 * total)
    return Schedule(value, total)


@schedule
def cooldown(total, shape="1-sqrt", floor=0, power=1, q=0.1):
    return Schedule(lambda t: between(floor, fall(shape, Fraction(t, total), power, q)), total)


@schedule
def rex(total, floor=0, beta=0.5):
    def value(t):
        x = Fraction(t, total)
        return between(floor, (1 - x) / (1 - Fraction(beta) * x))

    return Schedule(value, total)


@schedule
def tanh(total, lower=-7, upper=3, floor=0):
    def value(t):
        x = Fraction(t, total)
        z = R(lower) * R(1 - x) + R(upper) * R(x)
        return R(floor) + (1 - R(floor)) / (1 + mp.exp(2 * z))  # (1 - tanh z)/2

    return Schedule(value, total)


@schedule
def geometric(total, end):
    return Schedule(lambda t: R(end) ** R(Fraction(t, total)), total)


@schedule
def ramp(total, start=0, end=1, shape="linear"):
    def value(t):
        if total == 0:
            return R(end)
        x = Fraction(t, total)
        if shape == "geometric":
            return R(start) ** R(1 - x) * R(end) ** R(x)
        c = R(1 - x) if shape == "linear" else half_cosine(x)
        return R(start) * c + R(end) * (1 - c)

    return Schedule(value, total)


@schedule
def warmup(steps, start=None, shape="linear", power=1, q=0.1):
    def value(t):
        if t >= steps:
            return mpf(1)
        s = R(start or 0)
        u = Fraction(t + 1 if start is None else t, steps)
        match shape:
            case "log":
                return s + (1 - s) * mp.log(1 + R(u) * steps) / mp.log(1 + steps)
            case "geometric":
                return s ** R(1 - u)
            case "constant":
                return s
            case "harmonic":
                return mpf(1) / (steps - t)
        return s + (1 - s) * fall(shape, 1 - u, power, q)

    return Schedule(value, steps)


@schedule
def step(every, factor=0.1):
    return Schedule(lambda t: R(factor) ** (t // every), marks=[every * i for i in (1, 2, 3, 10, 300)], span=20 * every)


@schedule
def multistep(milestones, factor=0.1):
    return Schedule(lambda t: R(factor) ** sum(m <= t for m in milestones), marks=milestones,
                    span=2 * max(milestones) + 10)


@schedule
def piecewise(boundaries, values):
    return Schedule(lambda t: R(values[sum(b <= t for b in boundaries)]), marks=boundaries,
                    span=2 * max(boundaries) + 10)


@schedule
def exponential(gamma, every=1):
    every = int(float(every))  # a real parameter: 2^53 + 1 is 2^53
    reach = 800 / max(abs(math.log(gamma)), 1e-6) * every  # about where it underflows or overflows
    return Schedule(lambda t: R(gamma) ** R(Fraction(t, every)), marks=[every, 2 * every], span=int(reach))


@schedule
def inverse_time(rate, every=1, power=1, staircase=False):
    def value(t):
        u = t // every if staircase else Fraction(t, every)
        return (1 + R(rate) * R(u)) ** -R(power)

    return Schedule(value, marks=[every, 2 * every], span=50 * every)


@schedule
def power_law(scale, power=0.5):
    return Schedule(lambda t: (1 + t / R(scale)) ** -R(power), marks=[math.ceil(scale)], span=50 * math.ceil(scale))


@schedule
def inverse_sqrt(timescale):
    s = timescale
    return Schedule(lambda t: mp.sqrt(R(s) / (R(s) + t)), marks=[math.ceil(s)], span=50 * math.ceil(s))


@schedule
def noam(warmup, model_size=None, factor=1):
    def value(t):
        s, w = mpf(t + 1), mpf(warmup)
        if model_size is None:
            return R(factor) * min(mp.sqrt(w / s), s / w)
        return R(factor) / mp.sqrt(model_size) * min(1 / mp.sqrt(s), s * w ** mpf(-1.5))

    return Schedule(value, marks=[warmup - 1, warmup], span=20 * warmup)


@schedule
def sigmoid(center, steepness, direction="fall"):
    def value(t):
        z = R(steepness) * (t - R(center))
        return 1 / (1 + mp.exp(z if direction == "fall" else -z))

    width = int(20 / steepness) if steepness else 100
    return Schedule(value, marks=[math.floor(center), math.ceil(center)], span=int(abs(center)) + width + 10)


@schedule
def chebyshev(total, small=0.05, large=1):
    n = 1
    while n < total:
        n *= 2

    def place(i, size):
        """perm[i] for the permutation of `size`: (p, size-1-p) stands for each p of the one half as long."""
        if size == 1:
            return 0
        p = place(i // 2, size // 2)
        return size - 1 - p if i % 2 else p

    def value(t):
        p = place(min(t, total - 1), n)
        c, q = (R(large) + R(small)) / 2, (R(large) - R(small)) / 2
        return 1 / (c - q * mp.cospi(R(Fraction(2 * p + 1, 2 * n))))

    return Schedule(value, total)


@schedule
def cyclic(up, down=None, floor=0.1, mode="triangular", gamma=1):
    down = up if down is None else down
    period = up + down

    def value(t):
        c, y = divmod(t, period)
        h = Fraction(y, up) if y <= up else Fraction(period - y, down)
        k = {"triangular": 1, "triangular2": mpf(2) ** -c, "exp_range": R(gamma) ** t}[mode]
        return R(floor) + (1 - R(floor)) * R(h) * k

    return Schedule(value, marks=[up, period, period + up, 2 * period, 10 * period], span=5 * period)


@schedule
def sine(period, floor=0.1, mode="sine", gamma=1):
    def value(t):
        c, y = divmod(t, period)
        k = {"sine": 1, "sine2": mpf(2) ** -c, "exp_sine": R(gamma) ** t}[mode]
        return R(floor) + (1 - R(floor)) * mp.sinpi(R(Fraction(y, period))) * k

    return Schedule(value, marks=[period // 2, period, 2 * period, 10 * period], span=5 * period)


@schedule
def restarts(first, growth=1, decay=1, floor=0, shrink="peak", cycles=None):
    def length(i):
        return max(1, math.floor(first * Fraction(growth) ** i + Fraction(1, 2)))

    @functools.lru_cache(maxsize=None)
    def start(i):
        return first * i if growth == 1 else 0 if i == 0 else start(i - 1) + length(i - 1)

    def value(t):
        i = t // first if growth == 1 else 0
        while start(i + 1) <= t:
            i += 1
        if cycles is not None:
            i = min(i, cycles - 1)
        c, d, f = half_cosine(Fraction(t - start(i), length(i))), R(decay) ** i, R(floor)
        if shrink == "peak":
            return f + (max(d, f) - f) * c
        if shrink == "all":
            return d * (f + (1 - f) * c)
        return f + (1 - f) * d * c

    shown = range(1, (cycles or 6) + 1)
    return Schedule(value, None if cycles is None else start(cycles), marks=[start(i) for i in shown], span=start(6))


@schedule
def range_test(every, rate=1, staircase=False):
    return Schedule(lambda t: 1 + R(rate) * R(t // every if staircase else Fraction(t, every)),
                    marks=[every, 2 * every], span=20 * every)


@schedule
def knots(steps, values, interpolation="linear"):
    at = [Fraction(s) for s in steps]

    def value(t):
        i = sum(s <= t for s in at)
        if i == 0:
            return R(values[0])
        if i == len(at) or interpolation == "hold":
            return R(values[i - 1])
        x = (t - at[i - 1]) / (at[i] - at[i - 1])
        c = R(1 - x) if interpolation == "linear" else half_cosine(x)
        return R(values[i - 1]) * c + R(values[i]) * (1 - c)

    marks = [f(s) for s in at for f in (math.floor, math.ceil)]
    return Schedule(value, math.ceil(at[-1]), marks=marks, span=math.ceil(at[-1]) + 5)


@schedule
def table(values):
    return Schedule(lambda t: R(values[min(t, len(values) - 1)]), len(values))


# ---------------------------------------------------------------------------------------------------------
# Algebra. `>>`, `*` and a number times a schedule are written as Python's own operators.


def wrapped(s, *bindings):
    return f"({s.text})" if s.binding in bindings else s.text


def sequence(a, b):
    def value(t):
        return a.at(t) if t < a.length else b.at(t - a.length)

    length = None if b.length is None else a.length + b.length
    marks = a.marks | {a.length} | {a.length + m for m in b.marks}
    made = Schedule(value, length, marks, a.length + b.span)
    return made.named(f"{a.text} >> {wrapped(b, '>>')}", ">>")


def product(a, b):
    length = None if None in (a.length, b.length) else max(a.length, b.length)
    ends = {s.length for s in (a, b) if s.length is not None}
    made = Schedule(lambda t: a.at(t) * b.at(t), length, a.marks | b.marks | ends, max(a.span, b.span))
    return made.named(f"{wrapped(a, '>>')} * {wrapped(b, '>>', '*')}", "*")


def scale(number, a):
    made = Schedule(lambda t: R(number) * a.at(t), a.length, a.marks, a.span)
    return made.named(f"{literal(number)} * {wrapped(a, '>>', '*')}", "*")


@schedule
def clamp(a, min=0, max=None):
    def value(t):
        v = a.at(t)
        v = R(min) if v < R(min) else v
        return v if max is None or v < R(max) else R(max)

    return Schedule(value, a.length, a.marks, a.span)


@schedule
def repeat(a, count=None):
    one = a.length
    whole = None if count is None else count * one

    def value(t):
        return a.at(one if whole is not None and t >= whole else t % one)

    return Schedule(value, whole, a.marks | {one * i for i in (1, 2, 3)} | {one + m for m in a.marks}, 4 * one)


@schedule
def shift(a, by):
    length = None if a.length is None else max(0, a.length + by)
    return Schedule(lambda t: a.at(t - by), length, {max(0, by)} | {m + by for m in a.marks}, max(10, a.span + by))


@schedule
def stretch(a, factor, interpolation="hold"):
    exact = Fraction(factor)

    def value(t):
        u = t / exact
        n = math.floor(u)
        if interpolation == "hold":
            return a.at(n)
        return a.at(n) * R(1 - (u - n)) + a.at(n + 1) * R(u - n)

    length = None if a.length is None else math.ceil(a.length * exact)
    marks = {math.ceil(n * exact) for n in a.marks | {1, 2, 3}}
    return Schedule(value, length, marks, math.ceil(a.span * exact))


@schedule
def take(a, length):
    marks = {m for m in a.marks if m <= length}
    return Schedule(a.at, length, marks | ({a.length} if a.length is not None and a.length < length else set()))


# ---------------------------------------------------------------------------------------------------------
# Compositions.


@schedule
def halflife(steps):
    return exponential(0.5, every=steps)


@schedule
def wsd(total, warmup=0, decay=None, shape="1-sqrt", floor=0, start=None, power=1, q=0.1):
    decay = total // 10 if decay is None else decay
    rise, main = NAMES["warmup"](warmup, start=start), constant(total - warmup - decay)
    parts = [p for p in (rise, main) if p.length] + ([cooldown(decay, shape, floor, power, q)] if decay else [])
    return functools.reduce(sequence, parts)


@schedule
def llmc(scheduler_type, warmup_iterations, train_num_batches, final_learning_rate_frac):
    begin = warmup_iterations
    if scheduler_type == "wsd":
        begin = int(single(single(0.8) * single(train_num_batches)))

    def value(t):
        if scheduler_type == "constant":
            return mpf(1)
        if t < warmup_iterations:
            return R(Fraction(t + 1, warmup_iterations))
        if t <= begin or train_num_batches <= begin:
            return mpf(1)
        x = min(Fraction(1), Fraction(t - begin, train_num_batches - begin))
        left = {"cosine": (1 + mp.cos(mp.pi * R(x))) / 2, "linear": 1 - R(x), "wsd": 1 - mp.sqrt(R(x))}[scheduler_type]
        return between(final_learning_rate_frac, left)

    length = None if scheduler_type == "constant" else max(train_num_batches, warmup_iterations)
    return Schedule(value, length, marks={warmup_iterations, begin})


@schedule
def darknet(policy="constant", burn_in=0, power=4, step=1, scale=1, steps=(), scales=(), gamma=1, max_batches=None):
    raised = globals()["power"]

    def value(t):
        b = t + 1
        if b < burn_in:
            return R(raised(Fraction(b, burn_in), power))
        match policy:
            case "constant":
                return mpf(1)
            case "step":
                return R(scale) ** (b // step)
            case "steps":
                passed = [s for at, s in zip(steps, scales) if at <= b]
                return R(functools.reduce(lambda a, s: a * float(s), passed, 1.0))
            case "exp":
                return R(gamma) ** b
            case "poly":
                return R(raised(1 - min(Fraction(1), Fraction(b, max_batches)), power))
            case "sigmoid":
                return 1 / (1 + mp.exp(R(gamma) * (b - step)))

    length = max(0, max(burn_in, 1) - 1 + max(0, max_batches - max(burn_in, 1))) if policy == "poly" else None
    marks = {max(burn_in - 1, 0), step - 1, *(at - 1 for at in steps)} - {-1}
    return Schedule(value, length, marks, span=2 * max([burn_in, step, *steps]) + 1000)


@schedule
def llama_cpp(lr0=1e-5, lr_min=-1, epochs=2, decay_epochs=-1, updates_per_epoch=1):
    decay = decay_epochs if 0 < decay_epochs < epochs else epochs

    def value(t):
        epoch = t // updates_per_epoch
        ratio = lr_min / lr0  # a constant that the composition passes on
        if lr_min <= 0:
            return mpf(1)
        return R(ratio) if epoch >= decay else R(ratio) ** R(Fraction(epoch) / Fraction(decay))

    ends = [math.ceil(decay) * updates_per_epoch, updates_per_epoch]
    return Schedule(value, marks=ends, span=2 * epochs * updates_per_epoch)


@schedule
def warmup_linear(total, warmup, floor=0):
    return NAMES["warmup"](warmup) >> linear(total - warmup, floor)


@schedule
def warmup_cosine(total, warmup, floor=0):
    return NAMES["warmup"](warmup) >> cosine(total - warmup, floor)


@schedule
def cosine_hold(total, hold, floor=0):
    return cosine(total - hold, floor) >> constant(hold, value=floor)


@schedule
def cosine_cycles(lengths, decay=1, floor=0):
    def cycle(i, length):
        def value(t):
            d, f = R(decay) ** i, R(floor)
            return f + (max(d, f) - f) * half_cosine(Fraction(t, length))

        return Schedule(value, length)

    return functools.reduce(sequence, [cycle(i, n) for i, n in enumerate(lengths)])


@schedule
def onecycle(total, pct_start=0.3, div_factor=25, final_div_factor=1e4, anneal="cosine", three_phase=False):
    top, low = pct_start * total, 1.0 / div_factor  # doubles, one rounding an operation
    last = low / final_div_factor
    if three_phase:
        return take(knots([0, top - 1.0, 2.0 * top - 2.0, total - 1], [low, 1, low, last], anneal), total)
    return take(knots([0, top - 1.0, total - 1], [low, 1, last], anneal), total)


@schedule
def noam_hold(warmup, hold, power=0.5, floor=0):
    return clamp(NAMES["warmup"](warmup, start=0) >> constant(hold) >> power_law(warmup, power), min=floor)


@schedule
def t5(constant):
    factor = nearest(1 / mp.sqrt(constant))
    return factor * (NAMES["constant"](constant) >> inverse_sqrt(constant))


@schedule
def sqrt_annealing(total, floor=0):
    return clamp(polynomial(total, power=0.5), min=floor)


@schedule
def square_annealing(total, floor=0):
    return clamp(polynomial(total, power=2), min=floor)


@schedule
def tri_stage(warmup, hold, decay, start=0.01, end=0.01):
    return ramp(warmup, start, 1) >> constant(hold) >> geometric(decay, end)


@schedule
def swa(total, end, shape="cosine"):
    return ramp(total, start=1, end=end, shape=shape)


@schedule
def power_scheduler(total, warmup, hold, power=0.51, decay=0, q=0.1):
    scale, rest = warmup + hold, total - warmup - hold
    parts = [NAMES["warmup"](warmup)] if warmup else []
    if hold:
        parts.append(constant(hold))
    if rest > decay or decay == 0:
        parts.append(take(power_law(scale, power), rest - decay))
    if decay:
        top = power_law(scale, power).at(rest - decay)
        fall = cooldown(decay, "exponential", q=q)
        parts.append(Schedule(lambda t: top * R(fall.at(t)), decay, fall.marks))
    return functools.reduce(lambda a, b: a >> b, parts)


# ---------------------------------------------------------------------------------------------------------
# The cases.

BIG, HUGE = 2**53 + 1, 2**62
TOTALS = (1, 2, 3, 7, 10, 1000, 10**6, BIG, HUGE)
FLOORS = (0.1, 1, 5e-324, 1e-300)


def example_cases():
    words = {"true": True, "false": False, "none": None}
    for one in declarations.schedules():
        if one.name in ("noise", "random"):  # the library's generator
            continue
        if one.name not in NAMES:
            raise SystemExit(f"generate.py: {one.name} is declared in {one.path.name}, but has no formula here")
        for text in one.examples[0]:
            yield eval(text, {**NAMES, **words})


def primitive_cases():
    yield from (constant(), constant(0), constant(10), constant(1000, value=0.25), constant(value=0.1),
                constant(5, value=0), constant(HUGE, value=5e-324), constant(10, phase="main"))

    for one in (linear, cosine, cooldown, rex, tanh, polynomial):
        yield from (one(total) for total in TOTALS)
        yield from (one(1000, floor=f) for f in FLOORS)
        yield from (one(10, floor=0.1), one(10**6, floor=0.001), one(HUGE, floor=0.1), one(HUGE, floor=1e-300))

    for beta in (0, 0.9, 1 - 2**-53):
        yield from (rex(total, beta=beta) for total in (1, 3, 1000, HUGE))
        yield rex(10**6, floor=0.1, beta=beta)

    for cycles in (1, 2.5, 0.25, 7, 0.3):
        yield from (cosine(total, cycles=cycles) for total in (1, 7, 10, 1000, 999_983))
        yield cosine(10**6, floor=0.1, cycles=cycles)
    yield from (cosine(BIG, cycles=2.5), cosine(HUGE, cycles=1))
    for p in (0.5, 2, 0.9, 3):
        yield from (cosine(total, power=p) for total in (1, 10, 1000, HUGE))
        yield from (cosine(10**6, floor=0.1, power=p), cosine(1000, cycles=2.5, power=p))
        yield from (polynomial(total, power=p) for total in (1, 2, 10, 1000, 10**6, HUGE))
        yield from (polynomial(1000, p, f) for f in (0.1, 1, 1e-300))
    for k in (0.5, 1.5, 2, 3):
        yield from (cosine(1000, k_decay=k), cosine(10**6, floor=0.1, k_decay=k), cosine(7, k_decay=k, power=2),
                    polynomial(1000, k_decay=k), polynomial(10**6, power=2, floor=0.1, k_decay=k),
                    polynomial(HUGE, k_decay=k))
    yield from (polynomial(1, cycle=True), polynomial(10, cycle=True), polynomial(1000, power=2, floor=0.1, cycle=True),
                polynomial(777, power=0.5, cycle=True), polynomial(1000, power=0.9, k_decay=1.5, cycle=True),
                polynomial(HUGE, cycle=True))

    for shape in FALLS:
        yield from (cooldown(total, shape) for total in (1, 3, 10, 1000, 10**6, BIG, HUGE))
        yield from (cooldown(1000, shape, floor=f) for f in FLOORS)
        if shape in ("1-power", "power"):
            for p in (0.5, 2, 0.9, 3):
                yield from (cooldown(1000, shape, power=p), cooldown(HUGE, shape, power=p),
                            cooldown(10**6, shape, floor=0.1, power=p))
        if shape == "exponential":
            for q in (0.5, 0.01, 0.999, 1e-10, 1e-300):
                yield from (cooldown(1000, shape, q=q), cooldown(HUGE, shape, q=q), cooldown(7, shape, floor=0.1, q=q))

    yield from (tanh(1000, lower=-6, upper=6), tanh(1000, -20, 20), tanh(10**6, -3, 0.5, floor=0.1),
                tanh(100, lower=0, upper=350), tanh(1000, lower=-0.1, upper=0.1))
    for end in (0.01, 0.1, 1, 1e-300, 5e-324, 2.5, 1e300):
        yield from (geometric(total, end) for total in (1, 7, 1000, 10**6))
    yield from (geometric(BIG, 0.01), geometric(HUGE, 1e-10))

    for shape in ("linear", "cosine"):
        for total in (0, 1, 3, 10, 1000, HUGE):
            yield from (ramp(total, shape=shape), ramp(total, start=0.1, end=1, shape=shape))
        yield from (ramp(1000, 1, 0, shape), ramp(1000, start=1e-300, end=0.5, shape=shape),
                    ramp(777, 3.5, 0.001, shape), ramp(1000, start=0.7, end=0.7, shape=shape))
    yield ramp(10)
    for total in (0, 1, 10, 1000, HUGE):
        yield ramp(total, start=0.01, end=1, shape="geometric")
    yield from (ramp(1000, 1, 1e-300, "geometric"), ramp(777, 1e-150, 1e150, "geometric"),
                ramp(1000, 0.3, 0.3, "geometric"))

    yield from (warmup(w) for w in (0,) + TOTALS)
    for shape in FALLS + ("log", "harmonic"):
        yield from (warmup(w, shape=shape) for w in (0, 1, 3, 10, 1000, 10**6, HUGE))
        if shape != "harmonic":
            yield from (warmup(w, start=s, shape=shape) for w in (0, 1, 10, 1000) for s in (0, 0.1))
            yield from (warmup(10**6, start=0.001, shape=shape), warmup(10, start=1, shape=shape))
        if shape in ("1-power", "power"):
            for p in (0.5, 2, 0.9, 3):
                yield from (warmup(1000, shape=shape, power=p), warmup(777, start=0.1, shape=shape, power=p))
        if shape == "exponential":
            for q in (0.5, 0.999, 1e-300):
                yield from (warmup(1000, shape=shape, q=q), warmup(777, start=0.1, shape=shape, q=q))
    for w in (0, 1, 10, 1000):
        yield from (warmup(w, start=0.01, shape="geometric"), warmup(w, start=0.3, shape="constant"))
    yield from (warmup(1000, start=1e-300, shape="geometric"), warmup(HUGE, 1e-6, "geometric"),
                warmup(10, start=0, shape="constant"))

    yield from (step(1), step(30), step(1000, factor=0.5), step(7, factor=0.9), step(10, factor=1), step(10, 0),
                step(BIG, factor=0.97), step(1, factor=0.999999))
    yield from (multistep([30, 60, 90]), multistep([10, 10, 20], factor=0.5), multistep([0, 5], factor=0.3),
                multistep([1]), multistep([1000, 10**6, HUGE], 0.9), multistep([3, 4, 5], factor=2))
    yield from (piecewise([10, 20], [1, 0.1, 0.01]), piecewise([0, 5], [9, 0.3, 0]), piecewise([1], [0.1, 1e-300]),
                piecewise([1000, HUGE], [0.2, 3, 5e-324]))
    yield from (exponential(g) for g in (0.9, 0.95, 0.999, 0.999999, 0.5, 1, 2, 1.0001, 1e-300, 1e300, 5e-324))
    yield from (exponential(g, every=e) for g in (0.5, 0.1, 0.96, 3) for e in (3, 1000, 10**6 + 3))
    yield from (exponential(0.1, every=BIG), exponential(0.1, every=HUGE), exponential(1 - 2**-53))
    for rate in (0, 0.5, 1e-4, 3):
        yield from (inverse_time(rate), inverse_time(rate, every=1000), inverse_time(rate, every=7, staircase=True))
    for p in (0.5, 2, 0.75, 3):
        yield from (inverse_time(0.1, every=10, power=p), inverse_time(1e-4, power=p, staircase=True))
    yield from (power_law(s, power=p) for s in (1, 1000, 2.5, 0.3) for p in (0.5, 1, 0.51, 3))
    yield power_law(1000)
    yield from (inverse_sqrt(s) for s in (1, 4000, 10000, 0.25, 2.7, 1e18))
    yield from (noam(w) for w in (1, 2, 4000, 10**6))
    yield from (noam(4000, model_size=512), noam(4000, 512, 2), noam(1, model_size=1), noam(777, factor=0.3),
                noam(10**6, model_size=4096, factor=0.1))
    for direction in ("fall", "rise"):
        for centre, g in ((500, 0.01), (0, 1), (10.5, 0.3), (-20, 0.1), (1000, 0.7), (100, 0), (1e6, 1e-3)):
            yield sigmoid(centre, g, direction=direction)
    yield sigmoid(500, 0.01)
    yield from (chebyshev(total) for total in (1, 2, 3, 7, 8, 10, 1000, 10**6, BIG, HUGE))
    yield from (chebyshev(100, small=0.001), chebyshev(64, small=0.1, large=10), chebyshev(10, 0.5, 0.5),
                chebyshev(10**6, 1e-12, 1))

    for up, down in ((1, None), (2000, None), (3, 5), (10, 1), (7, 1000), (HUGE // 2, None)):
        yield from (cyclic(up, down) if down else cyclic(up), cyclic(up, down=down or up, floor=0))
    for f in (0, 0.1, 1, 1e-300):
        yield from (cyclic(10, floor=f, mode="triangular2"), cyclic(10, 3, f, mode="exp_range", gamma=0.99),
                    cyclic(1000, floor=f, mode="exp_range", gamma=0.99994), cyclic(3, floor=f, mode="exp_range"))
        yield from (sine(20, floor=f), sine(7, f, mode="sine2"), sine(1000, floor=f, mode="exp_sine", gamma=0.999))
    yield from (sine(p, floor=0) for p in (1, 2, 3, 10**6, BIG, HUGE))
    yield sine(100)

    for shrink in ("peak", "all", "range"):
        for growth in (1, 2, 3, 10):
            yield from (restarts(10, growth=growth, decay=0.7, floor=0.1, shrink=shrink),
                        restarts(1, growth, 0.5, shrink=shrink))
        for growth in (1.5, 1.1, 2.7):
            yield restarts(10, growth=growth, decay=0.9, floor=0.01, shrink=shrink, cycles=9)
        yield from (restarts(7, 2, 0.5, 0.2, shrink, cycles=4), restarts(100, decay=0.1, floor=0, shrink=shrink, cycles=3))
    yield from (restarts(100), restarts(1), restarts(1000, growth=2), restarts(10, growth=2.0), restarts(1, 1.5, cycles=12),
                restarts(3, growth=1.25, cycles=10), restarts(50, cycles=1), restarts(1000, floor=1),
                restarts(2**60, growth=2), restarts(1000, growth=1.5, floor=1e-300, cycles=20))

    yield from (range_test(2000), range_test(1), range_test(7, rate=0.3), range_test(1000, rate=1e-3, staircase=True),
                range_test(10, 5, True), range_test(10, rate=0))
    ks = [0, 10, 25, 100]
    for how in ("linear", "cosine", "hold"):
        yield from (knots(ks, [0.1, 1, 0.3, 0], interpolation=how), knots([5], [0.3], how),
                    knots([0.5, 7.25, 99.9], [0, 1, 1e-3], how), knots([3, 4], [1, 0], how),
                    knots([0, 1e6], [1, 1e-300], how), knots([1000, 2.0**62], [2, 0], how),
                    knots([10.1, 10.2, 10.9, 12.3], [1, 5, 0.3, 7], how))
    yield knots(ks, [0, 1, 1, 0.5])
    yield from (table([1, 0.5, 0.1]), table([0.3]), table([0, 5e-324, 1e-300, 1e300, 0.1]), table([i / 7 for i in range(12)]))


def composition_cases():
    yield from (halflife(n) for n in (1, 7, 1000, 10**6))
    yield from (wsd(1000), wsd(1000, 100), wsd(1000, warmup=100, decay=200), wsd(5), wsd(1), wsd(10**6, 2000, floor=0.1),
                wsd(100, warmup=50, decay=50), wsd(100, warmup=100, decay=0), wsd(100, decay=100),
                wsd(10, warmup=3, decay=3, shape="linear", floor=0.1, start=0.1), wsd(777, 33, start=0),
                wsd(HUGE, 2000))
    yield from (wsd(1000, 50, 300, shape, floor=0.05, power=2, q=0.01) for shape in FALLS)
    for one in (warmup_linear, warmup_cosine):
        yield from (one(10000, 500), one(10000, 500, floor=0.1), one(10, 0), one(10, 9), one(2, 1), one(10**6, warmup=2000),
                    one(HUGE, 1000, floor=1e-300), one(1000, 100, 1))
    yield from (cosine_hold(1000, 100), cosine_hold(1000, hold=100, floor=0.1), cosine_hold(10, 0), cosine_hold(10, 9, 0.3))
    yield from (cosine_cycles([10]), cosine_cycles([10, 20, 40]), cosine_cycles([7, 3, 11], decay=0.5, floor=0.1),
                cosine_cycles([1, 1, 1], decay=0.7), cosine_cycles([100, 1000, 10**6], 0.9, 0.01),
                cosine_cycles([5, 5, 5, 5], decay=0.1, floor=0.05))
    for anneal in ("cosine", "linear"):
        for total in (10, 100, 1000, 777, 10**6):
            yield from (onecycle(total, anneal=anneal), onecycle(total, anneal=anneal, three_phase=True))
        yield from (onecycle(1000, 0.25, 10, 1e5, anneal), onecycle(12345, pct_start=0.45, anneal=anneal, three_phase=True),
                    onecycle(50, pct_start=0.1, div_factor=3, final_div_factor=7, anneal=anneal))
    yield onecycle(1000)
    yield from (noam_hold(4000, 1000), noam_hold(100, 0), noam_hold(10, 5, 1, 0.1), noam_hold(10, hold=90, power=0.9),
                noam_hold(1000, 2000, floor=0.3))
    yield from (t5(c) for c in (1, 2, 10, 10000, 12345, 10**6))
    for one in (sqrt_annealing, square_annealing):
        yield from (one(1000), one(1000, 0.1), one(7, floor=0.5), one(10**6, floor=1e-300), one(1), one(HUGE))
    yield from (tri_stage(100, 400, 500), tri_stage(0, 10, 10), tri_stage(10, 0, 10, start=0.1, end=1e-4),
                tri_stage(1, 1, 1), tri_stage(1000, 5000, 10**6, 0, 0.05))
    for kind in ("cosine", "linear", "wsd"):
        yield from (llmc(kind, 0, 10, 0), llmc(kind, 3, 10, 0.1), llmc(kind, 700, 19560, 0.1), llmc(kind, 10, 10, 0.1),
                    llmc(kind, 9, 10, 0.3), llmc(kind, 20, 10, 0.1), llmc(kind, 1, 1, 1), llmc(kind, 5, 5_242_881, 0))
    yield llmc("constant", 100, 1000, 0.1)
    for burn_in in (0, 1, 2, 1000):
        yield from (darknet(burn_in=burn_in), darknet("step", burn_in, step=300, scale=0.5),
                    darknet("steps", burn_in, steps=[400, 450], scales=[0.1, 0.1]), darknet("exp", burn_in, gamma=0.999),
                    darknet("steps", burn_in, 2.5, steps=[10, 1500, 2000], scales=[10, 0.1, 0.3]),
                    darknet("poly", burn_in, max_batches=1600), darknet("poly", burn_in, 0.5, max_batches=777),
                    darknet("sigmoid", burn_in, step=1200, gamma=0.01), darknet("constant", burn_in, power=1))
    yield from (llama_cpp(), llama_cpp(1e-3, 1e-5, 10), llama_cpp(1e-3, lr_min=1e-5, epochs=10, decay_epochs=5.5),
                llama_cpp(1e-3, 1e-5, 10, 20, updates_per_epoch=100), llama_cpp(2e-5, 1e-6, 3, 2, 37),
                llama_cpp(1e-3, 1e-3, 5), llama_cpp(1e-3, 0, 5))
    yield from (swa(10, 0.05), swa(1000, 0.5), swa(777, end=0.1, shape="linear"), swa(100, 2.5), swa(1, 0.3))


def algebra_cases():
    w = warmup
    yield from (w(500) >> cosine(9500, floor=0.1), w(500) >> constant(8000, phase="main") >> linear(1500, phase="anneal"),
                w(10) >> inverse_sqrt(10), linear(10) >> linear(20) >> linear(30), linear(10) >> (linear(20) >> linear(30)),
                (w(3) >> constant(4)) >> (cooldown(5) >> constant(value=0.25)), constant(0) >> cosine(10),
                w(0) >> constant(0) >> cosine(10), cosine(10, phase="a", floor=0.2) >> cosine(10, phase="b"),
                table([1, 0.5]) >> table([0.25]) >> table([0.125]), constant(HUGE - 1) >> linear(1000),
                constant(HUGE) >> linear(HUGE - 1), step(10) * constant(5) * cosine(30))
    yield from (cosine(1000) * w(100), w(100) * step(300, 0.5) * cosine(1000, floor=0.1), linear(10) * linear(20),
                linear(10) * (linear(20) * linear(30)), (w(10) >> cosine(90)) * (constant(50) >> linear(50)),
                exponential(0.9) * exponential(0.8, every=3), sine(20) * linear(1000), w(5) * linear(10) >> constant(3),
                constant(3) >> w(5) * linear(10), constant(value=1e-200) * constant(value=1e-200) * linear(3),
                cyclic(10) * clamp(linear(100), min=0.5))
    yield from (0.5 * cosine(1000), 0 * linear(10), 1 * linear(10), 3.7 * (w(10) >> linear(20)), 1e-300 * cosine(777),
                0.5 * (0.1 * linear(1000)), 0.5 * (linear(10) * cosine(20)), 0.5 * linear(10) * cosine(20),
                0.1 * w(10) >> 0.1 * cosine(20), 5e-324 * linear(4), 10 * exponential(0.5))
    yield from (clamp(linear(1000)), clamp(linear(1000), min=0.1), clamp(cosine(1000), 0.1, 0.9), clamp(cosine(10), max=0.5),
                clamp(exponential(2), max=1000), clamp(step(10), min=1e-3), clamp(w(10) >> cosine(90), min=0.05, max=0.3),
                clamp(sigmoid(100, 0.1), min=1e-300), clamp(linear(10), min=0.5, max=0.5))
    yield from (repeat(cosine(10)), repeat(cosine(10), 3), repeat(w(3) >> linear(7)), repeat(w(30) >> cosine(70, floor=0.1), count=5),
                repeat(linear(1)), repeat(table([1, 2, 3])), repeat(table([1, 2, 3]), count=2), repeat(repeat(linear(5), 2), 3),
                repeat(linear(7), 2) >> constant(3) >> repeat(cosine(5)), repeat(cosine(HUGE), 1), repeat(linear(10), count=1),
                linear(100) * repeat(linear(10, floor=0.1)), 0.5 * repeat(cosine(1000)), repeat(take(step(3), 10)))
    yield from (shift(cosine(1000), 100), shift(cosine(1000), -100), shift(cosine(1000), by=0), shift(linear(10), -10),
                shift(linear(10), by=-50), shift(w(10) >> linear(20), by=5), shift(exponential(0.99), by=37),
                shift(inverse_sqrt(100), by=-100), shift(shift(linear(100), 30), -10), shift(linear(100), by=HUGE),
                shift(linear(100), -HUGE), shift(w(10), by=5) >> cosine(30), constant(10) >> shift(cosine(30), by=-10),
                shift(repeat(cosine(10)), 3))
    for factor in (1, 2, 7.5, 0.5, 0.1, 390.625):
        for how in ("hold", "linear"):
            yield from (stretch(cosine(100), factor, interpolation=how), stretch(step(3, factor=0.5) * constant(10), factor, how),
                        stretch(w(5) >> linear(10, floor=0.1), factor, how))
        yield stretch(table([1, 0.7, 0.2, 0.6]), factor)
    yield from (stretch(multistep([30, 60, 90]), 1000), stretch(linear(3), 2) >> linear(5), stretch(exponential(0.9), 0.3, "linear"),
                stretch(stretch(linear(10), 3), 2, interpolation="linear"), repeat(stretch(linear(3), 7, "linear")),
                stretch(table([0, 1]), 1e15, interpolation="linear"),
                # Quotients that a double does not hold.
                stretch(cosine(1090071992547409930), 1e-4, "linear"), stretch(linear(2**61 - 1), 0.7), stretch(step(2**60 + 1), 1.3))
    yield from (take(cosine(100), 50), take(cosine(100), 100), take(cosine(100), 200), take(inverse_sqrt(10), 100),
                take(cosine(100), 50) >> linear(10), take(linear(5), 10) >> constant(value=0.3), take(cosine(10), length=0),
                repeat(take(exponential(0.9), 10)), take(w(10) >> cosine(90), 55), take(take(linear(100), 50), 75),
                take(step(10), 35) >> cooldown(10), take(constant(), HUGE), repeat(take(cosine(10), 4), 3))
    yield from (w(5, phase="one") >> cosine(10, phase="two") * linear(20, phase="with") >> constant(phase="rest"),
                repeat(w(2, phase="up") >> linear(3, phase="down"), phase="whole"),
                clamp(0.5 * (w(100) >> repeat(cosine(50), 4) >> take(inverse_sqrt(300), 500)) * shift(linear(2000), 20), min=0.01),
                stretch(clamp(w(4) >> cosine(16), 0.05), 12.5, "linear") * sine(40, 0.5),
                w(10) >> wsd(100, 10, floor=0.1) >> tri_stage(10, 10, 10), warmup_cosine(100, 10, floor=0.1) * step(40),
                repeat(take(onecycle(100), 100)), 0.3 * noam(40), clamp(t5(100), max=0.09))


# ---------------------------------------------------------------------------------------------------------
# Steps, rounding, output.


def steps_of(s):
    """Both ends of the 64-bit range, the boundaries with their neighbours, and random steps inside."""
    draw = random.Random(zlib.crc32(s.text.encode()))
    end = s.span if s.length is None else s.length
    marks = sorted(s.marks)
    if len(marks) > 12:
        marks = marks[:8] + marks[-4:]
    chosen = {STEP_MIN, -1, 0, 1, STEP_MAX}
    for mark in marks + [end]:
        chosen |= {mark - 1, mark, mark + 1}
    chosen |= {end + 1000, 3 * end + 7}
    if end <= 12:
        chosen |= set(range(end + 3))
    else:
        chosen |= {draw.randint(1, end - 1) for _ in range(RANDOM_POINTS - 5)}
        chosen |= {end - int(2 ** draw.uniform(1, math.log2(end))) for _ in range(3)}  # close to the end
        chosen |= {int(2 ** draw.uniform(1, math.log2(end))) for _ in range(2)}  # and to the beginning
    return sorted(t for t in chosen if STEP_MIN <= t <= STEP_MAX and (t >= 0 or t in (STEP_MIN, -1)))


def nearest(v):
    """The double nearest to an mpf, ties to even, subnormals included, saturating."""
    if not mp.isfinite(v) or v < 0:
        raise ArithmeticError(f"value {v}")
    mantissa, exponent = v.man_exp
    top = mantissa.bit_length() + exponent
    if mantissa == 0 or top < -1080:
        return 0.0
    if top > 1024:
        return sys.float_info.max
    try:
        return float(Fraction(mantissa) * Fraction(2) ** exponent)
    except OverflowError:
        return sys.float_info.max


def evaluate(s, steps):
    return [nearest(s.at(t)) for t in steps]


def lines_of(s):
    steps = steps_of(s)
    with mp.workdps(DIGITS):
        values = evaluate(s, steps)
    with mp.workdps(CONTROL_DIGITS):
        if values != evaluate(s, steps):
            raise ArithmeticError(f"{DIGITS} digits are too few for {s.text}")
    yield f"= {s.text}"
    yield f"# length {'inf' if s.length is None else s.length}"
    if s.ulp != 3:
        yield f"# ulp {s.ulp}"
    for t, v in zip(steps, values):
        yield f"{t}\t{struct.pack('>d', v).hex()}\t{v!r}"
    yield ""


def generate(name):
    cases = {"examples": example_cases, "primitives": primitive_cases, "compositions": composition_cases, "algebra": algebra_cases}[name]
    out = [f"# Golden vectors of Stepsize: {name}. Written by generate.py, which documents everything; do not edit.",
           "# Lines: '= TEXT' begins a case; then STEP <tab> 16 hex digits of the IEEE 754 double <tab> decimal.", ""]
    seen = set()
    with mp.workdps(CONTROL_DIGITS):
        for s in cases():
            if s.text not in seen:
                seen.add(s.text)
                out += lines_of(s)
    return "\n".join(out)


def main(arguments):
    if arguments == ["--names"]:
        print("\n".join(sorted(NAMES)))
        return 0
    if arguments not in ([], ["--check"]):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    differ = 0
    for name in FILES:
        path, text = HERE / f"{name}.tsv", generate(name)
        if not arguments:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} differs from what generate.py gives", file=sys.stderr)
            differ = 1
    return differ


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
