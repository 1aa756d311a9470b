"""Another schedule for a running scheduler, whatever its controller has learnt."""

import random

import pytest
import stepsize as st

CONTROLLERS = ["greedy(patience=1, window=5)", "plateau(patience=1, factor=0.5)", "learned(total=40)"]


def losses(count):
    rng = random.Random(4)
    return [1 / (1 + i) + rng.random() for i in range(count)]


@pytest.mark.parametrize("controllers", CONTROLLERS)
@pytest.mark.parametrize("at", [0, 1, 7, 49])
def test_as_if_it_had_been_planned(controllers, at):
    """What a controller does to the base rates does not depend on the schedule: after the extension the run is the one
    that had the longer schedule from the start."""
    whole = st.Scheduler([0.1, 0.2], f"{controllers} * linear(100)", record=True, norm_capacity=8)
    extended = st.Scheduler([0.1, 0.2], f"{controllers} * linear(50)", record=True, norm_capacity=8)
    for i, loss in enumerate(losses(90)):
        if i == at:
            used = list(extended.record.rates())
            extended.extend("linear(100)")
            assert list(extended.record.rates()) == used and extended.norms.count == i
        if i >= at:
            assert extended.lrs == whole.lrs
            assert extended.decision == whole.decision
        for each in (whole, extended):
            each.log_norm(loss)
            each.step(loss)
    assert str(extended) == str(whole) and extended.base_lrs == (0.1, 0.2)
    assert list(extended.record.rates(1))[at:] == list(whole.record.rates(1))[at:]
    assert list(extended.record.replay().curve(90)) == list(extended.record.rates())
    # A state is the one of a scheduler with that schedule.
    again = st.Scheduler([0.1, 0.2], f"{controllers} * linear(100)", record=True, norm_capacity=8)
    again.load_state(extended.state())
    assert again.step(0.1) == extended.step(0.1) == whole.step(0.1)


@pytest.mark.parametrize("policy", ["continue", "rescale", "hold"])
def test_a_number_is_a_new_total(policy):
    scheduler = st.Scheduler(0.1, "greedy() * linear(50)")
    for loss in losses(20):
        scheduler.step(loss)
    multiplier = scheduler.lr / (0.1 * 0.6)
    scheduler.extend(80, policy)
    expected = st.Linear(50).extended(80, policy, step=20)
    assert str(scheduler).endswith(str(expected)) or str(scheduler).endswith(f"({expected})")
    assert scheduler.lr == pytest.approx(0.1 * multiplier * expected.at(20), rel=1e-14)


def test_a_number_after_a_phase_that_was_ended_early():
    scheduler = st.Scheduler(1.0, "early_stop('main', patience=3) * (constant(50, phase='main') >> linear(10))")
    for _ in range(6):
        scheduler.step(1.0)
    assert scheduler.lr == 0.8
    scheduler.extend(70)  # counted as the schedule is: 8 of 10 updates were left, now 18
    rates = []
    while not scheduler.finished:
        rates.append(scheduler.lr)
        scheduler.step(1.0)
    assert len(rates) == 18 and rates[0] == pytest.approx(0.8) and rates[9] == pytest.approx(0.4)


def test_the_text_may_have_the_controllers():
    scheduler = st.Scheduler(0.1, "greedy(patience=3) * linear(50)")
    scheduler.extend("greedy(patience=3) * linear(70)")
    assert scheduler.schedule == st.Linear(70)
    with pytest.raises(
        st.StepsizeError, match=r"extend: the controllers are greedy\(patience=4\), expected .*patience=3"
    ):
        scheduler.extend("greedy(patience=4) * linear(80)")
    scheduler.extend("greedy(patience=3)")
    assert scheduler.schedule == st.Constant() and scheduler.lr == 0.1


def test_refused_and_nothing_changed():
    text = "early_stop('main', patience=3) * (constant(5, phase='main') >> linear(5))"
    scheduler = st.Scheduler(0.1, text, record=True)
    scheduler.step(1.0)
    before = scheduler.state()
    for given, kind, words in (
        ("linear(20)", st.StepsizeError, "early_stop: the schedule has no phase of that name: \"main\""),
        ("linear(20", st.StepsizeError, "linear"), (1.5, TypeError, "total"), (None, TypeError, "total"),
        (0, st.StepsizeError, "total = 0"),
    ):  # fmt: skip
        with pytest.raises(kind, match=words):
            scheduler.extend(given)
        assert scheduler.state() == before
    with pytest.raises(st.StepsizeError, match="policy"):
        scheduler.extend(50, "shrink")
    with pytest.raises(st.StepsizeError, match="no schedule"):
        st.Scheduler(0.1, controller=st.GreedyLR()).extend(50)
    scheduler.close()
    for use in (lambda: scheduler.extend("linear(2)"), lambda: scheduler.extend(9), lambda: scheduler.base_lrs):
        with pytest.raises(st.StepsizeError, match="closed"):
            use()


def test_a_state_of_a_shorter_plan():
    saved = st.Scheduler(0.1, "greedy(patience=1) * linear(50)", record=True)
    for loss in losses(30):
        saved.step(loss)
    scheduler = st.Scheduler(0.1, "greedy(patience=1) * linear(100)", record=True)
    state = saved.state_dict()
    with pytest.raises(st.StepsizeError, match="a different configuration"):
        scheduler.load_state_dict(state)
    assert scheduler.current_step == 0
    scheduler.load_state_dict(state, extend=True)
    saved.extend("linear(100)")
    assert scheduler.state() == saved.state() and scheduler.lr == saved.lr and scheduler.current_step == 30
    scheduler.load_state_dict(scheduler.state_dict(), extend=True)  # its own, as well
    assert scheduler.state() == saved.state()
    other = st.Scheduler(0.1, "plateau() * linear(100)", record=True)
    with pytest.raises(st.StepsizeError, match="controllers"):
        other.load_state_dict(state, extend=True)
    with pytest.raises(st.StepsizeError, match="base rates"):
        st.Scheduler(0.2, "greedy(patience=1) * linear(100)", record=True).load_state_dict(state, extend=True)


def test_base_rates_of_a_restored_one():
    scheduler = st.Scheduler([0.1, 0.3], "greedy(patience=0, smooth=false) * warmup(5)")
    for loss in losses(20):
        scheduler.step(loss)
    assert scheduler.lrs != (0.1, 0.3)
    assert st.Scheduler.from_state(scheduler.state()).base_lrs == scheduler.base_lrs == (0.1, 0.3)
