"""A running schedule with another length."""

import pytest
import stepsize as st


def test_continue_changes_nothing_so_far_and_ends_as_planned():
    old = st.Warmup(10) >> st.Linear(90, floor=0.1)
    new = old.extended(250, step=40)
    assert new.length == 250
    assert new.curve(41) == old.curve(41)
    assert new.at(250) == pytest.approx(0.1)
    assert max(abs(a - b) for a, b in zip(new.curve(249), new.curve(249, start=1))) < 0.11  # no jump but the warm-up's


def test_rescale_and_hold():
    old = st.Linear(100)
    assert old.extended(200, "rescale").at(100) == 0.5
    assert old.extended(200, "hold").at(150) == 0
    assert old.extended(50, "hold").at(80) == 0.5


def test_it_is_a_schedule_like_any_other():
    new = st.Cosine(100).extended(300, step=7)
    assert st.parse(str(new)) == new


@pytest.mark.parametrize("arguments, words", [
    ((0, "hold"), "total = 0"), ((50, "shrink"), "policy = 'shrink'"), ((300, "continue", 100), "step = 100")])
def test_bad_input(arguments, words):
    *positional, step = arguments if len(arguments) == 3 else (*arguments, 0)
    with pytest.raises(st.StepsizeError, match=words):
        st.Linear(100).extended(*positional, step=step)


def test_a_schedule_without_end():
    with pytest.raises(st.StepsizeError, match="no end"):
        st.Constant().extended(100)
