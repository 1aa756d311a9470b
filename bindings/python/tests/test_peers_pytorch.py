"""stepsize.peers.pytorch against PyTorch's own schedulers, stepped with an optimizer."""

from __future__ import annotations

import itertools
import math
import random
import warnings

import pytest

torch = pytest.importorskip("torch")

import stepsize
from stepsize.peers import pytorch as made
from torch.optim import lr_scheduler as peer
from torch.optim.swa_utils import SWALR

BASE = 0.3
SHORT = [1, 2, 3, 5, 10, 37]


def optimizer(lr=BASE):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)


def stepped(make, count, lr=BASE):
    """PyTorch's rates for `count` updates."""
    opt = optimizer(lr)
    scheduler = make(opt)
    rates = [opt.param_groups[0]["lr"]]
    opt.step()  # one, for the schedulers warn where there is none
    while len(rates) < count:
        scheduler.step()
        rates.append(opt.param_groups[0]["lr"])
    return rates


def closed_form(make, steps, lr=BASE):
    """PyTorch's closed form, for the schedulers that have one."""
    scheduler = make(optimizer(lr))
    rates = []
    for step in steps:
        scheduler.last_epoch = step
        rates.append(scheduler._get_closed_form_lr()[0])
    return rates


def check(schedule, rates, *, lr=BASE, steps=None, rel=1e-12, of_peak=1e-12):
    """Equal to `rel` of the value, plus `of_peak` of the highest rate where PyTorch subtracts near-equal numbers."""
    peak = max(map(abs, rates))
    for step, rate in zip(steps or itertools.count(), rates):
        ours = lr * schedule.at(step)
        assert abs(ours - rate) <= rel * abs(rate) + of_peak * peak, (step, ours, rate, str(schedule))


def numbers(seed, count=8):
    return [random.Random(f"{seed}{i}") for i in range(count)]


def both(name, count, of_peak=1e-12, rel=1e-12, **arguments):
    """One scheduler stepped and by its closed form."""
    schedule = getattr(made, name)(BASE, **arguments)
    make = lambda opt: getattr(peer, name)(opt, **arguments)
    check(schedule, stepped(make, count), of_peak=of_peak, rel=rel)
    if hasattr(getattr(peer, name), "_get_closed_form_lr"):
        check(schedule, closed_form(make, range(count)), of_peak=of_peak)
    return schedule


# ---- Each scheduler, short and random ----


@pytest.mark.parametrize("size", SHORT)
@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 1.5])
def test_step(size, gamma):
    both("StepLR", 4 * size + 2, of_peak=0, step_size=size, gamma=gamma)


@pytest.mark.parametrize("milestones", [[], [0], [1], [3, 1], [2, 2, 5], [30, 80], range(1, 20)])
@pytest.mark.parametrize("gamma", [0.1, 0.9, 2.0])
def test_multi_step(milestones, gamma):
    both("MultiStepLR", 100, of_peak=0, milestones=milestones, gamma=gamma)


@pytest.mark.parametrize("total", SHORT)
@pytest.mark.parametrize("factor", [1.0 / 3, 0.01, 1.0])
def test_constant(total, factor):
    both("ConstantLR", 2 * total + 2, of_peak=0, factor=factor, total_iters=total)


@pytest.mark.parametrize("total", SHORT)
@pytest.mark.parametrize("start, end", [(1.0 / 3, 1.0), (1.0, 0.1), (1.0, 0.0), (1e-3, 1.0), (0.7, 0.7)])
def test_linear(total, start, end):
    both("LinearLR", 2 * total + 2, start_factor=start, end_factor=end, total_iters=total)


@pytest.mark.parametrize("gamma", [0.1, 0.9, 0.999, 1.0, 1.01])
def test_exponential(gamma):
    both("ExponentialLR", 200, of_peak=0, gamma=gamma)


@pytest.mark.parametrize("total", SHORT)
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 2.7])
def test_polynomial(total, power):
    both("PolynomialLR", 2 * total + 2, total_iters=total, power=power)


@pytest.mark.parametrize("total", SHORT)
@pytest.mark.parametrize("low", [0.0, 1e-3, 0.3, 0.9])
def test_cosine_rises_again(total, low):
    both("CosineAnnealingLR", 6 * total + 2, T_max=total, eta_min=low)


@pytest.mark.parametrize("first", SHORT)
@pytest.mark.parametrize("growth", [1, 2, 3, 10])
@pytest.mark.parametrize("low", [0.0, 1e-3, 0.3])
def test_warm_restarts(first, growth, low):
    both("CosineAnnealingWarmRestarts", 20 * first + 2, T_0=first, T_mult=growth, eta_min=low)


@pytest.mark.parametrize("up, down", [(1, None), (1, 1), (2, 3), (4, 1), (10, None), (7, 13)])
@pytest.mark.parametrize("mode, gamma", [("triangular", 1.0), ("triangular2", 1.0), ("exp_range", 0.99)])
@pytest.mark.parametrize("low, high", [(0.01, 0.1), (0.0, 1.0), (0.2, 0.2)])
def test_cyclic(up, down, mode, gamma, low, high):
    arguments = {
        "base_lr": low, "max_lr": high, "step_size_up": up, "step_size_down": down, "mode": mode, "gamma": gamma
    }  # fmt: skip
    make = lambda opt: peer.CyclicLR(opt, **arguments, cycle_momentum=False)
    check(made.CyclicLR(BASE, **arguments), stepped(make, 5 * (up + (up if down is None else down)) + 2))


@pytest.mark.parametrize("total", [2, 3, 4, 5, 10, 37, 100])
@pytest.mark.parametrize("pct_start", [0.0, 0.01, 0.25, 0.3, 0.5, 0.7, 0.99, 1.0])
@pytest.mark.parametrize("anneal_strategy", ["cos", "linear"])
@pytest.mark.parametrize("three_phase", [False, True])
def test_one_cycle(total, pct_start, anneal_strategy, three_phase):
    arguments = {"pct_start": pct_start, "anneal_strategy": anneal_strategy, "three_phase": three_phase}
    schedule = made.OneCycleLR(BASE, 0.7, total, **arguments)
    try:
        rates = stepped(lambda opt: peer.OneCycleLR(opt, 0.7, total, **arguments, cycle_momentum=False), total)
    except ZeroDivisionError:
        assert pct_start * total == 1  # see the test of this below
        return
    check(schedule, rates)
    assert schedule.at(10 * total) == pytest.approx(schedule.at(max(total - 1, schedule.length)), rel=1e-12)


@pytest.mark.parametrize("rng", numbers("one cycle", 20), ids=str)
def test_one_cycle_at_random(rng):
    epochs, steps_per_epoch = rng.randint(1, 20), rng.randint(1, 50)
    arguments = {
        "max_lr": rng.uniform(0.01, 10), "epochs": epochs, "steps_per_epoch": steps_per_epoch,
        "pct_start": rng.random(), "anneal_strategy": rng.choice(["cos", "linear"]),
        "div_factor": rng.uniform(1, 100), "final_div_factor": 10 ** rng.uniform(0, 6),
        "three_phase": rng.random() < 0.5,
    }  # fmt: skip
    rates = stepped(lambda opt: peer.OneCycleLR(opt, **arguments, cycle_momentum=False), epochs * steps_per_epoch)
    check(made.OneCycleLR(BASE, **arguments), rates)


@pytest.mark.parametrize("epochs", [0, 1, 2, 10, 100])
@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("rate", [0.05, 0.0, 0.3, 2.0])
def test_swa(epochs, strategy, rate):
    make = lambda opt: SWALR(opt, rate, anneal_epochs=epochs, anneal_strategy=strategy)
    check(made.SWALR(BASE, rate, epochs, strategy), stepped(make, 2 * epochs + 3))


@pytest.mark.parametrize("rng", numbers("random"), ids=str)
def test_at_random(rng):
    total = rng.randint(1, 400)
    count = rng.randint(1, 1500)
    low = rng.uniform(0, BASE)
    both("StepLR", count, of_peak=0, step_size=total, gamma=rng.uniform(0.01, 1.1))
    milestones = [rng.randint(0, 400) for _ in range(9)]
    both("MultiStepLR", count, of_peak=0, milestones=milestones, gamma=rng.uniform(0.1, 1.1))
    both("ConstantLR", count, of_peak=0, factor=rng.uniform(0.01, 1), total_iters=total)
    both("LinearLR", count, start_factor=rng.uniform(0.01, 1), end_factor=rng.random(), total_iters=total)
    both("ExponentialLR", count, of_peak=0, gamma=rng.uniform(0.9, 1.1))
    both("PolynomialLR", count, total_iters=total, power=rng.uniform(0.3, 4))
    both("CosineAnnealingLR", count, of_peak=1e-11, T_max=total, eta_min=low)
    both("CosineAnnealingWarmRestarts", count, T_0=total, T_mult=rng.randint(1, 4), eta_min=low)


# ---- Long runs ----


def test_long():
    count = 100_000
    both("ExponentialLR", count, of_peak=0, rel=1e-10, gamma=0.9999)
    both("LinearLR", count, rel=1e-11, start_factor=1e-3, total_iters=count - 100)
    count = 20_000
    both("StepLR", count, of_peak=0, step_size=100, gamma=0.95)
    both("PolynomialLR", count, total_iters=count - 100, power=2.0)
    both("CosineAnnealingWarmRestarts", count, T_0=7, T_mult=2, eta_min=1e-3)
    arguments = {"max_lr": 0.7, "total_steps": count}
    rates = stepped(lambda opt: peer.OneCycleLR(opt, **arguments, cycle_momentum=False), count)
    check(made.OneCycleLR(BASE, **arguments), rates)


def test_long_cosine():
    total = 50_000
    make = lambda opt: peer.CosineAnnealingLR(opt, total, 1e-4)
    schedule = made.CosineAnnealingLR(BASE, total, 1e-4)
    check(schedule, closed_form(make, range(4 * total)))
    check(schedule, stepped(make, total + 1))
    # The recursion's first step after T_max is a difference of near-equal numbers, which the later ones inherit.
    check(schedule, stepped(make, 2 * total + 1), rel=1e-9)


def test_far_steps():
    steps = [10**9, 10**12 + 7, 2**40 - 1]
    for name, arguments in [("StepLR", {"step_size": 10**8}), ("LinearLR", {"total_iters": 10**12})]:
        make = lambda opt: getattr(peer, name)(opt, **arguments)  # noqa: B023
        check(getattr(made, name)(BASE, **arguments), closed_form(make, steps), steps=steps)


# ---- Composition ----

PARTS = {
    "step": (lambda opt: peer.StepLR(opt, 3, 0.5), lambda: made.StepLR(BASE, 3, 0.5)),
    "constant": (lambda opt: peer.ConstantLR(opt, 0.25, 4), lambda: made.ConstantLR(BASE, 0.25, 4)),
    "linear": (lambda opt: peer.LinearLR(opt, 0.1, 1.0, 6), lambda: made.LinearLR(BASE, 0.1, 1.0, 6)),
    "exponential": (lambda opt: peer.ExponentialLR(opt, 0.9), lambda: made.ExponentialLR(BASE, 0.9)),
    "polynomial": (lambda opt: peer.PolynomialLR(opt, 9, 2.0), lambda: made.PolynomialLR(BASE, 9, 2.0)),
    "cosine": (lambda opt: peer.CosineAnnealingLR(opt, 8), lambda: made.CosineAnnealingLR(BASE, 8)),
    "restarts": (
        lambda opt: peer.CosineAnnealingWarmRestarts(opt, 4, 2, 0.1),
        lambda: made.CosineAnnealingWarmRestarts(BASE, 4, 2, 0.1),
    ),
    "multi-step": (lambda opt: peer.MultiStepLR(opt, [2, 5]), lambda: made.MultiStepLR(BASE, [2, 5])),
}  # fmt: skip


@pytest.mark.parametrize("first, second", list(itertools.product(PARTS, repeat=2)))
@pytest.mark.parametrize("milestone", [0, 1, 5, 12])
def test_sequential(first, second, milestone):
    theirs, ours = zip(PARTS[first], PARTS[second])
    rates = stepped(lambda opt: peer.SequentialLR(opt, [make(opt) for make in theirs], [milestone]), 30)
    check(made.SequentialLR(BASE, [make() for make in ours], [milestone]), rates)


def test_sequential_of_many():
    names, milestones = list(PARTS), [3, 9, 10, 17, 25, 31, 40]
    theirs, ours = zip(*PARTS.values())
    rates = stepped(lambda opt: peer.SequentialLR(opt, [make(opt) for make in theirs], milestones), 80)
    check(made.SequentialLR(BASE, [make() for make in ours], milestones), rates)
    assert len(names) == len(milestones) + 1


MULTIPLICATIVE = [name for name in PARTS if name != "restarts"]


@pytest.mark.parametrize("first, second", list(itertools.combinations(MULTIPLICATIVE, 2)))
def test_chained(first, second):
    theirs, ours = zip(PARTS[first], PARTS[second])
    count = 8 if "cosine" in (first, second) else 30  # past T_max the cosine adds, see below
    rates = stepped(lambda opt: peer.ChainedScheduler([make(opt) for make in theirs]), count)
    check(made.ChainedScheduler([make() for make in ours]), rates)


def test_documented_example():
    # The one in the documentation of PyTorch's SequentialLR.
    schedule = made.SequentialLR(
        0.05, [made.ConstantLR(0.05, 0.1, 20), made.ExponentialLR(0.05, 0.9)], [20]
    )
    rates = [0.05 * schedule.at(step) for step in (0, 19, 20, 21, 22)]
    assert rates == pytest.approx([0.005, 0.005, 0.05, 0.045, 0.0405])


# ---- Where PyTorch is wrong or has no answer ----


def test_defect_zero_lengths():
    """A span of 0 updates: PyTorch keeps the factor of a span that is over, or divides by zero."""
    rates = stepped(lambda opt: peer.ConstantLR(opt, 0.25, 0), 5)
    assert rates == [BASE * 0.25] * 5
    assert made.ConstantLR(BASE, 0.25, 0).at(0) == 1  # which is PyTorch's closed form
    check(made.ConstantLR(BASE, 0.25, 0), closed_form(lambda opt: peer.ConstantLR(opt, 0.25, 0), range(5)))

    rates = stepped(lambda opt: peer.LinearLR(opt, 0.25, 1.0, 0), 5)
    assert rates == [BASE * 0.25] * 5
    with pytest.raises(ZeroDivisionError):
        closed_form(lambda opt: peer.LinearLR(opt, 0.25, 1.0, 0), [1])
    assert made.LinearLR(BASE, 0.25, 1.0, 0).at(0) == 1


def test_defect_constant_zero():
    """A factor of 0 is allowed, and divides by zero when it ends."""
    with pytest.raises(ZeroDivisionError):
        stepped(lambda opt: peer.ConstantLR(opt, 0.0, 3), 5)
    schedule = made.ConstantLR(BASE, 0.0, 3)
    assert [schedule.at(step) for step in range(5)] == [0, 0, 0, 1, 1]


def test_defect_restart_found_by_logarithm():
    """At some restarts step(epoch) is one cycle low: the lowest rate instead of the highest."""
    scheduler = peer.CosineAnnealingWarmRestarts(optimizer(), 1, 3, eta_min=0.1)
    restart = (3**5 - 1) // 2  # lengths 1, 3, 9, 27, 81
    scheduler.step(restart)
    assert scheduler.get_last_lr()[0] == pytest.approx(0.1)
    plain = stepped(lambda opt: peer.CosineAnnealingWarmRestarts(opt, 1, 3, eta_min=0.1), restart + 1)
    assert plain[-1] == pytest.approx(BASE)
    assert made.CosineAnnealingWarmRestarts(BASE, 1, 3, 0.1).at(restart) == 1


def test_defect_one_cycle_jumps_at_its_end():
    """total_steps itself is allowed, and the rate jumps up there; one more raises."""
    opt = optimizer()
    scheduler = peer.OneCycleLR(opt, 1.0, total_steps=10, cycle_momentum=False)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(10):
        opt.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    assert rates[9] == pytest.approx(4e-6)
    assert rates[10] == pytest.approx(0.0495, abs=1e-4)
    with pytest.raises(ValueError, match="total steps is 10"):
        scheduler.step()
    ours = made.OneCycleLR(1.0, 1.0, total_steps=10)
    assert [ours.at(step) for step in (9, 10, 11, 1000)] == pytest.approx([4e-6] * 4)


def test_defect_one_cycle_divides_by_zero():
    """A first part that ends at update 0 has no length."""
    with pytest.raises(ZeroDivisionError):
        peer.OneCycleLR(optimizer(), 1.0, total_steps=10, pct_start=0.1, cycle_momentum=False)
    ours = made.OneCycleLR(1.0, 1.0, total_steps=10, pct_start=0.1)
    assert ours.at(0) == 1
    assert ours.at(9) == pytest.approx(4e-6)


def test_defect_cyclic_loses_its_place():
    """The place in a cycle is a difference of large numbers: about 1e-16 of the range lost per cycle."""
    step = 3_000_001  # cycles of 3 updates: 1 up, 2 down; this is the peak of one
    scheduler = peer.CyclicLR(optimizer(), 0.0, 1.0, 1, 2, cycle_momentum=False)
    scheduler.last_epoch = step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rate = scheduler.get_lr()[0]
    assert 1e-13 < abs(rate - 1) < 1e-8
    assert made.CyclicLR(1.0, 0.0, 1.0, 1, 2).at(step) == 1


def test_defect_nested_sequences_raise():
    """A SequentialLR or ChainedScheduler cannot follow another scheduler."""
    def nested(opt):
        inner = peer.SequentialLR(opt, [peer.ConstantLR(opt, 0.5, 2), peer.ExponentialLR(opt, 0.9)], [2])
        return peer.SequentialLR(opt, [peer.LinearLR(opt, 0.1, 1.0, 4), inner], [4])

    with pytest.raises(NotImplementedError):
        stepped(nested, 10)
    inner = made.SequentialLR(BASE, [made.ConstantLR(BASE, 0.5, 2), made.ExponentialLR(BASE, 0.9)], [2])
    ours = made.SequentialLR(BASE, [made.LinearLR(BASE, 0.1, 1.0, 4), inner], [4])
    assert [ours.at(step) for step in (0, 4, 5, 6, 7)] == pytest.approx([0.1, 0.5, 0.5, 1, 0.9])


def test_defect_sequential_takes_the_rate_of_another():
    """OneCycleLR overwrites initial_lr, so that in a SequentialLR the one before it starts from there."""
    def sequence(opt):
        first = peer.ConstantLR(opt, 0.5, 4)
        second = peer.OneCycleLR(opt, 1.0, total_steps=20, cycle_momentum=False)
        return peer.SequentialLR(opt, [first, second], [4])

    rates = stepped(sequence, 6)
    assert rates[0] == pytest.approx(0.5 * 1.0 / 25)  # not 0.5 of the optimizer's rate
    ours = made.SequentialLR(
        BASE, [made.ConstantLR(BASE, 0.5, 4), made.OneCycleLR(BASE, 1.0, total_steps=20)], [4]
    )
    assert ours.at(0) == 0.5
    assert [BASE * ours.at(step) for step in (4, 5)] == pytest.approx(rates[4:6])


def test_defect_chained_is_no_product():
    """CosineAnnealingLR with eta_min adds: a chain with it does not reach the product of its parts."""
    theirs = lambda opt: peer.ChainedScheduler(
        [peer.ConstantLR(opt, 0.5, 100), peer.CosineAnnealingLR(opt, 10, eta_min=0.1)]
    )
    cosine = made.CosineAnnealingLR(BASE, 10, 0.1)
    ours = made.ChainedScheduler([made.ConstantLR(BASE, 0.5, 100), cosine])
    rates = stepped(theirs, 11)
    assert rates[0] == pytest.approx(BASE * 0.5)
    assert rates[10] == pytest.approx(0.1)  # the halving is lost
    assert BASE * ours.at(10) == pytest.approx(0.05)


# ---- Arguments ----


@pytest.mark.parametrize(
    "call",
    [
        lambda: made.StepLR(BASE, 3, last_epoch=5),
        lambda: made.OneCycleLR(BASE, 1.0, 10, cycle_momentum=True),
        lambda: made.CyclicLR(BASE, 0.1, 1.0, scale_fn=lambda x: x),
        lambda: made.CosineAnnealingLR(BASE, 10, eta_max=1),
        lambda: made.CosineAnnealingLR("0.1", 10),
    ],
)
def test_unknown_or_wrong(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: made.CosineAnnealingLR(0.0, 10),
        lambda: made.CosineAnnealingLR(math.nan, 10),
        lambda: made.CosineAnnealingLR(BASE, 0),
        lambda: made.CosineAnnealingLR(BASE, 10, -1.0),
        lambda: made.CosineAnnealingWarmRestarts(BASE, 10, 1, 2 * BASE),
        lambda: made.CyclicLR(BASE, 1.0, 0.1),
        lambda: made.OneCycleLR(BASE, 1.0),
        lambda: made.OneCycleLR(BASE, 1.0, epochs=3),
        lambda: made.OneCycleLR(BASE, 1.0, 0),
        lambda: made.OneCycleLR(BASE, 1.0, 10, pct_start=1.5),
        lambda: made.OneCycleLR(BASE, 1.0, 10, anneal_strategy="cosine"),
        lambda: made.SWALR(BASE, 0.1, 10, "cosine"),
        lambda: made.SequentialLR(BASE, [stepsize.Constant()], [3]),
        lambda: made.SequentialLR(BASE, [stepsize.Constant()] * 3, [5, 3]),
        lambda: made.ChainedScheduler([]),
    ],
)
def test_refused(call):
    with pytest.raises(stepsize.StepsizeError):
        call()


def test_cosine_may_rise_to_its_minimum():
    both("CosineAnnealingLR", 25, T_max=6, eta_min=2 * BASE)
