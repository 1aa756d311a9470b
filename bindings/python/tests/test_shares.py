"""Lengths as shares of the total: bound in the text form, and wherever the total is known."""

from fractions import Fraction

import pytest
import stepsize as st
from hypothesis import given
from hypothesis import strategies as some

TEXT = "warmup(10%) >> cosine(90%, floor=0.1)"
BOUND = "warmup(100) >> cosine(900, floor=0.1)"


@some.composite
def percentages(draw):
    """Of up to six decimals, which make up 100."""
    whole, parts = 100 * 10**6, []
    for _ in range(draw(some.integers(0, 12))):
        parts.append(draw(some.integers(0, whole)))
        whole -= parts[-1]
    parts.insert(draw(some.integers(0, len(parts))), whole)
    return parts


def written(part):
    return f"{part // 10**6}.{part % 10**6:06}%"


@given(percentages(), some.one_of(some.integers(1, 50), some.integers(1, 2**62)))
def test_the_parts_make_up_the_total(parts, total):
    schedule = st.parse(" >> ".join(f"constant({written(part)})" for part in parts), total=total)
    assert schedule.length == total
    # Each ends where its share of the whole, rounded, is: halves up.
    ends, done = [], 0
    for part in parts:
        done += part
        ends.append((2 * total * Fraction(done, 10**8) + 1) // 2)
    lengths = [end - begin for begin, end in zip([0, *ends], ends)]
    assert schedule == st.parse(" >> ".join(f"constant({length})" for length in lengths))


@given(percentages(), some.integers(1, 10**6), some.data())
def test_the_rest_makes_up_the_total(parts, total, data):
    place = data.draw(some.integers(0, len(parts) - 1))
    words = ["rest" if i == place else written(part) for i, part in enumerate(parts)]
    schedule = st.parse(" >> ".join(f"constant({word})" for word in words), total=total)
    assert schedule.length == total


def test_text():
    assert str(st.parse(TEXT, total=1000)) == BOUND
    assert str(st.Schedule("warmup(500) >> cosine(rest)", total=2000)) == "warmup(500) >> cosine(1500)"
    with st.Scheduler(1.0, f"greedy() * ({TEXT})", total=1000) as scheduler:
        assert str(scheduler) == f"greedy() * ({BOUND})"
        again = st.Scheduler.from_state(scheduler.state())
        assert str(again) == str(scheduler)
    with st.Scheduler(1.0, TEXT, st.Plateau(), total=1000) as scheduler:
        assert str(scheduler.schedule) == BOUND
        scheduler.extend(TEXT, total=2000)
        assert str(scheduler.schedule) == "warmup(200) >> cosine(1800, floor=0.1)"


def test_groups():
    """The total is that of every group."""
    with st.Scheduler([1.0, 0.1], [TEXT, "linear(rest)"], total=1000) as scheduler:
        assert str(scheduler) == f"[{BOUND}, linear(1000)]"
    with st.Scheduler([1.0, 0.1], f"greedy() * [{TEXT}, warmup(10) >> linear(rest)]", total=1000) as scheduler:
        assert str(scheduler) == f"greedy() * [{BOUND}, warmup(10) >> linear(990)]"


def test_errors():
    with pytest.raises(st.StepsizeError, match="a share of the total, which is unknown: give the total") as caught:
        st.parse("warmup(10) >> cosine(90%)")
    assert caught.value.offset == 21
    with pytest.raises(st.StepsizeError, match="give the total"):
        st.Scheduler(1.0, TEXT)
    for make in (lambda: st.parse(TEXT, total=0), lambda: st.Scheduler(1.0, TEXT, total=0)):
        with pytest.raises(st.StepsizeError, match="total.*expected an integer >= 1"):
            make()
    with pytest.raises(st.StepsizeError, match="longer than the total"):
        st.parse("warmup(20%) >> cosine(90%)", total=1000)


def test_epochs_and_tokens():
    """A total in another unit is stretched."""
    epochs, updates = 20, 37
    by_epoch = st.parse(TEXT, total=epochs)
    stretched = st.parse(f"stretch({by_epoch}, {updates}, interpolation='linear')")
    assert stretched.length == epochs * updates
    assert stretched.at(19 * updates) == by_epoch.at(19)
    tokens, batch = 10**9, 2**19
    by_token = st.parse(TEXT, total=tokens)
    stretched = st.parse(f"stretch({by_token}, {1 / batch!r})")
    assert stretched.length == -(-tokens // batch)
    assert stretched.at(1000) == by_token.at(1000 * batch)


def test_command_line(capsys):
    from stepsize.cli import main

    assert main(["check", TEXT, "--steps", "1000"]) == 0
    assert BOUND in capsys.readouterr().out
    assert main(["score", TEXT, "--steps", "1000"]) == 0
    assert main(["show", TEXT]) != 0
    assert "give the total" in capsys.readouterr().err


def test_score():
    assert str(st.compare([TEXT, "linear(rest)"], 1000)[0].schedule) in (BOUND, "linear(1000)")


def test_torch():
    torch = pytest.importorskip("torch")
    from stepsize.torch import Scheduler

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    scheduler = Scheduler(optimizer, TEXT, fields={"momentum": "linear(rest)"}, total=1000)
    assert str(scheduler.schedule) == BOUND and str(scheduler.fields[0].schedule) == "linear(1000)"
    loaded = Scheduler(optimizer, BOUND, fields={"momentum": "linear(1000)"})
    loaded.load_state_dict(scheduler.state_dict())
    scheduler.extend(TEXT, total=2000)
    assert scheduler.schedule == st.parse(TEXT, total=2000)


def test_optax_and_jax():
    pytest.importorskip("optax")
    from stepsize.optax import schedule

    jax = pytest.importorskip("jax")
    at = jax.jit(schedule(TEXT, 0.5, length=1000))
    bound = st.parse(BOUND)
    steps = (0, 42, 99, 100, 555, 999)
    assert [float(at(step)) for step in steps] == pytest.approx([0.5 * bound.at(step) for step in steps], rel=1e-6)
    assert float(at(1000)) == float(at(999))  # the last update of the run


def test_keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras")
    from stepsize.keras import LearningRate, Schedule

    assert str(Schedule(TEXT, length=1000).schedule) == BOUND
    assert str(LearningRate(1.0, TEXT, total=1000).scheduler) == BOUND


def test_trainer():
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    from stepsize.huggingface import configured

    class Trainer:
        lr_scheduler = None

    Trainer = configured(Trainer)
    trainer = Trainer()
    trainer.args = transformers.TrainingArguments(
        "out", lr_scheduler_kwargs={"stepsize": TEXT}, report_to=[], use_cpu=True
    )
    trainer.optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    assert str(trainer.create_scheduler(1000).schedule) == BOUND
