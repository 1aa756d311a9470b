"""stepsize.peers.axolotl against axolotl's formulas, restated here: axolotl needs a GPU to be installed."""

import math

import pytest
from stepsize import StepsizeError
from stepsize.peers import axolotl, transformers

RUNS = [(0, 10), (1, 2), (3, 10), (10, 1000), (99, 100)]


def wave(step, warmup, total, cycles=0.5):
    progress = (step - warmup) / max(1, total - warmup)
    return 0.5 * (1 + math.cos(math.pi * cycles * 2 * progress))


@pytest.mark.parametrize(("warmup", "total"), RUNS)
@pytest.mark.parametrize("cycles", [0.5, 1.0, 1.5])
def test_quadratic_warmup(warmup, total, cycles):
    schedule = axolotl.get_cosine_schedule_with_quadratic_warmup(1, warmup, total, cycles)
    for step in range(2 * total):
        expected = (step / warmup) ** 2 if step < warmup else max(0.0, wave(step, warmup, total, cycles))
        assert schedule.at(step) == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("warmup", "total"), RUNS)
def test_min_lr(warmup, total):
    schedule = axolotl.get_cosine_schedule_with_min_lr(3e-4, warmup, total, 0.1)
    for step in range(2 * total):
        expected = step / warmup if step < warmup else 0.9 * wave(step, warmup, total) + 0.1
        assert schedule.at(step) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("warmup", "total"), [(0, 10), (3, 10), (10, 1000)])
@pytest.mark.parametrize("cycles", [0.5, 0.25, 1.5])
def test_decay_and_constant(warmup, total, cycles):
    schedule = axolotl.get_cosine_schedule_with_warmup_decay_constant(1, warmup, total, 0.8, 0.1, cycles)
    end = int(total * 0.8)
    for step in range(2 * total):
        fallen = max(0, 0.9 * wave(min(step, end), warmup, end, cycles)) + 0.1
        assert schedule.at(step) == pytest.approx(step / warmup if step < warmup else fallen, rel=1e-10)
    with pytest.raises(StepsizeError, match="num_warmup_steps = 8, expected less than constant_lr_ratio"):
        axolotl.get_cosine_schedule_with_warmup_decay_constant(1, 8, 10, 0.8, 0.1)


def test_log_sweep():
    for count in (2, 3, 400):
        schedule = axolotl.InterpolatingLogScheduler(2.0, count, 1e-6, 1e-4)
        ratio = (1e-4 / 1e-6) ** (1 / (count - 1))
        for step in range(2 * count):
            expected = 1e-6 if step <= 0 else 1e-6 * ratio ** (step - 1) if step < count else 1e-4
            assert 2 * schedule.at(step) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("warmup", "total"), [(0, 1), (0, 10), (1, 2), (3, 10), (7, 10), (10, 10), (1, 1), (10, 1000)])
@pytest.mark.parametrize("base", [1e-3, 2e-3])
def test_rex(warmup, total, base):
    low, high = 1e-5, 1e-3
    schedule = axolotl.RexLR(base, high, low, total, warmup)
    length = total - warmup
    for step in range(2 * total + 2):
        after = step - warmup
        if 1 <= step <= warmup:
            expected = base * step / warmup
        elif after >= length or after == -1 or length <= 0:
            expected = low
        else:
            left = (length - after % length) / length
            expected = base * (low / high + (1 - low / high) * left / (0.1 + 0.9 * left))
        assert base * schedule.at(step) == pytest.approx(expected, rel=1e-12)


def test_rex_refuses():
    with pytest.raises(StepsizeError, match="min_lr = 0.1, expected at most max_lr"):
        axolotl.RexLR(1, 0.01, 0.1, 10)
    with pytest.raises(StepsizeError, match="num_warmup_steps = 11, expected at most total_steps"):
        axolotl.RexLR(1, 0.1, 0.01, 10, 11)


def test_names_of_transformers():
    assert axolotl.get_scheduler is transformers.get_scheduler
