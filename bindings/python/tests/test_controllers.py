"""Controllers as values, hypergradient descent and the line search: against plain Python forms of the papers'
equations (arXiv 1703.04783, 1905.09997)."""

import copy
import logging
import math
import pickle
import random

import numpy as np
import pytest
import stepsize as st
from stepsize._foreign import abi

EXAMPLES = [
    st.GreedyLR(), st.GreedyLR("paper", max_lr=3), st.GreedyLR("huggingface", min_lr=[0.1, 0.2], reset_start=None),
    st.Plateau("keras", patience=3), st.Hypergradient(), st.Hypergradient("multiplicative", beta=0.5, max_lr=2),
    st.LineSearch(), st.LineSearch(reset="initial", projected=True, c=0.25), st.EarlyStop(),
    st.EarlyStop("main", patience=7, mode="max", window=3),
]  # fmt: skip


# ---- Values and texts ----


@pytest.mark.parametrize("controller", EXAMPLES, ids=str)
def test_text_repr_and_copies(controller):
    assert st.Controller.parse(str(controller)) == controller == eval(repr(controller), vars(st))
    for copied in (copy.deepcopy(controller), pickle.loads(pickle.dumps(controller))):
        assert copied == controller and type(copied) is type(controller) and hash(copied) == hash(controller)
    for name, _, _ in type(controller)._parameters:
        assert getattr(copied, name) == getattr(controller, name)
        with pytest.raises(AttributeError):
            setattr(controller, name, 1)


def test_texts():
    assert str(st.GreedyLR()) == "greedy()"
    assert str(st.GreedyLR("paper", patience=0)) == 'greedy("paper")'
    assert str(st.Controller.parse("greedy(patience=10, factor=0.95, window=50)")) == "greedy()"
    assert str(st.EarlyStop("main", threshold=0)) == 'early_stop("main", threshold=0)'
    assert str(st.Plateau(min_lr=[0.1, 0.2])) == "plateau(min_lr=[0.1, 0.2])"
    assert st.Hypergradient("adam").beta == 1e-8 and st.Hypergradient().beta == 1e-6
    assert st.LineSearch().max_trials == 100 and st.LineSearch().projected is False
    assert st.GreedyLR().variant == "default" and st.EarlyStop().phase is None


@pytest.mark.parametrize(
    "text, parts",
    [
        ("gredy()", ['unknown controller "gredy"', '"greedy"']),
        ("greedy(patiance=3)", ['unknown parameter "patiance"', '"patience"', "^"]),
        ("greedy(factor=2)", ["greedy: factor = 2", "(0, 1)"]),
        ("greedy() extra", ["expected the end"]),
        ("hypergradient('multiplicative', beta=1)", ["hypergradient: beta = 1", "(0, 1)"]),
        ("line_search(reset='never')", ["line_search: reset", '"previous"']),
        ('line_search(phase="main")', ["line_search"]),
        ("early_stop('')", ["early_stop: phase"]),
        ("linear(10)", ['unknown controller "linear"']),
    ],
)
def test_bad_texts(text, parts):
    with pytest.raises(st.StepsizeError) as caught:
        st.Controller.parse(text)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "text, part",
    [
        ("greedy() * plateau()", "more than one controller"),
        ("greedy() * warmup(5) >> linear(9)", "in brackets"),
        ("linear(10) * greedy()", "must come first"),
        ("linear(10) >> greedy()", "must come first"),
        ("early_stop('anneal') * linear(10)", "no phase of that name"),
        ("greedy(", "found the end"),
    ],
)
def test_bad_scheduler_texts(text, part):
    with pytest.raises(st.StepsizeError, match=part):
        st.Scheduler(0.1, text)


def test_scheduler_from_text():
    text = 'greedy(patience=3) * early_stop("main") * (warmup(5) >> constant(50, phase="main") >> linear(9))'
    s = st.Scheduler(0.1, text)
    assert str(s) == text
    assert s.controllers == (st.GreedyLR(patience=3), st.EarlyStop("main"))
    assert s.schedule == st.parse('warmup(5) >> constant(50, phase="main") >> linear(9)')
    same = st.Scheduler(0.1, s.schedule, [st.EarlyStop("main"), st.GreedyLR(patience=3)])
    assert str(same) == text and same.controller == st.GreedyLR(patience=3)
    assert str(st.Scheduler(0.1)) == "" and st.Scheduler(0.1).controllers == ()
    only = st.Scheduler(0.1, "greedy()")
    assert only.schedule is None and only.step(1.0) == 0.1


def test_wrong_controllers():
    for wrong in ("greedy()", 3, [st.GreedyLR(), "plateau()"], [None]):
        with pytest.raises(TypeError):
            st.Scheduler(0.1, controller=wrong)
    with pytest.raises(st.StepsizeError, match="more than one"):
        st.Scheduler(0.1, controller=[st.GreedyLR(), st.Plateau()])
    with pytest.raises(TypeError):
        st.Controller()


# ---- Decisions are logged ----


def test_decisions_are_logged(caplog):
    s = st.Scheduler(0.1, controller=st.GreedyLR(patience=0, smooth=False, factor=0.5))
    with caplog.at_level(logging.INFO, logger="stepsize"):
        s.step(1.0)
        s.step(2.0)
    assert [record.getMessage() for record in caplog.records] == [
        "update 0: raised, lr 0.1 -> 0.2", "update 1: cut, lr 0.2 -> 0.1",
    ]  # fmt: skip
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="stepsize"):
        s.step(0.5)
    assert not caplog.records


# ---- Hypergradient descent ----


def quadratic(seed, size=5):
    rng = np.random.default_rng(seed)
    scales = 10 ** rng.uniform(-1, 1, size)
    return scales, rng.normal(size=size)


@pytest.mark.parametrize("seed", range(5))
def test_sgd_hd_is_the_papers(seed):
    """Algorithm 4: alpha_t = alpha_{t-1} + beta g_t . g_{t-1}; theta_t = theta_{t-1} - alpha_t g_t."""
    scales, x = quadratic(seed)
    y, alpha, beta, before = x.copy(), 1e-3, 1e-5, np.zeros_like(x)
    s = st.Scheduler(1e-3, controller=st.Hypergradient(beta=beta))
    u = np.zeros_like(x)
    for _ in range(200):
        g = scales * x
        lr = s.hypergradient.observe(float(g @ u))
        u = g
        x = x - lr * u
        s.step()

        gradient = scales * y
        alpha = alpha + beta * float(gradient @ before)
        before = gradient
        y = y - alpha * gradient
        assert lr == alpha == s.lr
    assert np.array_equal(x, y) and alpha > 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_adam_hd_is_the_papers(seed):
    """Algorithm 6, where u is Adam's step: m / (sqrt(v) + eps) with both moments corrected for their start."""
    scales, x = quadratic(seed)
    s = st.Scheduler(1e-3, controller=st.Hypergradient("adam", beta=1e-6))
    b1, b2, eps = 0.9, 0.999, 1e-8
    y, alpha = x.copy(), 1e-3
    m = v = np.zeros_like(x)
    u = np.zeros_like(x)
    my_m = my_v = np.zeros_like(x)
    direction = np.zeros_like(x)
    for t in range(1, 200):
        g = scales * x
        lr = s.hypergradient.observe(float(g @ u))
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        u = math.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
        x = x - lr * u
        s.step()

        gradient = scales * y
        alpha = alpha + 1e-6 * float(gradient @ direction)
        my_m, my_v = b1 * my_m + (1 - b1) * gradient, b2 * my_v + (1 - b2) * gradient * gradient
        direction = math.sqrt(1 - b2**t) / (1 - b1**t) * my_m / (np.sqrt(my_v) + eps)
        y = y - alpha * direction
        assert lr == alpha
    assert alpha != 1e-3


def test_the_multiplicative_form_has_no_scale():
    rng = random.Random(1)
    dots = [(rng.uniform(-1, 1), rng.uniform(1, 2)) for _ in range(100)]
    curves = []
    for scale in (1.0, 2.0**40, 2.0**-40):  # powers of two: without rounding
        s = st.Scheduler([0.1, 0.3], controller=st.Hypergradient("multiplicative", beta=0.1))
        curves.append([s.hypergradient.observe(dot * scale, norm * scale) for dot, norm in dots])
    assert curves[0] == curves[1] == curves[2]
    expected = 0.1
    for (dot, norm), lr in zip(dots, curves[0]):
        expected *= 1 + 0.1 * (dot / norm)
        assert lr == expected


@pytest.mark.parametrize("variant, beta", [("sgd", 1e3), ("adam", 1e3), ("multiplicative", 0.999)])
def test_the_rate_stays_inside_its_bounds(variant, beta):
    rng = random.Random(variant)
    odd = [math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0]
    s = st.Scheduler(0.1, controller=st.Hypergradient(variant, beta=beta))
    for _ in range(2000):
        dot = rng.choice(odd) if rng.random() < 0.3 else rng.gauss(0, 10)
        norm = abs(rng.choice(odd) if rng.random() < 0.3 else rng.gauss(0, 10))
        before = s.lr
        lr = s.hypergradient.observe(dot, norm)
        assert 0.0001 <= lr <= 100
        if not math.isfinite(dot):
            assert lr == before and s.decision == "ignored"
        s.step()
    s = st.Scheduler(0.1, controller=st.Hypergradient("multiplicative"))
    assert s.hypergradient.observe(1, 0) == 0.1 and s.decision == "kept"


def test_one_dot_for_all_groups_or_one_each():
    s = st.Scheduler([1.0, 2.0], "hypergradient(beta=0.5) * linear(4)")
    s.hypergradient.observe(0.2)
    assert s.lrs == (1.1, 2.1)
    s.hypergradient.observe([0.2, -0.2])
    assert s.lrs == (1.2000000000000002, 2.0) and s.decision == "raised"
    s.step()
    assert s.lrs == (1.2000000000000002 * 0.75, 1.5)
    for wrong in ([1, 2, 3], []):
        with pytest.raises(st.StepsizeError, match="dot"):
            s.hypergradient.observe(wrong)
    with pytest.raises(st.StepsizeError, match="norm"):
        s.hypergradient.observe(1, [1, 2])
    with pytest.raises(st.StepsizeError, match="multiplicative variant needs the norm"):
        st.Scheduler(1, "hypergradient('multiplicative')").hypergradient.observe(1)
    with pytest.raises(st.StepsizeError, match="Hypergradient") as caught:
        st.Scheduler(1, "greedy()").hypergradient.observe(1)
    assert caught.value.status == abi.STEPSIZE_ERROR_ORDER


# ---- Line search ----


class Armijo:
    """Algorithm 1 and 2 of the paper, with this library's two bounds."""

    def __init__(self, eta, *, c=0.1, backtrack=0.9, reset="grow", gamma=2.0, batches=500, trials=100):
        self.initial = self.previous = eta
        self.c, self.backtrack, self.reset, self.trials = c, backtrack, reset, trials
        self.growth = gamma ** (1 / batches)
        self.low, self.high = eta / 1e6, 10 * eta
        self.work = 0

    def step(self, f, x, g):
        starts = {"previous": self.previous, "grow": self.previous * self.growth, "initial": self.initial}
        eta = min(max(starts[self.reset], self.low), self.high)
        square, loss = float(g @ g), f(x)
        for _ in range(self.trials):
            self.work += 1
            if f(x - eta * g) <= loss - self.c * (eta * square):
                self.previous = eta
                return eta
            eta = max(eta * self.backtrack, self.low)
        self.previous = eta
        return self.low


@pytest.mark.parametrize("reset", ["previous", "grow", "initial"])
@pytest.mark.parametrize("seed", range(4))
def test_line_search_is_the_papers(reset, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(40, 6)), rng.normal(size=40)
    options = {"c": float(rng.choice([0.1, 0.5])), "backtrack": float(rng.choice([0.9, 0.5]))}
    mine = Armijo(3.0, reset=reset, batches=10, trials=20, **options)
    s = st.Scheduler(
        3.0, controller=st.LineSearch(reset=reset, batches_per_epoch=10, max_trials=20, **options)
    )
    x = y = np.ones(6)
    for _ in range(100):
        rows = rng.integers(0, 40, 8)

        def f(z, rows=rows):
            residual = a[rows] @ z - b[rows]
            return float(residual @ residual) / len(rows)

        g = 2 / len(rows) * a[rows].T @ (a[rows] @ x - b[rows])
        lr = s.line_search.search(f(x), float(g @ g), lambda lr, x=x, g=g, f=f: f(x - lr * g))
        assert s.lr == lr == pytest.approx(mine.step(f, y, g), rel=1e-14)
        s.step()
        x = y = x - lr * g
    assert s.line_search.trial_count == mine.work > 100


def test_projected_search_accepts_what_the_plain_one_never_would():
    # At the corner of the positive orthant: the gradient points outwards, no step moves.
    x, g = np.zeros(3), np.ones(3)
    plain, projected = (st.Scheduler(1.0, controller=st.LineSearch(projected=p, max_trials=30)) for p in (False, True))
    f = lambda z: float(z @ g)  # noqa: E731

    def trial(lr):
        new = np.maximum(x - lr * g, 0)
        return f(new), float((new - x) @ (new - x))

    assert projected.line_search.search(f(x), 3.0, trial) == pytest.approx(2 ** (1 / 500))
    assert projected.line_search.trial_count == 1
    plain.line_search.search(f(x), 3.0, trial)
    assert plain.line_search.trial_count == 30 and plain.lr == 1e-6


def test_ask_and_tell():
    s = st.Scheduler([1.0, 2.0], "line_search(reset='previous', backtrack=0.5, max_trials=2)")
    assert s.line_search.propose(1.0, [1.0, 1.0]) == 1.0
    assert s.line_search.report(2.0) == "retry" and s.lrs == (0.5, 1.0)
    assert s.line_search.report(0.5) == "accepted" and s.lrs == (0.5, 1.0) and s.decision == "cut"
    with pytest.raises(st.StepsizeError, match="propose"):
        s.line_search.report(0.1)
    s.step()
    s.line_search.propose(1.0, [1.0, 1.0])
    assert [s.line_search.report(math.nan), s.line_search.report(math.inf)] == ["retry", "failed"]
    assert s.lrs == (1e-6, 2e-6)
    s.step()
    s.line_search.propose(1.0, [0.0, 0.0])  # no gradient: nothing to test
    assert s.line_search.report(5.0) == "accepted" and s.lrs == (0.125, 0.25)
    s.step()
    for loss, norms in ((math.nan, [1, 1]), (1, [math.inf, 1])):
        s.line_search.propose(loss, norms)
        assert s.line_search.report(0.0) == "failed" and s.decision == "ignored" and s.lrs == (1e-6, 2e-6)
    s.line_search.propose(1.0, [1.0, 1.0])
    assert s.lrs == (0.125, 0.25)  # as if that had not been
    s.step()
    with pytest.raises(st.StepsizeError, match="propose"):
        s.line_search.report(0.1)  # of another update
    with pytest.raises(st.StepsizeError, match="squared_norm"):
        s.line_search.propose(1.0, 1.0)
    with pytest.raises(st.StepsizeError, match="LineSearch"):
        st.Scheduler(1.0).line_search.propose(1.0, 1.0)
    with pytest.raises(st.StepsizeError, match="squared_norm is >= 0"):
        s.line_search.propose(1.0, [1.0, -1.0])
    projected = st.Scheduler(1.0, "line_search(projected=true)")
    projected.line_search.propose(1.0, 1.0)
    with pytest.raises(st.StepsizeError, match="squared_distance, which is >= 0"):
        projected.line_search.report(0.5, -1.0)
    with pytest.raises(st.StepsizeError, match="norm, which is >= 0"):
        st.Scheduler(1.0, "hypergradient('multiplicative')").hypergradient.observe(1.0, -1.0)
    with pytest.raises(st.StepsizeError, match="squared_distance"):
        projected.line_search.report(0.5)
