"""What was really used, and its replay."""

import math
import random
import time

import pytest
import stepsize as st


def run(s, losses):
    used = []
    for loss in losses:
        used.append(s.lrs)
        s.step(loss)
    return used


@pytest.mark.parametrize(
    "text",
    ["", "cosine(300, floor=0.1)", "greedy(patience=1) * (warmup(20) >> linear(280))",
     "plateau(patience=3) * random(power=2, seed=7)", "greedy('huggingface', patience=0, smooth=true, window=3)"],
)  # fmt: skip
def test_replay_is_bit_for_bit(text):
    rng = random.Random(text)
    s = st.Scheduler([0.1, 0.3], text or None, min_lr=0.01, max_lr=0.5, record=True)
    used = run(s, [rng.choice([rng.random(), math.nan, 1.0]) for _ in range(310)])
    assert s.record.start == 0
    for group in range(2):
        rates = [rate[group] for rate in used]
        assert list(s.record.rates(group)) == rates
        replay = s.record.replay(group)
        again = st.parse(str(replay))  # as another language would read it
        assert list(again.curve(310)) == rates and replay.length == 310
        other = st.Scheduler(1.0, again)
        assert [other.lr, *(other.step() for _ in range(309))] == rates


def test_memory():
    s = st.Scheduler(0.1, record=True)
    for _ in range(100_000):
        s.step()
    assert len(s.state()) < 500 and len(s.record.rates()) == 100_000
    assert str(s.record.replay()) == "constant(100000, value=0.1)"
    s = st.Scheduler(0.1, st.Cosine(100_000), record=True)
    for _ in range(100_000):
        s.step()
    assert len(s.state()) < 8 * 100_000 + 500


def test_long_runs_are_stored_by_their_changes():
    s = st.Scheduler(0.1, "step(1000, 0.5)", record=True)
    for _ in range(2500):
        s.step()
    assert str(s.record.replay()) == "take(piecewise([1000, 2000], [0.1, 0.05, 0.025]), 2500)"


def test_going_back_and_forth():
    s = st.Scheduler(1.0, st.Linear(10), record=True)
    run(s, [None] * 6)
    s.current_step = 3
    assert list(s.record.rates()) == [1.0, 0.9, 0.8]
    run(s, [None] * 2)
    assert list(s.record.rates()) == [1.0, 0.9, 0.8, 0.7, 0.6]
    s.current_step = 8
    assert s.record.start == 8 and len(s.record.rates()) == 0
    run(s, [None])
    assert list(s.record.rates()) == [pytest.approx(0.2)]


def test_a_part_of_the_record():
    s = st.Scheduler([1.0, 2.0], "warmup(7) >> step(5, 0.5)", record=True)
    s.current_step = 20
    for _ in range(3000):
        s.step()
    used = list(s.record.rates(1))
    assert len(used) == 3000 and s.record.start == 20
    for start, stop in ((20, 3020), (2500, 2520), (2999, None), (None, 25), (0, 22), (3010, 9999), (30, 30), (40, 30),
                        (-(2**63), 2**63 - 1), (5000, None)):  # fmt: skip
        part = s.record.rates(1, start=start, stop=stop)
        wanted = [rate for t, rate in enumerate(used, 20) if (start or -9) <= t < (stop or 9999)]
        assert list(part) == wanted, (start, stop)
    for wrong in (1.5, "3", 2**63):
        with pytest.raises((TypeError, st.StepsizeError), match="start"):
            s.record.rates(start=wrong)


def test_a_part_of_a_long_record_is_read_alone():
    """It took as long as the whole."""
    s = st.Scheduler(0.1, "cosine(400000)", record=True)
    for _ in range(400_000):
        s.step()

    def seconds(**part):
        times = []
        for _ in range(9):
            begin = time.perf_counter()
            s.record.rates(**part)
            times.append(time.perf_counter() - begin)
        return min(times)

    assert seconds(start=399_990) * 20 < seconds()


def test_nothing_recorded():
    s = st.Scheduler(1.0)
    s.step()
    assert len(s.record.rates()) == 0
    with pytest.raises(st.StepsizeError, match="record=True"):
        s.record.replay()
    with pytest.raises(st.StepsizeError, match="nothing is recorded"):
        st.Scheduler(1.0, record=True).record.replay()
    with pytest.raises(st.StepsizeError, match="group = 1"):
        s.record.rates(1)
    with pytest.raises(TypeError):
        st.Scheduler(1.0, record=1)


def test_the_line_search_records_what_was_accepted():
    s = st.Scheduler(1.0, "line_search(reset='initial', backtrack=0.5)", record=True)
    lr = s.line_search.search(1.0, 1.0, lambda lr: 0.0 if lr < 0.3 else 2.0)
    s.step()
    assert list(s.record.rates()) == [lr] == [0.25]


def test_the_replay_has_the_phases_as_they_were():
    schedule = 'warmup(3) >> constant(50, phase="main") >> linear(4, phase="anneal")'
    text = f'early_stop("main", patience=2, threshold=0) * ({schedule})'
    s = st.Scheduler(0.5, text, record=True)
    seen, losses = [], [9, 8, 7, 6, 6, 6, 6, 6, 6, 6, 6]
    for loss in losses:
        seen.append((s.lr, s.phase and s.phase.name, bool(s.phase and s.phase.entered)))
        s.step(loss)
    assert [name for _, name, _ in seen] == [None] * 3 + ["main"] * 3 + ["anneal"] * 5
    other = st.Scheduler(1.0, str(s.record.replay()))
    for lr, name, entered in seen:
        phase = other.phase
        assert (other.lr, phase and phase.name, bool(phase and phase.entered)) == (lr, name, entered)
        other.step()
    assert str(s.record.replay()).startswith(
        'table([0.16666666666666666, 0.3333333333333333, 0.5]) >> constant(3, value=0.5, phase="main")'
    )
