"""Saved states: going on elsewhere gives the same bits; what is damaged is refused and changes nothing."""

import base64
import binascii
import json
import math
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stepsize as st
from stepsize._foreign import abi

STATES = Path(__file__).resolve().parents[3] / "Tests/golden/states.txt"
CONTROLLERS = [
    None,
    "greedy(patience=1, window=3, reset_start=2)",
    "greedy('huggingface', patience=1, smooth=true, window=4, cooldown=2, warmup=1, reset_start=3)",
    "greedy('paper')",
    "greedy('default', mode='max', threshold_mode='rel', threshold=0.01, min_lr=[0.05, 0.1], max_lr=0.9)",
    "plateau(patience=2, cooldown=1, factor=0.5)",
    "plateau('keras', patience=2, min_lr=0.01)",
    "plateau('optax', patience=2, accumulation=3)",
    "hypergradient(beta=0.01)",
    "hypergradient('multiplicative', beta=0.3)",
    "line_search(backtrack=0.5, batches_per_epoch=5, max_trials=4)",
    "line_search(projected=true, reset='initial', max_trials=3)",
    "learned()",
    "learned(total=40, adapt=0.5)",
    "learned('custom', adapt=0.1, parameters=[2, 3, 0, 0.5, -2, 1.5, 1, -1, 2, -0.5, 0.25])",
    "early_stop('main', patience=3, threshold=0.05, window=2) * early_stop('anneal', patience=4)",
    "greedy(patience=0) * early_stop(patience=6)",
]
SCHEDULES = [
    "wsd(30, warmup=4, decay=10)",
    "warmup(3) >> constant(20, phase='main') >> cosine(12, phase='anneal')",
]
PAIRS = [(controller, schedule) for controller in CONTROLLERS for schedule in [None, *SCHEDULES]]


def plan(controller, schedule):
    if controller and "'main'" in controller and schedule is None:
        schedule = SCHEDULES[0]
    parts = [part for part in (controller, schedule and f"({schedule})") if part]
    return " * ".join(parts) or None


def losses(seed, count):
    rng = random.Random(seed)
    return [rng.choice([1 / (1 + i), rng.random(), 0.5, 0.5, math.nan, math.inf]) for i in range(count)]


def go_on(s, values):
    """One training: bits of everything that can be seen, update by update."""
    kind = s.controller._name if s.controller else ""
    seen = []
    for value in values:
        if kind == "hypergradient":
            s.hypergradient.observe([value - 0.5, 0.25 - value], [1.0, 2.0])
            s.step(value)
        elif kind == "line_search":
            s.line_search.propose(1.0, [value, 1.0])
            trial = "retry"
            while trial == "retry":
                trial = s.line_search.report(value, [0.1, 0.1])
            s.step(value)
        else:
            s.step(value)
        phase = s.phase
        seen.append(
            [
                *(lr.hex() for lr in s.lrs),
                s.decision,
                s.current_step,
                s.stop_reason,
                phase and (phase.name, phase.position),
            ]
        )
    return seen


@pytest.mark.parametrize("controller, schedule", PAIRS)
def test_every_step_goes_on_as_if_nothing_had_been(controller, schedule):
    values = losses(str(controller), 40)
    make = lambda: st.Scheduler([0.1, 0.3], plan(controller, schedule), max_lr=0.9, record=True)  # noqa: E731
    whole = go_on(make(), values)
    s = make()
    for k in range(40):
        state = s.state()
        restored = st.Scheduler.from_state(state)
        alike = make()
        go_on(alike, values[:5])
        alike.load_state(state)
        assert restored.state() == alike.state() == state and str(restored) == str(s)
        assert go_on(restored, values[k:]) == whole[k:]
        if k % 10 == 3:
            assert go_on(alike, values[k:]) == whole[k:]
            assert alike.record.rates(1) == restored.record.rates(1)
        go_on(s, values[k : k + 1])


def test_in_the_middle_of_a_search():
    s = st.Scheduler(1.0, "line_search(backtrack=0.5)")
    s.line_search.propose(1.0, 1.0)
    s.line_search.report(2.0)
    other = st.Scheduler.from_state(s.state())
    assert other.line_search.report(2.0) == s.line_search.report(2.0) == "retry" and other.lr == s.lr
    assert other.line_search.trial_count == s.line_search.trial_count


def test_a_fresh_process(tmp_path):
    values = losses("process", 30)
    jobs, expected = [], []
    for number, (controller, schedule) in enumerate(PAIRS):
        s = st.Scheduler([0.1, 0.3], plan(controller, schedule))
        k = number % 29
        go_on(s, values[:k])
        s.save(tmp_path / f"{number}.state")
        jobs.append(k)
        expected.append(go_on(s, values[k:]))
    program = f"""
import json, math, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import stepsize as st
from test_state import go_on, losses
values = losses("process", 30)
jobs = {jobs!r}
print(json.dumps([go_on(st.Scheduler.load(f"{{i}}.state"), values[k:]) for i, k in enumerate(jobs)]))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(expected))


RESUME = Path(__file__).resolve().parents[3] / "Tests" / "StepsizeCTests" / "resume.c"


def step(s, loss):
    """A step, without the loss where the controller observes more than that."""
    return s.advance() if s._needs & ~abi.STEPSIZE_NEEDS_LOSS else s.step(loss)


def test_from_one_language_to_the_other_and_back(tmp_path):
    """C continues from Python's states, and Python from C's: the same bits, the same states."""
    from stepsize._foreign.library import PACKAGED

    include = RESUME.parents[2] / "include"
    subprocess.run(["cc", "-O1", f"-I{include}", RESUME, PACKAGED, f"-Wl,-rpath,{Path(PACKAGED).parent}", "-o",
                    "resume"],
                   cwd=tmp_path, check=True)  # fmt: skip
    # The library's name is in the program, not its place.
    os.symlink(PACKAGED, tmp_path / f"libstepsize.so.{abi.STEPSIZE_ABI_VERSION}")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}

    def loss(t):
        return 1.0 / (1.0 + t) + 0.1 * (t * 2654435761 % 2**32 % 1000) / 1000.0

    for controller, schedule in PAIRS:
        s = st.Scheduler([0.1, 0.3], plan(controller, schedule), record=True)
        for t in range(7):
            step(s, loss(t))
        s.save(tmp_path / "in")
        done = subprocess.run(
            ["./resume", "in", "20", "out"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        rates = []
        for t in range(7, 27):
            rates.append(list(s.lrs))
            step(s, loss(t))
        assert [[float.fromhex(x) for x in line.split()] for line in done.stdout.splitlines()] == rates
        assert (tmp_path / "out").read_bytes() == s.state()


# ---- Files ----

def save_forever(path, ready):
    """In a forked process, which starts in no time."""
    scheduler = st.Scheduler(0.1, "greedy(window=2000) * cosine(100000)")
    ready.set()
    while True:
        scheduler.step(1.0)
        scheduler.save(path)


def kill_savers(path):
    st.Scheduler(0.1, "greedy(window=2000) * cosine(100000)").save(path)
    context, rng, steps = multiprocessing.get_context("fork"), random.Random(5), 0
    for _ in range(200):
        ready = context.Event()
        saver = context.Process(target=save_forever, args=(path, ready))
        saver.start()
        assert ready.wait(60)
        time.sleep(rng.uniform(0, 0.02))
        saver.kill()
        saver.join()
        assert saver.exitcode == -signal.SIGKILL
        steps = max(steps, st.Scheduler.load(path).current_step)
    assert steps > 0


@pytest.mark.processes
def test_killed_while_saving(tmp_path):
    """SIGKILL at random moments, 200 times: there is always a whole state."""
    # In a small process: to fork that of the tests, in which frameworks may be loaded, takes longer than a save.
    words = [sys.executable, "-c", "import test_state; test_state.kill_savers('run.state')"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.state"
    s = st.Scheduler(0.1)
    s.save(path)
    s.step()
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        s.save(path)
    assert st.Scheduler.load(path).current_step == 0 and [file.name for file in tmp_path.iterdir()] == ["run.state"]
    with pytest.raises(FileNotFoundError):
        st.Scheduler.load(tmp_path / "none")


# ---- Dictionaries ----


def test_state_dict_is_plain_and_checked():
    s = st.Scheduler([0.1, 0.2], "greedy(patience=0) * linear(10)")
    s.step(1.0)
    saved = json.loads(json.dumps(s.state_dict()))
    assert saved["format"] == 1 and saved["step"] == 1 and saved["lrs"] == list(s.lrs) and saved["text"] == str(s)
    other = st.Scheduler([0.1, 0.2], "greedy(patience=0) * linear(10)")
    other.load_state_dict(saved)
    assert other.step(0.5) == s.step(0.5)

    torch = pytest.importorskip("torch")
    import io

    file = io.BytesIO()
    torch.save(saved, file)
    file.seek(0)
    assert torch.load(file, weights_only=True) == saved

    for name, value in (("step", 5), ("text", "linear(11)"), ("lrs", [1.0, 2.0])):
        with pytest.raises(st.StepsizeError, match=name):
            other.load_state_dict({**saved, name: value})
    for broken in ({}, {"state": 3}, {"state": "é"}, {"state": "abc"}, {"state": saved["state"][:-8]}):
        with pytest.raises(st.StepsizeError):
            other.load_state_dict(broken)
    assert other.current_step == 2


# ---- Earlier versions ----

# Of version 0.1: its early stop rule was called settle.
OLD = {
    "format": 1,
    "state": (
        "U1RFUFNJWkUBAAAAmmS6YqQBAAAAAAAAZAAAAAAAAABncmVlZHkocGF0aWVuY2U9MSwgd2luZG93PTIpICogc2V0dGxlKCJtYWluIiwg"
        "cGF0aWVuY2U9MykgKiAoY29uc3RhbnQoOSwgcGhhc2U9Im1haW4iKSA+PiBsaW5lYXIoNCkpAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAA"
        "mpmZmZmZuT8AAAAAAAAAAP///////+9/BAAAAAAAAAAEAAAAAAAAACmvobyG8ro/AAAAAAAAEkAAAAAAAAAEQAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAED1hZDz/v//PwAAAAAAAAAAAQAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAA9AEAAAAAAAABAAAAAAAAAAAAAAAAAARAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAAAEArhxbZzvf/PwIA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    ),
    "text": 'greedy(patience=1, window=2) * settle("main", patience=3) * (constant(9, phase="main") >> linear(4))',
    "step": 4,
    "lrs": [0.10526315789473685],
}


def test_a_state_with_the_old_name_of_the_early_stop_rule_is_read():
    text = OLD["text"].replace("settle", "early_stop")
    restored = st.Scheduler.from_state(base64.b64decode(OLD["state"]))
    loaded, parsed = st.Scheduler(0.1, text), st.Scheduler(0.1, OLD["text"])
    loaded.load_state_dict(OLD)
    assert str(restored) == str(loaded) == str(parsed) == text
    assert restored.state() == loaded.state() != base64.b64decode(OLD["state"])
    assert [restored.step(2.0) for _ in range(4)] == [0.1, 0.07500000000000001, 0.0475, 0.02375]
    with pytest.raises(st.StepsizeError, match="'text' was changed"):
        loaded.load_state_dict({**OLD, "text": OLD["text"].replace("linear", "cosine")})


# ---- What is refused ----


def test_another_scheduler():
    state = st.Scheduler([0.1, 0.2], "greedy() * linear(10)").state()
    for other, part in (
        (st.Scheduler(0.1, "greedy() * linear(10)"), "number of groups"),
        (st.Scheduler([0.1, 0.2], "greedy() * linear(11)"), r"greedy\(\) \* linear\(10\)"),
        (st.Scheduler([0.1, 0.3], "greedy() * linear(10)"), "group 1"),
        (st.Scheduler([0.1, 0.2], "greedy() * linear(10)", min_lr=1e-9), "group 0"),
    ):
        before = other.state()
        with pytest.raises(st.StepsizeError, match=part) as caught:
            other.load_state(state)
        assert caught.value.status == abi.STEPSIZE_ERROR_MISMATCH and other.state() == before


@pytest.mark.parametrize("text", ["greedy(window=2) * linear(10)", "early_stop('main') * wsd(10)"])
def test_every_damaged_byte_and_every_cut_is_refused(text):
    s = st.Scheduler(0.1, text, record=True)
    for loss in (3, 2, 1):
        s.step(loss)
    state, before = s.state(), s.state()
    rng = random.Random(text)
    for i in range(len(state)):
        for value in {(state[i] + 1) % 256, state[i] ^ 0x80, rng.randrange(256)} - {state[i]}:
            with pytest.raises(st.StepsizeError) as caught:
                s.load_state(state[:i] + bytes([value]) + state[i + 1 :])
            assert caught.value.status in (abi.STEPSIZE_ERROR_STATE, abi.STEPSIZE_ERROR_VERSION)
        with pytest.raises(st.StepsizeError):
            s.load_state(state[:i])
    for more in (state + b"\0", b"", b"STEPSIZE", state[::-1], b"\0" * len(state)):
        with pytest.raises(st.StepsizeError):
            st.Scheduler.from_state(more)
    assert s.state() == before
    with pytest.raises(TypeError):
        st.Scheduler.from_state(state.hex())


def signed(state: bytes) -> bytes:
    """The state with a checksum that is right: CRC-32 of all but the four bytes that hold it."""
    return state[:12] + binascii.crc32(state[:12] + state[16:]).to_bytes(4, "little") + state[16:]


def test_the_format_is_what_is_documented():
    state = st.Scheduler(0.1, "linear(10)").state()
    assert state[:8] == b"STEPSIZE" and int.from_bytes(state[8:12], "little") == 1
    assert int.from_bytes(state[16:24], "little") == len(state)
    assert signed(state) == state and b"linear(10)" in state


def test_a_newer_format():
    state = st.Scheduler(0.1).state()
    with pytest.raises(st.StepsizeError, match="newer format than this library reads: 4") as caught:
        st.Scheduler.from_state(signed(state[:8] + (4).to_bytes(4, "little") + state[12:]))
    assert caught.value.status == abi.STEPSIZE_ERROR_VERSION


def test_a_phase_has_ended_in_the_past():
    """An early end in the future would be one when time comes there: what is saved then could not be restored."""
    s = st.Scheduler(0.1, 'early_stop("main", patience=1) * (constant(9, phase="main") >> linear(9, phase="rest"))')
    for _ in range(3):
        s.step(1.0)
    assert s.phase.name == "rest"
    state = s.state()
    # Its step and the time of the schedule.
    jump = (2).to_bytes(8, "little") + (9).to_bytes(8, "little")
    assert state.count(jump) == 1
    later = (2**40 + 2).to_bytes(8, "little") + (2**40 + 9).to_bytes(8, "little")
    with pytest.raises(st.StepsizeError, match="invalid value"):
        st.Scheduler.from_state(signed(state.replace(jump, later)))


@pytest.mark.parametrize("text", [plan(*pair) or "constant()" for pair in PAIRS[::2]])
def test_impossible_values_with_a_right_checksum(text):
    """Whatever a state says, it is refused or gives rates inside the bounds."""
    s = st.Scheduler([0.1, 0.3], text, max_lr=0.9, record=True)
    go_on(s, losses("odd", 12))
    state = s.state()
    rng = random.Random(text)
    words = [b"\xff" * 8, b"\0" * 8, (1 << 63).to_bytes(8, "little"), (2**63 - 1).to_bytes(8, "little"),
             float("nan").hex().encode()[:8].ljust(8, b"\0"), b"\0\0\0\0\0\0\xf8\x7f",
              b"\0\0\0\0\0\0\xf0\xff"]  # fmt: skip
    for i in range(24, len(state) - 8):
        changed = signed(state[:i] + rng.choice(words) + state[i + 8 :])
        try:
            other = st.Scheduler.from_state(changed)
        except st.StepsizeError:
            continue
        go_on(other, losses("after", 3))
        assert all(0 <= lr <= 1.7976931348623157e308 for lr in other.lrs)


def test_the_log_of_gradient_norms_is_in_the_state():
    s = st.Scheduler(0.1, "linear(100)", norm_capacity=8)
    for t in range(20):
        s.log_norm(1 + t)
        s.step()
    other = st.Scheduler.from_state(s.state())
    assert list(other.norms.values) == list(s.norms.values) == [1, 5, 9, 13, 17] and other.norms.count == 20
    other.log_norm(math.nan)
    assert other.norms.count == 21 and s.norms.count == 20 and other.state() != s.state()
    refined = st.refine(other.norms)
    assert len(refined.values) == 21
    with pytest.raises(st.StepsizeError, match="norm = -1"):
        s.log_norm(-1)
    with pytest.raises(st.StepsizeError, match="norm_capacity"):
        st.Scheduler(0.1).log_norm(1)
    with pytest.raises(st.StepsizeError, match="capacity = 1"):
        st.Scheduler(0.1, norm_capacity=1)
    assert st.Scheduler(0.1).norms is None


def test_old_formats_are_read():
    """Tests/golden/states.txt: each state continues with the rates that stand behind it."""
    lines = [line.split() for line in STATES.read_text().splitlines() if not line.startswith("#")]
    assert {line[0] for line in lines} == {"1", "2"}
    for number, state, *rates in lines:
        s = st.Scheduler.from_state(bytes.fromhex(state))
        found = []
        for t in range(40, 45):
            step(s, 1 + t * 7 % 11 / 8)
            found += s.lrs
        assert found == [float.fromhex(rate) for rate in rates], number


def test_a_window_that_is_not_full():
    """What is in it is saved, and no more (format 3): it was 134 megabytes."""
    text = "greedy(window=16777216, patience=2, reset_start=none)"
    s = st.Scheduler(0.1, text)
    for size, count in ((400, 0), (8400, 1000)):
        go_on(s, losses("window", count))
        state = s.state()
        assert len(state) < size and state[8] == 3
        other = st.Scheduler.from_state(state)
        assert other.state() == state and go_on(other, losses("after", 50)) == go_on(s, losses("after", 50))
