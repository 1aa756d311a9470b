"""stepsize.peers.megatron against Megatron's formulas (megatron/core/optimizer_param_scheduler.py), restated here:
Megatron-LM is no package that runs on a CPU. Equal to 1e-12 of the value plus 1e-12 of the peak."""

import math
import random

import pytest
from stepsize import StepsizeError
from stepsize.peers import megatron


def published_lr(n, init_lr, max_lr, min_lr, warmup, decay, style, wsd=None, wsd_style=None):
    """The rate after n samples."""
    if warmup > 0 and n <= warmup:
        return init_lr + (max_lr - init_lr) * n / warmup
    if style == "constant":
        return max_lr
    if n > decay:
        return min_lr
    if style == "inverse-square-root":
        return max(min_lr, max_lr * max(warmup, 1) ** 0.5 / max(n, 1) ** 0.5)
    x = (n - warmup) / (decay - warmup)
    coefficient = None
    if style == "linear":
        coefficient = 1.0 - x
    elif style == "cosine":
        coefficient = 0.5 * (math.cos(math.pi * x) + 1.0)
    elif style == "WSD":
        if n <= decay - wsd:
            coefficient = 1.0
        else:
            y = (n - (decay - wsd)) / wsd
            if wsd_style == "linear":
                coefficient = 1.0 - y
            elif wsd_style == "cosine":
                coefficient = 0.5 * (math.cos(math.pi * y) + 1.0)
            elif wsd_style == "exponential":
                coefficient = 2.0 * math.pow(0.5, y) - 1.0
            elif wsd_style == "minus_sqrt":
                coefficient = 1.0 - math.sqrt(y)
    else:
        raise ValueError(style)
    assert coefficient is not None
    return min_lr + coefficient * (max_lr - min_lr)


def published_wd(n, start, end, steps, style):
    if n > steps:
        return end
    if style == "constant":
        assert start == end
        return end
    x = n / steps
    coefficient = x if style == "linear" else 0.5 * (math.cos(math.pi * (1 - x)) + 1.0)
    return start + coefficient * (end - start)


def steps_of(*places):
    end = max(places)
    near = {place + d for place in places for d in (-2, -1, 0, 1, 2)}
    return sorted(n for n in {*near, *range(30), *range(0, end, max(1, end // 200)), 3 * end} if n >= 0)


def compare_lr(base_lr, *arguments):
    schedule = megatron.get_lr(base_lr, *arguments)
    _, peak, _, warmup, decay = arguments[:5]
    for n in steps_of(warmup, decay, decay - (arguments[6] or 0) if len(arguments) > 6 else 0):
        expected = published_lr(n, *arguments)
        assert base_lr * schedule.at(n) == pytest.approx(expected, rel=1e-12, abs=1e-12 * peak), (
            n,
            arguments,
        )


RATES = [(0.0, 3e-4, 3e-5), (1e-6, 1.0, 0.0), (0.1, 0.1, 0.1)]
SPANS = [(0, 1), (0, 2), (1, 2), (2, 3), (0, 100), (10, 100), (99, 100), (2000, 100_000)]


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("style", ["constant", "linear", "cosine", "inverse-square-root"])
def test_lr(rates, span, style):
    for base_lr in (1.0, rates[1]):
        compare_lr(base_lr, *rates, *span, style)


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("shape", ["linear", "cosine", "exponential", "minus_sqrt"])
def test_wsd(rates, span, shape):
    decay = span[1]
    for wsd in {1, (decay + 4) // 5, decay - span[0], decay - span[0] + 1, decay, decay + 7}:
        compare_lr(1.0, *rates, *span, "WSD", wsd, shape)


def test_the_table_of_the_facts():
    expected = [0, 1 / 3, 2 / 3, 1, 1, 1, 1, 1, 0.7, 0.4, 0.1]
    schedule = megatron.get_lr(1.0, 0.0, 1.0, 0.1, 3, 10, "WSD", 3, "linear")
    assert [schedule.at(n) for n in range(11)] == pytest.approx(expected)


def test_the_last_warmup_step_is_inside():
    """The annealing has begun under the warm-up: update W still has the full rate, W + 1 falls onto the curve."""
    schedule = megatron.get_lr(1.0, 0.0, 1.0, 0.0, 8, 10, "WSD", 5, "linear")
    assert [schedule.at(n) for n in (8, 9, 10)] == pytest.approx([1.0, 0.2, 0.0])


def test_inverse_square_root_jumps_to_the_minimum():
    schedule = megatron.get_lr(1.0, 0.0, 1.0, 0.01, 100, 10_000, "inverse-square-root")
    assert schedule.at(10_000) == pytest.approx(0.1)
    assert schedule.at(10_001) == 0.01


def test_samples():
    """Update u runs after u global batches; a batch need not divide the warm-up."""
    batch, arguments = 48, (0.0, 2e-4, 2e-5, 1000, 50_000, "cosine")
    rates = megatron.get_lr(1.0, *arguments).curve(1100, stride=batch)
    samples = 0
    for rate in rates:
        assert rate == pytest.approx(published_lr(samples, *arguments), rel=1e-12, abs=1e-16)
        samples += batch


def test_random_arguments():
    random.seed(11)
    for _ in range(100):
        peak = 10 ** random.uniform(-6, 0)
        decay = int(10 ** random.uniform(0, 5)) + 1
        warmup = random.randrange(decay)
        rates = (peak * random.random(), peak, peak * random.random())
        compare_lr(peak, *rates, warmup, decay, random.choice(["linear", "cosine", "inverse-square-root"]))
        shape = random.choice(["linear", "cosine", "exponential", "minus_sqrt"])
        compare_lr(1.0, *rates, warmup, decay, "WSD", random.randint(1, decay), shape)


@pytest.mark.parametrize("style", ["linear", "cosine"])
@pytest.mark.parametrize("steps", [1, 2, 3, 1000, 100_000])
def test_wd(style, steps):
    for start, end in ((0.0, 0.1), (0.033, 0.33), (0.1, 0.1)):
        schedule = megatron.get_wd(start, end, steps, style)
        for n in steps_of(steps):
            expected = published_wd(n, start, end, steps, style)
            assert schedule.at(n) == pytest.approx(expected, rel=1e-12, abs=1e-12 * end)


def test_wd_constant_and_without_steps():
    assert megatron.get_wd(0.1, 0.1, 0, "constant").at(5) == 0.1
    with pytest.raises(ZeroDivisionError):
        published_wd(0, 0.0, 0.1, 0, "linear")
    assert megatron.get_wd(0.0, 0.1, 0, "linear").at(0) == 0.1
    assert (2 * megatron.get_wd(0.0, 0.1, 10, "linear")).at(5) == pytest.approx(0.1)  # wd_mult


def test_wrong_names_are_refused_at_once():
    """Megatron finds a wrong style after the warm-up, and a wrong WSD style when the annealing begins."""
    arguments = (0.0, 1.0, 0.0, 10, 100)
    assert published_lr(10, *arguments, "cosin") == 1.0
    with pytest.raises(ValueError, match="cosin"):
        published_lr(11, *arguments, "cosin")
    assert published_lr(80, *arguments, "WSD", 20, "minus-sqrt") == 1.0
    with pytest.raises(AssertionError):
        published_lr(81, *arguments, "WSD", 20, "minus-sqrt")
    with pytest.raises(StepsizeError, match="lr_decay_style"):
        megatron.get_lr(1.0, *arguments, "cosin")
    with pytest.raises(StepsizeError, match="lr_wsd_decay_style"):
        megatron.get_lr(1.0, *arguments, "WSD", 20, "minus-sqrt")
    with pytest.raises(StepsizeError, match="wd_incr_style"):
        megatron.get_wd(0.0, 0.1, 10, "sqrt")


def test_refused():
    for wrong in (
        (2.0, 1.0, 0.0, 10, 100, "linear"),  # init_lr > max_lr
        (0.0, 1.0, 2.0, 10, 100, "linear"),  # min_lr > max_lr
        (0.0, 1.0, 0.0, 100, 100, "linear"),  # warm-up not inside the decay
        (0.0, 1.0, 0.0, -1, 100, "linear"),
        (0.0, 1.0, 0.0, 10, 100, "WSD", 0, "linear"),
    ):
        with pytest.raises(StepsizeError):
            megatron.get_lr(1.0, *wrong)
    for wrong in ((0.2, 0.1, 10, "linear"), (0.0, 0.1, 10, "constant"), (-0.1, 0.1, 10, "linear")):
        with pytest.raises(StepsizeError):
            megatron.get_wd(*wrong)
    with pytest.raises(StepsizeError, match="base_lr"):
        megatron.get_lr(0.0, 0.0, 1.0, 0.0, 10, 100, "linear")
    with pytest.raises(TypeError, match="wsd_decay_steps"):
        megatron.get_lr(1.0, 0.0, 1.0, 0.0, 10, 100, "WSD")
    with pytest.raises(TypeError, match="no effect"):
        megatron.get_lr(1.0, 0.0, 1.0, 0.0, 10, 100, "cosine", wsd_decay_steps=20)
    with pytest.raises(TypeError):
        megatron.get_lr(1.0, 0.0, 1.0, 0.0, 10, 100, "cosine", start_wd=0.1)
