"""Tests/golden/controllers.txt: the rate and the decision after each loss, from the rules alone."""

import re

import pytest
import stepsize as st
from support import REPOSITORY, bits


def traces():
    """{name: (text of the scheduler, base rate, [(loss or None, rate, decision)])}"""
    found = {}
    page = (REPOSITORY / "Tests/golden/controllers.txt").read_text(encoding="utf-8")
    for trace in re.split("^= ", page, flags=re.M)[1:]:
        name, *lines = [line for line in trace.splitlines() if line and not line.startswith("#")]
        (_, text), (_, base), *rows = (line.split("\t") for line in lines)
        updates = [(None if loss == "-" else float(loss), float(rate), decision) for loss, rate, decision in rows]
        found[name] = text, float(base), updates
    return found


TRACES = traces()


def test_every_rule_that_needs_a_loss_is_there():
    assert len(TRACES) >= 30
    for name in ('greedy("huggingface"', 'greedy("paper"', "greedy(", "plateau(", 'plateau("keras"', "settle("):
        assert any(text.startswith(name) for text, _, _ in TRACES.values()), name


@pytest.mark.parametrize("name", TRACES)
def test_trace(name):
    text, base, rows = TRACES[name]
    with st.Scheduler(base, text) as scheduler:
        assert bits(scheduler.lr) == bits(base) and scheduler.decision == "none"
        for update, (loss, rate, decision) in enumerate(rows):
            lr = scheduler.advance() if loss is None else scheduler.step(loss)
            assert (lr, scheduler.decision) == (rate, decision), update
            assert bits(lr) == bits(rate) == bits(scheduler.lr)
