"""Base rates and groups of a scheduler that runs, a schedule for each group, and many updates at once."""

from __future__ import annotations

import pickle

import pytest
import stepsize as st


def lose(scheduler, updates):
    for _ in range(updates):
        scheduler.step(1.0)


def test_new_base_rates_keep_what_the_controller_knows():
    scheduler = st.Scheduler([1.0, 2.0], "plateau(patience=0, factor=0.5) * constant()", record=True)
    lose(scheduler, 3)
    assert scheduler.lrs == (0.25, 0.5)
    scheduler.base_lrs = [8.0, 16.0]
    assert scheduler.base_lrs == (8.0, 16.0) and scheduler.lrs == (2.0, 4.0)
    resumed = st.Scheduler.from_state(scheduler.state())
    lose(scheduler, 1), lose(resumed, 1)
    assert scheduler.lrs == resumed.lrs == (1.0, 2.0) and pickle.loads(pickle.dumps(scheduler)).lrs == (1.0, 2.0)
    assert list(scheduler.record.rates()) == [1.0, 1.0, 0.5, 2.0]
    scheduler.base_lrs = 4.0
    assert scheduler.lrs == (0.5, 0.5)
    before = scheduler.state()
    for wrong, words in (([1.0, 2.0, 3.0], "3 numbers"), (-1.0, "base_lr = -1"), (float("nan"), "base_lr")):
        with pytest.raises(st.StepsizeError, match=words):
            scheduler.base_lrs = wrong
    assert scheduler.state() == before


def test_resuming_with_other_base_rates():
    saved = st.Scheduler(1.0, "plateau(patience=0, factor=0.5) * constant()")
    lose(saved, 2)
    other = st.Scheduler(4.0, str(saved))
    with pytest.raises(st.StepsizeError, match="different base rates"):
        other.load_state_dict(saved.state_dict())
    other.load_state_dict(saved.state_dict(), rebase=True)
    assert other.lr == 2.0 and other.current_step == 2 and other.base_lrs == (4.0,)


def test_groups_come_and_go():
    scheduler = st.Scheduler(1.0, "plateau(patience=0, factor=0.5) * linear(10)", record=True)
    lose(scheduler, 2)
    assert scheduler.add_group(4.0) == 1 and scheduler.lrs == (0.4, 3.2)
    assert scheduler.add_group(1.0, "constant(5) >> linear(5)", min_lr=0.1, max_lr=0.6) == 2
    assert scheduler.lrs == (0.4, 3.2, 0.6)
    assert [str(each) for each in scheduler.schedules] == ["linear(10)", "linear(10)", "constant(5) >> linear(5)"]
    lose(scheduler, 1)
    assert scheduler.lrs == (0.25 * 0.7, 2 * 0.7, 0.5)
    resumed = st.Scheduler.from_state(scheduler.state())
    lose(scheduler, 8), lose(resumed, 8)
    assert scheduler.lrs == resumed.lrs and list(scheduler.record.rates(1))[:3] == [0.0, 0.0, 3.2]
    scheduler.remove_group(0)
    assert scheduler.base_lrs == (4.0, 1.0)
    with pytest.raises(st.StepsizeError, match="group = 2, expected an integer from 0 to 1"):
        scheduler.remove_group(2)
    scheduler.remove_group(1)
    with pytest.raises(st.StepsizeError, match="one of several groups"):
        scheduler.remove_group(0)
    bounded = st.Scheduler([1.0, 2.0], "plateau(min_lr=[0.1, 0.2])")
    with pytest.raises(st.StepsizeError, match="one for each group"):
        bounded.add_group(1.0)
    assert bounded.lrs == (1.0, 2.0)


def test_a_schedule_for_each_group():
    scheduler = st.Scheduler([1.0, 2.0], ["linear(10)", st.Cosine(20)])
    assert str(scheduler) == "[linear(10), cosine(20)]" and str(scheduler.schedule) == "linear(10)"
    assert str(st.Scheduler([1.0, 2.0], str(scheduler))) == str(scheduler)
    for update in range(25):
        assert scheduler.lrs == (st.Linear(10).at(update), 2 * st.Cosine(20).at(update))
        assert scheduler.finished == (update >= 20)
        scheduler.step()
    controlled = st.Scheduler([1.0, 2.0], ["linear(10)", "linear(20)"], st.Plateau(patience=0, factor=0.5))
    lose(controlled, 2)
    assert controlled.lrs == (0.4, 0.9)
    controlled.extend(40, "rescale")
    assert controlled.lrs == (0.5 * 0.95, 0.95)
    controlled.extend(["linear(10)", "linear(20)"])
    assert controlled.lrs == (0.4, 0.9)
    other = st.Scheduler([1.0, 2.0], "linear(10)", st.Plateau(patience=0, factor=0.5))
    with pytest.raises(st.StepsizeError, match="different configuration"):
        other.load_state(controlled.state())
    other.load_state_dict(controlled.state_dict(), extend=True)
    assert other.lrs == (0.4, 0.8)
    for wrong, words in ((["linear(3)"] * 3, "schedule count = 3"), ([], "an empty list")):
        with pytest.raises(st.StepsizeError, match=words):
            st.Scheduler([1.0, 2.0], wrong)
    with pytest.raises(st.StepsizeError, match="one schedule for all"):
        st.Scheduler([1.0, 2.0], ["linear(3)"] * 2, st.LineSearch())
    with pytest.raises(TypeError, match="schedule"):
        st.Scheduler(1.0, 3)


@pytest.mark.parametrize("text", ["linear(40)", "greedy() * (warmup(5) >> cosine(40))", "constant()"])
@pytest.mark.parametrize("record", [False, True])
def test_many_updates_at_once(text, record):
    many, single = (st.Scheduler([1.0, 2.0], text, record=record) for _ in range(2))
    for count in (0, 1, 7, 100):
        rate = many.advance(count)
        for _ in range(count):
            single.advance()
        assert rate == single.lr and many.lrs == single.lrs and many.state() == single.state()
    for wrong in (-1, 2**63 - 1):
        with pytest.raises(st.StepsizeError, match=f"updates = {wrong}"):
            many.advance(wrong)
    with pytest.raises(TypeError):
        many.advance(1.5)
    with pytest.raises(TypeError):
        many.advance(1, 2)
    assert many.state() == single.state()


def test_a_thousand_billion_updates():
    scheduler = st.Scheduler(1.0, "linear(100)", record=True)
    assert scheduler.advance(10**12) == 0 and scheduler.current_step == 10**12
    assert st.Scheduler(1.0, "cosine(10000000000000)").advance(5 * 10**12) == 0.5


@pytest.mark.parametrize("schedules", ["linear(10)", ["linear(10)"] * 2, ["linear(10)", "cosine(10)"], None])
@pytest.mark.parametrize("controller", [None, st.GreedyLR(patience=3, min_lr=[1e-3, 1e-4])])
def test_one_schedule_for_all_stays_one(schedules, controller):
    """Also where each group was given the same: the state says which it is."""
    with st.Scheduler([1.0, 0.1], schedules, controller) as scheduler:
        given = scheduler._given_schedules()
        assert isinstance(given, list) == isinstance(schedules, list)
        with st.Scheduler([1.0, 0.1], given, controller) as again:
            assert str(again) == str(scheduler)
            again.load_state(scheduler.state())
        if schedules is not None:
            scheduler.extend(20, "rescale")
            assert isinstance(scheduler._given_schedules(), list) == isinstance(schedules, list)
            assert [each.length for each in scheduler.schedules] == [20, 20]
    with st.Scheduler([1.0], ["linear(10)"]) as alone:
        assert alone._given_schedules() == st.Linear(10)
