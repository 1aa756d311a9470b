"""What a schedule is made of, its phases one after the other, and what a scheduler needs."""

import itertools
import random
import time

import pytest
import stepsize as st

ROUNDS = 'repeat(linear(3, phase="a") >> linear(3, phase="b"), count=1000)'


def outline(schedule, start=0, depth=0):
    """One line for each node of the tree."""
    kind = schedule.structure
    words = [str(depth), str(start), kind.form, kind.name, f"{kind.factor:g}" if kind.form == "scale" else ""]
    lines = [" ".join(filter(None, [*words, kind.phase]))]
    for part in schedule.parts:
        lines += outline(part.schedule, part.start, depth + 1)
    return lines


def test_the_tree():
    text = 'warmup(5) >> 0.5 * (linear(10) * constant(3) >> clamp(wsd(9, warmup=2, decay=1), min=0.1), phase="x")'
    assert outline(st.parse(text)) == [
        "0 0 sequence", "1 0 call warmup", "1 5 scale 0.5", "2 0 group x", "3 0 sequence", "4 0 product",
        "5 0 call linear", "5 0 call constant", "4 10 call clamp", "5 0 call wsd", "6 0 sequence",
        "7 0 call warmup warmup", "7 2 call constant main", "7 8 call cooldown anneal",
    ]  # fmt: skip


def test_parts_are_schedules_and_follow_one_another():
    schedule = st.Warmup(5) >> st.Cosine(20, floor=0.1) >> st.Constant()
    assert [str(part.schedule) for part in schedule.parts] == ["warmup(5)", "cosine(20, floor=0.1)", "constant()"]
    assert [(part.start, part.end) for part in schedule.parts] == [(0, 5), (5, 25), (25, None)]
    assert repr(schedule.parts[1]) == "<Part 'cosine(20, floor=0.1)' from update 5 on>"
    assert st.Linear(5).parts == ()
    many = " >> ".join(f"linear({1 + i % 7})" for i in range(5000))
    assert sum(part.schedule.length for part in st.parse(many).parts) == st.parse(many).length
    assert [part.start for part in st.parse(many).parts][-1] == st.parse(many).length - (1 + 4999 % 7)


def test_parameters():
    kind = st.parse('cosine(100, floor=0.25, phase="x")').structure
    assert kind.parameters["total"] == "100" and kind.parameters["floor"] == "0.25"
    assert kind.number("total") == 100 and kind.number("shape") is None and kind.number("nothing") is None
    assert (kind.name, kind.phase) == ("cosine", "x")
    assert st.parse("linear(5) >> linear(6)").structure.parameters == {}


@pytest.mark.parametrize(
    "text, horizon",
    [
        ("linear(30)", 30), ("constant(0)", 1), ("constant()", 1000), ("noam(4000)", 16_000),
        ("noise(seed=1000000000)", 1000), ("stretch(noam(100), 60)", 24_000),
        ("warmup(500) >> inverse_sqrt(1000)", 4500),
    ],
)  # fmt: skip
def test_horizons(text, horizon):
    assert st.parse(text).horizon == horizon


# ---- Phases ---------------------------------------------------------------------------------------------


def told(phases):
    return [(phase.name, phase.start, phase.length, phase.start + phase.position) for phase in phases]


def test_every_phase_of_a_repeat():
    schedule = st.parse(ROUNDS)
    assert told(schedule.phases(12)) == [("a", 0, 3, 0), ("b", 3, 3, 3), ("a", 6, 3, 6), ("b", 9, 3, 9)]
    found = told(schedule.phases())
    assert found == [("ab"[i % 2], 3 * i, 3, 3 * i) for i in range(2000)] and len(found) == 2000
    assert told(schedule.phases(start=5995)) == [("a", 5994, 3, 5995), ("b", 5997, 3, 5997)]
    assert told(schedule.phases(start=6000)) == told(schedule.phases(0)) == []


def test_a_walk_keeps_and_computes_nothing_of_the_phases_before():
    schedule = st.parse('repeat(linear(3, phase="a") >> linear(4), count=1000000000) >> linear(5, phase="end")')
    began = time.perf_counter()
    assert told(itertools.islice(schedule.phases(start=3_500_000_000), 2)) == [
        ("a", 3_500_000_000, 3, 3_500_000_000), ("a", 3_500_000_007, 3, 3_500_000_007),
    ]  # fmt: skip
    assert told(schedule.phases(start=6_999_999_990)) == [
        ("a", 6_999_999_986 + 7, 3, 6_999_999_993), ("end", 7_000_000_000, 5, 7_000_000_000),
    ]  # fmt: skip
    assert time.perf_counter() - began < 1


def test_phases_within_phases_and_without_an_end():
    schedule = st.parse('(linear(3) >> linear(3, phase="in") >> linear(3), phase="out")')
    phases = list(schedule.phases())
    assert told(phases) == [("out", 0, 9, 0), ("in", 3, 3, 3), ("out", 0, 9, 6)]
    assert [phase.until for phase in phases] == [3, 6, None]
    endless = list(st.parse('warmup(2) >> constant(phase="main")').phases())
    assert told(endless) == [("main", 2, None, 2)] and endless[0].until is None
    # A factor's phase ends with the factor.
    assert told(st.parse('warmup(5, phase="up") * inverse_sqrt(100)').phases()) == [("up", 0, 5, 0)]


def random_text(chance, depth=0):
    name = f', phase="{chance.choice("abc")}"' if chance.random() < 0.5 else ""
    kind = chance.randrange(7) if depth < 3 else 6
    inner = [random_text(chance, depth + 1) if kind < 6 else "" for _ in range(3)]
    text = [
        " >> ".join(inner), f"({inner[0]}) * ({inner[1]})", f"repeat({inner[0]}, {chance.randint(1, 4)})",
        f"shift({inner[0]}, {chance.randint(-4, 4)})", f"stretch({inner[0]}, {chance.choice([0.3, 0.5, 1.5, 2])})",
        f"take({inner[0]}, {chance.randint(0, 15)})", f"linear({chance.randint(1, 5)}{name})",
    ][kind]  # fmt: skip
    return f"({text}{name})" if kind < 6 and name else text


def test_against_the_phase_of_every_update():
    chance = random.Random(7)
    seen = 0
    for _ in range(400):
        try:
            schedule = st.parse(random_text(chance))
        except st.StepsizeError:  # what repeats must have an update
            continue
        count = min(schedule.length or 0, 500)
        scheduler = st.Scheduler(1.0, schedule)
        expected, before = [], None
        for _ in range(count):
            phase = scheduler.phase
            if phase is not None and (before is None or told([before])[0][:3] != told([phase])[0][:3]):
                expected += told([phase])
            before = phase
            scheduler.step()
        assert told(schedule.phases(count)) == expected, str(schedule)
        assert told(scheduler.phases(count)) == expected, str(schedule)
        seen += len(expected)
    assert seen > 500


# ---- Schedulers -----------------------------------------------------------------------------------------


def test_a_scheduler_tells_its_phases_as_they_were():
    schedule = 'warmup(4, phase="up") >> constant(500, phase="main") >> linear(9, phase="down")'
    scheduler = st.Scheduler(1.0, f'early_stop("main", patience=6) * ({schedule})', record=True)
    assert told(scheduler.phases()) == [("up", 0, 4, 0), ("main", 4, 500, 4), ("down", 504, 9, 504)]
    for _ in range(14):
        scheduler.step(1.0)
    start = scheduler.phase.start
    assert scheduler.phase.name == "down" and 4 < start < 14
    before = [("up", 0, 4, 0), ("main", 4, start - 4, 4)]
    assert told(scheduler.phases()) == [*before, ("down", start, 9, start)]
    scheduler.extend('constant(510, phase="main") >> linear(100, phase="end")')
    assert told(scheduler.phases())[:3] == [*before, ("down", start, 14 - start, start)]
    assert [phase.name for phase in scheduler.phases()] == ["up", "main", "down", "main", "end"]
    scheduler.close()
    with pytest.raises(st.StepsizeError):
        next(scheduler.phases())


@pytest.mark.parametrize(
    "text, needs_loss",
    [
        ("linear(10)", False), ("greedy()", True), ("plateau() * linear(10)", True), ("hypergradient()", False),
        ("line_search()", False), ("early_stop()", True), ("line_search() * early_stop()", True),
    ],
)  # fmt: skip
def test_who_needs_the_loss(text, needs_loss):
    scheduler = st.Scheduler(1.0, text)
    assert scheduler.needs_loss is needs_loss
    if text == "line_search()":
        scheduler.line_search.propose(1.0, 1.0)  # what it needs instead
    if not needs_loss:
        scheduler.step()
    else:
        with pytest.raises(st.StepsizeError):
            scheduler.step()
