"""Which way a metric is better, and schedulers that take it that way."""

import pytest
import stepsize as st
from stepsize._metric import Observed, check, mode_of, turn


@pytest.mark.parametrize(
    "name, mode",
    [
        ("loss", "min"), ("val_loss", "min"), ("eval_loss", "min"), ("train-logloss", "min"), ("Val/Accuracy", "max"),
        ("eval_f1", "max"), ("mean_absolute_error", "min"), ("val_roc_auc", "max"), ("score", None), ("lossless", None),
        ("accuracy_loss", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_name_tells(name, mode):
    assert mode_of(name) == mode


@pytest.mark.parametrize("arguments", ["", "variant=paper", "variant=huggingface, patience=3", "factor=0.5"])
def test_turning_changes_the_mode_alone(arguments):
    controller = st.Controller.parse(f"greedy({arguments})")
    (turned,) = turn([controller], "max")
    assert turned == st.Controller.parse(f"greedy({', '.join(filter(None, [arguments, 'mode=max']))})")
    assert turn([turned], "min") == [controller]


def test_all_that_observe_a_metric_are_turned():
    texts = ["plateau(patience=3)", "plateau(counting=keras)", "plateau(counting=optax)", 'early_stop(phase="a")']
    assert [each.mode for each in turn(map(st.Controller.parse, texts), "max")] == ["max"] * 4
    assert turn([st.LineSearch()], "max") == [st.LineSearch()]


def test_a_learned_policy_expects_a_loss():
    with pytest.raises(st.StepsizeError, match="a learned policy expects a loss"):
        turn([st.Learned("mlp")], "max")
    assert turn([st.Learned("mlp")], "min") == [st.Learned("mlp")]


@pytest.mark.parametrize("text", ["line_search() * linear(9)", "hypergradient()"])
def test_a_metric_is_not_enough_for_some(text):
    with pytest.warns(UserWarning, match=r"controller: (line_search|hypergradient)\(\) needs more than a metric"):
        one = observed(text)
    assert one.scheduler.advance() <= 0.1
    with pytest.raises(st.StepsizeError, match="an early stop rule beside it needs a loop of your own"):
        observed(text.replace("()", "() * early_stop()", 1))


def observed(text="plateau(patience=0, factor=0.5)", mode=None):
    return Observed(0.1, text, None, mode, {})


def test_what_the_framework_says_is_taken():
    rising = [0.5, 0.6, 0.7]
    one, other = observed(), observed()
    assert [one.observe("mine", value, "max") for value in rising] == [0.1, 0.1, 0.1]
    assert [other.observe("mine", value, "min") for value in rising] == [0.1, 0.05, 0.025]
    assert observed().observe("val_auc", 0.5, None) == 0.1


def test_what_the_user_says_counts_more():
    falling = [0.7, 0.6, 0.5]
    for made in (observed(mode="max"), observed("plateau(patience=0, factor=0.5, mode=max)")):
        assert [made.observe("loss", value, "min") for value in falling] == [0.1, 0.05, 0.025]


def test_it_asks_where_nobody_knows():
    with pytest.raises(st.StepsizeError, match="metric = 'mine': it cannot be known .* pass mode='min' or mode='max'"):
        observed().observe("mine", 1.0, None)
    assert observed(mode="min").observe("mine", 1.0, None) == 0.1
    with pytest.raises(st.StepsizeError, match="mode = 'auto', expected 'min', 'max' or None"):
        observed(mode="auto")


def test_the_mode_is_found_late():
    """After updates without an observation; beginning anew means the very beginning."""
    made = observed("plateau(patience=0, factor=0.5) * linear(10)")
    for _ in range(4):
        made.scheduler.advance()
    assert made.observe("auc", 0.5, "max") == st.Scheduler(0.1, "linear(10)").base_lrs[0] * 0.5
    assert made.scheduler.current_step == 5 and made.scheduler.controllers[0].mode == "max"
    made.restart()
    assert made.scheduler.current_step == 0 and made.scheduler.controllers[0].mode == "max"


def test_forgetting_keeps_the_rate():
    made = observed("plateau(patience=0, factor=0.5) * linear(10)")
    for loss in (1.0, 2.0, 2.0):
        made.observe("loss", loss, None)
    rate, step = made.scheduler.lr, made.scheduler.current_step
    made.forget()
    assert (made.scheduler.lr, made.scheduler.current_step) == (rate, step)
    reference = st.Scheduler(0.025, "plateau(patience=0, factor=0.5) * linear(10)")
    reference.current_step = step
    assert [made.observe("loss", x, None) for x in (9.0, 9.5)] == [reference.step(x) for x in (9.0, 9.5)]


def test_loading():
    made = observed()
    for value in (0.5, 0.4):
        made.observe("auc", value, "max")
    fresh = observed()
    fresh.load(made.scheduler.state())
    assert fresh.scheduler.state() == made.scheduler.state()
    made.forget()
    with pytest.raises(st.StepsizeError, match="base rate"):
        observed().load(made.scheduler.state())
    fresh = observed()
    fresh.load(made.scheduler.state(), with_bases=True)
    assert fresh.scheduler.lr == 0.05
    with pytest.raises(st.StepsizeError):
        observed("greedy()").load(made.scheduler.state(), with_bases=True)


def test_a_scheduler_that_the_user_has_made_is_not_changed():
    scheduler = st.Scheduler(0.1, "plateau(patience=3) * linear(9)")
    check(scheduler, "val_loss", None)
    check(scheduler, "mine", "min")
    check(st.Scheduler(0.1, "plateau(mode=max)"), "mine", None)
    with pytest.raises(st.StepsizeError, match=r"larger value is better.*make it plateau\(mode=\"max\", patience=3\)"):
        check(scheduler, "val_accuracy", None)
    with pytest.raises(st.StepsizeError, match="cannot be known"):
        check(scheduler, "mine", None)
