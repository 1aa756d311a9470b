"""stepsize.peers.modded_nanogpt against the speedrun's formulas, restated here: it is a script."""

import random

import pytest
from stepsize import StepsizeError
from stepsize.peers import modded_nanogpt as peer


def cooled(step, total, frac, final=0.1):
    x = step / total
    if x < 1 - frac:
        return 1.0
    w = (1 - x) / frac
    return w * 1.0 + (1 - w) * final


def warmed_down(it, total, warmup, warmdown):
    if it < warmup:
        return (it + 1) / warmup
    if it < total - warmdown:
        return 1.0
    return (total - it) / warmdown


def momentum(step, total, rise, fall, low, high):
    if step < rise:
        return low + step / rise * (high - low)
    if step > total - fall:
        return high - (step - (total - fall)) / fall * (high - low)
    return high


@pytest.mark.parametrize("total", [1, 2, 3, 10, 997, 1750, 6200])
@pytest.mark.parametrize("frac", [0.001, 0.3, 0.4, 0.45, 0.5, 1.0])
def test_cooldown(total, frac):
    schedule = peer.get_lr(total, frac)
    for step in range(total + 1):
        assert schedule.at(step) == pytest.approx(cooled(step, total, frac), rel=1e-12)
    assert schedule.at(2 * total) == pytest.approx(0.1, rel=1e-12)


def test_warmdown():
    random.seed(2)
    for _ in range(200):
        total = random.randint(1, 300)
        warmup, warmdown = random.randint(0, total), random.randint(1, total)
        schedule = peer.get_lr_warmdown(total, warmup, warmdown)
        for it in range(total + 1):
            expected = warmed_down(it, total, warmup, warmdown)
            assert schedule.at(it) == pytest.approx(expected, rel=1e-12, abs=1e-15), (total, warmup, warmdown, it)
    assert [peer.get_lr_warmdown(4, 2, 0).at(it) for it in range(5)] == [0.5, 1, 1, 1, 0]


def test_momentum():
    for total, rise, fall in ((1750, 300, 50), (350, 300, 50), (400, 0, 50), (400, 300, 0), (10, 0, 0)):
        schedule = peer.get_muon_momentum(total, rise, fall)
        for step in range(total + 1):
            expected = momentum(step, total, rise, fall, 0.85, 0.95)
            assert schedule.at(step) == pytest.approx(expected, rel=1e-12)


def test_refused():
    for make in (
        lambda: peer.get_lr(0), lambda: peer.get_lr(10, 0), lambda: peer.get_lr(10, 1.1),
        lambda: peer.get_lr(10, float("nan")), lambda: peer.get_lr_warmdown(10, 11, 1),
        lambda: peer.get_lr_warmdown(10, 1, -1), lambda: peer.get_muon_momentum(340),
    ):  # fmt: skip
        with pytest.raises(StepsizeError):
            make()
