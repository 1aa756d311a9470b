"""stepsize.peers.optax against optax itself, in double precision (optax 0.2.8 at the time of writing).

Equal to 1e-12 of the value plus 1e-12 of the peak: Optax adds the end value last, so that near the end its own
rounding is that of the peak.
"""

import math
import random

import pytest

jax = pytest.importorskip("jax")
peer = pytest.importorskip("optax")
np = pytest.importorskip("numpy")

from stepsize import Constant, Linear, StepsizeError
from stepsize.peers import optax as ours


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def steps_of(horizon):
    """512 of them: all short ones, the surroundings of every tenth of the horizon, and far past the end."""
    near = {round(horizon * i / 10) + d for i in range(21) for d in (-2, -1, 0, 1, 2)}
    spread = range(0, horizon + 1, max(1, horizon // 100))
    steps = sorted(step for step in {*range(30), *near, *spread, 10 * horizon + 7} if step >= 0)
    return steps + steps[-1:] * (512 - len(steps))  # one size: jax compiles for each


def assert_same(schedule, function, horizon, scale=1.0):
    steps = steps_of(horizon)
    expected = np.array(jax.vmap(function)(jax.numpy.array(steps, dtype=jax.numpy.int64)), dtype=float)
    got = np.array([schedule.at(step) for step in steps])
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * max(scale, np.abs(expected).max()))


def compare(name, *arguments, horizon=40, **keywords):
    schedule = getattr(ours, name)(*arguments, **keywords)
    function = getattr(peer, name)(*arguments, **keywords)
    if name == "constant_schedule":  # returns the number itself, whatever the count
        value = function(0)

        def function(count):
            return value + 0.0 * count

    assert_same(schedule, function, horizon, scale=0.0)


LENGTHS = [1, 2, 3, 7, 100, 4321, 100_000]


def test_constant():
    compare("constant_schedule", 0.25)
    compare("constant_schedule", 0.0)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("begin", [0, 1, 13])
@pytest.mark.parametrize(("start", "end"), [(1e-3, 1e-5), (0.0, 3e-4), (0.5, 0.0), (0.1, 0.1), (1e-6, 10.0)])
def test_linear_and_polynomial(length, begin, start, end):
    compare("linear_schedule", start, end, length, begin, horizon=length + begin)
    for power in (1, 2, 0.5, 3.7):
        compare("polynomial_schedule", start, end, power, length, begin, horizon=length + begin)


def test_polynomial_that_does_not_move():
    for length in (0, -3):
        # Optax returns the plain number.
        assert peer.polynomial_schedule(0.1, 0.2, 2, length)(5) == 0.1
        assert ours.polynomial_schedule(0.1, 0.2, 2, length).at(5) == 0.1
        assert ours.linear_schedule(0.1, 0.2, length).at(5) == 0.1
    compare("polynomial_schedule", 0.1, 0.2, 0, 10)
    compare("polynomial_schedule", 0.1, 0.2, 2, 10, -4)


@pytest.mark.parametrize(
    "points",
    [{5: 0.1}, {5: 0.5, 10: 0.5, 11: 3.0}, {10: 0.1, 3: 2.0}, {0: 0.5, 4: 0.5}, {-1: 2.0}, {4: 0.0, 8: 5.0}],
)
def test_piecewise_constant(points):
    compare("piecewise_constant_schedule", 0.3, points)


def test_piecewise_constant_without_boundaries():
    for points in (None, {}):
        assert peer.piecewise_constant_schedule(0.3, points)(9) == 0.3
        assert ours.piecewise_constant_schedule(0.3, points).at(9) == 0.3


@pytest.mark.parametrize("length", [1, 2, 3, 100, 5000])
@pytest.mark.parametrize("rate", [0.5, 0.96, 1.0, 1.02])
@pytest.mark.parametrize("staircase", [False, True])
def test_exponential_decay(length, rate, staircase):
    for begin in (0, 1, 9, -2):
        for end in (None, 0.05, 0.2, 0.4):
            compare("exponential_decay", 0.2, length, rate, begin, staircase, end, horizon=20 * length)


def test_exponential_decay_that_does_not_move():
    for length, rate in ((0, 0.5), (-1, 0.5), (10, 0.0)):
        assert peer.exponential_decay(0.2, length, rate, end_value=0.5)(3) == 0.2
        assert ours.exponential_decay(0.2, length, rate, end_value=0.5).at(3) == 0.2


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("exponent", [1.0, 2.0, 0.5])
def test_cosine_decay(length, alpha, exponent):
    compare("cosine_decay_schedule", 0.3, length, alpha, exponent, horizon=length)


def test_cosine_that_rises():
    compare("cosine_decay_schedule", 0.3, 50, 2.5)
    compare("warmup_cosine_decay_schedule", 0.0, 0.3, 10, 50, 0.9)
    with pytest.raises(StepsizeError, match="floor"):
        ours.cosine_decay_schedule(0.3, 50, 2.5, exponent=2.0)


def test_cosine_needs_steps():
    for exponent in (1.0, 2.0):
        for length in (0, -1):
            with pytest.raises(ValueError, match="decay_steps"):
                peer.cosine_decay_schedule(0.3, length, exponent=exponent)
            with pytest.raises(StepsizeError):
                ours.cosine_decay_schedule(0.3, length, exponent=exponent)


@pytest.mark.parametrize("warmup", [0, 1, 2, 10, 1000])
@pytest.mark.parametrize("decay", [1, 2, 90, 9000])
def test_warmup_and_decay(warmup, decay):
    total = warmup + decay
    for start, peak, end in ((0.0, 0.3, 0.0), (0.1, 0.3, 0.03), (0.5, 0.2, 0.2)):
        for exponent in (1.0, 1.5):
            compare("warmup_cosine_decay_schedule", start, peak, warmup, total, end, exponent, horizon=total)
        for staircase in (False, True):
            for bound in (None, 0.05):
                compare(
                    "warmup_exponential_decay_schedule",
                    start, peak, warmup, max(1, decay // 10), 0.9, 3, staircase, bound, horizon=total,
                )  # fmt: skip
        if warmup:
            compare("warmup_constant_schedule", start, peak, warmup, horizon=total)


def test_peak_of_zero():
    compare("warmup_cosine_decay_schedule", 0.1, 0.0, 5, 20, 0.1)


def test_warmup_constant_without_warmup():
    """Optax then stays at the initial value, usually 0, for ever; ours has the peak."""
    assert peer.warmup_constant_schedule(0.0, 0.3, 0)(1000) == 0.0
    assert ours.warmup_constant_schedule(0.0, 0.3, 0).at(0) == 0.3


@pytest.mark.parametrize("length", [2, 3, 4, 7, 10, 100, 99_999])
def test_onecycle(length):
    compare("linear_onecycle_schedule", length, 0.4, horizon=length)
    compare("cosine_onecycle_schedule", length, 0.4, horizon=length)
    compare("linear_onecycle_schedule", length, 0.4, 0.25, 0.75, 10.0, 20.0, horizon=length)
    compare("cosine_onecycle_schedule", length, 0.4, 0.5, 10.0, 20.0, horizon=length)
    compare("cosine_onecycle_schedule", length, 0.4, 0.0, horizon=length)


def test_onecycle_whose_corners_meet():
    """Optax keeps the corners in a dictionary: of two on one update it forgets the first."""
    compare("cosine_onecycle_schedule", 1, 1.0)
    # One update: both corners of the linear cycle are at 0. 25 is lost, and the rate is 1/625 instead of 1/25.
    assert float(peer.linear_onecycle_schedule(1, 1.0)(0)) == pytest.approx(1 / 625)
    assert ours.linear_onecycle_schedule(1, 1.0).at(0) == pytest.approx(1 / 25)
    assert ours.linear_onecycle_schedule(1, 1.0).at(1) == pytest.approx(1 / 25 / 1e4)
    # pct_start = 1: the peak is lost, and the rate falls from its first update on.
    function, schedule = (
        peer.cosine_onecycle_schedule(10, 1.0, 1.0),
        ours.cosine_onecycle_schedule(10, 1.0, 1.0),
    )
    assert float(function(9)) < 0.04 / 1e1
    assert 0.9 < schedule.at(9) < 1.0
    assert float(function(10)) == pytest.approx(1 / 25 / 25e4)  # where final_div_factor says 1 / 25 / 1e4
    assert schedule.at(10) == pytest.approx(1 / 25 / 1e4)
    # pct_final = 1: the end is 25 times too high.
    assert float(peer.linear_onecycle_schedule(10, 1.0, 0.3, 1.0)(10)) == pytest.approx(1e-4)
    assert ours.linear_onecycle_schedule(10, 1.0, 0.3, 1.0).at(10) == pytest.approx(1e-4 / 25)


@pytest.mark.parametrize("shape", ["linear", "cosine"])
@pytest.mark.parametrize(
    "points", [{4: 0.1, 8: 0.01}, {8: 2.0, 3: 0.5}, {1: 0.5}, {0: 0.5, 7: 3.0}, {5: 0.0, 9: 4.0}]
)
def test_piecewise_interpolate(shape, points):
    compare("piecewise_interpolate_schedule", shape, 0.3, points)


def test_piecewise_interpolate_refuses():
    for module in (peer, ours):
        with pytest.raises(ValueError, match="interpolate_type"):
            module.piecewise_interpolate_schedule("cubic", 1.0, {3: 0.1})
    with pytest.raises(StepsizeError):
        ours.piecewise_interpolate_schedule("linear", 1.0, {-3: 0.1})


def test_sgdr():
    cycles = [
        {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 5, "decay_steps": 20, "end_value": 0.01},
        {"init_value": 0.01, "peak_value": 0.2, "warmup_steps": 0, "decay_steps": 40},
        {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 7, "decay_steps": 8, "exponent": 2.0},
    ]
    for count in (1, 2, 3):
        compare("sgdr_schedule", cycles[:count], horizon=70)
    with pytest.raises(TypeError):
        ours.sgdr_schedule([{**cycles[0], "warmup": 3}])


def test_join():
    parts = [
        ("linear_schedule", (0.0, 0.3, 10)),
        ("constant_schedule", (0.3,)),
        ("exponential_decay", (0.3, 5, 0.5)),
        ("cosine_decay_schedule", (0.1, 4)),
    ]
    for boundaries in ([10, 20, 30], [3, 3, 4], [0, 20, 25], [15, 16, 17]):
        assert_same(
            ours.join_schedules([getattr(ours, name)(*arguments) for name, arguments in parts], boundaries),
            peer.join_schedules([getattr(peer, name)(*arguments) for name, arguments in parts], boundaries),
            40,
        )


def test_join_refuses():
    """Optax drops schedules or boundaries that have no partner, and lets a boundary out of order hide a part."""
    parts = [Constant(), Linear(10), Constant(value=0.5)]
    for boundaries in ([5], [5, 10, 15], [10, 5], [-1, 5]):
        with pytest.raises(StepsizeError, match="boundar"):
            ours.join_schedules(parts, boundaries)


def test_random_arguments():
    random.seed(2024)
    for _ in range(40):
        length, begin = int(10 ** random.uniform(0, 5)), random.randrange(50)
        start, end = 10 ** random.uniform(-7, 0), 10 ** random.uniform(-7, 0)
        warmup = random.randrange(1, 300)
        compare("linear_schedule", start, end, length, begin, horizon=length)
        compare("polynomial_schedule", start, end, random.uniform(0.3, 4), length, begin, horizon=length)
        compare("exponential_decay", start, length, random.uniform(0.1, 1.2), begin, horizon=4 * length)
        compare(
            "cosine_decay_schedule", start, length, random.random(), random.uniform(0.3, 4), horizon=length
        )
        total = warmup + length
        compare(
            "warmup_cosine_decay_schedule", 0.0, start, warmup, total, start * random.random(), horizon=total
        )
        points = {random.randrange(1, length + 10): random.uniform(0, 2) for _ in range(5)}
        compare("piecewise_constant_schedule", start, points, horizon=length)
        compare("piecewise_interpolate_schedule", "cosine", start, points, horizon=length)


def test_optax_stairs_in_single_precision():
    """Counts above 2^24 do not fit in Optax's default float type: a stair comes one update early. Ours does not."""
    count = 3 * 11184811 - 1  # the last update of a stair of three
    jax.config.update("jax_enable_x64", False)
    try:
        function = peer.exponential_decay(1.0, 3, 1 - 2**-20, staircase=True)
        early = float(function(count)) == float(function(count + 1))
    finally:
        jax.config.update("jax_enable_x64", True)
    schedule = ours.exponential_decay(1.0, 3, 1 - 2**-20, staircase=True)
    assert early
    assert schedule.at(count) == schedule.at(count - 1) > schedule.at(count + 1)


def test_unknown_arguments():
    with pytest.raises(TypeError):
        ours.cosine_decay_schedule(0.1, 10, end_value=0.01)
    with pytest.raises(TypeError):
        ours.linear_schedule(0.1, 0.0)


def test_a_schedule_is_a_value():
    schedule = ours.warmup_cosine_decay_schedule(0.0, 1.0, 10, 110)
    assert schedule.length == 110
    assert schedule.at(10) == 1.0
    assert math.isclose(schedule.at(60), 0.5)
