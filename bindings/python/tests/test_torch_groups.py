"""The rates in the parameter groups of an optimizer, written in C or in Python."""

import gc
import random
import sys
import weakref

import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from stepsize.torch import Scheduler, _groups
from stepsize.torch._groups import Curves, rates_of, rewrite, write
from support import bits


def make_optimizer(rates):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


# ---- Curves ---------------------------------------------------------------------------------------------


def test_curves_are_the_products():
    schedules = [st.Linear(100), st.Cosine(50), st.Linear(100), st.parse("warmup(9) >> constant()")]
    bases = [0.1, 0.3, 1e308, 5e-324]
    curves = Curves(schedules, bases)
    for update in (-1, 0, 1, 7, 99, 100, 2**62):
        expected = [schedule.curve(1, max(update, 0), base)[0] for schedule, base in zip(schedules, bases)]
        assert [*map(bits, curves.at(update))] == [*map(bits, expected)]
    assert Curves([], []).at(3) == []


def test_curves_keep_their_schedules():
    curves = Curves([st.Linear(10)], [2.0])
    gc.collect()
    assert curves.at(5) == [1.0]


def test_tables_are_the_same_rates():
    schedules = [st.Linear(100), st.Cosine(50), st.Linear(100)]
    curves = Curves([*schedules, schedules[0]], [0.1, 0.3, 0.1, 0.2])
    for start in (0, 3, 60):
        assert [list(row) for row in curves.table(start, 50)] == [curves.at(start + i) for i in range(50)]
    assert list(curves.table(5, 0)) == []


@pytest.mark.parametrize("function", [rewrite, _groups._rewrite])
def test_rewrite_leaves_alone_what_is_not_plain(function):
    rate, tensor = 0.25, torch.tensor(0.25)
    for groups, rates in (
        ([{"lr": tensor}], [rate]), ([{"lr": rate}, {"lr": tensor}], [rate, rate]), ([{"lr": 1}], [rate]),
        ([{"lr": rate}], [tensor]), ([{"lr": rate}], [1]), ([{"lr": rate}], []), ([{}], [rate]), ((), []),
    ):  # fmt: skip
        before = [dict(group) for group in groups]
        assert function(groups, rates) is None
        assert [*groups] == before


def test_written_as_pytorch_writes():
    """A tensor is filled, everything else replaced; what is returned does not change with the tensors."""
    held = [torch.tensor(1.0), torch.tensor([1.0])]
    groups = [{"lr": 1.0}, {"lr": held[0]}, {"lr": held[1]}, {"lr": 2}]
    given = [0.5, 0.25, torch.tensor([0.125]), torch.tensor(3.0)]
    written = write(groups, given)
    assert [float(group["lr"]) for group in groups] == [0.5, 0.25, 0.125, 3.0] == [float(rate) for rate in written]
    assert groups[1]["lr"] is held[0] and groups[2]["lr"] is held[1] and groups[3]["lr"] is given[3]
    for tensor in (*held, given[3]):
        tensor.fill_(9.0)
    assert [float(rate) for rate in written] == [0.5, 0.25, 0.125, 3.0]
    groups = [{"lr": 1.0}, {"lr": 2.0}]
    rates = [0.5, 0.25]
    written = write(groups, rates)
    assert written == rates and written is not rates and [group["lr"] for group in groups] == rates
    assert rates_of([{"lr": 1.0}, {"lr": 2}]) == [1.0, 2]


# ---- Steps ----------------------------------------------------------------------------------------------


def test_a_tensor_is_filled():
    groups = [{"lr": 1.0}, {"lr": torch.tensor(1.0)}]
    tensor = groups[1]["lr"]
    write(groups, [0.5, 0.25])
    assert groups[0]["lr"] == 0.5 and groups[1]["lr"] is tensor and tensor == 0.25


@pytest.mark.parametrize(
    "text", ["greedy(patience=0, window=3) * linear(300)", "warmup(9) >> cosine(150)", "constant()"]
)
def test_the_same_bits_as_the_core(text):
    rng = random.Random(text)
    bases = [0.1, 0.1, 0.3, 5.0]
    optimizer = make_optimizer(bases)
    ours, core = Scheduler(optimizer, text), st.Scheduler(bases, text)
    for _ in range(200):
        loss = rng.choice([rng.random(), 1, torch.tensor(rng.random())])
        optimizer.step()
        if rng.random() < 0.8:
            one, other = ours.step(loss), core.step(loss)
        else:
            one, other = ours.advance(), core.advance()
        assert bits(one) == bits(other)
        assert [*map(bits, rates(optimizer))] == [*map(bits, core.lrs)] == [*map(bits, ours.lrs)]


def stepping(scheduler, optimizer):
    """Past the first step, which checks the order of the calls."""
    optimizer.step()
    scheduler.step()


def test_what_someone_wrote_is_written_again():
    optimizer = make_optimizer([0.5, 0.25])
    scheduler = Scheduler(optimizer)
    for wrong in (3.0, 3, True):
        stepping(scheduler, optimizer)
        optimizer.param_groups[1]["lr"] = wrong
        scheduler.step()
        assert rates(optimizer) == [0.5, 0.25]


def test_other_groups_than_there_were():
    optimizer = make_optimizer([0.5, 0.25])
    scheduler = Scheduler(optimizer)
    stepping(scheduler, optimizer)
    groups = optimizer.param_groups
    for other in ([dict(groups[0]), *groups], groups[::-1] + [dict(groups[0])], []):
        optimizer.param_groups = other
        for call in (scheduler.step, scheduler.advance):
            with pytest.raises(st.StepsizeError, match="parameter groups"):
                call()
        assert scheduler.current_step == 1
    optimizer.param_groups = tuple(groups)  # no list
    groups[0]["lr"] = 7.0
    scheduler.step()
    assert rates(optimizer) == [0.5, 0.25]


def test_closing_while_it_is_at_work():
    class Closing(torch.optim.SGD):
        closes = None

        @property
        def param_groups(self):
            if self.closes is not None:
                self.closes.close()
            return self.__dict__["param_groups"]

        @param_groups.setter
        def param_groups(self, groups):
            self.__dict__["param_groups"] = groups

    optimizer = Closing([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = Scheduler(optimizer)
    stepping(scheduler, optimizer)
    optimizer.closes = scheduler.core
    with pytest.raises(st.StepsizeError, match="closed"):
        scheduler.step()


def test_another_core_while_it_is_at_work(caplog):
    """What is told of a change may go to another state, whose rates are those that count."""
    caplog.set_level("INFO", "stepsize")
    optimizer = make_optimizer([0.5])
    scheduler = Scheduler(optimizer, controller=st.Plateau(patience=0, factor=0.5))
    optimizer.step()
    scheduler.step(1.0)
    scheduler.step(0.5)

    class Handler:
        level = 0

        def handle(self, record):
            scheduler._drive(None)

    import logging

    handler = Handler()
    logging.getLogger("stepsize").addHandler(handler)
    try:
        assert scheduler.step(2.0) == 0.25
    finally:
        logging.getLogger("stepsize").removeHandler(handler)
    assert scheduler.step(0.25) == 0.25 == rates(optimizer)[0]


def test_no_references_are_lost_or_kept():
    optimizer = make_optimizer([0.1, 0.2, 0.3])
    gone = weakref.ref(optimizer)
    scheduler = Scheduler(optimizer, "linear(1000)", st.GreedyLR(patience=0))
    for group in optimizer.param_groups:
        group["scheduler"] = scheduler  # a cycle
    optimizer.step()
    for _ in range(500):
        scheduler.step(1.0)
    numbers = [*map(sys.getrefcount, rates(optimizer))]
    for _ in range(100):
        scheduler.step(1.0)
    assert [*map(sys.getrefcount, rates(optimizer))] == numbers
    none, lr, loss = sys.getrefcount(None), sys.getrefcount("lr"), 2.5
    for _ in range(3000):
        scheduler.step(loss)
        scheduler.advance()
        with pytest.raises(TypeError):
            scheduler.step("x")
    assert abs(sys.getrefcount(None) - none) < 100 and abs(sys.getrefcount("lr") - lr) < 100
    del optimizer, scheduler, group
    gc.collect()
    assert gone() is None


def test_memory_does_not_grow():
    resource = pytest.importorskip("resource")
    optimizer = make_optimizer([0.1] * 8)
    scheduler = Scheduler(optimizer, "cosine(1000000)")
    optimizer.step()
    for _ in range(20_000):
        scheduler.step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(300_000):
        scheduler.step()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2000  # kilobytes
