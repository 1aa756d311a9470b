"""stepsize.peers.llmc against llm.c's formulas (llmc/schedulers.h), restated here: llm.c is no package.

In double precision equal to 1e-12; in single precision, as llm.c computes, to 1e-6 of the full rate.
"""

import math
import random
import struct

import pytest
from stepsize import StepsizeError
from stepsize.peers import llmc


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def double(x):
    return x


def published(kind, warmup, total, frac, step, to=double):
    """The multiplier of llm.c; `to` rounds each operation to llm.c's float."""
    if kind == "constant":
        return 1.0
    if step < warmup:
        return to(to(step + 1) / warmup)
    begin = int(single(single(0.8) * single(total))) if kind == "wsd" else warmup
    if step < begin:
        return 1.0
    x = to(to(step - begin) / (total - begin))
    assert 0.0 <= x <= 1.0
    if kind == "cosine":
        coefficient = to(0.5 * to(1.0 + to(math.cos(math.pi * x))))
    elif kind == "linear":
        coefficient = to(1.0 - x)
    else:
        coefficient = to(1.0 - to(math.sqrt(x)))
    return to(frac + to(coefficient * to(1.0 - frac)))


@pytest.mark.parametrize("kind", ["cosine", "linear", "constant", "wsd"])
@pytest.mark.parametrize("total", [1, 2, 3, 5, 10, 997, 100_000])
@pytest.mark.parametrize("frac", [0.0, 0.1, 1.0])
def test_equal(kind, total, frac):
    for warmup in {0, 1 % total, total // 3, int(0.9 * total), total - 1}:
        schedule = llmc.lr_scheduler_init(kind, warmup, total, frac)
        for step in sorted({*range(0, total + 1, max(1, total // 500)), *range(min(total, 20)), total}):
            assert schedule.at(step) == pytest.approx(
                published(kind, warmup, total, frac, step), rel=1e-12, abs=1e-12
            )
            rounded = published(kind, warmup, total, single(frac), step, single)
            assert schedule.at(step) == pytest.approx(rounded, rel=0, abs=1e-6)


def test_random_arguments():
    random.seed(7)
    for _ in range(100):
        kind = random.choice(["cosine", "linear", "wsd"])
        total = int(10 ** random.uniform(0, 5))
        warmup, frac = random.randrange(total), random.random()
        schedule = llmc.lr_scheduler_init(kind, warmup, total, frac)
        for step in [random.randint(0, total) for _ in range(20)]:
            assert schedule.at(step) == pytest.approx(
                published(kind, warmup, total, frac, step), rel=1e-12, abs=1e-12
            )


def test_the_table_of_the_facts():
    """WSD with W=3, N=10, floor 0.1: one fifth is two updates."""
    expected = [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 1, 0.1 + 0.9 * (1 - math.sqrt(0.5)), 0.1]
    assert [llmc.wsd(3, 10, 0.1).at(t) for t in range(11)] == pytest.approx(expected)


def test_the_decay_point_is_computed_in_single_precision():
    total = 5_242_881  # 0.8 of it: 4194304.8
    doubled, singled = int(0.8 * total), int(single(single(0.8) * single(total)))
    assert (doubled, singled) == (4_194_304, 4_194_305)
    schedule = llmc.wsd(0, total, 0.0)
    assert schedule.at(singled) == 1.0 > schedule.at(singled + 1)


def test_constant_has_no_warmup():
    """llm.c's constant ignores the warm-up that its command line takes."""
    assert llmc.lr_scheduler_init("constant", 100, 1000, 0.1).at(0) == 1.0


def test_a_run_that_ends_in_the_warmup():
    """llm.c divides 0 by 0 at step N = W, where its assertion fails on the NaN; ours holds the full rate."""
    for kind in ("cosine", "linear"):
        with pytest.raises(ZeroDivisionError):
            published(kind, 10, 10, 0.1, 10)
        for total in (4, 10):
            schedule = llmc.lr_scheduler_init(kind, 10, total, 0.1)
            assert [schedule.at(t) for t in (0, 9, 10, 99)] == pytest.approx([0.1, 1, 1, 1])
    # The decay of wsd has its place, whatever the warm-up: its end is reached.
    assert published("wsd", 10, 10, 0.1, 10) == 0.1
    assert [llmc.wsd(10, 10, 0.1).at(t) for t in (0, 9, 10, 99)] == pytest.approx([0.1, 1, 0.1, 0.1])


def test_past_the_end():
    """llm.c stops with a failed assertion one step past the end; ours holds the last value."""
    for kind in ("cosine", "linear", "wsd"):
        with pytest.raises(AssertionError):
            published(kind, 2, 10, 0.25, 11)
        schedule = llmc.lr_scheduler_init(kind, 2, 10, 0.25)
        assert schedule.at(11) == schedule.at(10) == 0.25


def test_refused():
    with pytest.raises(StepsizeError, match="expected"):
        llmc.lr_scheduler_init("WSD", 1, 10, 0.0)
    with pytest.raises(StepsizeError):
        llmc.cosine(1, 10, 1.5)
    with pytest.raises(TypeError):
        llmc.linear(1, 10, 0.0, decay=5)
