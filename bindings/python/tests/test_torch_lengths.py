"""Drop-ins whose run is to be longer."""

from __future__ import annotations

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
