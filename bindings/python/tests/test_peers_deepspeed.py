"""stepsize.peers.deepspeed against deepspeed itself, stepped (deepspeed 0.19.8 at the time of writing).

Equal to 1e-12 of the value plus 1e-12 of the peak. In OneCycle's second half DeepSpeed's own rounding grows with the
ratio of the whole to that half, which is allowed for. Its schedules are pure Python and run without a GPU.
"""

import logging
import random

import pytest

torch = pytest.importorskip("torch")
peer = pytest.importorskip("deepspeed.runtime.lr_schedules")

from stepsize import StepsizeError
from stepsize.peers import deepspeed as ours

peer.logger.setLevel(logging.ERROR)


def rates_of(name, base_lr, arguments, keywords, steps):
    """The rate of each update in `steps`, ascending, jumping where it can."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_lr)
    if name == "OneCycle":  # SGD has no betas to cycle; without this it warns
        keywords = {**keywords, "cycle_momentum": False}
    scheduler = getattr(peer, name)(optimizer, *arguments, **keywords)
    rates = []
    for step in steps:
        if step > 0:
            scheduler.step(step - 1)  # what the step-th call without an argument does
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def steps_of(horizon):
    near = {round(horizon * i / 10) + d for i in range(21) for d in (-2, -1, 0, 1, 2, 3)}
    spread = range(0, horizon + 1, max(1, horizon // 200))
    return sorted(step for step in {*range(30), *near, *spread, 10 * horizon + 7} if step >= 0)


def compare(name, *arguments, base_lr=0.01, horizon, tolerance=1e-12, **keywords):
    schedule = getattr(ours, name)(base_lr, *arguments, **keywords)
    steps = steps_of(horizon)
    expected = rates_of(name, base_lr, arguments, keywords, steps)
    peak = max(expected[: sum(step <= 2 * horizon for step in steps)])
    for step, rate in zip(steps, expected):
        got = base_lr * schedule.at(step)
        assert got == pytest.approx(rate, rel=1e-12, abs=tolerance * peak), (step, arguments)


def test_jumping_is_stepping():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = peer.WarmupDecayLR(optimizer, 30, 0.001, 0.02, 10)
    stepped = []
    for _ in range(40):
        stepped.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    assert stepped == rates_of("WarmupDecayLR", 0.01, (30, 0.001, 0.02, 10), {}, range(40))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 2000])
@pytest.mark.parametrize("staircase", [False, True])
def test_range_test(size, staircase):
    for rate in (0.0, 0.37, 1.0, 5.0):
        compare("LRRangeTest", 1e-4, size, rate, staircase, horizon=50 * size)
    compare("LRRangeTest", horizon=10_000)


@pytest.mark.parametrize("first", [1, 2, 3, 10, 997, 50_000])
@pytest.mark.parametrize("second", [None, 0, 1, 4, 1000])
@pytest.mark.parametrize("decay", [(0.0, 0), (0.5, 0), (0.0, 10), (0.5, 10)])
def test_onecycle(first, second, decay):
    rate, size = decay
    total = first + (first if second is None else second)
    compare(
        "OneCycle", 1e-4, 1e-2, rate, cycle_first_step_size=first, cycle_second_step_size=second,
        decay_step_size=size, horizon=total, tolerance=max(1e-12, 1e-15 * total / (second or total)),
    )  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [(1, 1), (10, 10), (10, 7), (7, 10), (12, 0), (1000, 999)])
@pytest.mark.parametrize("stairs", [(1, None), (2, None), (5, None), (3, 4), (0, 3), (3, 0), (25, 1)])
def test_onecycle_stairs(first, second, stairs):
    compare("OneCycle", 1e-4, 1e-2, 0.5, first, second, *stairs, 10, horizon=first + second)


@pytest.mark.parametrize("kind", ["log", "linear"])
@pytest.mark.parametrize("warmup", [1, 2, 3, 10, 1000, 100_000])
@pytest.mark.parametrize("low", [0.0, 1e-4])
def test_warmup(kind, warmup, low):
    compare("WarmupLR", low, 0.003, warmup, kind, horizon=warmup)
    compare("WarmupLR", low, None, warmup, kind, horizon=warmup)
    compare("WarmupLR", low, low, warmup, kind, horizon=warmup)
    for rest in (-2, 0, 1, 2, 50, 5000):
        total = max(1, warmup + rest)
        compare("WarmupDecayLR", total, low, 0.003, warmup, kind, horizon=total)
        compare("WarmupCosineLR", total, 0.0, warmup, 0.0001, kind, horizon=total)
        compare("WarmupCosineLR", total, 0.0, warmup, 0.3, kind, horizon=total)


def test_defaults():
    compare("WarmupLR", horizon=1000)
    compare("WarmupDecayLR", 5000, horizon=5000)
    compare("WarmupCosineLR", 5000, horizon=5000)
    compare("OneCycle", 1e-4, 1e-3, horizon=4000)


def test_random_arguments():
    random.seed(5)
    for _ in range(60):
        base_lr, low = 10 ** random.uniform(-5, 0), 10 ** random.uniform(-7, -5)
        warmup, total = random.randint(1, 3000), random.randint(1, 100_000)
        kind = random.choice(["log", "linear"])
        high = low + 10 ** random.uniform(-5, 0)
        compare("WarmupDecayLR", total, low, high, warmup, kind, base_lr=base_lr, horizon=total)
        ratio = random.random()
        compare("WarmupCosineLR", total, 0.0, warmup, ratio, kind, base_lr=base_lr, horizon=total)
        compare(
            "OneCycle", low, high, random.random(), random.randint(1, 500), random.randint(1, 500),
            random.randrange(8), random.randrange(8), random.randrange(20),
            base_lr=base_lr, horizon=1000,
        )  # fmt: skip


def test_the_counter_lags():
    """Updates 0 and 1 both run at the minimum; the full rate comes at update W for log, W + 1 for linear."""
    linear, log = ours.WarmupLR(1.0, 0.0, 1.0, 4, "linear"), ours.WarmupLR(1.0, 0.0, 1.0, 4, "log")
    assert [linear.at(u) for u in range(7)] == [0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert [log.at(u) for u in range(6)] == pytest.approx([0, 0, 0.5, 0.7924812503605781, 1, 1])


def test_update_0_of_the_cosine():
    """DeepSpeed runs it with rate 0, whatever warmup_min_ratio says; ours with that ratio. The rest is equal."""
    arguments = (100, 0.25, 10, 0.01)
    for kind in ("log", "linear"):
        expected = rates_of("WarmupCosineLR", 1.0, (*arguments, kind), {}, range(120))
        schedule = ours.WarmupCosineLR(1.0, *arguments, kind)
        assert (expected[0], expected[1]) == (0.0, 0.25)
        assert (schedule.at(0), schedule.at(1)) == (0.25, 0.25)
        assert [schedule.at(u) for u in range(1, 120)] == pytest.approx(expected[1:], rel=1e-12)


def test_unknown_warmup_type():
    """DeepSpeed warns and takes "log"; ours is an error."""
    assert rates_of("WarmupLR", 1.0, (0.0, 1.0, 4, "cosine"), {}, [3]) == pytest.approx([0.7924812503605781])
    for make in (
        lambda: ours.WarmupLR(1.0, warmup_type="cosine"),
        lambda: ours.WarmupDecayLR(1.0, 100, warmup_type="cosine"),
        lambda: ours.WarmupCosineLR(1.0, 100, warmup_type="cosine"),
    ):
        with pytest.raises(StepsizeError, match="warmup_type"):
            make()


def test_refused():
    for make in (
        lambda: ours.WarmupLR(1.0, warmup_num_steps=0),
        lambda: ours.OneCycle(1.0, 0.1, 1.0, cycle_first_step_size=0),
        lambda: ours.OneCycle(1.0, 0.1, 1.0, cycle_second_step_size=-1),
        lambda: ours.OneCycle(1.0, 0.1, 1.0, cycle_first_stair_count=-1),
        lambda: ours.LRRangeTest(1.0, lr_range_test_step_size=0),
    ):
        with pytest.raises(StepsizeError):
            make()
    with pytest.raises(TypeError):
        ours.WarmupLR(1.0, last_batch_iteration=5)
    with pytest.raises(TypeError):
        ours.OneCycle(1.0, 0.1, 1.0, cycle_momentum=True)
