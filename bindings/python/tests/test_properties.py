"""Any legal schedule at any step: finite, not negative, and the same after a trip through its text."""

import math
import pickle
import re

import stepsize as st
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from support import CLASSES, INT64_MAX, INT64_MIN, bits, catalogue_ranges

RANGES = {name: catalogue_ranges(name) for name in CLASSES}
LARGEST = 1.7976931348623157e308


def counts_in(text):
    low, high = map(int, re.search(r"from (-?\d+) to (\d+)", text).groups())
    near = some.integers(low, min(high, low + 1000))
    return some.one_of(near, near, near, some.integers(low, high), some.just(high))


def reals_in(text):
    if found := re.search(r"a number in ([\[(])([^,]+), ([^\])]+)([\])])", text):
        left, low, high, right = found.groups()
        low, high, open_left, open_right = float(low), float(high), left == "(", right == ")"
    elif found := re.search(r"a finite number (>=?) (\S+?)(,|$)", text):
        low, high, open_left, open_right = float(found[2]), LARGEST, found[1] == ">", False
    else:
        low, high, open_left, open_right = -LARGEST, LARGEST, False, False
    wide = some.floats(low, high, exclude_min=open_left, exclude_max=open_right)
    usual = some.floats(low, min(high, low + 10), exclude_min=open_left, exclude_max=open_right and high <= low + 10)
    return some.one_of(usual, usual, wide)


def values_of(kind, text, inner):
    return {
        "count": lambda: counts_in(text),
        "real": lambda: reals_in(text),
        "flag": lambda: some.booleans(),
        "word": lambda: some.sampled_from(re.findall(r'"([^"]*)"', text)),
        "counts": lambda: some.lists(some.integers(0, 2000), max_size=6, unique="strictly" in text).map(sorted),
        "reals": lambda: some.lists(reals_in(text), max_size=6),
        "schedule": lambda: inner,
    }[kind]()


@some.composite
def named(draw, inner):
    """A schedule of the catalogue with random legal parameters; None where they do not go together."""
    name = draw(some.sampled_from(sorted(CLASSES)))
    arguments = {}
    for key, (kind, text, default) in RANGES[name].items():
        if default == "" or draw(some.booleans()):
            arguments[key] = draw(values_of(kind, text, inner))
    if draw(some.integers(0, 4)) == 0:
        arguments["phase"] = draw(some.text("abc XYZ-_.,()=>*#", min_size=1, max_size=10))
    try:
        return CLASSES[name](**arguments)
    except st.StepsizeError:
        return st.Linear(draw(some.integers(1, 50)))


def combine(inner):
    def join(pair):
        try:
            return pair[0] >> pair[1]
        except st.StepsizeError:  # the first has no end, or the sum of the lengths does not fit
            return pair[0] * pair[1]

    pairs = some.tuples(inner, inner)
    scaled = some.tuples(some.floats(0, LARGEST), inner).map(lambda pair: pair[0] * pair[1])
    return some.one_of(pairs.map(join), pairs.map(lambda pair: pair[0] * pair[1]), scaled, named(inner))


schedules = some.recursive(named(some.integers(1, 50).map(st.Linear)), combine, max_leaves=8)
EXTREMES = (INT64_MIN, INT64_MIN + 1, -1, 0, 1, 2, INT64_MAX - 1, INT64_MAX)
steps = some.lists(some.one_of(some.integers(0, 3000), some.integers(INT64_MIN, INT64_MAX)), max_size=12)


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(schedules, steps)
def test_total_and_the_same_after_a_trip_through_text(schedule, chosen):
    again = st.parse(str(schedule))
    assert again == schedule and again.length == schedule.length
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    if schedule.length is not None:
        chosen += [schedule.length - 1, schedule.length, min(schedule.length + 1, INT64_MAX)]
    for step in (*EXTREMES, *chosen):
        value = schedule.at(step)
        assert math.isfinite(value) and value >= 0, (str(schedule), step)
        assert bits(value) == bits(again.at(step)) == bits(schedule.curve(1, step)[0]), (str(schedule), step)
    assert bits(schedule.at(-5)) == bits(schedule.at(0))
    if schedule.length is not None:
        assert bits(schedule.at(schedule.length)) == bits(schedule.at(INT64_MAX)), str(schedule)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(schedules, some.integers(-50, 3000), some.integers(-7, 7), some.floats(0, LARGEST))
def test_a_curve_is_the_points_it_is_made_of(schedule, start, stride, base):
    ones = schedule.curve(60, start, stride=stride)
    assert [bits(x) for x in ones] == [bits(schedule.at(start + i * stride)) for i in range(60)]
    assert all(math.isfinite(x) and x >= 0 for x in schedule.curve(60, start, base, stride=stride))


@settings(max_examples=1000, deadline=None)
@given(some.text(alphabet='lineartb()[]0123456789.,=>*-+e "\n_phse', max_size=40))
def test_no_text_does_any_harm(text):
    try:
        schedule = st.parse(text)
    except st.StepsizeError as error:
        assert error.offset is None or 0 <= error.offset <= len(text)
    else:
        assert st.parse(str(schedule)) == schedule


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    some.lists(some.floats(0, LARGEST), min_size=1, max_size=4), schedules, some.lists(some.floats(), max_size=60),
    some.sampled_from(["default", "huggingface"]), some.integers(0, 3), some.integers(1, 5), some.booleans(),
)  # fmt: skip
def test_rates_stay_finite_whatever_the_losses(bases, schedule, losses, variant, patience, window, smooth):
    controller = st.GreedyLR(variant, patience=patience, window=window, smooth=smooth, reset_start=2)
    scheduler = st.Scheduler(bases, schedule, controller)
    for loss in losses:
        scheduler.step(loss)
        assert all(math.isfinite(lr) and lr >= 0 for lr in scheduler.lrs)
