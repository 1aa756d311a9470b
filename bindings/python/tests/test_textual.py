"""What schedules and controllers have in common: each of them is a text."""

import copy
import math
import pickle

import pytest
import stepsize as st
from stepsize._core.controller import Controller
from stepsize._core.schedule import Schedule
from stepsize._core.textual import Textual

MADE = [
    st.Linear(1000, floor=0.1), st.Take(st.Cosine(8) >> st.Linear(4), 10), st.Table([1.0, 0.5], phase="x"),
    st.Linear(3) >> st.Warmup(2), st.GreedyLR(patience=3), st.EarlyStop("main"),
]  # fmt: skip


@pytest.mark.parametrize("value", MADE, ids=str)
def test_it_is_its_text(value):
    again = (Controller.parse if isinstance(value, Controller) else Schedule)(str(value))
    assert isinstance(value, Textual) and again == value and hash(again) == hash(value) and str(again) == str(value)
    assert eval(repr(value), vars(st)) == value
    assert copy.copy(value) is copy.deepcopy(value) is value
    assert pickle.loads(pickle.dumps(value)) == value


def test_a_schedule_is_no_controller():
    assert st.Linear(10) != st.GreedyLR() and st.Linear(10) != "linear(10)" and st.GreedyLR() != "greedy()"


@pytest.mark.parametrize("value", MADE, ids=str)
def test_it_cannot_be_changed(value):
    for name in ("_text", "_handle", "total", "patience", "other"):
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(value, name, 1)
        with pytest.raises(AttributeError, match="cannot be changed"):
            delattr(value, name)


def test_parameters_are_attributes():
    linear = st.Linear(1000)
    assert (linear.total, linear.floor) == (1000, 0.0)
    assert st.Linear(1e3, floor=1).floor == 1.0
    assert st.Take(linear, 10).schedule is linear
    assert st.Table([1, 0.5]).values == (1.0, 0.5)
    assert st.Constant(value=2).length is None
    greedy = st.GreedyLR(reset_start=math.inf, min_lr=[0.1, 0.2])
    assert greedy.reset_start is None and greedy.min_lr == (0.1, 0.2) and greedy.factor == 0.95
    for value in (linear, st.parse("linear(1000)"), greedy, st.Linear(3) >> linear):
        assert not hasattr(value, "cycles")
    # What it was made with is known only where a class made it.
    assert not hasattr(st.parse("linear(1000)"), "total")


@pytest.mark.parametrize(
    "base, make, text",
    [
        (Schedule, lambda: st.Linear(1000), "linear(1000)"),
        (Schedule, lambda: Schedule("linear(1000)"), "linear(1000)"),
        (Controller, lambda: st.GreedyLR(), "greedy()"),
        (Controller, lambda: st.Plateau("keras", patience=3), 'plateau("keras", patience=3)'),
    ],
)
def test_making_one_is_one_call_of_the_library(monkeypatch, base, make, text):
    calls = []
    for name in ("_library_parse", "_library_print"):
        function = getattr(base, name)
        monkeypatch.setattr(base, name, staticmethod(lambda *a, f=function, n=name: calls.append(n) or f(*a)))
    import stepsize._core.controller as controller

    monkeypatch.setattr(controller, "read_text", lambda *arguments: pytest.fail("the library was asked for a text"))
    value = make()
    assert calls == ["_library_parse"]
    assert str(value) == str(value) == text and calls == ["_library_parse", "_library_print", "_library_print"]
