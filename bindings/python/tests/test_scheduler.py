import copy
import gc
import math
import pickle
import weakref

import numpy as np
import pytest
import stepsize as st
from stepsize._foreign import abi
from support import INT64_MAX


def test_a_loop():
    s = st.Scheduler(0.5, st.Linear(4))
    assert (s.current_step, s.lr, s.lrs, s.finished) == (0, 0.5, (0.5,), False)
    assert [s.step() for _ in range(5)] == [0.375, 0.25, 0.125, 0.0, 0.0]
    assert s.current_step == 5 and s.finished and s.lr == 0


def test_groups_bounds_and_text():
    s = st.Scheduler([1.0, 0.1], "linear(10)", min_lr=[0.25, 0.02], max_lr=0.6)
    assert s.lrs == (0.6, 0.1)
    s.current_step = 9
    assert s.lrs == (0.25, 0.02) and s.lr == 0.25
    assert s.schedule == st.Linear(10) and s.controller is None
    assert st.Scheduler(np.array([1, 2], np.float32)).lrs == (1, 2)
    assert st.Scheduler(np.array(0.5)).lrs == (0.5,)
    assert st.Scheduler(x / 2 for x in (1, 2)).lrs == (0.5, 1)
    assert len(st.Scheduler([0.1] * 10000).lrs) == 10000


def test_without_a_schedule_the_rate_is_the_base():
    s = st.Scheduler(0.1)
    assert s.step() == 0.1 and not s.finished


def test_current_step():
    s = st.Scheduler(1, st.Linear(100))
    s.current_step = np.int64(50)
    assert s.lr == 0.5 and s.current_step == 50
    s.current_step = INT64_MAX
    s.step()
    assert s.current_step == INT64_MAX and s.lr == 0  # the count stays at its end
    for wrong in (-1, 2**63, 2**64 + 3):
        with pytest.raises(st.StepsizeError, match="current_step"):
            s.current_step = wrong
    with pytest.raises(TypeError):
        s.current_step = 1.0
    assert s.current_step == INT64_MAX


def test_a_controller_needs_the_loss():
    s = st.Scheduler(0.1, controller=st.GreedyLR())
    with pytest.raises(st.StepsizeError, match=r"step\(loss\).*advance\(\)") as caught:
        s.step()
    assert caught.value.status == abi.STEPSIZE_ERROR_LOSS_REQUIRED
    assert s.current_step == 0
    assert s.step(1.0) == s.advance() == 0.1 and s.current_step == 2


@pytest.mark.parametrize("text, message", [
    ("line_search() * linear(9)", r"line_search\.search, or propose and report.* advance\(\)"),
    ("hypergradient() * linear(9)", r"hypergradient\.observe .* advance\(\)"),
])  # fmt: skip
def test_a_controller_needs_its_observation(text, message):
    s = st.Scheduler(0.1, text)
    s.advance()
    for arguments in ((), (1.0,)):
        with pytest.raises(st.StepsizeError, match=message) as caught:
            s.step(*arguments)
        assert caught.value.status == abi.STEPSIZE_ERROR_OBSERVATION_REQUIRED and s.current_step == 1
    if text.startswith("line"):
        s.line_search.search(1.0, 1.0, lambda lr: 1 - lr)
    else:
        s.hypergradient.observe(1.0)
    other = st.Scheduler.from_state(s.state())
    assert s.step() == other.step() and s.current_step == other.current_step == 2
    for each in (s, other):
        with pytest.raises(st.StepsizeError, match=message):
            each.step()


def test_advance_does_not_ask_the_controller():
    s = st.Scheduler(0.1, controller=st.GreedyLR(patience=0, smooth=False))
    for _ in range(10):
        s.advance()
    assert s.lr == 0.1
    assert s.step(1.0) == 0.1 / 0.95


def test_a_loss_may_be_anything_with_a_float_value():
    class Loss:
        def __float__(self):
            return 1.0

    for loss in (1, 1.0, True, np.float32(1), np.float64(1), np.int8(1), np.array(1.0), Loss(), math.nan, math.inf):
        s = st.Scheduler(0.1, controller=st.GreedyLR(patience=0, smooth=False))
        assert s.step(loss) == (0.1 / 0.95 if math.isfinite(loss) else 0.1 * 0.95)
    s = st.Scheduler(0.1, "linear(10)")
    assert s.step(3.0) == 0.1 * 0.9  # without a controller it is ignored
    for loss in ("1", b"1", [1.0], object(), 1j, np.array([1.0, 2.0])):
        with pytest.raises(TypeError, match="loss: expected a number"):
            s.step(loss)
    assert s.current_step == 1


@pytest.mark.filterwarnings("error")
def test_a_tensor_is_a_loss():
    torch = pytest.importorskip("torch")
    s = st.Scheduler(0.1, controller=st.GreedyLR(patience=0, smooth=False))
    assert s.step(torch.tensor(1.0, requires_grad=True)) == 0.1 / 0.95
    assert s.step(torch.tensor([0.5])) == 0.1 / 0.95 / 0.95
    with pytest.raises(TypeError, match="loss"):
        s.step(torch.tensor([1.0, 2.0]))


def test_refusals():
    for arguments in (
        {"base_lr": -1}, {"base_lr": math.nan}, {"base_lr": math.inf}, {"base_lr": []}, {"base_lr": [0.1, -0.1]},
        {"base_lr": 0.1, "min_lr": -1}, {"base_lr": 0.1, "min_lr": 2, "max_lr": 1},
        {"base_lr": [1, 2], "min_lr": [0] * 3},
        {"base_lr": 0.1, "schedule": "linear(0)"}, {"base_lr": [0.1] * (2**20 + 1)},
        {"base_lr": 0.1, "controller": st.GreedyLR(min_lr=0.2)},
    ):  # fmt: skip
        with pytest.raises(st.StepsizeError) as caught:
            st.Scheduler(**arguments)
        assert str(caught.value)
    for arguments in (
        {"base_lr": "0.1"}, {"base_lr": None}, {"base_lr": [None]}, {"base_lr": 0.1, "schedule": 3},
        {"base_lr": 0.1, "controller": "greedy"}, {"base_lr": 0.1, "min_lr": "0"},
    ):  # fmt: skip
        with pytest.raises(TypeError):
            st.Scheduler(**arguments)


def test_closing():
    s = st.Scheduler(0.1, controller=st.GreedyLR())
    s.close()
    s.close()
    for use in (
        s.step, s.advance, lambda: s.step(1.0), lambda: s.lr, lambda: s.lrs, lambda: s.finished,
        lambda: s.current_step, lambda: setattr(s, "current_step", 0),
    ):  # fmt: skip
        with pytest.raises(st.StepsizeError, match="closed"):
            use()
    assert "closed" in repr(s)
    with st.Scheduler(0.1) as s:
        s.step()
    with pytest.raises(st.StepsizeError, match="closed"):
        s.step()


def test_a_scheduler_is_freed_with_its_last_reference():
    s = st.Scheduler(0.1, st.Linear(10))
    gone = weakref.ref(s)
    finalizer = s._finalizer
    del s
    gc.collect()
    assert gone() is None and not finalizer.alive


def test_a_scheduler_outlives_what_it_was_made_of():
    s = st.Scheduler(1.0, st.Linear(2) >> st.Cosine(10), st.GreedyLR(patience=0, smooth=False))
    gc.collect()
    assert s.step(1.0) == 0.5 / 0.95
    schedule = s.schedule
    s.close()
    assert schedule.at(1) == 0.5


def test_copies_go_on_alone():
    s = st.Scheduler(1.0, st.Linear(10))
    s.step()
    for copied in (copy.copy(s), copy.deepcopy(s), pickle.loads(pickle.dumps(s))):
        assert copied.step() == 0.8 and copied.schedule == s.schedule
    assert s.lr == 0.9


def test_repr():
    s = st.Scheduler([0.1, 0.2], st.Linear(10))
    assert repr(s) == "<Scheduler at step 0, lr=0.1 (the first of 2), linear(10)>"
