"""Scheduler.observe: what is needed, missing, wrong or not finite. The rules are in the golden traces."""

import math

import pytest
import stepsize as st

TEXTS = [
    "dog(r=0.01) * linear(100)", "dadapt(d0=0.1)", "polyak()", "auto(300)",
    'auto(none, "sgd", lower_bound=0)', 'polyak("sps", growth=1.1)',
    'polyak("momo", adapt=true)',
]  # fmt: skip


def numbers(scheduler, update):
    names = scheduler.observes
    return {name: 1.5 + math.sin(update * (k + 1)) for k, name in enumerate(names)}


def test_what_a_controller_needs_has_names():
    assert st.Scheduler(1.0, "polyak()").observes == ("loss", "grad_norm", "dot_update", "update_norm")
    assert st.Scheduler(1.0, "dog()").observes == ("grad_norm", "distance", "start_norm")
    assert st.Scheduler(1.0, "line_search()").observes == ("loss", "grad_norm")
    assert st.Scheduler(1.0, "greedy() * linear(5)").observes == st.Scheduler(1.0).observes == ()


@pytest.mark.parametrize("text", TEXTS)
def test_a_saved_training_continues_with_the_same_bits(text):
    whole = st.Scheduler([1.0, 0.5], text)
    assert whole.lrs == (0.0, 0.0) and whole.decision == "none"
    rates = set()
    for update in range(40):
        whole.observe(**numbers(whole, update))
        again = st.Scheduler.from_state(whole.state())
        assert again.lrs == whole.lrs and again.state() == whole.state()
        whole.step()
        again.step()
        whole.observe(**numbers(whole, update + 0.5))
        again.observe(**numbers(whole, update + 0.5))
        assert again.lrs == whole.lrs and again.state() == whole.state()
        rates.add(whole.lr)
        whole.step()
    assert len(rates) > 10


def test_a_step_without_an_observation_is_an_error():
    scheduler = st.Scheduler(1.0, "polyak(align=0)")
    with pytest.raises(st.StepsizeError, match="observe"):
        scheduler.step()
    assert scheduler.observe(loss=8.0, grad_norm=2.0) == 2.0
    scheduler.step()
    with pytest.raises(st.StepsizeError, match="observe"):
        scheduler.step()
    scheduler.advance()


def test_each_group_or_all_together():
    scheduler = st.Scheduler([1.0, 0.5], 'polyak("sps", c=1)')
    assert scheduler.observe(50.0, grad_norm=[3.0, 4.0]) == 2.0 and scheduler.lrs == (2.0, 1.0)
    assert scheduler.observe([50.0, 50.0], grad_norm=[3.0, 4.0]) == scheduler.observe(50.0, grad_norm=5.0) == 2.0
    with pytest.raises(st.StepsizeError, match="2 numbers|3 numbers"):
        scheduler.observe(50.0, grad_norm=[1.0, 2.0, 3.0])
    momo = st.Scheduler([1.0, 0.5], 'polyak("momo")')
    with pytest.raises(st.StepsizeError, match="some numbers"):
        momo.observe(1.0, dot_x=1.0, mean_norm=[1.0, 2.0], mean_dot_x=1.0)


@pytest.mark.parametrize(("given", "message"), [
    ({"loss": 1.0}, "not given: grad_norm"), ({"grad_norm": 1.0}, "not given: loss"),
    ({"loss": 1.0, "grad_norm": -1.0}, "below 0: grad_norm"), ({"loss": -1.0, "grad_norm": 1.0}, "lower_bound"),
])  # fmt: skip
def test_what_is_missing_or_wrong_is_an_error_and_changes_nothing(given, message):
    scheduler = st.Scheduler(1.0, "polyak(align=0)")
    scheduler.observe(loss=8.0, grad_norm=2.0)
    before = scheduler.state()
    with pytest.raises(st.StepsizeError, match=message):
        scheduler.observe(**given)
    assert scheduler.state() == before and scheduler.lr == 2.0


def test_other_controllers_observe_the_loss_alone():
    for text in ("greedy()", "linear(5)"):
        with pytest.raises(st.StepsizeError, match="loss alone"):
            st.Scheduler(1.0, text).observe(1.0, grad_norm=1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_changes_nothing(value):
    for text in TEXTS:
        scheduler = st.Scheduler(1.0, text)
        scheduler.observe(**numbers(scheduler, 3))
        for name in scheduler.observes:
            rate, negative = scheduler.lr, value < 0 and ("norm" in name or name in ("grad_l1", "distance", "loss"))
            given = {**numbers(scheduler, 4), name: value}
            if negative and (name != "loss" or "lower_bound" not in text):
                with pytest.raises(st.StepsizeError, match="below 0"):
                    scheduler.observe(**given)
                continue
            assert scheduler.observe(**given) == rate and scheduler.decision == "ignored"


def test_a_gradient_whose_divisor_underflows_is_none():
    """c n = 0.5 * 5e-324 is 0, and so is the excess of a loss below its lower bound."""
    with st.Scheduler(1.0, 'polyak("sps", norm="l1", lower_bound=2)') as scheduler:
        scheduler.observe(loss=3.0, grad_l1=1.0)
        scheduler.step()
        before = scheduler.lr
        assert scheduler.observe(loss=1.0, grad_l1=5e-324) == before > 0
        assert st.Scheduler.from_state(scheduler.state()).lr == before


def test_classes_have_the_parameters():
    scheduler = st.Scheduler(1.0, "linear(9)", st.Polyak("sps", c=1, max_lr=0.5))
    assert str(scheduler) == 'polyak("sps", c=1, max_lr=0.5) * linear(9)'
    assert scheduler.observe(8.0, grad_norm=2.0) == 0.5
    assert str(st.DoG(r=1e-3, per_group=True)) == "dog(0.001, per_group=true)"
    assert str(st.DAdaptation(growth=1.5)) == "dadapt(growth=1.5)"
    assert str(st.Auto(100, optimizer="sgd", momentum=0.5)) == 'auto(100, optimizer="sgd", momentum=0.5)'
