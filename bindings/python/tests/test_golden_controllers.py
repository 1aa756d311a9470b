"""Tests/golden/controllers.tsv: the rate and the decision after each loss, from the rules alone."""

import pytest
import stepsize as st
from support import REPOSITORY, bits


def traces():
    """{name: (text of the scheduler, base rate, [(loss or None, rate, decision)])}"""
    found = {}
    for line in (REPOSITORY / "Tests/golden/controllers.tsv").read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if line.startswith("= "):
            text, base, rows = None, None, []
        elif fields[0] == "scheduler":
            text = fields[1]
        elif fields[0] == "base":
            base = float(fields[1])
            found[name] = text, base, rows
        elif line and not line.startswith("#"):
            loss, rate, decision = fields
            rows.append((None if loss == "-" else float(loss), float(rate), decision))
        if line.startswith("= "):
            name = line[2:]
    return found


TRACES = traces()


def test_every_rule_that_listens_to_losses_is_there():
    assert len(TRACES) >= 30
    for name in ("greedy(\"huggingface\"", "greedy(\"paper\"", "greedy(", "plateau(", "plateau(\"keras\"", "settle("):
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
