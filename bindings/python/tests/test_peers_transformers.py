"""stepsize.peers.transformers against the schedules of transformers, stepped with an optimizer."""

from __future__ import annotations

import inspect
import itertools
import random
import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import stepsize
from stepsize.peers import transformers as made
from transformers import optimization as peer

BASE = 3e-4
# (num_warmup_steps, num_training_steps)
SIZES = [
    (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (3, 10), (0, 100), (10, 100), (99, 100), (100, 1000), (500, 10_000),
]  # fmt: skip
# A warm-up that fills the run or exceeds it.
FULL = [(0, 0), (1, 1), (10, 10), (20, 10)]


def optimizer(lr=BASE):
    return torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=lr)


def factors(scheduler, count):
    """The factors that LambdaLR would apply."""
    return [scheduler.lr_lambdas[0](step) for step in range(count)]


def stepped(scheduler, count):
    """The optimizer's rates for `count` updates."""
    rates = [scheduler.get_last_lr()[0]]
    scheduler.optimizer.step()  # one, for the schedulers warn where there is none
    while len(rates) < count:
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def check(schedule, values, scale=1.0, tolerance=1e-12):
    """Equal to `tolerance` of the value, and of the full rate where transformers subtracts near-equal numbers."""
    for step, value in enumerate(values):
        ours = scale * schedule.at(step)
        assert abs(ours - value) <= tolerance * (abs(value) + scale), (step, ours, value, str(schedule))


def both(name, *args, count, **kwargs):
    schedule = getattr(made, name)(BASE, *args, **kwargs)
    check(schedule, factors(getattr(peer, name)(optimizer(), *args, **kwargs), count))
    if count <= 2000:
        check(schedule, stepped(getattr(peer, name)(optimizer(), *args, **kwargs), count), scale=BASE)
    return schedule


def past(sizes):
    """Updates to compare: the run and as much again."""
    return 2 * max(sizes) + 5


def test_constant():
    both("get_constant_schedule", count=20)


@pytest.mark.parametrize("warmup", [0, 1, 2, 3, 10, 1000])
def test_constant_with_warmup(warmup):
    both("get_constant_schedule_with_warmup", warmup, count=2 * warmup + 5)


@pytest.mark.parametrize("sizes", SIZES + FULL)
def test_linear(sizes):
    both("get_linear_schedule_with_warmup", *sizes, count=past(sizes))


@pytest.mark.parametrize("sizes", SIZES + FULL)
@pytest.mark.parametrize("cycles", [0.5, 1, 1.5, 2.0, 5.5])
def test_cosine_goes_on_past_its_end(sizes, cycles):
    both("get_cosine_schedule_with_warmup", *sizes, cycles, count=past(sizes))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("cycles", [0.1, 0.25, 0.7, 2.3])
def test_cosine_of_any_number_of_cycles(sizes, cycles):
    both("get_cosine_schedule_with_warmup", *sizes, cycles, count=sizes[1] + 1)  # past it ours holds


def hard_restarts(warmup, steps, cycles):
    """What transformers means, in whole numbers."""
    span = max(1, steps - warmup)
    schedule = made.get_cosine_with_hard_restarts_schedule_with_warmup(BASE, warmup, steps, cycles)
    theirs = peer.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer(), warmup, steps, cycles)
    for step, value in enumerate(factors(theirs, past((warmup, steps)))):
        restart = warmup < step < warmup + span and cycles * (step - warmup) % span == 0
        if restart:
            assert schedule.at(step) == 1
            yield step, value
        else:
            assert abs(schedule.at(step) - value) <= 2e-12, (step, schedule.at(step), value)


@pytest.mark.parametrize("sizes", SIZES + FULL)
@pytest.mark.parametrize("cycles", [1, 2, 3, 4, 7, 10, 49])
def test_hard_restarts(sizes, cycles):
    for _step, value in hard_restarts(*sizes, cycles):
        assert value == pytest.approx(1) or value == pytest.approx(0, abs=1e-12)


def test_defect_hard_restart_missed():
    """Where cycles · progress rounds to just below a whole number, transformers gives 0 at the restart, not 1."""
    theirs = factors(peer.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer(), 0, 490, 49), 490)
    ours = made.get_cosine_with_hard_restarts_schedule_with_warmup(BASE, 0, 490, 49)
    missed = [step for step in range(10, 490, 10) if theirs[step] < 0.5]
    assert missed[:2] == [10, 20]
    assert len(missed) < 48
    assert [ours.at(step) for step in range(0, 490, 10)] == [1] * 49


@pytest.mark.parametrize("cycles", [3, 7, 49, 93, 1000])
def test_hard_restarts_of_uneven_length_are_found(cycles):
    """49, 93 …: 1/cycles rounds up."""
    steps = 10 * cycles + 1
    schedule = made.get_cosine_with_hard_restarts_schedule_with_warmup(BASE, 0, steps, cycles)
    restarts = [t for t in range(1, steps) if cycles * t // steps > cycles * (t - 1) // steps]
    assert len(restarts) == cycles - 1
    assert all(schedule.at(t) > 0.9 > 0.1 > schedule.at(t - 1) for t in restarts)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("end, power", [(1e-7, 1.0), (1e-5, 0.5), (0.0, 2.0), (2e-4, 3.3)])
def test_polynomial(sizes, end, power):
    both("get_polynomial_decay_schedule_with_warmup", *sizes, lr_end=end, power=power, count=past(sizes))


@pytest.mark.parametrize("warmup", [0, 1, 2, 10, 500])
@pytest.mark.parametrize("timescale", [None, 1, 7, 10_000])
def test_inverse_sqrt(warmup, timescale):
    both("get_inverse_sqrt_schedule", warmup, timescale, count=2 * warmup + 1000)


@pytest.mark.parametrize("sizes", SIZES + FULL)
@pytest.mark.parametrize("cycles", [0.5, 1.5])
@pytest.mark.parametrize("floor", [{"min_lr": 1e-5}, {"min_lr_rate": 0.1}, {"min_lr": 0.0}, {"min_lr_rate": 1.0}])
def test_cosine_with_min_lr(sizes, cycles, floor):
    name = "get_cosine_with_min_lr_schedule_with_warmup"
    both(name, *sizes, cycles, **floor, count=past(sizes))


@pytest.mark.parametrize("sizes", SIZES + FULL)
@pytest.mark.parametrize("cycles", [0.5, 1.0])
@pytest.mark.parametrize("warmup_lr_rate", [None, 0.0, 0.1, 1.0])
@pytest.mark.parametrize("floor", [{"min_lr": 1e-5}, {"min_lr_rate": 0.1}])
def test_cosine_with_min_lr_and_warmup_rate(sizes, cycles, warmup_lr_rate, floor):
    name = "get_cosine_with_min_lr_schedule_with_warmup_lr_rate"
    both(name, *sizes, cycles, **floor, warmup_lr_rate=warmup_lr_rate, count=past(sizes))


@pytest.mark.parametrize(
    "phases",
    [(0, 1, 0), (1, 1, 1), (3, 4, 3), (10, 80, 10), (0, 50, 50), (7, 0, 13), (5, 10, 0), (100, 800, 100)],
)
@pytest.mark.parametrize("warmup_type", ["linear", "cosine", "1-sqrt"])
@pytest.mark.parametrize("decay_type", ["linear", "cosine", "1-sqrt"])
@pytest.mark.parametrize("low, cycles", [(0.0, 0.5), (0.1, 0.5), (0.25, 1.0), (0.1, 0.3)])
def test_wsd(phases, warmup_type, decay_type, low, cycles):
    warmup, stable, decay = phases
    kwargs = {
        "warmup_type": warmup_type, "decay_type": decay_type, "min_lr_ratio": low, "num_cycles": cycles,
    }  # fmt: skip
    count = 2 * sum(phases) + 5
    one = both("get_wsd_schedule", warmup, decay, sum(phases), **kwargs, count=count)
    other = both("get_wsd_schedule", warmup, decay, num_stable_steps=stable, **kwargs, count=count)
    assert one == other


def test_wsd_stable_steps_win():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both("get_wsd_schedule", 5, 10, 100, 3, count=120)


@pytest.mark.parametrize("seed", range(20))
def test_at_random(seed):
    rng = random.Random(seed)
    steps = rng.randint(2, 3000)
    sizes = rng.randint(0, steps - 1), steps
    both("get_linear_schedule_with_warmup", *sizes, count=past(sizes))
    both("get_cosine_schedule_with_warmup", *sizes, rng.randint(1, 9) / 2, count=past(sizes))
    both("get_cosine_schedule_with_warmup", *sizes, rng.uniform(0.1, 4), count=steps + 1)
    list(hard_restarts(*sizes, rng.randint(1, 20)))
    end, power = rng.uniform(0, BASE), rng.uniform(0.3, 4)
    both("get_polynomial_decay_schedule_with_warmup", *sizes, end, power, count=past(sizes))
    both("get_inverse_sqrt_schedule", sizes[0], rng.randint(1, 10_000), count=past(sizes))
    name = "get_cosine_with_min_lr_schedule_with_warmup"
    both(name, *sizes, min_lr=end, count=past(sizes))
    both(name + "_lr_rate", *sizes, min_lr=end, warmup_lr_rate=rng.random(), count=past(sizes))
    decay = rng.randint(0, steps - sizes[0])
    both("get_wsd_schedule", sizes[0], decay, steps, min_lr_ratio=rng.random(), count=past(sizes))


def test_long():
    sizes = (2000, 100_000)
    both("get_linear_schedule_with_warmup", *sizes, count=120_000)
    both("get_cosine_schedule_with_warmup", *sizes, count=250_000)
    both("get_polynomial_decay_schedule_with_warmup", *sizes, count=120_000)
    both("get_inverse_sqrt_schedule", 2000, count=100_000)
    both("get_wsd_schedule", 2000, 20_000, 100_000, decay_type="1-sqrt", count=120_000)
    list(hard_restarts(*sizes, 7))


# ---- By name ----

KWARGS = {
    "linear": {},
    "cosine": {"num_cycles": 1.5},
    "cosine_with_restarts": {"num_cycles": 3},
    "polynomial": {"lr_end": 1e-6, "power": 2.0},
    "constant": {},
    "constant_with_warmup": {},
    "inverse_sqrt": {"timescale": 50},
    "cosine_with_min_lr": {"min_lr": 1e-5},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2},
    "warmup_stable_decay": {"num_decay_steps": 20, "decay_type": "1-sqrt"},
}


@pytest.mark.parametrize("name", KWARGS)
def test_get_scheduler(name):
    theirs = peer.get_scheduler(name, optimizer(), 10, 100, KWARGS[name])
    check(made.get_scheduler(name, BASE, 10, 100, KWARGS[name]), factors(theirs, 100))


def test_every_name_is_known():
    assert {kind.value for kind in peer.SchedulerType} == {*KWARGS, "reduce_lr_on_plateau", "greedy"}
    for name in ("reduce_lr_on_plateau", "greedy"):
        with pytest.raises(stepsize.StepsizeError, match="metric"):
            made.get_scheduler(name, BASE)
    with pytest.raises(stepsize.StepsizeError, match="'cosin', expected one of"):
        made.get_scheduler("cosin", BASE, 10, 100)


@pytest.mark.parametrize("name", sorted(set(KWARGS) - {"constant"}))
def test_get_scheduler_requires(name):
    with pytest.raises(stepsize.StepsizeError, match="num_warmup_steps"):
        made.get_scheduler(name, BASE, None, 100, KWARGS[name])
    if name not in ("constant_with_warmup", "inverse_sqrt"):
        with pytest.raises(ValueError):
            made.get_scheduler(name, BASE, 10, None, KWARGS[name])


@pytest.mark.parametrize("name", sorted(set(made.__all__) - {"get_scheduler"}))
def test_signatures(name):
    """The peer's arguments in its order; base_lr for the optimizer; no last_epoch, and what follows it by name."""
    theirs = list(inspect.signature(getattr(peer, name)).parameters.values())
    ours = list(inspect.signature(getattr(made, name)).parameters.values())
    assert [p.name for p in ours] == ["base_lr", *[p.name for p in theirs[1:] if p.name != "last_epoch"]]
    assert [p.default for p in ours[1:]] == [p.default for p in theirs[1:] if p.name != "last_epoch"]
    after = list(itertools.dropwhile(lambda p: p.name != "last_epoch", theirs))[1:]
    assert [p.name for p in ours if p.kind is p.KEYWORD_ONLY] == [p.name for p in after]


# ---- Where transformers is wrong or has no answer ----


def test_defect_keywords_dropped():
    """get_scheduler ignores what constant and constant_with_warmup do not have."""
    kwargs = {"timescale": 3, "num_cylces": 7}
    peer.get_scheduler("constant", optimizer(), 10, 100, kwargs)
    peer.get_scheduler("constant_with_warmup", optimizer(), 10, 100, kwargs)
    for name in ("constant", "constant_with_warmup"):
        with pytest.raises(TypeError):
            made.get_scheduler(name, BASE, 10, 100, kwargs)


def test_defect_polynomial_divides_by_zero():
    """A warm-up that fills the run."""
    with pytest.raises(ZeroDivisionError):
        factors(peer.get_polynomial_decay_schedule_with_warmup(optimizer(), 10, 10), 12)
    ours = made.get_polynomial_decay_schedule_with_warmup(BASE, 10, 10)
    assert [ours.at(step) for step in (0, 9, 10, 11)] == pytest.approx([0, 0.9, 1e-7 / BASE, 1e-7 / BASE])


def test_defect_end_is_of_another_rate():
    """lr_end and min_lr are divided by the optimizer's default rate, not by the group's."""
    group = {"params": [torch.zeros(1, requires_grad=True)], "lr": 1e-3}
    opt = torch.optim.AdamW([group], lr=BASE)
    scheduler = peer.get_polynomial_decay_schedule_with_warmup(opt, 0, 10, lr_end=1e-4)
    rates = stepped(scheduler, 11)
    assert rates[-1] == pytest.approx(1e-4 / BASE * 1e-3)  # not 1e-4
    ours = made.get_polynomial_decay_schedule_with_warmup(1e-3, 0, 10, lr_end=1e-4)
    assert 1e-3 * ours.at(10) == pytest.approx(1e-4)


def test_defect_cosine_rises_within_the_run():
    """cosine_warmup_with_min_lr is one update ahead: at num_training_steps it is past its lowest, and so is ours."""
    theirs = factors(peer.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(optimizer(), 2, 10, min_lr_rate=0.1), 12)
    assert theirs[9] == pytest.approx(0.1)
    assert theirs[10] > theirs[9]
    ours = made.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(BASE, 2, 10, min_lr_rate=0.1)
    check(ours, theirs)


def test_defect_wsd_begins_in_the_middle_of_its_decay():
    """Phases that do not fit: the decay begins before the warm-up ends, and the rate jumps."""
    theirs = factors(peer.get_wsd_schedule(optimizer(), 5, 8, 10), 12)
    assert theirs[4] == pytest.approx(0.8)
    assert theirs[5] == pytest.approx(0.5 * (1 + 0.3826834), abs=1e-6)  # 3/8 of the decay is over
    with pytest.raises(stepsize.StepsizeError, match="num_training_steps = 10"):
        made.get_wsd_schedule(BASE, 5, 8, 10)


# ---- Arguments ----


@pytest.mark.parametrize(
    "call",
    [
        lambda: made.get_linear_schedule_with_warmup(BASE, 10, 100, last_epoch=5),
        lambda: made.get_inverse_sqrt_schedule(BASE, 10, num_training_steps=100),
        lambda: made.get_scheduler("linear", BASE, 10, 100, {"num_cycles": 2}),
        lambda: made.get_cosine_schedule_with_warmup(BASE, 10, 100, 0.5, -1),
    ],
)
def test_unknown(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: made.get_constant_schedule_with_warmup(BASE, -1),
        lambda: made.get_polynomial_decay_schedule_with_warmup(BASE, 0, 10, lr_end=BASE),
        lambda: made.get_polynomial_decay_schedule_with_warmup(0.0, 0, 10),
        lambda: made.get_cosine_with_min_lr_schedule_with_warmup(BASE, 0, 10),
        lambda: made.get_cosine_with_min_lr_schedule_with_warmup(BASE, 0, 10, min_lr=1e-5, min_lr_rate=0.1),
        lambda: made.get_cosine_with_min_lr_schedule_with_warmup(BASE, 0, 10, min_lr=1.0),
        lambda: made.get_cosine_with_hard_restarts_schedule_with_warmup(BASE, 0, 10, 0),
        lambda: made.get_wsd_schedule(BASE, 5, 5),
        lambda: made.get_wsd_schedule(BASE, 5, 5, 20, warmup_type="log"),
        lambda: made.get_wsd_schedule(BASE, 5, 5, 20, decay_type="log"),
    ],
)
def test_refused(call):
    with pytest.raises(stepsize.StepsizeError):
        call()
