"""The steps of a scheduler in C and by ctypes: the same bits. (dev/test.py runs the tests of stepping on both.)"""

import gc
import os
import random
import subprocess
import sys
from ctypes import addressof

import pytest
import stepsize as st
from stepsize._foreign import stepper
from support import bits


def test_it_can_be_turned_off():
    code = (
        "from stepsize import Scheduler; from stepsize._foreign import stepper;"
        " print(stepper.accelerated, stepper.Step.__name__, issubclass(Scheduler, stepper.Step))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, stepper.ENVIRONMENT: "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["None", "CtypesStep", "True"]


class ByCtypes(stepper.CtypesStep):
    """The steps of a scheduler, by ctypes whatever the scheduler's own are."""

    def __init__(self, scheduler):
        self._failed, self._changed = scheduler._failed, scheduler._changed
        self._attach(scheduler._handle, addressof(scheduler._rates), scheduler._count)


@pytest.mark.parametrize(
    "text", ["greedy(patience=0, window=3) * linear(300)", "warmup(9) >> cosine(150)", "constant()"]
)
def test_the_same_bits_by_both(text):
    rng = random.Random(text)
    bases = [0.1, 0.1, 0.3, 5.0]
    one, two = st.Scheduler(bases, text), st.Scheduler(bases, text)
    other = ByCtypes(two)
    for _ in range(200):
        loss = rng.choice([rng.random(), 1, None] if "greedy" not in text else [rng.random(), 1])
        if rng.random() < 0.8:
            first, second = one.step(loss), other.step(loss)
        else:
            first, second = one.advance(), other.advance()
        assert bits(first) == bits(second) == bits(one.lr)
        assert [*map(bits, one.lrs)] == [*map(bits, two.lrs)]


def by_ctypes(scheduler):
    steps = ByCtypes(scheduler)
    return steps.step, steps.advance


def by_itself(scheduler):
    return scheduler.step, scheduler.advance


@pytest.mark.parametrize("of", [by_itself, by_ctypes])
def test_what_is_refused(of):
    scheduler = st.Scheduler([0.1, 0.2], "linear(10)", st.GreedyLR())
    step, advance = of(scheduler)
    with pytest.raises(st.StepsizeError, match="needs a loss"):
        step()
    for wrong in ("0.5", b"1", [1.0], object()):
        with pytest.raises(TypeError, match="loss: expected a number"):
            step(wrong)
    with pytest.raises(TypeError):
        step(1.0, 2.0)
    with pytest.raises(TypeError):
        step(losses=1.0)
    assert scheduler.current_step == 0
    assert step(loss=1) == step(1.0) or scheduler.current_step == 2
    advance()
    assert scheduler.current_step == 3
    scheduler.close()
    for call in (step, advance) if of is by_itself else ():
        with pytest.raises(st.StepsizeError, match="closed"):
            call()


@pytest.mark.parametrize("of", [by_itself, by_ctypes])
def test_a_change_is_told_with_the_rate_before(of, caplog):
    caplog.set_level("INFO", "stepsize")
    scheduler = st.Scheduler(0.1, controller=st.Plateau(patience=0, factor=0.5))
    step, _ = of(scheduler)
    for loss in (1.0, 2.0, 0.5):
        step(loss)
    assert [record.getMessage() for record in caplog.records] == ["update 1: cut, lr 0.1 -> 0.05"]


def test_a_scheduler_that_was_never_made_refuses_steps():
    scheduler = st.Scheduler.__new__(st.Scheduler)
    for call in (scheduler.step, scheduler.advance):
        with pytest.raises((RuntimeError, AttributeError)):
            call()


def test_no_references_are_lost_or_kept():
    scheduler = st.Scheduler([0.1, 0.2, 0.3], "linear(1000)", st.GreedyLR(patience=0))
    gc.collect()
    none, loss, wrong = sys.getrefcount(None), 2.5, ["x", [1]]
    counts = sys.getrefcount(loss), [*map(sys.getrefcount, wrong)]
    for _ in range(3000):
        scheduler.step(loss)
        scheduler.advance()
        for value in wrong:
            with pytest.raises(TypeError):
                scheduler.step(value)
    del value
    gc.collect()
    assert (sys.getrefcount(loss), [*map(sys.getrefcount, wrong)]) == counts
    assert abs(sys.getrefcount(None) - none) < 100
