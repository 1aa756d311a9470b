"""Refinement, running median, scores and the log of gradient norms, against scipy, torch, JAX and the paper's forms."""

import copy
import math
import pickle
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import stepsize as st
from scipy.ndimage import median_filter as scipy_median_filter
from stepsize._core import theory
from stepsize._core.theory import Refinement

EPS = 2.0**-52


# ---- The running median ---------------------------------------------------------------------------------


def padded_median(values, tau):
    """scipy's filter on the definition's padding."""
    values = np.asarray(values, dtype=float)
    width = 2 * (math.floor(tau * len(values)) // 2) + 1
    padded = np.pad(values, (0, 2 * width), mode="reflect" if len(values) > 1 else "edge")
    return scipy_median_filter(padded, size=width, mode="nearest")[: len(values)]


@pytest.mark.parametrize("seed", range(400))
def test_median_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 201))
    tau = [0.0, 1.0, 0.1, rng.random(), rng.random()][seed % 5]
    values = [
        rng.standard_normal(count), rng.integers(0, 4, count).astype(float), np.exp(9 * rng.standard_normal(count)),
    ][seed % 3]  # fmt: skip
    assert np.array_equal(st.median_filter(values, tau), padded_median(values, tau))


@pytest.mark.parametrize("count, tau", [(70_001, 0.0004), (150_000, 0.3), (100_000, 1.0), (33_333, 0.9999)])
def test_median_over_several_blocks(count, tau):
    rng = np.random.default_rng(count)
    values = np.round(rng.standard_normal(count), 2)
    assert np.array_equal(st.median_filter(values, tau), padded_median(values, tau))


def test_median_with_wide_gaps_in_the_window():
    # The median jumps over a stretch of ranks that are not in the window.
    values = np.concatenate([np.arange(60_000) % 2, np.full(60_000, 0.5), np.arange(60_000) % 2]).astype(float)
    values += np.linspace(0, 1e-6, len(values))
    assert np.array_equal(st.median_filter(values, 0.2), padded_median(values, 0.2))


def test_median_of_special_values():
    values = [math.inf, -math.inf, -0.0, 0.0, 5e-324, -1e308, 1e308, 3.0, 2.0, 1.0]
    assert np.array_equal(st.median_filter(values, 0.4), padded_median(values, 0.4))
    assert len(st.median_filter([])) == 0
    with pytest.raises(st.StepsizeError, match="NaN"):
        st.median_filter([1.0, math.nan])
    for tau in (-0.1, 1.1, math.nan):
        with pytest.raises(st.StepsizeError, match="tau = .*expected a number in"):
            st.median_filter([1.0], tau)


def test_the_caller_s_array_is_not_changed():
    values = np.random.default_rng(0).random(1000)
    before = values.copy()
    st.median_filter(values)
    st.refine(values)
    st.score("linear(1000)", G=values)
    assert np.array_equal(values, before)


# ---- Refinement -----------------------------------------------------------------------------------------

EXAMPLES = [
    ([4, 2, 1, 1, 2], "sgd", "1/8 9/20 1 1/5 0"),
    ([4, 2, 1, 1, 2], "adam", "1/2 5/6 1 1/3 0"),
    ([1, 2, 3, 4], "sgd", "1 25/244 1/61 0"),
    ([1, 2, 3, 4], "adam", "1 7/26 1/13 0"),
    ([1, 1, 1, 1, 1], "sgd", "1 3/4 1/2 1/4 0"),
    ([1, 1, 1, 1, 1], "adam", "1 3/4 1/2 1/4 0"),
    ([7, 3], "sgd", "1 0"),
    ([5], "adam", "1"),
]  # fmt: skip


@pytest.mark.parametrize("norms, optimizer, expected", EXAMPLES)
@pytest.mark.parametrize("scale", [1, 3e-7, 1e200, 1e-200])
def test_small_examples(norms, optimizer, expected, scale):
    values = st.refine([g * scale for g in norms], optimizer, tau=0).values
    exact = [float(Fraction(text)) for text in expected.split()]
    assert list(values) == pytest.approx(exact, rel=8 * EPS, abs=0)
    assert max(values) == 1 and (values[-1] == 0 or len(values) == 1)


def refined(norms, power, tau):
    """The definition, with an O(n^2) tail sum in extended precision."""
    weights = padded_median(norms, tau).astype(np.longdouble) ** -power
    rates = np.array([weights[t] * weights[t + 1 :].sum() for t in range(len(weights))])
    return (rates / rates.max()).astype(float)


@pytest.mark.parametrize("seed", range(60))
def test_refinement_is_the_definition(seed):
    rng = np.random.default_rng(seed)
    norms = np.exp(rng.standard_normal(int(rng.integers(2, 300))))
    tau = [0, 0.1, rng.random()][seed % 3]
    for optimizer, power in (("sgd", 2), ("adam", 1)):
        result = st.refine(norms, optimizer, tau)
        assert list(result.values) == pytest.approx(list(refined(norms, power, tau)), rel=1e-13, abs=0)
        assert result.warmup == np.argmax(result.values)
        assert (result.repaired, result.zeros, result.raised, result.floor) == (0, 0, 0, 0)


@pytest.mark.parametrize("count", [2, 3, 19, 20, 1000, 100_001])
@pytest.mark.parametrize("norm", [1.0, 0.3, 7e-12])
def test_constant_norms_give_linear_decay(count, norm):
    result = st.refine([norm] * count)
    decay = st.Linear(count - 1)
    assert list(result.values) == pytest.approx([decay.at(t) for t in range(count)], rel=2 * EPS, abs=0)
    assert (result.warmup, result.anneal_start, result.collapsed) == (0, 0, False)


def test_the_scale_does_not_matter():
    norms = np.exp(np.random.default_rng(5).standard_normal(500))
    plain = st.refine(norms).values
    for power in (-900, -3, 4, 900):
        assert st.refine(norms * 2.0**power).values == plain
    for factor in (0.1, 3.7e5):
        assert list(st.refine(norms * factor).values) == pytest.approx(list(plain), rel=1e-13, abs=0)


def test_rising_norms_fall_faster_than_linear_and_the_powers_differ():
    norms = np.linspace(1, 3, 100)
    sgd, adam, linear = st.refine(norms).values, st.refine(norms, "adam").values, st.refine([1.0] * 100).values
    assert all(a < b < c for a, b, c in zip(sgd[1:-1], adam[1:-1], linear[1:-1]))


def test_what_is_not_a_number_is_interpolated_in_place():
    norms = [math.nan, 4.0, math.inf, math.nan, 1.0, 2.0, math.nan]
    result = st.refine(norms, tau=0)
    assert result.values == st.refine([4.0, 4.0, 3.0, 2.0, 1.0, 2.0, 2.0], tau=0).values
    assert result.repaired == 4 and "4 repaired" in repr(result)


def test_zeros_are_floored():
    result = st.refine([2.0, 0.0, 2.0, 4.0, -0.0, 1.0], tau=0)
    assert result.values == st.refine([2.0, 0.002, 2.0, 4.0, 0.002, 1.0], tau=0).values
    assert (result.zeros, result.median) == (2, 2)
    assert all(map(math.isfinite, result.values))


@pytest.mark.parametrize(
    "norms", [[1e-320, 1.0, 1e308], [5e-324] * 3, [1.7e308] * 50, [1e-300, 1e300] * 20, [1.0] * 30 + [1e-200] * 3]
)
def test_nothing_overflows(norms):
    for optimizer in ("sgd", "adam"):
        values = st.refine(norms, optimizer, tau=0).values
        assert max(values) == 1 and min(values) >= 0 and values[-1] == 0


def test_another_length():
    rng = np.random.default_rng(3)
    norms = np.exp(rng.standard_normal(50))
    for total in (1, 2, 20, 50, 333):
        grid = np.linspace(0, 1, 50)
        other = np.interp(np.linspace(0, 1, total), grid, padded_median(norms, 0.1)) if total > 1 else [1.0]
        result = st.refine(norms, total=total)
        assert len(result) == result.schedule.length == total
        assert list(result.values) == pytest.approx(list(st.refine(other, tau=0).values), rel=1e-12, abs=0)
    assert st.refine(norms, total=50).values == st.refine(norms).values


@pytest.mark.parametrize(
    "norms, part",
    [
        ([], "norms is empty"),
        ([0.0, 0.0], "no finite number > 0"),
        ([math.nan, math.inf], "no finite number > 0"),
        ([1.0, -2.0], r"norms\[1\] = -2, expected a number >= 0"),
        ([1.0, -math.inf], r"norms\[1\] = -inf"),
        (st.GradientNormLog(), "norms is empty"),
    ],
)
def test_bad_norms(norms, part):
    with pytest.raises(st.StepsizeError, match=part):
        st.refine(norms)


@pytest.mark.parametrize(
    "options, part",
    [
        ({"tau": 1.5}, "tau = 1.5"),
        ({"tau": math.nan}, "tau = nan"),
        ({"total": 0}, "total = 0"),
        ({"total": -3}, "total = -3"),
        ({"total": 2**40}, "total = 1099511627776, expected an integer from 1 to 16777216"),
        ({"floor": 2}, "floor = 2"),
        ({"tolerance": 0}, "tolerance = 0"),
        ({"optimizer": "lion"}, "optimizer = 'lion', expected 'sgd' or 'adam'"),
    ],
)
def test_bad_options(options, part):
    with pytest.raises(st.StepsizeError, match=part):
        st.refine([1.0, 2.0], **options)
    for wrong in ({"tau": "0.1"}, {"total": 2.5}, {"capped": 1}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            st.refine([1.0, 2.0], **wrong)


def vanishing(count=1000):
    return np.maximum(1 - np.arange(count) / count, 0.01)


def test_collapse_is_told_and_capped():
    result = st.refine(vanishing(), tau=0)
    late = np.sum(1 / vanishing()[-50:] ** 2) / np.sum(1 / vanishing() ** 2)
    assert result.warmup == 990 and late > 0.9
    assert result.collapsed and "capped=True" in repr(result)
    capped = st.refine(vanishing(), tau=0, capped=True)
    assert capped.collapsed and capped.floor == result.suggested_floor > 0 and capped.raised > 0
    assert capped.values == st.refine(vanishing(), tau=0, floor=capped.floor).values
    assert not st.refine(vanishing(), tau=0, floor=capped.floor).collapsed
    assert st.refine(vanishing(), tau=0, floor=capped.floor / 2).collapsed
    # The floor is a part of the median.
    raised = np.maximum(vanishing(), capped.floor * capped.median)
    assert list(capped.values) == pytest.approx(list(st.refine(raised, tau=0).values), rel=1e-12)
    assert capped.warmup < 900


def test_where_warm_up_ends_and_annealing_begins():
    # Norms of a schedule with a warm-up, a flat part and a fast end: eta = w R, so that w' follows from eta.
    count = 1000
    steps = np.arange(count)
    norms = 1 + 4 * np.exp(-steps / 50) + 3 * np.maximum(0, steps / count - 0.8)
    result = st.refine(norms, tau=0)
    assert 100 < result.warmup < 300 and result.warmup == np.argmax(result.values)
    line = 1 - (steps - result.warmup) / (count - 1 - result.warmup)
    above = np.asarray(result.values) - line
    assert result.anneal_start == result.warmup + np.argmax(above[result.warmup :])


def test_the_schedule_of_a_refinement():
    rng = np.random.default_rng(8)
    result = st.refine(np.exp(0.3 * rng.standard_normal(2000)) + 3 * np.exp(-np.arange(2000) / 100), "adam")
    schedule = result.schedule
    assert [schedule.at(t) for t in range(2000)] == list(result.values)
    assert schedule.at(10**9) == 0 and schedule.length == 2000 and result.max_error == 0
    assert st.parse(result.text) == schedule


@pytest.mark.parametrize("tolerance", [1e-9, 1e-6, 1e-3, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_knots_keep_their_tolerance(tolerance, seed):
    rng = np.random.default_rng(seed)
    norms = np.exp(0.4 * rng.standard_normal(700) + seed * np.sin(np.arange(700) / 90))
    result = st.refine(norms, tolerance=tolerance)
    errors = [abs(result.schedule.at(t) - v) for t, v in enumerate(result.values)]
    assert max(errors) == result.max_error <= tolerance
    assert errors[0] == errors[-1] == 0
    assert all(0 <= result.schedule.at(t) <= 1 for t in range(700))
    assert result.knots(tolerance) == result.schedule == st.parse(result.text)


def test_knots_are_few():
    flat = st.refine([1.0] * 5000, tolerance=1e-6)
    assert flat.text == "knots([0, 4999], [1, 0])"
    norms = 1 + 4 * np.exp(-np.arange(5000) / 200)
    count = {
        t: len(eval(st.refine(norms, tolerance=t).text.partition("(")[2].partition("]")[0] + "]")) for t in (1e-2, 1e-4)
    }
    assert count[1e-2] < 20 and count[1e-4] < 200
    assert st.refine([3.0], tolerance=0.1).text == "knots([0], [1])"
    assert st.refine([3.0, 1.0], tolerance=0.1).text == "knots([0, 1], [1, 0])"


# ---- Scores ---------------------------------------------------------------------------------------------


def two_term_omega(shape, norms, D):
    """(gamma*, Omega*) by the published form with two terms, O(n^2), trailing zeros stripped."""
    shape = np.trim_zeros(np.asarray(shape, dtype=float), "b")
    squares = (shape * np.asarray(norms)[: len(shape)]) ** 2
    tails = np.cumsum(shape[::-1])[::-1]
    B = squares.sum() / (2 * tails[0])
    for k in range(len(shape) - 1):
        B += 0.5 * shape[k] / (tails[k + 1] * tails[k]) * squares[k:].sum()
    A = D * D / (2 * tails[0])
    return math.sqrt(A / B), 2 * math.sqrt(A * B)


@pytest.mark.parametrize("seed", range(100))
def test_scores_are_those_of_the_published_form(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 120))
    shape = rng.random(count) * 10 ** rng.uniform(-3, 3)
    shape[rng.random(count) < 0.1] = 0
    shape[0] += 0.1
    if seed % 3 == 0:
        shape[count - count // 4 :] = 0
    G = np.exp(rng.standard_normal(count)) if seed % 2 else np.full(count, 2.5)
    D = 10 ** rng.uniform(-2, 2)
    if shape.sum() == 0:
        return
    result = st.score(st.Table(shape), D=D, G=G)
    gamma, omega = two_term_omega(shape, G, D)
    assert result.gamma == pytest.approx(gamma, rel=1e-11) and result.omega == pytest.approx(omega, rel=1e-11)
    assert result.omega_at(result.gamma) == pytest.approx(omega, rel=1e-11)
    assert result.omega_at(2 * gamma) == pytest.approx(1.25 * omega, rel=1e-10)
    assert result.updates == len(np.trim_zeros(shape, "b"))
    assert result.bound == pytest.approx(D / math.sqrt(np.sum(G**-2)), rel=1e-12)
    assert result.rate == pytest.approx(D / math.sqrt(np.sum(G**2)), rel=1e-12)
    assert st.score(st.Table(shape * 37), D=D, G=G).omega == pytest.approx(omega, rel=1e-11)
    if seed % 2 == 0:
        assert st.score(st.Table(shape), D=D, G=2.5).omega == pytest.approx(result.omega, rel=1e-14)


@pytest.mark.parametrize(
    "values, norms, gamma, omega",
    [
        ([1], [1], 1, 1), ([1, 1], 1, 1 / 2, 1), ([2, 1], 1, 15**-0.5, (5 / 3) ** 0.5),
        ([2, 1], [1, 2], 24**-0.5, (8 / 3) ** 0.5),
    ],
)  # fmt: skip
def test_scores_by_hand(values, norms, gamma, omega):
    result = st.score(st.Table(values), G=norms)
    assert (result.gamma, result.omega) == pytest.approx((gamma, omega), rel=1e-15)


@pytest.mark.parametrize(
    "text, hundred, thousand",
    [
        ("constant(value=1)", 0.2485433064, 0.0921111875),
        ("linear({T})", 0.2036084162, 0.0634343280),
        ("cosine({T})", 0.2091143516, 0.0652428348),
        ("rex({T})", 0.2061291331, 0.0640386843),
        ("polynomial({T}, power=2)", 0.2148687418, 0.0671664389),
        ("polynomial({T}, power=0.5)", 0.2111164316, 0.0670692377),
    ],
)
def test_known_scores(text, hundred, thousand):
    for total, omega in ((100, hundred), (1000, thousand)):
        assert st.score(text.format(T=total), total).omega == pytest.approx(omega, rel=1e-9)


@pytest.mark.parametrize("total, start, bound, omega", [(100, 80, 0.27093, 0.22205), (1000, 800, 0.08459, 0.06868)])
def test_constant_then_linear_is_within_its_bound(total, start, bound, omega):
    shape = [1.0] * start + [(total + 1 - t) / (total + 1 - start) for t in range(start + 1, total + 1)]
    result = st.score(st.Table(shape))
    assert result.omega == pytest.approx(omega, abs=5e-6) and result.omega <= bound


def test_refined_schedules_score_better_for_their_norms():
    for G, refined_omega, linear in (
        (lambda t: 1 + 4 * np.exp(-t / 50), 0.06768, 0.08471),
        (lambda t: 1 + t / 1000, 0.08970, 0.09710),
        (lambda t: 1 + 4 * np.exp(-t / 50) + t / 1000, 0.10025, 0.11252),
    ):
        norms = G(np.arange(1, 1001))
        assert st.score(st.refine(norms, tau=0).schedule, G=norms).omega == pytest.approx(refined_omega, abs=6e-6)
        assert st.score("linear(1000)", 1000, G=norms).omega == pytest.approx(linear, abs=6e-6)


def test_refined_schedules_are_hardly_ever_worse_than_linear():
    rng = np.random.default_rng(11)
    for _ in range(100):
        count = int(rng.integers(50, 400))
        norms = np.exp(rng.standard_normal(count) * rng.random())
        best = st.score(st.refine(norms, tau=0).schedule, G=norms).omega
        # Linear decay that ends in 0, too: the refinement of constant norms.
        assert best <= 1.001 * st.score(st.Linear(count - 1), count, G=norms).omega


def test_the_constant_shape_in_closed_form():
    for total in (1, 2, 17, 1000):
        harmonic = sum(1 / k for k in range(1, total))
        omega = st.score(st.Constant(total), D=3, G=0.5).omega
        assert omega == pytest.approx(1.5 * math.sqrt((1 + harmonic) / total), rel=1e-12)


def test_the_optimal_schedule():
    result = st.optimal([4, 2, 1, 1, 2])
    rates = [result.base_lr * value for value in result.values]
    assert rates == pytest.approx([0.03809116, 0.13712818, 0.30472929, 0.06094586, 0], abs=5e-9)
    assert result.bound == pytest.approx(4 / math.sqrt(41), rel=1e-15)
    result = st.optimal([1, 2, 3, 4], D=2)
    assert result.bound == pytest.approx(24 / math.sqrt(205), rel=1e-15)
    assert 0.5 * result.base_lr * result.values[1] == pytest.approx(0.02555233, abs=5e-9)
    # One norm for all updates: D/(G sqrt(T)) (1 - t/T).
    result = st.optimal(2.0, D=3, total=400)
    assert result.bound == pytest.approx(6 / 20) and result.base_lr == pytest.approx(3 / 40 * (1 - 1 / 400))
    assert st.score("linear(400)", D=3, G=2).bound == pytest.approx(result.bound)
    assert st.score("linear(400)", D=3, G=2).rate == pytest.approx(3 / 40)
    assert st.refine([1, 2], "adam").bound is None


def test_compare_ranks():
    texts = ["constant(value=1)", "linear(1000)", "cosine(1000)", st.Constant(900) >> st.Linear(100)]
    scores = st.compare(texts, 1000)
    assert [each.omega for each in scores] == sorted(st.score(text, 1000).omega for text in texts)
    assert str(scores[0].schedule) == "linear(1000)" and str(scores[-1].schedule) == "constant()"
    with pytest.raises(TypeError, match="schedules"):
        st.compare("linear(10)")


@pytest.mark.parametrize(
    "arguments, part",
    [
        (("constant(value=1)",), "no end"),
        (("linear(5)", 0), "total = 0"),
        (("linear(5)", -1), "total = -1"),
        (("linear(5)", 2**40), "expected an integer from 1 to 268435456"),
        (("linear(5)", 5, 0.0), "D = 0"),
        (("linear(5)", 5, 1.0, -1.0), "G = -1"),
        (("linear(5)", 5, 1.0, [1.0, 2.0]), "G = 2, expected one norm, or one for each update"),
        (("linear(5)", 5, 1.0, 0.0), "G is 0"),
        (("linear(5)", 5, 1.0, math.nan), "G = nan"),
        (("constant(5, value=0)",), "0 at every update"),
        (("table([1e308, 1e308, 1e308])",), "too large"),
    ],
)
def test_bad_scores(arguments, part):
    with pytest.raises(st.StepsizeError, match=part):
        st.score(*arguments)
    with pytest.raises(st.StepsizeError, match="gamma"):
        st.score("linear(5)").omega_at(0)


def test_scores_do_not_overflow():
    for D, G in ((1e-300, 1e300), (1e300, 1e-300), (1e200, 1e200), (1e-200, 1e-200), (1.0, 1e-320)):
        result = st.score("linear(100)", D=D, G=G)
        assert all(math.isfinite(x) for x in (result.a, result.b, result.gamma, result.omega, result.bound))
    assert st.score("linear(100)", D=1e100, G=1e-100).omega == pytest.approx(st.score("linear(100)").omega, rel=1e-13)


# ---- The log --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", [2, 3, 7, 64])
def test_the_log_keeps_every_kth(capacity):
    log = st.GradientNormLog(capacity)
    norms = []
    for k in range(1000):
        norms.append(random.Random(k).random())
        log.add(norms[-1])
        assert len(log) <= capacity and log.count == k + 1
        assert list(log.values) == norms[:: log.stride]
        assert len(log) > capacity // 2 or log.stride == 1
    assert log.stride & (log.stride - 1) == 0


def test_a_log_is_refined_to_its_run():
    norms = 1 + 4 * np.exp(-np.arange(5000) / 300)
    log = st.GradientNormLog(512)
    for norm in norms:
        log.add(norm)
    result = st.refine(log, tau=0.02)
    assert len(result) == 5000 and log.stride == 16
    assert np.max(np.abs(np.asarray(result.values) - st.refine(norms, tau=0.02).values)) < 0.02


def test_the_state_of_a_log():
    log = st.GradientNormLog(16)
    for k in range(45):
        log.add(math.nan if k == 8 else k / 7)
    for other in (pickle.loads(pickle.dumps(log)), copy.deepcopy(log), st.GradientNormLog.from_state(log.state())):
        assert other.state() == log.state() and other.count == 45 and other.stride == log.stride
        for k in range(45, 500):
            other.add(k / 7)
    for k in range(45, 500):
        log.add(k / 7)
    assert log.state() == other.state()
    assert repr(log) == f"<GradientNormLog: {len(log)} of 500 norms, stride {log.stride}>"
    empty = st.GradientNormLog()
    assert len(pickle.loads(pickle.dumps(empty))) == 0


def test_damaged_states_are_refused():
    log = st.GradientNormLog(8)
    for k in range(20):
        log.add(k)
    state = log.state()
    assert state[:8] == b"STEPSIZE" and state[24:31] == b"NORMLOG"
    for place in range(len(state)):
        for bit in (1, 128):
            damaged = bytearray(state)
            damaged[place] ^= bit
            with pytest.raises(st.StepsizeError, match="state"):
                st.GradientNormLog.from_state(bytes(damaged))
    for length in range(len(state)):
        with pytest.raises(st.StepsizeError, match="state"):
            st.GradientNormLog.from_state(state[:length])
    with pytest.raises(st.StepsizeError):
        st.GradientNormLog.from_state(state + b"\0")
    with pytest.raises(st.StepsizeError, match="state"):
        st.Scheduler.from_state(state)


def test_bad_entries():
    log = st.GradientNormLog()
    for norm in (-1.0, -math.inf):
        with pytest.raises(st.StepsizeError, match="norm = .*expected a number >= 0"):
            log.add(norm)
    with pytest.raises(TypeError, match="norm"):
        log.add("1")
    log.add(np.float32(2)), log.add(-0.0)
    assert list(log.values) == [2, 0]
    for capacity in (0, 1, -5, 2**30):
        with pytest.raises(st.StepsizeError, match="capacity"):
            st.GradientNormLog(capacity)


# ---- Gradients ------------------------------------------------------------------------------------------


def test_norms_of_numpy_arrays():
    a, b = np.array([[3.0, -4.0]]), np.array([12.0], dtype=np.float32)
    for collection in ([a, b], {"a": a, "b": b}, {"x": (a, None), "y": [{"z": b}]}, iter([a, b])):
        assert st.gradient_norm(collection) == 13
    assert st.gradient_norm([a, b], "adam") == 19
    assert st.gradient_norm(a) == 5 and st.gradient_norm([3.0, -4]) == 5
    assert st.gradient_norm([np.array([6e4, 6e4], dtype=np.float16)], "adam") == 120_000
    for size in (1e200, 1e-200):
        assert st.gradient_norm([np.array([size]), np.array([size, 0])]) == pytest.approx(math.sqrt(2) * size)
    assert st.gradient_norm(np.array([math.inf, 1])) == math.inf and st.gradient_norm(np.zeros(0)) == 0
    for nothing in ([], {}, None, [None]):
        with pytest.raises(st.StepsizeError, match="none found"):
            st.gradient_norm(nothing)
    for wrong in ("text", [object()]):
        with pytest.raises(TypeError, match="gradients"):
            st.gradient_norm(wrong)
    with pytest.raises(st.StepsizeError, match="optimizer"):
        st.gradient_norm(a, "lion")


def test_norms_of_torch_gradients():
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))
    unused = torch.nn.Parameter(torch.ones(4))
    model.register_parameter("unused", unused)
    with pytest.raises(st.StepsizeError, match="none found"):
        st.gradient_norm(model)
    model(torch.randn(8, 5)).square().sum().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    for optimizer, power in (("sgd", 2), ("adam", 1)):
        expected = torch.linalg.vector_norm(torch.cat([g.double().ravel() for g in gradients]), power).item()
        for collection in (
            model, model.parameters(), list(model.parameters()), torch.optim.SGD(model.parameters(), lr=1), gradients,
            dict(model.named_parameters()),
        ):  # fmt: skip
            assert st.gradient_norm(collection, optimizer) == pytest.approx(expected, rel=1e-5)
    half = [torch.full((1000,), 100.0, dtype=dtype) for dtype in (torch.float16, torch.bfloat16)]
    assert st.gradient_norm(half, "adam") == pytest.approx(200_000)
    sparse = torch.sparse_coo_tensor([[1, 1, 3]], [1.0, 2.0, 4.0], (5,), check_invariants=True)
    assert st.gradient_norm([sparse, torch.ones(2, dtype=torch.float64)]) == pytest.approx(math.sqrt(9 + 16 + 2))


def test_norms_of_jax_trees():
    jax = pytest.importorskip("jax")
    tree = {"w": jax.numpy.full((2, 2), 3.0), "b": (jax.numpy.array([-8.0]), None)}
    assert st.gradient_norm(tree) == pytest.approx(10) and st.gradient_norm(tree, "adam") == pytest.approx(20)
    grads = jax.grad(lambda p: (p["w"].sum() ** 2 + p["b"][0].sum()))(tree)
    leaves = np.concatenate([np.ravel(leaf) for leaf in jax.tree_util.tree_leaves(grads)])
    assert st.gradient_norm(grads) == pytest.approx(np.linalg.norm(leaves))
    assert st.gradient_norm(jax.numpy.full(300, 300.0, jax.numpy.float16), "adam") == pytest.approx(90_000)


def test_nothing_is_imported_for_it():
    code = (
        "import sys, stepsize as st; st.refine([1.0, 2.0]); st.gradient_norm([1.0, 2.0]);"
        "st.score('linear(5)'); print(*{'numpy', 'torch', 'jax'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr


def test_names_of_the_package():
    assert st.Refinement is Refinement and set(theory.__all__) <= set(st.__all__) and set(dir(st)) >= {"refine"}


# ---- The command line -----------------------------------------------------------------------------------


def command(*words, text=None):
    run = subprocess.run(
        [sys.executable, "-m", "stepsize", *words], capture_output=True, text=True, cwd="/", input=text
    )
    return run.returncode, run.stdout, run.stderr


def test_the_command_ranks():
    status, output, errors = command("score", "cosine(1000)", "linear(1000)", "--steps", "1000")
    assert (status, errors) == (0, "")
    rows = [line.split(maxsplit=3) for line in output.splitlines()]
    assert rows[0] == ["omega", "gamma", "times", "best  schedule"]
    assert [row[3] for row in rows[1:]] == ["linear(1000)", "cosine(1000)"]
    assert [float(row[0]) for row in rows[1:]] == [0.0634343, 0.0652428]


def test_the_command_reads_lines_and_norms(tmp_path):
    (tmp_path / "norms").write_text("1\n2\n")
    status, output, _ = command("score", "--norms", str(tmp_path / "norms"), text="table([2, 1])\n\n")
    assert status == 0 and float(output.splitlines()[1].split()[0]) == 1.63299
    assert command("score", "-", "--steps", "5", "--norm", "2", "--distance", "3", text="linear(9)\n")[0] == 0


@pytest.mark.parametrize(
    "words, part",
    [
        (["score", "liner(5)"], 'unknown schedule "liner"'),
        (["score", "constant()"], "no end"),
        (["score", "linear(5)", "--steps", "0"], "total = 0"),
        (["score", "linear(5)", "--norm", "-1"], "G = -1"),
        (["score", "linear(5)", "--norms", "/nowhere"], "No such file"),
        (["score"], "no schedule"),
    ],
)
def test_the_command_refuses_in_one_line(words, part):
    status, output, errors = command(*words, text="")
    message, *place = errors.splitlines()
    assert status == 2 and output == "" and part in message
    # Under a text that is refused stand the text and a caret.
    assert not place or ("schedule" in part and place == ["  liner(5)", "  ^"])
    assert command()[0] == command("nothing")[0] == command("score", "--steps", "x")[0] == 2


def test_the_command_in_a_pipe():
    lines = " ".join(f"'linear({n})'" for n in range(1000, 3000))
    run = subprocess.run(
        f"{sys.executable} -m stepsize score --steps 500 {lines} | head -n 2", shell=True, capture_output=True, text=True, cwd="/"
    )
    assert run.returncode == 0 and run.stderr == "" and run.stdout.count("\n") == 2


def test_a_lost_start_is_reported_and_mended():
    """Norms that fall a hundredfold give a schedule that trains only late, with its peak long before the end."""
    norms = [max(1 - t / 400, 0.01) for t in range(1000)]
    refined = st.refine(norms, optimizer="sgd")
    assert refined.collapsed and refined.warmup < 900 and sum(refined.values[:333]) < 0.1 * sum(refined.values)
    capped = st.refine(norms, optimizer="sgd", capped=True)
    assert capped.floor == refined.suggested_floor > 0
    assert sum(capped.values[:333]) >= 0.1 * sum(capped.values)
    assert not st.refine([1 + 4 * 0.98**t for t in range(1000)], optimizer="sgd").collapsed
