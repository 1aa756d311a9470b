"""Named phases, and what ends them early."""

import math

import pytest
import stepsize as st


def phases(s, updates):
    """(name, position, length, entered) at each update."""
    seen = []
    for _ in range(updates):
        phase = s.phase
        seen.append(None if phase is None else (phase.name, phase.position, phase.length, phase.entered))
        s.advance()
    return seen


def test_wsd_has_three():
    s = st.Scheduler(1.0, st.WSD(10, warmup=2, decay=3))
    assert phases(s, 12) == [
        ("warmup", 0, 2, True), ("warmup", 1, 2, False),
        ("main", 0, 5, True), ("main", 1, 5, False), ("main", 2, 5, False), ("main", 3, 5, False),
        ("main", 4, 5, False),
        ("anneal", 0, 3, True), ("anneal", 1, 3, False), ("anneal", 2, 3, False), ("anneal", 3, 3, False),
        ("anneal", 3, 3, False),
    ]  # fmt: skip
    assert s.phase.progress == 1 and s.phase.start == 7


@pytest.mark.parametrize(
    "text, expected",
    [
        ("linear(3)", "..."),
        ('constant(2, phase="a") >> linear(2) >> linear(2, phase="b")', "aa..bb"),
        ('(constant(2, phase="a") >> linear(2), phase="b")', "aabb"),
        ('0.5 * (linear(2, phase="a") >> linear(2, phase="b"))', "aabb"),
        ('linear(4) * constant(2, phase="a")', "aa.."),
        ('repeat(constant(1, phase="a") >> constant(2, phase="b"), 2)', "abbabbb"),
        ('stretch(constant(1, phase="a") >> constant(1, phase="b"), 2.5)', "aaabbb"),
        ('shift(constant(1, phase="a") >> constant(1, phase="b"), 2)', "aaab"),
        ('shift(constant(3, phase="a") >> constant(1, phase="b"), -2)', "ab"),
        ('take(constant(2, phase="a") >> constant(2, phase="b"), 3)', "aabb"),
        ('clamp(constant(1, phase="a") >> linear(2, phase="b"), min=0.5)', "abb"),
        ("tri_stage(1, 2, 1)", "wmma"),
        ("warmup_cosine(4, 2)", "wwmm"),
        ("power_scheduler(6, 1, 1, decay=2)", "wmmmaa"),
    ],
)
def test_where_phases_are(text, expected):
    s = st.Scheduler(1.0, text)
    assert "".join("." if seen is None else seen[0][0] for seen in phases(s, len(expected))) == expected


def test_neighbours_of_one_name_are_one_phase():
    s = st.Scheduler(1.0, 'constant(2, phase="a") >> linear(3, phase="a") >> linear(1)')
    assert [seen and seen[1:] for seen in phases(s, 6)] == [
        (0, 5, True), (1, 5, False), (2, 5, False), (3, 5, False), (4, 5, False), None,
    ]  # fmt: skip


def test_no_end():
    s = st.Scheduler(1.0, 'constant(phase="forever")')
    s.current_step = 100
    assert s.phase.length is None and s.phase.progress == 0 and s.phase.position == 100 and not s.phase.entered
    assert "forever" in repr(s.phase)


# ---- Early stop rules ----

TEXT = 'early_stop("main", patience=3, threshold=0) * (constant(100, phase="main") >> linear(4, phase="anneal"))'


def test_an_early_stop_rule_ends_the_phase():
    s = st.Scheduler(1.0, TEXT)
    for loss in (3, 2, 1, 1, 1):
        assert s.step(loss) == 1 and s.phase.name == "main" and s.stop_reason is None
    assert s.step(1) == 1
    assert s.current_step == 6 and s.phase.name == "anneal" and s.phase.entered and s.phase.start == 6
    assert [s.step(9) for _ in range(4)] == [0.75, 0.5, 0.25, 0]
    assert s.finished and s.stop_reason == "end"


def test_without_an_early_stop_rule_the_phase_ends_at_its_step():
    s = st.Scheduler(1.0, TEXT)
    for t in range(100):
        s.step(100 - t)
    assert s.phase.name == "anneal" and s.phase.entered


def test_going_back_over_the_end_of_a_phase():
    s = st.Scheduler(1.0, TEXT)
    for loss in (1, 1, 1, 1, 1):
        s.step(loss)
    assert s.current_step == 5 and s.lr == 0.75
    s.current_step = 2
    assert s.phase.name == "main" and s.lr == 1
    s.current_step = 5
    assert s.phase.name == "main"  # the end was after update 2: it has not been


def test_stop_reasons():
    stopped = st.Scheduler(1.0, controller=st.EarlyStop(patience=2, threshold=0))
    reasons = []
    for loss in (2, 1, 1, math.nan, 1):
        stopped.step(loss)
        reasons.append(stopped.stop_reason)
    assert reasons == [None, None, None, "early_stop", "early_stop"]
    assert st.Scheduler(1.0).stop_reason is None

    floor = st.Scheduler(1.0, st.Warmup(5) >> st.Linear(10), min_lr=0.3)
    found = []
    for _ in range(16):
        found.append(floor.stop_reason)
        floor.step()
    # Low at the start of the warm-up is no reason; from 1 - 7/10 on the rate is at its minimum.
    assert found == [None] * 12 + ["minimum"] * 3 + ["end"]

    plateau = st.Scheduler(1.0, controller=st.Plateau(patience=0, factor=0.5, min_lr=0.25))
    found = []
    for _ in range(5):
        plateau.step(1.0)
        found.append(plateau.stop_reason)
    assert found == [None, None, "minimum", "minimum", "minimum"]


def test_phases_do_not_cost_the_controllers():
    s = st.Scheduler(1.0, "greedy(patience=0, smooth=false, factor=0.5) * " + TEXT)
    assert s.step(4.0) == 2 and s.step(3.0) == 4
