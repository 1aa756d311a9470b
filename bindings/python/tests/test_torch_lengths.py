"""Drop-ins whose run is to be longer."""

from __future__ import annotations

import copy
import warnings

import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from stepsize.torch import lr_scheduler


def make(kind, *arguments, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    return getattr(lr_scheduler, kind)(optimizer, *arguments, **options)


def rate(scheduler):
    return scheduler.optimizer.param_groups[0]["lr"]


def go(scheduler, updates):
    for _ in range(updates):
        scheduler.optimizer.step(), scheduler.step()
    return rate(scheduler)


CASES = {
    "CosineAnnealingLR": ((100,), {"eta_min": 0.1}, "T_max", 0.1),
    "LinearLR": ((1.0, 0.1), {"total_iters": 100}, "total_iters", 0.1),
    "PolynomialLR": ((100,), {"power": 2.0}, "total_iters", 0.0),
    "ConstantLR": ((0.5,), {"total_iters": 100}, "total_iters", 1.0),
    "OneCycleLR": ((1.0,), {"total_steps": 101}, "total_steps", 1.0 / 25 / 1e4),
}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("done", [10, 60])
def test_the_rest_over_the_rest_of_the_new_length(kind, done):
    arguments, options, name, last = CASES[kind]
    scheduler = make(kind, *arguments, **options)
    before = go(scheduler, done)
    total = getattr(scheduler, name) + 100
    scheduler.extend(total)
    assert rate(scheduler) == before and getattr(scheduler, name) == total
    values = [before, *(go(scheduler, 1) for _ in range(200 - done))]
    assert max(abs(a - b) for a, b in zip(values[:-1], values[1:-1])) < 0.05
    assert values[-1] == pytest.approx(last, abs=1e-12)


@pytest.mark.parametrize("kind", CASES)
def test_the_whole_curve_over_the_new_length(kind):
    arguments, options, name, _ = CASES[kind]
    scheduler, longer = make(kind, *arguments, **options), make(kind, *arguments, **options)
    setattr(longer, name, getattr(longer, name) + 100)
    if kind == "OneCycleLR":
        longer = make(kind, 1.0, total_steps=201)
    go(scheduler, 60), go(longer, 60)
    scheduler.extend(getattr(longer, name), "rescale")
    for _ in range(130):
        assert rate(scheduler) == pytest.approx(rate(longer), rel=1e-9)
        go(scheduler, 1), go(longer, 1)


def test_the_state_of_a_shorter_run():
    saved = make("CosineAnnealingLR", 100)
    go(saved, 60)
    scheduler = make("CosineAnnealingLR", 200)
    with pytest.warns(UserWarning, match=r"T_max is 100 from now on.*not 200.*extend\(200\)") as caught:
        scheduler.load_state_dict(saved.state_dict())
    assert caught[0].filename == __file__ and scheduler.T_max == 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make("CosineAnnealingLR", 100).load_state_dict(saved.state_dict())
    scheduler.extend(200)
    values = [go(scheduler, 1) for _ in range(140)]
    assert values == sorted(values, reverse=True)
    assert rate(scheduler) == pytest.approx(0, abs=1e-12)


def test_what_is_refused():
    scheduler = make("CosineAnnealingLR", 10)
    go(scheduler, 10)
    for total, policy, words in (
        (10, "continue", "total = 10, expected more than the 10 updates"),
        (20, "continue", "ended at T_max = 10"), (20, "hold", "policy = 'hold'"),
    ):  # fmt: skip
        with pytest.raises(st.StepsizeError, match=words):
            scheduler.extend(total, policy)
    assert scheduler.T_max == 10 and rate(scheduler) == 0


# ---- Composed ones, and those that have no length ---------------------------------------------------------------


def sequential(length=100, last=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    warmup = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=10)
    decay = (last or (lambda o: lr_scheduler.CosineAnnealingLR(o, length, eta_min=0.1)))(optimizer)
    return lr_scheduler.SequentialLR(optimizer, [warmup, decay], [10])


@pytest.mark.parametrize("done", [0, 4, 10, 11, 60])
def test_the_last_of_a_sequence_is_longer(done):
    scheduler = sequential()
    before = go(scheduler, done) if done else rate(scheduler)
    scheduler.extend(210)
    assert rate(scheduler) == before and scheduler.get_last_lr() == [before]
    values = [before, *(go(scheduler, 1) for _ in range(210 - done))]
    assert max(abs(a - b) for a, b in zip(values, values[1:])) < 0.1 + 1e-12
    assert values[-1] == pytest.approx(0.1, abs=1e-12) and values[-2] > values[-1]
    if done <= 10:  # the whole decay was yet to come
        longer = sequential(200)
        assert values == pytest.approx([rate(longer), *(go(longer, 1) for _ in range(210))][done:], rel=1e-9)


def test_a_sequence_over_the_whole_of_its_new_length():
    scheduler, longer = sequential(), sequential(200)
    go(scheduler, 60), go(longer, 60)
    scheduler.extend(210, "rescale")
    for _ in range(150):
        assert rate(scheduler) == pytest.approx(rate(longer), rel=1e-9)
        assert scheduler.get_last_lr() == [rate(scheduler)]
        go(scheduler, 1), go(longer, 1)


def test_a_sequence_in_a_sequence():
    def nested(length):
        def last(optimizer):
            flat = lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=5)
            decay = lr_scheduler.LinearLR(optimizer, 1.0, 0.1, length)
            return lr_scheduler.SequentialLR(optimizer, [flat, decay], [5])

        return sequential(last=last)

    for done in (3, 12, 40):
        scheduler, longer = nested(50), nested(85)
        go(scheduler, done)
        scheduler.extend(100)
        values = [go(scheduler, 1) for _ in range(100 - done)]
        assert values[-1] == pytest.approx(0.1, rel=1e-9) and values[-2] > 0.1001
        if done < 15:
            go(longer, done)
            assert values == pytest.approx([go(longer, 1) for _ in range(100 - done)], rel=1e-9)


def test_what_a_sequence_refuses():
    scheduler = sequential()
    go(scheduler, 30)
    before = copy.deepcopy(scheduler.state_dict())
    for total, policy, words in (
        (30, "continue", "total = 30, expected more than the 30 updates that are done, and .* milestone, 10"),
        (300, "hold", "policy = 'hold'"),
    ):
        with pytest.raises(st.StepsizeError, match=words):
            scheduler.extend(total, policy)
    assert scheduler.state_dict() == before
    with pytest.raises(st.StepsizeError, match="total = 10, expected .* last milestone, 10"):
        sequential().extend(10)
    with pytest.raises(st.StepsizeError, match="a StepLR takes no other length"):
        sequential(last=lambda optimizer: lr_scheduler.StepLR(optimizer, 5)).extend(50)
    theirs = sequential(last=lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 5))
    with pytest.raises(st.StepsizeError, match="the StepLR of torch.optim.lr_scheduler, expected one of stepsize"):
        theirs.extend(50)


ENDLESS = {
    "StepLR": ((5,), "goes on for as long as it is stepped"),
    "MultiStepLR": (([5],), "goes on for as long as it is stepped"),
    "ExponentialLR": ((0.9,), "goes on for as long as it is stepped"),
    "CyclicLR": ((0.1, 1.0), "goes on for as long as it is stepped"),
    "ReduceLROnPlateau": ((), "goes on for as long as it is stepped"),
    "LambdaLR": ((lambda t: 1 / (1 + t),), "assign others to lr_lambdas"),
    "MultiplicativeLR": ((lambda t: 0.9,), "assign others to lr_lambdas"),
    "CosineAnnealingWarmRestarts": ((5,), "its cycles never end; T_i is the length of the present one"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_has_no_length_says_so(kind):
    arguments, words = ENDLESS[kind]
    scheduler = make(kind, *arguments)
    with pytest.raises(st.StepsizeError, match=f"extend: a {kind} takes no other length: .*{words}"):
        scheduler.extend(100)


def test_what_the_refusal_of_warm_restarts_says_works():
    scheduler, reference = make("CosineAnnealingWarmRestarts", 5), []
    go(scheduler, 7)
    scheduler.T_i = 20
    reference = [go(scheduler, 1) for _ in range(17)]
    assert reference == sorted(reference, reverse=True) and go(scheduler, 1) == 1.0


def test_chained_ones_are_longer_one_by_one():
    def chained(end, length):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        parts = [lr_scheduler.LinearLR(optimizer, 1.0, end, length), lr_scheduler.PolynomialLR(optimizer, length, 2.0)]
        return lr_scheduler.ChainedScheduler(parts, optimizer)

    scheduler = chained(0.5, 50)
    before = go(scheduler, 20)
    with pytest.raises(st.StepsizeError, match=r"those inside have lengths; call extend\(total\) of each"):
        scheduler.extend(100)
    for part in scheduler._schedulers:
        part.extend(100)
    values = [before, *(go(scheduler, 1) for _ in range(80))]
    assert values == sorted(values, reverse=True) and max(a - b for a, b in zip(values, values[1:])) < 0.02
    assert values[-2] > 0 == pytest.approx(values[-1], abs=1e-12)
