"""GreedyLR: the configuration, and what Tests/golden/controllers.txt does not show of the default variant."""

import copy
import math
import pickle
import random

import pytest
import stepsize as st
from support import run_scheduler

BIG = 0.1 / 0.95


# ---- Configuration --------------------------------------------------------------------------------------


def test_it_says_everything():
    g = st.GreedyLR()
    assert repr(g) == (
        "GreedyLR(variant='default', mode='min', factor=0.95, patience=10, threshold=1e-06, threshold_mode='abs',"
        " cooldown=0, warmup=0, min_lr=None, max_lr=None, eps=1e-08, smooth=True, window=50, reset_start=500,"
        " after=0, phase=None, skip_warmup=False)"
    )
    assert st.GreedyLR("huggingface").smooth is False
    g = st.GreedyLR(
        "huggingface", mode="max", factor=0.5, patience=3, threshold=0.1, threshold_mode="rel", cooldown=2, warmup=4,
        min_lr=[0.1, 0.2], max_lr=3, eps=0, smooth=True, window=7, reset_start=None,
    )  # fmt: skip
    assert (g.min_lr, g.max_lr, g.reset_start, g.eps, g.threshold_mode) == ((0.1, 0.2), 3.0, None, 0.0, "rel")
    for again in (eval(repr(g), vars(st).copy()), pickle.loads(pickle.dumps(g)), copy.copy(g), copy.deepcopy(g)):
        assert again == g and hash(again) == hash(g)
    assert g != st.GreedyLR() and g != 1
    assert st.GreedyLR(reset_start=math.inf) == st.GreedyLR(reset_start=None) != st.GreedyLR()


def test_it_cannot_be_changed():
    g = st.GreedyLR()
    for change in (lambda: setattr(g, "factor", 0.5), lambda: delattr(g, "factor"), lambda: setattr(g, "new", 1)):
        with pytest.raises(AttributeError):
            change()


@pytest.mark.parametrize(
    "options, parts",
    [
        ({"factor": 1}, ["factor", "(0, 1)"]),
        ({"factor": 0}, ["factor", "0"]),
        ({"factor": math.nan}, ["factor", "nan"]),
        ({"patience": -1}, ["patience", "-1"]),
        ({"patience": 2**64}, ["patience", "9223372036854775807"]),
        ({"cooldown": -1}, ["cooldown"]),
        ({"warmup": -1}, ["warmup"]),
        ({"threshold": -1e-9}, ["threshold", "-1e-9"]),
        ({"threshold": math.inf}, ["threshold", "inf"]),
        ({"eps": -1}, ["eps"]),
        ({"window": 0}, ["window", "0", "1"]),
        ({"window": 2**24 + 1}, ["window"]),
        ({"reset_start": 0}, ["reset_start", "0"]),
        ({"reset_start": 2.5}, ["reset_start", "2.5"]),
        ({"patience": 1.5}, ["patience", "1.5"]),
        ({"variant": "huggingface", "reset_start": -1}, ["reset_start", "-1"]),
        ({"min_lr": -1}, ["min_lr", "-1"]),
        ({"max_lr": math.inf}, ["max_lr", "inf"]),
        ({"mode": "mini"}, ["mode", "mini", '"min", "max"']),
        ({"threshold_mode": "absolute"}, ["threshold_mode", '"abs", "rel"']),
        ({"variant": "hf"}, ["variant", '"default", "huggingface"']),
    ],
)
def test_values_out_of_range(options, parts):
    with pytest.raises(st.StepsizeError) as caught:
        st.GreedyLR(**options)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"factor": "0.5"}, {"patience": "1"}, {"patience": True}, {"smooth": 1}, {"mode": 0}, {"variant": 1},
        {"min_lr": "0.1"}, {"reset_start": "never"}, {"window": None, "eps": "1"},
    ],
)  # fmt: skip
def test_wrong_types(options):
    with pytest.raises(TypeError):
        st.GreedyLR(**options)


def test_bounds_need_one_number_for_each_group():
    for bound in ({"min_lr": [0.1, 0.1]}, {"max_lr": [2, 2, 2, 2]}):
        with pytest.raises(st.StepsizeError, match=next(iter(bound))):
            st.Scheduler([1, 1, 1], controller=st.GreedyLR(**bound))


# ---- What the default variant mends ---------------------------------------------------------------------


def both(base, losses, **options):
    """The last rate of the default variant and of huggingface's."""
    return tuple(run_scheduler(base, losses, variant=v, **options)[-1] for v in ("default", "huggingface"))


RAW = {"patience": 0, "smooth": False}
WORSE = [1.0] + [2.0] * 200
BETTER = [1000.0 - i for i in range(900)]


def test_bounds_are_relative_to_the_base():
    base = 5e-5
    assert both(base, WORSE, **RAW, eps=0, reset_start=None) == (0.1 * base, base / 0.95)
    assert both(base, BETTER, **RAW)[0] == 10 * base
    assert both(base, BETTER, **RAW)[1] == 1.0  # far above any rate that was asked for


def test_bases_outside_the_bounds_are_refused():
    for bound in ({"min_lr": 0.2}, {"max_lr": 0.05}, {"min_lr": [0.01, 0.2]}):
        bases = [0.1] * (2 if "min_lr" in bound and isinstance(bound["min_lr"], list) else 1)
        with pytest.raises(st.StepsizeError, match=r"0\.1 .* outside"):
            st.Scheduler(bases, controller=st.GreedyLR(**bound))
        st.Scheduler(bases, controller=st.GreedyLR("huggingface", **bound))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("smooth", [False, True])
def test_a_loss_that_is_not_finite_is_one_bad_observation(bad, smooth):
    options = {"patience": 0, "smooth": smooth, "window": 4}
    losses = [8.0, bad, 7.0, 6.0, 5.0, 4.0]
    rates = run_scheduler(0.1, losses, **options)
    expected = run_scheduler(0.1, [8.0, 9e99, 7.0, 6.0, 5.0, 4.0], patience=0, smooth=False)
    assert rates == expected  # one cut, then only raises: neither the mean nor the best remembers it


def test_minus_infinity_does_not_lock_the_best_nor_nan_the_mean():
    better = [float(x) for x in range(20, 0, -1)]
    for bad, options in ((-math.inf, {"smooth": False}), (math.nan, {"smooth": True, "window": 2})):
        default, theirs = both(0.1, [30.0, bad, *better], patience=0, min_lr=0.01, max_lr=1.0, **options)
        assert default > 0.2 and theirs < 0.05


def test_the_mean_forgets_what_leaves_the_window():
    # 1e20 swallows its neighbours in a running sum, which is 0 afterwards, better than anything seen.
    losses = [2.0, 2.0, 1e20, 2.5, 2.5, 2.5, 2.5]
    options = {"patience": 0, "smooth": True, "window": 2, "min_lr": 0.01, "max_lr": 1.0, "threshold": 0}
    means = [2.0, *((a + b) / 2 for a, b in zip(losses, losses[1:]))]
    exact = run_scheduler(0.1, means, **{**options, "smooth": False})
    assert run_scheduler(0.1, losses, **options) == exact
    assert run_scheduler(0.1, losses, variant="huggingface", **options) != exact


@pytest.mark.parametrize("sign, mode", [(1, "min"), (-1, "max")])
def test_a_relative_threshold_of_negative_metrics(sign, mode):
    # The margin around a best of -1 is 0.1: -0.95 is worse, -1.05 is within it, -1.2 is better.
    options = {**RAW, "mode": mode, "threshold_mode": "rel", "threshold": 0.1}
    for metric, factor in ((-0.95, 0.95), (-1.05, 0.95), (-1.2, 1 / 0.95)):
        default, theirs = both(0.1, [sign * -1.0, sign * metric], **options)
        raised = 0.1 / 0.95
        assert default == (raised * 0.95 if factor < 1 else raised / 0.95)
        if metric == -0.95:
            assert (theirs > raised) == (mode == "min")


def test_a_relative_threshold_takes_the_first_metric():
    default, theirs = both(0.1, [5.0], **RAW, threshold_mode="rel", threshold=1.0)
    assert default == BIG and theirs < 0.1  # there: inf * 0 is NaN


def test_eps_is_relative_to_the_rate():
    default, theirs = both(1e-7, [1.0] + [2.0] * 5, **RAW, min_lr=1e-9, max_lr=1.0)
    assert default < 0.9e-7 and theirs == 1e-7 / 0.95 * 0.95


def test_a_bound_is_always_reached():
    # The last step to the bound is shorter than eps.
    base, low = 0.1, 0.1 * 0.95 * (1 - 1e-12)
    options = {**RAW, "min_lr": low, "max_lr": 1.0, "eps": 1e-8, "reset_start": None}
    losses = [math.nan] * 3
    default, theirs = both(base, losses, **options)
    assert default == low < theirs


def test_a_reset_can_be_turned_off():
    options = {**RAW, "min_lr": 0.05, "max_lr": 1.0, "factor": 0.5}
    assert 0.1 in run_scheduler(0.1, WORSE, **options, reset_start=3)[5:]
    assert set(run_scheduler(0.1, [math.nan] * 2000, **options, reset_start=None)) == {0.05}


# ---- The paper's algorithm ----


def paper(losses, factor, low, high, rate):
    """Algorithm 1 of arXiv 2512.14527, with bounds, from its equation; the first loss has nothing to compare with."""
    previous, rates = None, []
    for loss in losses:
        if previous is not None:
            rate = min(rate / factor, high) if loss < previous else max(rate * factor, low)
        previous = loss
        rates.append(rate)
    return rates


@pytest.mark.parametrize("seed", range(50))
def test_the_papers_algorithm(seed):
    generator = random.Random(seed)
    factor, base = generator.uniform(0.1, 0.99), 10 ** generator.uniform(-5, 1)
    losses = [generator.uniform(0, 1) for _ in range(200)]
    with st.Scheduler(base, controller=st.GreedyLR("paper", factor=factor)) as scheduler:
        rates = []
        for loss in losses:
            scheduler.step(loss)
            rates.append(scheduler.lr)
    assert rates == paper(losses, factor, base / 10, base * 10, base)
