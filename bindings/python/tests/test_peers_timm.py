"""stepsize.peers.timm against timm's own schedulers."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import itertools
import random
import sys

import pytest

torch = pytest.importorskip("torch")
spec = importlib.util.find_spec("timm")
if spec is None:
    pytest.skip("timm is not installed", allow_module_level=True)
# Of timm only the schedulers: the rest takes seconds, and a torchvision that fits torch.
with pytest.MonkeyPatch.context() as patch:
    patch.setitem(sys.modules, "timm", importlib.util.module_from_spec(spec))
    peer = importlib.import_module("timm.scheduler")

import stepsize
from stepsize.peers import timm as made

BASE = 0.25


def make(name, *args, **kwargs):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    return getattr(peer, name)(opt, *args, **kwargs)


def rates(scheduler, steps):
    """What the optimizer has after step(t), for each t."""
    values = []
    for step in steps:
        scheduler.step(step)
        values.append(scheduler.optimizer.param_groups[0]["lr"])
    return values


def check(schedule, values, *, steps=None, but=(), tolerance=1e-12):
    """Equal to `tolerance` of the value, and of base_lr where timm subtracts near-equal numbers."""
    for step, value in zip(steps or itertools.count(), values):
        ours = BASE * schedule.at(step)
        if step not in but:
            assert abs(ours - value) <= tolerance * (abs(value) + BASE), (step, ours, value, str(schedule))


def both(name, *args, count, but=(), tolerance=1e-12, **kwargs):
    schedule = getattr(made, name)(BASE, *args, **kwargs)
    check(schedule, rates(make(name, *args, **kwargs), range(count)), but=but, tolerance=tolerance)
    updates = make(name, *args, **kwargs, t_in_epochs=False)
    for step in (0, 1, count // 2):
        updates.step_update(step)
        if step not in but:
            assert BASE * schedule.at(step) == pytest.approx(updates.optimizer.param_groups[0]["lr"], abs=1e-12)
    return schedule


def restarts(t_initial, cycle_mul, start=0):
    """Where a cycle begins exactly at an integer: timm's logarithm may choose either side there."""
    found, begin, length = set(), 0.0, float(t_initial)
    for _ in range(50):
        found |= {start + round(begin)} if abs(begin - round(begin)) < 1e-9 and begin > 0 else set()
        begin, length = begin + length, length * cycle_mul
    return found


WARMUPS = [
    {},
    {"warmup_t": 1},
    {"warmup_t": 3, "warmup_lr_init": 1e-3},
    {"warmup_t": 5, "warmup_lr_init": 1e-2, "warmup_prefix": True},
    {"warmup_t": 5, "warmup_prefix": False},
    {"warmup_t": 40, "warmup_lr_init": 0.3, "warmup_prefix": False},
]
CURVES = [
    ("CosineLRScheduler", {}),
    ("CosineLRScheduler", {"k_decay": 1.7}),
    ("TanhLRScheduler", {}),
    ("TanhLRScheduler", {"lb": -4.0, "ub": 4.0}),
    ("PolyLRScheduler", {}),
    ("PolyLRScheduler", {"power": 2.0, "k_decay": 0.6}),
]


@pytest.mark.parametrize("name, curve", CURVES)
@pytest.mark.parametrize("t_initial", [1, 2, 3, 10, 37])
@pytest.mark.parametrize("lr_min", [0.0, 1e-3, 0.25])
@pytest.mark.parametrize("warmup", WARMUPS)
def test_one_cycle(name, curve, t_initial, lr_min, warmup):
    both(name, t_initial, lr_min=lr_min, **curve, **warmup, count=2 * t_initial + 50)


@pytest.mark.parametrize("name, curve", CURVES)
@pytest.mark.parametrize("cycle_decay", [1.0, 0.5])
@pytest.mark.parametrize("cycle_limit", [0, 1, 2, 5])
@pytest.mark.parametrize("t_initial", [1, 4, 10])
@pytest.mark.parametrize("warmup", WARMUPS[:4])
def test_equal_cycles(name, curve, cycle_decay, cycle_limit, t_initial, warmup):
    kwargs = {"lr_min": 1e-3, "cycle_decay": cycle_decay, "cycle_limit": cycle_limit, **curve, **warmup}
    both(name, t_initial, **kwargs, count=t_initial * cycle_limit + 50)


@pytest.mark.parametrize("name, curve", CURVES)
@pytest.mark.parametrize("cycle_mul", [2.0, 3, 1.5, 1.1, 2.7, 0.6])
@pytest.mark.parametrize("cycle_decay", [1.0, 0.5])
@pytest.mark.parametrize("t_initial", [1, 4, 10])
@pytest.mark.parametrize("warmup", WARMUPS[:4])
def test_growing_cycles(name, curve, cycle_mul, cycle_decay, t_initial, warmup):
    limit = 4
    kwargs = {"lr_min": 1e-3, "cycle_mul": cycle_mul, "cycle_decay": cycle_decay, "cycle_limit": limit}
    start = warmup.get("warmup_t", 0) if warmup.get("warmup_prefix") else 0
    count = start + int(t_initial * (cycle_mul**limit - 1) / (cycle_mul - 1)) + 5
    if cycle_mul < 1:
        warmup = warmup if start else {}
        count = start + int(t_initial / (1 - cycle_mul) - 1e-6) + 1  # timm takes the logarithm of 0 after that
    # timm computes (t - start of the cycle) in floating point, and the square root of 1 - x enlarges that near x = 1.
    tolerance = 1e-7 if name == "PolyLRScheduler" and cycle_mul != int(cycle_mul) and not curve else 1e-12
    but = restarts(t_initial, cycle_mul, start)
    both(name, t_initial, **kwargs, **curve, **warmup, count=count, but=but, tolerance=tolerance)


def test_restarts_are_peaks():
    """What the comparison above leaves out."""
    for mul, starts in [(2.0, [10, 30, 70]), (1.5, [10, 25]), (3, [10, 40, 130])]:
        schedule = made.CosineLRScheduler(BASE, 10, 1e-3, mul, 0.5, 4)
        assert [schedule.at(step) for step in starts] == pytest.approx([0.5, 0.25, 0.125][: len(starts)], rel=1e-12)


@pytest.mark.parametrize("decay_t", [1, 2, 3, 10, 2.4, 2.2, 0.7, 7.25, 30.0])
@pytest.mark.parametrize("decay_rate", [1.0, 0.97, 0.1, 1.2])
@pytest.mark.parametrize("warmup", WARMUPS)
def test_step(decay_t, decay_rate, warmup):
    both("StepLRScheduler", decay_t, decay_rate, **warmup, count=300)


@pytest.mark.parametrize("decay_t", [[], [0], [1], [1, 1], [5, 10], [30, 60, 80], list(range(1, 20))])
@pytest.mark.parametrize("decay_rate", [1.0, 0.97, 0.1])
@pytest.mark.parametrize("warmup", WARMUPS)
def test_multi_step(decay_t, decay_rate, warmup):
    both("MultiStepLRScheduler", decay_t, decay_rate, **warmup, count=120)


@pytest.mark.parametrize("phases", [(1, 1), (2, 1), (10, 2), (10, 10), (100, 20)])
@pytest.mark.parametrize(
    "decay",
    [
        {}, {"decay_fn": "linear"}, {"decay_fn": "cosine"}, {"decay_fn": "power"},
        {"decay_fn": "power", "decay_power": 2.0}, {"decay_fn": "exp"}, {"decay_fn": "exp", "decay_ratio": 0.5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("warmup", [{}, {"warmup_t": 1}, {"warmup_t": 5, "warmup_lr_init": 1e-3}])
@pytest.mark.parametrize(
    "stable",
    [
        {}, {"lr_min": 0.01}, {"stable_fn": "rsqrt", "stable_timescale": 7.5},
        {"stable_fn": "power", "stable_timescale": 3.0, "stable_power": 0.8},
    ],
)  # fmt: skip
def test_wsd(phases, decay, warmup, stable):
    both("WSDLRScheduler", *phases, **decay, **warmup, **stable, count=2 * sum(phases) + 10)


def test_wsd_timescale_is_the_warmup():
    both("WSDLRScheduler", 100, 20, stable_fn="rsqrt", warmup_t=10, count=150)


@pytest.mark.parametrize("seed", range(20))
def test_at_random(seed):
    rng = random.Random(seed)
    total = rng.randint(1, 300)
    warmup = {
        "warmup_t": rng.randint(0, 50), "warmup_lr_init": rng.uniform(0, BASE), "warmup_prefix": rng.random() < 0.5
    }  # fmt: skip
    for name, curve in CURVES:
        kwargs = {"lr_min": rng.uniform(0, 0.1), "cycle_limit": rng.randint(1, 5), **curve, **warmup}
        both(name, total, **kwargs, count=6 * total)
    both("StepLRScheduler", rng.uniform(0.5, 30), rng.random() + 0.01, **warmup, count=1000)
    milestones = sorted(rng.randint(0, 500) for _ in range(7))
    both("MultiStepLRScheduler", milestones, rng.random(), **warmup, count=600)
    del warmup["warmup_prefix"]
    both("WSDLRScheduler", total, rng.randint(1, total), rng.uniform(0, BASE), **warmup, count=2 * total + 60)


def test_long():
    count = 100_000
    both("CosineLRScheduler", count, 1e-4, warmup_t=1000, warmup_prefix=True, count=count + 2000)
    both("CosineLRScheduler", 100, 1e-4, 2.0, 0.9, 9, count=count, but=restarts(100, 2.0))
    both("StepLRScheduler", 2.4, 0.9999, count=count, tolerance=1e-11)
    both("PolyLRScheduler", count, count=count + 10)
    both("TanhLRScheduler", count, count=count + 10)
    both("WSDLRScheduler", count, count // 5, warmup_t=1000, count=count + 2000)


SCHEDULERS = sorted(made.__all__)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_signatures(name):
    """timm's arguments in its order; base_lr for the optimizer; what follows the noise by name."""
    theirs = list(inspect.signature(getattr(peer, name)).parameters.values())
    ours = list(inspect.signature(getattr(made, name)).parameters.values())
    left_out = {"t_in_epochs", "noise_range_t", "noise_pct", "noise_std", "noise_seed", "initialize"}
    assert [p.name for p in ours] == ["base_lr", *[p.name for p in theirs[1:] if p.name not in left_out]]
    assert [p.default for p in ours[1:]] == [p.default for p in theirs[1:] if p.name not in left_out]
    after = list(itertools.dropwhile(lambda p: p.name != "noise_seed", theirs))[1:-1]
    assert [p.name for p in ours if p.kind is p.KEYWORD_ONLY] == [p.name for p in after]


def test_epochs_as_updates():
    schedule = stepsize.Stretch(made.StepLRScheduler(BASE, 2.4, 0.97), factor=100)
    values = rates(make("StepLRScheduler", 2.4, 0.97), range(10))
    check(schedule, [values[step // 100] for step in range(1000)])


# ---- Where timm is wrong or has no answer ----


def test_defect_restart_found_by_logarithm():
    """One cycle low at some restarts: lr_min instead of the peak."""
    scheduler = make("CosineLRScheduler", 1, 1e-3, cycle_mul=3.0, cycle_limit=10)
    restart = (3**5 - 1) // 2
    assert rates(scheduler, [restart]) == pytest.approx([1e-3])
    assert made.CosineLRScheduler(BASE, 1, 1e-3, cycle_mul=3.0, cycle_limit=10).at(restart) == 1


def test_defect_below_its_minimum():
    """A peak that has decayed below lr_min: timm starts there and rises to lr_min."""
    values = rates(make("CosineLRScheduler", 10, 0.05, cycle_decay=0.1, cycle_limit=3), range(40))
    assert values[20] == pytest.approx(0.0025)
    assert min(values) < 0.05
    schedule = made.CosineLRScheduler(BASE, 10, 0.05, cycle_decay=0.1, cycle_limit=3)
    check(schedule, values[:10])
    assert [BASE * schedule.at(step) for step in range(10, 40)] == pytest.approx([0.05] * 30)


def test_defect_shrinking_cycles_end():
    """cycle_mul < 1: the cycles' total is finite, and timm takes the logarithm of a number <= 0 after it."""
    scheduler = make("CosineLRScheduler", 8, cycle_mul=0.5, cycle_limit=3)
    with pytest.raises(ValueError):
        scheduler.step(17)
    schedule = made.CosineLRScheduler(BASE, 8, cycle_mul=0.5, cycle_limit=3)
    assert [schedule.at(step) for step in (0, 8, 12, 14, 17, 1000)] == pytest.approx([1, 1, 1, 0, 0, 0])


def test_defect_shape_before_the_first_step():
    """A scheduler just made has base_lr, whatever its curve begins with; ours begins with the curve."""
    scheduler = make("TanhLRScheduler", 10, lb=-1.0)
    assert scheduler.optimizer.param_groups[0]["lr"] == BASE
    start = rates(scheduler, [0])[0]
    assert start == pytest.approx(0.8808 * BASE, rel=1e-4)
    assert BASE * made.TanhLRScheduler(BASE, 10, lb=-1.0).at(0) == pytest.approx(start, rel=1e-14)


# ---- Arguments ----


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("unknown", ["t_in_epochs", "noise_range_t", "noise_seed", "initialize", "cycle_mull"])
def test_unknown(name, unknown):
    lengths = {"StepLRScheduler": (10,), "MultiStepLRScheduler": ([10],), "WSDLRScheduler": (10, 5)}
    with pytest.raises(TypeError):
        getattr(made, name)(BASE, *lengths.get(name, (10,)), **{unknown: 1})


@pytest.mark.parametrize(
    "call",
    [
        lambda: made.CosineLRScheduler(BASE, 0),
        lambda: made.CosineLRScheduler(BASE, 10, lr_min=1.0),
        lambda: made.CosineLRScheduler(BASE, 10, lr_min=-1.0),
        lambda: made.CosineLRScheduler(0.0, 10),
        lambda: made.CosineLRScheduler(BASE, 10, cycle_mul=0.0),
        lambda: made.CosineLRScheduler(BASE, 10, warmup_t=-1),
        lambda: made.TanhLRScheduler(BASE, 10, lb=3.0),
        lambda: made.PolyLRScheduler(BASE, 10, power=0.0),
        lambda: made.StepLRScheduler(BASE, 0),
        lambda: made.WSDLRScheduler(BASE, 10, 0),
        lambda: made.WSDLRScheduler(BASE, 10, 11),
        lambda: made.WSDLRScheduler(BASE, 10, 5, decay_fn="sqrt"),
        lambda: made.WSDLRScheduler(BASE, 10, 5, decay_fn=lambda x: 1 - x),
        lambda: made.WSDLRScheduler(BASE, 10, 5, stable_fn="exp"),
        lambda: made.WSDLRScheduler(BASE, 10, 5, stable_fn="rsqrt"),
        lambda: made.WSDLRScheduler(BASE, 10, 5, 0.1, stable_fn="rsqrt", warmup_t=5),
    ],
)
def test_refused(call):
    with pytest.raises(stepsize.StepsizeError):
        call()


# ---- Checkpoints ----


def saved(optimizer, scheduler, step):
    """What a script of timm saves: its scheduler's state holds the arguments, and the script the number of the step."""
    buffer = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "step": step}, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@pytest.mark.parametrize(("name", "arguments"), [
    ("CosineLRScheduler", {"t_initial": 20, "lr_min": 1e-3, "warmup_t": 5, "warmup_lr_init": 1e-4}),
    ("StepLRScheduler", {"decay_t": 6, "decay_rate": 0.5}),
    ("PolyLRScheduler", {"t_initial": 20, "power": 2.0, "lr_min": 1e-3}),
])  # fmt: skip
@pytest.mark.parametrize("order", [1, -1])
def test_checkpoints_go_both_ways(name, arguments, order):
    stepsize_torch = pytest.importorskip("stepsize.torch")

    def groups():
        return torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (BASE, BASE)])

    def made_and_loaded(kind, checkpoint):
        """In either order: made first, or the optimizer's state first."""
        optimizer = groups()
        parts = [lambda: kind(optimizer), lambda: optimizer.load_state_dict(checkpoint["optimizer"])][::order]
        results = [part() for part in parts]
        return optimizer, results[::order][0]

    def ours(optimizer):
        return stepsize_torch.Scheduler(optimizer, getattr(made, name)(BASE, **arguments))

    def theirs(optimizer):
        return getattr(peer, name)(optimizer, **arguments)

    reference = make(name, **arguments)
    whole = rates(reference, range(20))
    optimizer = groups()
    timms = theirs(optimizer)
    for step in range(8):
        timms.step(step)
    optimizer, scheduler = made_and_loaded(ours, saved(optimizer, timms, 7))
    scheduler.current_step = 7
    for step in range(7, 14):
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([whole[step]] * 2, rel=1e-12)
        optimizer.step(), scheduler.step()
    checkpoint = saved(optimizer, scheduler, scheduler.current_step)
    optimizer, timms = made_and_loaded(theirs, checkpoint)
    for step in range(checkpoint["step"], 20):
        timms.step(step)
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([whole[step]] * 2, rel=1e-12)
    with pytest.raises(stepsize.StepsizeError, match="set current_step"):
        scheduler.load_state_dict(timms.state_dict())
