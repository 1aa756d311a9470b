"""stepsize.peers.nanogpt and litgpt against the trainers' formulas, restated here: neither is to be imported."""

import math
import random

import pytest
from stepsize import StepsizeError
from stepsize.peers import litgpt, nanogpt


def published(it, learning_rate, warmup, end, min_lr, first):
    """The rate, with the warm-up `first(it)`."""
    if it < warmup:
        return learning_rate * first(it)
    if it > end:
        return min_lr
    ratio = (it - warmup) / (end - warmup)
    assert 0 <= ratio <= 1
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


def steps(end):
    return sorted({*range(min(end + 3, 40)), *range(0, end + 2, max(1, end // 300)), end - 1, end, end + 1, 10 * end})


@pytest.mark.parametrize("end", [1, 2, 5, 100, 600_000])
@pytest.mark.parametrize("ratio", [0.0, 0.1, 1.0])
def test_equal(end, ratio):
    rate = 6e-4
    for warmup in {0, 1 % end, end // 3, end - 1}:
        ours = nanogpt.get_lr(rate, warmup, end, ratio * rate)
        lit = litgpt.get_lr(rate, warmup, end, ratio * rate)
        for it in steps(end):
            new = published(it, rate, warmup, end, ratio * rate, lambda it: (it + 1) / (warmup + 1))
            old = published(it, rate, warmup, end, ratio * rate, lambda it: it / warmup)
            assert rate * ours.at(it) == pytest.approx(new, rel=1e-12, abs=1e-18)
            assert rate * lit.at(it) == pytest.approx(old, rel=1e-12, abs=1e-18)


def test_random_arguments():
    random.seed(5)
    for _ in range(200):
        end = random.randint(2, 5000)
        warmup, rate = random.randint(0, end - 1), 10 ** random.uniform(-5, 0)
        low = random.random() * rate
        schedule = nanogpt.get_lr(rate, warmup, end, low)
        for it in random.sample(range(end + 5), min(end, 50)):
            expected = published(it, rate, warmup, end, low, lambda it: (it + 1) / (warmup + 1))
            assert rate * schedule.at(it) == pytest.approx(expected, rel=1e-11, abs=1e-18)


def test_warmup_alone():
    schedule = nanogpt.get_lr(1e-3, 10, 10, 1e-4)
    assert [schedule.at(it) for it in (0, 9)] == pytest.approx([1 / 11, 10 / 11], rel=1e-15)
    assert schedule.at(10) == schedule.at(99) == pytest.approx(0.1)


def test_finetuning():
    """SequentialLR of it/W and CosineAnnealingLR."""
    for warmup, total in ((0, 7), (1, 2), (10, 100), (99, 100)):
        schedule = litgpt.get_lr_scheduler(warmup, total)
        for step in range(total + 1):
            after = (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2
            expected = step / warmup if step < warmup else after
            assert schedule.at(step) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("make", [nanogpt.get_lr, litgpt.get_lr])
def test_refused(make):
    for arguments in ((1e-3, -1, 10, 0), (1e-3, 11, 10, 0), (1e-3, 1, 10, 2e-3), (0, 1, 10, 0)):
        with pytest.raises(StepsizeError):
            make(*arguments)
    with pytest.raises(StepsizeError, match="warmup_steps = 5, expected an integer from 0 to max_steps - 1"):
        litgpt.get_lr_scheduler(5, 5)
