"""stepsize.peers.keras against keras itself, in double precision (keras 3.15 at the time of writing).

Equal to 1e-12 of the value plus 1e-12 of the peak: Keras, too, adds the end value last.
"""

import os
import random
import subprocess
import sys

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
np = pytest.importorskip("numpy")
keras = pytest.importorskip("keras")

from keras.optimizers import schedules as peer
from stepsize import StepsizeError
from stepsize.peers import keras as ours

if keras.config.backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, which computes in double precision", allow_module_level=True)


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


def steps_of(horizon):
    near = {round(horizon * i / 10) + d for i in range(21) for d in (-2, -1, 0, 1, 2)}
    spread = range(0, horizon + 1, max(1, horizon // 50))
    return sorted(step for step in {*range(30), *near, *spread, 10 * horizon + 7} if step >= 0)


def compare(name, *arguments, horizon=40, **keywords):
    schedule = getattr(ours, name)(*arguments, **keywords)
    function = getattr(peer, name)(*arguments, **keywords)
    steps = steps_of(horizon)
    expected = np.array([float(function(step)) for step in steps])
    got = np.array([schedule.at(step) for step in steps])
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * expected.max())


LENGTHS = [1, 2, 3, 7, 100, 4321, 100_000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("staircase", [False, True])
def test_exponential_and_inverse_time(length, staircase):
    for rate in (0.5, 0.96, 1.0, 1.01):
        compare("ExponentialDecay", 0.2, length, rate, staircase, horizon=10 * length)
        compare("InverseTimeDecay", 0.2, length, rate, staircase, horizon=10 * length)


@pytest.mark.parametrize(
    ("boundaries", "values"),
    [
        ([5], [1.0, 0.5]),
        ([5, 9, 10], [0.1, 0.3, 0.0, 2.0]),
        ([0, 7], [0.5, 0.2, 0.1]),
        ([-1, 3], [9.0, 0.2, 0.1]),
    ],
)
def test_piecewise_constant(boundaries, values):
    compare("PiecewiseConstantDecay", boundaries, values)


def test_piecewise_constant_changes_after_its_boundary():
    """Optax, PyTorch and we have the new value at the boundary; Keras after it, and so has this one."""
    schedule = ours.PiecewiseConstantDecay([5], [1.0, 0.5])
    assert (schedule.at(5), schedule.at(6)) == (1.0, 0.5)


def test_piecewise_constant_without_boundaries():
    with pytest.raises(IndexError):
        peer.PiecewiseConstantDecay([], [0.3])(0)
    assert ours.PiecewiseConstantDecay([], [0.3]).at(7) == 0.3


def test_piecewise_constant_with_an_integer_among_the_values():
    """Keras takes the type of the first value for all, and fails at the first update."""
    with pytest.raises(RuntimeError):
        peer.PiecewiseConstantDecay([5], [1, 0.5])(0)
    assert ours.PiecewiseConstantDecay([5], [1, 0.5]).at(6) == 0.5


def test_piecewise_constant_refuses():
    """Boundaries out of order make Keras return the sum of two values."""
    assert float(peer.PiecewiseConstantDecay([10, 5], [1.0, 0.5, 0.25])(7)) == 1.25
    with pytest.raises(StepsizeError, match="boundaries"):
        ours.PiecewiseConstantDecay([10, 5], [1.0, 0.5, 0.25])
    for module in (peer, ours):
        with pytest.raises(ValueError, match="boundaries"):
            module.PiecewiseConstantDecay([10], [1.0])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("power", [1.0, 2.0, 0.5, 3.7])
def test_polynomial(length, power):
    for start, end in ((0.1, 0.0001), (0.1, 0.0), (0.0, 0.3), (0.2, 0.2)):
        compare("PolynomialDecay", start, length, end, power, horizon=length)
        if start >= end:
            compare("PolynomialDecay", start, length, end, power, True, horizon=10 * length)
    compare("PolynomialDecay", 0.1, length, horizon=length)


def test_polynomial_that_rises_and_cycles():
    with pytest.raises(StepsizeError):
        ours.PolynomialDecay(0.1, 10, 0.2, cycle=True)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0, 2.0])
def test_cosine(length, alpha):
    compare("CosineDecay", 0.3, length, alpha, horizon=length)
    for warmup in (0, 1, 2, 50, 1000):
        compare(
            "CosineDecay",
            0.01,
            length,
            alpha,
            warmup_target=0.3,
            warmup_steps=warmup,
            horizon=length + warmup,
        )


def test_cosine_with_a_warmup_but_no_target():
    """Keras then does not warm up, and does not say so."""
    assert float(peer.CosineDecay(0.3, 100, warmup_steps=10)(0)) == 0.3
    with pytest.raises(TypeError, match="warmup_target"):
        ours.CosineDecay(0.3, 100, warmup_steps=10)


@pytest.mark.parametrize("first", [1, 2, 3, 7, 100, 4321])
@pytest.mark.parametrize("growth", [1, 2.0, 4])
def test_restarts(first, growth):
    for decay in (1.0, 0.8):
        for alpha in (0.0, 0.1):
            compare("CosineDecayRestarts", 0.3, first, growth, decay, alpha, horizon=20 * first)
    compare("CosineDecayRestarts", 0.3, first, horizon=20 * first)


@pytest.mark.parametrize(("first", "growth"), [(1, 2), (3, 2), (1000, 2), (5, 3), (4, 10), (1000, 1), (7, 1)])
def test_the_surroundings_of_restarts(first, growth):
    function = peer.CosineDecayRestarts(0.3, first, growth, 0.5, 0.1)
    schedule = ours.CosineDecayRestarts(0.3, first, growth, 0.5, 0.1)
    restart, length = 0, first
    for _ in range(6):
        restart, length = restart + length, length * growth
        for step in range(max(0, restart - 2), restart + 3):
            assert schedule.at(step) == pytest.approx(float(function(step)), rel=1e-12, abs=3e-13), step


def test_restarts_that_keras_misses():
    """Keras finds the cycle with a quotient of logarithms in floating point. Where that is a little too small, the
    update of the restart has the floor instead of the peak: here update 8 of cycles of 1, 7, 49 … with its NumPy
    backend (torch's rounds the other way). Ours counts in integers."""
    program = "from keras.optimizers.schedules import *; print(float(CosineDecayRestarts(1.0, 1, 7.0)(8)))"
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert float(run.stdout.split()[-1]) == pytest.approx(0.0, abs=1e-6)
    for growth in (2, 3, 7, 10):
        for first in range(1, 61):
            schedule, restart, length = ours.CosineDecayRestarts(1.0, first, growth), 0, first
            for _ in range(12):
                restart, length = restart + length, length * growth
                assert schedule.at(restart) == 1.0
                assert restart == 1 or schedule.at(restart - 1) < 1.0


@pytest.mark.parametrize("growth", [1.5, 2.5, 1.05, 1.3333])
def test_restarts_with_a_growth_that_is_not_whole(growth):
    # Beside a restart Keras' logarithm may take either cycle: those steps are left out.
    function = peer.CosineDecayRestarts(0.3, 10, growth, 0.7, 0.1)
    schedule = ours.CosineDecayRestarts(0.3, 10, growth, 0.7, 0.1)
    restarts, length = [0.0], 10.0
    while restarts[-1] < 1000:
        restarts.append(restarts[-1] + length)
        length *= growth
    for step in range(1000):
        if min(abs(step - restart) for restart in restarts) > 1e-6:
            assert schedule.at(step) == pytest.approx(float(function(step)), rel=1e-12, abs=3e-13), step


def test_restarts_that_shrink_in_length():
    # Such cycles come to an end at first / (1 - t_mul), and Keras to NaN.
    assert np.isnan(float(peer.CosineDecayRestarts(1.0, 10, 0.5)(21)))
    with pytest.raises(StepsizeError, match="t_mul"):
        ours.CosineDecayRestarts(1.0, 10, 0.5)


def test_restarts_that_grow_in_height():
    compare("CosineDecayRestarts", 0.3, 10, 2.0, 1.5, 0.1, horizon=300)


def test_random_arguments():
    random.seed(99)
    for _ in range(40):
        length = int(10 ** random.uniform(0, 5))
        start, end = 10 ** random.uniform(-6, 0), 10 ** random.uniform(-6, 0)
        compare("PolynomialDecay", start, length, end, random.uniform(0.3, 4), horizon=length)
        compare(
            "PolynomialDecay",
            start,
            length,
            start * random.random(),
            random.uniform(0.3, 4),
            True,
            horizon=length,
        )
        compare("ExponentialDecay", start, length, random.uniform(0.1, 1.2), horizon=4 * length)
        compare("InverseTimeDecay", start, length, random.uniform(0.0, 3), True, horizon=4 * length)
        warmup = random.randrange(300)
        compare(
            "CosineDecay", start, length, random.random(), warmup_target=end, warmup_steps=warmup,
            horizon=length + warmup,
        )  # fmt: skip
        compare(
            "CosineDecayRestarts",
            start,
            length,
            2.0,
            random.uniform(0.3, 1),
            random.random(),
            horizon=4 * length,
        )


def test_the_default_precision_of_keras():
    """In single precision, Keras' default, the same to 1e-6 of the peak for 10^5 updates."""
    keras.config.set_floatx("float32")
    try:
        cosine, exponential = peer.CosineDecay(0.3, 100_000, 0.1), peer.ExponentialDecay(0.3, 10_000, 0.5)
        for step in range(0, 100_001, 997):
            assert ours.CosineDecay(0.3, 100_000, 0.1).at(step) == pytest.approx(
                float(cosine(step)), abs=3e-7
            )
            assert ours.ExponentialDecay(0.3, 10_000, 0.5).at(step) == pytest.approx(
                float(exponential(step)), abs=3e-7
            )
    finally:
        keras.config.set_floatx("float64")


def test_refused():
    for name in (
        "ExponentialDecay",
        "InverseTimeDecay",
        "PolynomialDecay",
        "CosineDecay",
        "CosineDecayRestarts",
    ):
        for length in (0, -5):
            arguments = (0.1, length, 0.5) if "Time" in name or "Exp" in name else (0.1, length)
            for module in (peer, ours):
                with pytest.raises(ValueError, match=r"\d"):
                    getattr(module, name)(*arguments)
    with pytest.raises(TypeError):
        ours.CosineDecay(0.1, 100, end=0.5)


def test_the_name_is_accepted():
    assert ours.CosineDecay(0.1, 100, name="a").at(3) == ours.CosineDecay(0.1, 100).at(3)
