"""The module in C and the ctypes path: the same bits. (dev/test.py runs the tests of stepping on both.)"""

import gc
import os
import random
import subprocess
import sys
import weakref

import pytest
import stepsize as st
from stepsize._foreign import stepper
from support import bits


def test_it_can_be_turned_off():
    code = (
        "from stepsize import Scheduler; from stepsize._foreign import stepper;"
        " print(stepper.accelerated, Scheduler.__mro__[1].__module__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, stepper.ENVIRONMENT: "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["None", "stepsize._foreign.stepper"]


class Optimizer:
    def __init__(self, count):
        self.param_groups = [{"lr": 0.0} for _ in range(count)]


@pytest.mark.parametrize(
    "text", ["greedy(patience=0, window=3) * linear(300)", "warmup(9) >> cosine(150)", "constant()"]
)
def test_the_same_bits_as_the_slow_step(text):
    rng = random.Random(text)
    bases = [0.1, 0.1, 0.3, 5.0]
    fast, slow = st.Scheduler(bases, text), st.Scheduler(bases, text)
    a, b = Optimizer(4), Optimizer(4)
    fast._bind(a)
    slow._bind(b)
    for _ in range(200):
        loss, ask = (
            rng.choice([rng.random(), 1, None] if "greedy" not in text else [rng.random(), 1]),
            rng.random() < 0.8,
        )
        one = fast.step(loss) if ask else fast.advance()
        other = stepper.step_slowly(slow, loss if ask else None, ask)
        assert bits(one) == bits(other)
        assert [bits(g["lr"]) for g in a.param_groups] == [bits(g["lr"]) for g in b.param_groups]
        assert [bits(lr) for lr in fast.lrs] == [bits(g["lr"]) for g in a.param_groups]


def test_what_someone_wrote_is_written_again():
    scheduler, optimizer = st.Scheduler([0.5, 0.25]), Optimizer(2)
    scheduler._bind(optimizer)
    for wrong in (3.0, 3, True):
        optimizer.param_groups[1]["lr"] = wrong
        scheduler.step()
        assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.25]


def test_no_references_are_lost_or_kept():
    optimizer = Optimizer(3)
    gone = weakref.ref(optimizer)
    scheduler = st.Scheduler([0.1, 0.2, 0.3], "linear(1000)", st.GreedyLR(patience=0))
    scheduler._bind(optimizer)
    for group in optimizer.param_groups:
        group["scheduler"] = scheduler  # a cycle
    steps = scheduler.step
    for _ in range(500):
        steps(1.0)
    numbers = [sys.getrefcount(group["lr"]) for group in optimizer.param_groups]
    for _ in range(100):
        steps(1.0)
    assert [sys.getrefcount(group["lr"]) for group in optimizer.param_groups] == numbers
    none, lr, loss = sys.getrefcount(None), sys.getrefcount("lr"), 2.5
    for _ in range(3000):
        scheduler.step(loss)
        scheduler.advance()
        for wrong in ("x", [1]):
            with pytest.raises(TypeError):
                scheduler.step(wrong)
    assert abs(sys.getrefcount(None) - none) < 100 and abs(sys.getrefcount("lr") - lr) < 100
    del optimizer, scheduler, steps, group
    gc.collect()
    assert gone() is None


def test_memory_does_not_grow():
    resource = pytest.importorskip("resource")
    scheduler, optimizer = st.Scheduler([0.1] * 8, "cosine(1000000)"), Optimizer(8)
    scheduler._bind(optimizer)
    for _ in range(20_000):
        scheduler.step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(300_000):
        scheduler.step()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2000  # kilobytes


def test_odd_optimizers():
    scheduler = st.Scheduler([0.5, 0.25])
    for groups in ([{"lr": 1.0}], [{"lr": 1.0}] * 3):
        optimizer = Optimizer(0)
        optimizer.param_groups = groups
        scheduler._bind(optimizer)
        with pytest.raises(st.StepsizeError, match="parameter groups"):
            scheduler.step()
        assert scheduler.current_step == 0
    optimizer.param_groups = ({"lr": 1.0}, {"lr": 1.0})  # no list
    scheduler.step()
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.25]
    scheduler._bind(object())
    with pytest.raises(AttributeError):
        scheduler.step()
    scheduler._bind(None)
    scheduler.step()
    assert scheduler.current_step == 2


def test_closing_while_it_is_at_work():
    class Closing:
        @property
        def param_groups(self):
            scheduler.close()
            return [{"lr": 1.0}]

    scheduler = st.Scheduler(0.1)
    scheduler._bind(Closing())
    with pytest.raises(st.StepsizeError, match="closed"):
        scheduler.step()
