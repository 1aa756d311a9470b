"""Base rates and groups that change while a ``stepsize.torch.Scheduler`` runs."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from stepsize.torch import Joined, Scheduler, lr_scheduler


def group(**options):
    return {"params": [torch.nn.Parameter(torch.zeros(1))], **options}


def make(*rates, **options):
    return torch.optim.SGD([group(lr=rate) for rate in rates], lr=1.0, **options)


def rates(optimizer):
    return [float(each["lr"]) for each in optimizer.param_groups]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_base_lrs_can_be_set():
    optimizer = make(1.0, 2.0)
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)", record=True)
    for _ in range(3):
        optimizer.step(), scheduler.step(1.0)
    scheduler.base_lrs = [4.0, 8.0]
    assert rates(optimizer) == [0.7, 1.4] and scheduler.base_lrs == [4.0, 8.0]
    assert [each["initial_lr"] for each in optimizer.param_groups] == [4.0, 8.0]
    scheduler.base_lrs[1] = 16.0
    assert rates(optimizer) == [0.7, 2.8]
    optimizer.step(), scheduler.step(1.0)
    assert rates(optimizer) == [0.5 * 0.6, 2 * 0.6] and list(scheduler.record.rates(1)) == [2.0, 1.8, 0.8, 2.8]
    scheduler.base_lrs = 1.0
    assert scheduler.base_lrs == [1.0, 1.0]
    with pytest.raises(st.StepsizeError, match="3 numbers, expected 1 or one for each of 2 groups"):
        scheduler.base_lrs = [1.0, 2.0, 3.0]


@pytest.mark.parametrize("tensor", [False, True])
def test_a_group_that_is_added_later(tensor):
    optimizer = make(0.5)
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)", record=True, max_lr=2.0,
                          fields={"momentum": "linear(10)"} if tensor else None)  # fmt: skip
    for _ in range(3):
        optimizer.step(), scheduler.step(1.0)
    optimizer.add_param_group(group(lr=torch.tensor(4.0) if tensor else 4.0, **({"momentum": 0.5} if tensor else {})))
    optimizer.step(), scheduler.step(1.0)
    assert rates(optimizer) == pytest.approx([0.0625 * 0.6, 1.2], rel=1e-7)
    assert scheduler.base_lrs == [0.5, 4.0] and optimizer.param_groups[1]["initial_lr"] == 4.0
    assert list(scheduler.record.rates(1)) == [0, 0, 0, 2.0]
    if tensor:
        assert optimizer.param_groups[1]["momentum"] == pytest.approx(0.5 * 0.6)
    other = torch.optim.SGD([group(lr=each, momentum=0.5) for each in (0.5, 4.0)], lr=1.0)
    resumed = Scheduler(other, "plateau(patience=0, factor=0.5) * linear(10)", record=True, max_lr=2.0,
                        fields={"momentum": "linear(10)"} if tensor else None)  # fmt: skip
    resumed.load_state_dict(scheduler.state_dict())
    other.step(), optimizer.step(), resumed.step(1.0), scheduler.step(1.0)
    assert resumed.lrs == scheduler.lrs


def test_groups_that_are_taken_away():
    optimizer = make(1.0, 2.0, 4.0)
    scheduler = Scheduler(optimizer, "linear(10)")
    optimizer.step(), scheduler.step()
    del optimizer.param_groups[1]
    optimizer.step(), scheduler.advance()
    assert rates(optimizer) == [0.8, 3.2] and scheduler.base_lrs == [1.0, 4.0]
    optimizer.param_groups.insert(0, group(lr=1.0))
    with pytest.raises(st.StepsizeError, match="3 parameter groups, expected 2 .* new ones after them"):
        scheduler.step()
    assert scheduler.current_step == 2


def test_a_group_in_the_first_of_joined_optimizers_is_refused():
    first, second = make(1.0), make(2.0)
    scheduler = Scheduler(Joined(first, second), "linear(10)")
    second.add_param_group(group(lr=4.0))
    first.step(), scheduler.step()
    assert rates(first) + rates(second) == [0.9, 1.8, 3.6]
    first.add_param_group(group(lr=4.0))
    with pytest.raises(st.StepsizeError, match="4 parameter groups, expected 3"):
        scheduler.step()


def test_a_schedule_for_each_group():
    optimizer = make(1.0, 2.0)
    scheduler = Scheduler(optimizer, ["linear(10)", "linear(20)"])
    for _ in range(4):
        optimizer.step(), scheduler.step()
    assert rates(optimizer) == [0.6, 1.6]
    assert [str(each) for each in scheduler.schedules] == ["linear(10)", "linear(20)"]
    scheduler.extend(["linear(20)", "linear(10)"])
    assert rates(optimizer) == [0.8, 1.2]


def test_many_updates_at_once():
    optimizer = make(1.0)
    scheduler = Scheduler(optimizer, "linear(10)")
    assert scheduler.advance(3) == 0.7 and rates(optimizer) == [0.7]
    scheduler.advance()
    assert scheduler.advance(2) == 0.4 and rates(optimizer) == [0.4] and scheduler.last_epoch == 6


# ---- Resuming -------------------------------------------------------------------------------------------


def saved():
    optimizer = make(1.0)
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)")
    for _ in range(3):
        optimizer.step(), scheduler.step(1.0)
    return optimizer.state_dict(), scheduler.state_dict()


@pytest.mark.parametrize(("choice", "rate", "base"), [(None, 0.175, 1.0), (False, 0.175, 1.0), (True, 0.7, 4.0)])
def test_other_base_rates_than_the_saved_ones(choice, rate, base):
    optimizer = make(4.0)
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)", rebase_on_load=choice)
    if choice is None:
        words = r"those of the state, \[1.0\], .* made with, \[4.0\].*rebase_on_load"
        with pytest.warns(UserWarning, match=words) as caught:
            scheduler.load_state_dict(saved()[1])
        assert caught[0].filename == __file__
    else:
        scheduler.load_state_dict(saved()[1])
    assert rates(optimizer) == [rate] and scheduler.base_lrs == [base]
    assert optimizer.param_groups[0]["initial_lr"] == base


def fine_tuned(asked=1e-5):
    """An optimizer with the state of a pre-training, and another rate."""
    optimizer = make(9.0)
    optimizer.load_state_dict(saved()[0])
    for each in optimizer.param_groups:
        each["lr"] = asked
    return optimizer


makers = [
    lambda optimizer: Scheduler(optimizer, "linear(10)"),
    lambda optimizer: lr_scheduler.LinearLR(optimizer),
    lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5),
    lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda update: 0.5),
]


@pytest.mark.parametrize("make_scheduler", makers)
def test_an_initial_lr_from_another_run(make_scheduler):
    optimizer = fine_tuned()
    scheduler = make_scheduler(optimizer)
    assert scheduler.base_lrs == [1.0]
    optimizer.step()
    with pytest.warns(UserWarning, match="initial_lr = 1.0, which came .* its lr was 1e-05.*base_lr") as caught:
        scheduler.step()
    assert caught[0].filename == __file__
    optimizer.step(), scheduler.step()  # once
    # Resumed, or with the rate that is there: nothing is said.
    state, other = scheduler.state_dict(), fine_tuned()
    resumed = make_scheduler(other)
    resumed.load_state_dict(state)
    other.step(), resumed.step()
    fresh = fine_tuned()
    del fresh.param_groups[0]["initial_lr"]
    scheduler = make_scheduler(fresh)
    fresh.step(), scheduler.step()
    assert scheduler.base_lrs == [1e-5]


def test_a_base_rate_of_ones_own():
    optimizer = fine_tuned()
    scheduler = Scheduler(optimizer, "linear(10)", base_lr=1e-5)
    optimizer.step(), scheduler.step()
    assert scheduler.base_lrs == [1e-5] and rates(optimizer) == [1e-5 * 0.9]
    assert optimizer.param_groups[0]["initial_lr"] == 1e-5
    with pytest.raises(st.StepsizeError, match="base_lr: 2 numbers"):
        Scheduler(make(1.0), "linear(10)", base_lr=[1.0, 2.0])
