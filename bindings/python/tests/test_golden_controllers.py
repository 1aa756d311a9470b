"""Tests/golden/controllers.txt: the rate and the decision after each loss, from the rules alone."""

import re

import pytest
import stepsize as st
from support import REPOSITORY, bits


def traces():
    """{name: (text of the scheduler, base rate, [(call and arguments, rate, decision)])}"""
    found = {}
    page = (REPOSITORY / "Tests/golden/controllers.txt").read_text(encoding="utf-8")
    for trace in re.split("^= ", page, flags=re.M)[1:]:
        name, *lines = [line for line in trace.splitlines() if line and not line.startswith("#")]
        (_, text), (_, base), *rows = (line.split("\t") for line in lines)
        updates = [(call.split(":"), float(rate), decision) for call, rate, decision in rows]
        found[name] = text, float(base), updates
    return found


TRACES = traces()


def test_every_rule_is_there():
    assert len(TRACES) >= 56
    for name in (
        "hypergradient(", 'hypergradient("multiplicative"', "line_search(", "dog(", "dadapt(", "polyak(", "auto(",
        'polyak("sps"', 'polyak("momo"',
        'greedy("huggingface"', 'greedy("paper"', "greedy(", "plateau(", 'plateau("keras"', "early_stop(",
    ):  # fmt: skip
        assert any(text.startswith(name) for text, _, _ in TRACES.values()), name


@pytest.mark.parametrize("name", TRACES)
def test_trace(name):
    text, base, rows = TRACES[name]
    with st.Scheduler(base, text) as scheduler:
        is_automatic = rows[0][0][0] == "observe"  # whose rate is not known before
        assert bits(scheduler.lr) == bits(0.0 if is_automatic else base) and scheduler.decision == "none"
        for update, (call, rate, decision) in enumerate(rows):
            lr = made(scheduler, *call)
            assert (lr, scheduler.decision) == (rate, decision), update
            assert bits(lr) == bits(rate) == bits(scheduler.lr)


def made(scheduler, call, *arguments):
    """Makes a call, and returns the rate after it."""
    if call == "observe":
        return scheduler.observe(**{name: float(value) for name, value in (each.split("=") for each in arguments)})
    if call == "observe_gradient":
        return scheduler.hypergradient.observe(*map(float, arguments))
    if call == "propose":
        return scheduler.line_search.propose(*map(float, arguments))
    if call == "report":
        loss, outcome = arguments
        assert scheduler.line_search.report(float(loss)) == outcome
        return scheduler.lr
    return scheduler.advance() if call == "-" else scheduler.step(float(call))
