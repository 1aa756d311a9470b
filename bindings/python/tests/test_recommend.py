"""stepsize.recommend: the advice of docs/which.md, for what is known of a run."""

import re
from pathlib import Path

import pytest
import stepsize as st
from stepsize import _recommend

WHICH = Path(__file__).resolve().parents[3] / "docs/which.md"
# The situations of the page, as arguments.
SITUATIONS = {
    "You know the length and can tune the rate": {"tune": True},
    "You know the length and cannot tune": {},
    "You do not know the length, but can tune": {"total": None, "tune": True},
    "You know neither": {"total": None},
    "The labels are noisy; you can tune": {"tune": True, "noisy_labels": True},
    "You fine-tune; you can tune": {"tune": True, "fine_tuning": True},
    "You go on to twice the planned length": {"tune": True, "longer": True},
}
OPTIMIZERS = {"AdamW": "adamw", "SGD with momentum 0.9": "sgd"}


def test_the_page_and_the_function_agree():
    checked = 0
    for part in re.split(r"^## ", WHICH.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        length = int(re.search(r"runs of ([\d,]+) updates", part)[1].replace(",", ""))
        for row in re.findall(r"^\| (You .*|The .*) \|$", part, flags=re.MULTILINE):
            situation, optimizer, line, regret, pairs, _ = row.split(" | ")
            words = {"optimizer": OPTIMIZERS[optimizer], "total": length} | SITUATIONS[situation]
            advice = st.recommend(**words)
            if words["total"] is None and advice.measured_updates != length:
                continue  # the page has each length, the function takes the longest
            # The lines of the page are for 10,000 updates.
            text = line.strip("`")
            if words["total"] is not None:
                advice = st.recommend(**words | {"total": length})
                shares = st.recommend(**words | {"total": 10_000})
                if shares.measured_updates == length:
                    assert str(st.Scheduler(0.1, text)) == shares.text, row
            assert f"{100 * advice.regret:+.1f} %" == regret and str(advice.pairs) == pairs, row
            checked += 1
    assert checked >= 8


def test_what_it_says():
    advice = st.recommend(2_000, optimizer="sgd", tune=True)
    st.Scheduler(0.1, advice.text)
    assert str(advice).startswith(advice.text) and all(reason in str(advice) for reason in advice.reasons)
    assert "2,000 updates" in advice.reasons[0] and advice.figure in advice.reasons[1]
    assert "nearest length" in advice.reasons[1] and advice.next_best.text in advice.reasons[2]
    assert advice.next_best.regret >= advice.regret and advice.needs_base_lr == ("needs a base rate" in str(advice))


def test_every_question_has_an_answer_that_runs():
    for total in (None, 1, 37, 10**6):
        for tune in (False, True):
            for optimizer in ("adamw", "sgd"):
                for special in ({}, {"noisy_labels": True}, {"fine_tuning": True}, {"longer": True}):
                    if special.get("longer") and total is None:
                        continue
                    advice = st.recommend(total, optimizer=optimizer, tune=tune, **special)
                    for one in (advice, *advice.alternatives):
                        with st.Scheduler(1.0, one.text) as scheduler:
                            assert scheduler.lr >= 0
                    if special and not tune and "without it" not in str(advice):
                        assert not advice.needs_base_lr


def entrant(name, text, regret, needs_base_lr=True, has_bounds=False):
    return {"name": name, "text": text, "needs_base_lr": needs_base_lr, "has_bounds": has_bounds, "regret": regret}


def case(updates, entrants, about="", tune=True, knows_length=True):
    return {"situation": "", "knows_length": knows_length, "tune": tune, "about": about, "optimizer": "adamw",
            "updates": updates, "pairs": 9, "entrants": entrants}  # fmt: skip


def test_the_nearest_length_that_was_measured(monkeypatch):
    bounded = entrant("greedy", "greedy(min_lr=0.001, max_lr=1000.0) * linear(100%)", 0.0, has_bounds=True)
    cases = [
        case(500, [entrant("linear", "linear(100%)", 0.01)]),
        case(5_000, [entrant("wsd", "wsd(100%, decay=20%)", 0.02)]),
        case(50_000, [bounded]),
        case(500, [entrant("constant", "constant()", 0.1)], knows_length=False),
        case(5_000, [entrant("auto", "auto()", 0.1, needs_base_lr=False)], knows_length=False),
        case(5_000, [entrant("cosine", "cosine(100%)", 0.1), entrant("auto", "auto(100%)", 0.2, needs_base_lr=False)],
             about="fine-tuning"),
        case(500, [], about="noisy labels"),
    ]  # fmt: skip
    measured = {"measured": {"date": "2026-01-01", "profile": "full", "part": "report"}, "cases": cases}
    monkeypatch.setattr(_recommend, "_measured", lambda: measured)
    for total, length in ((1, 500), (500, 500), (1_500, 500), (1_600, 5_000), (15_000, 5_000), (16_000, 50_000)):
        advice = st.recommend(total, tune=True)
        assert advice.measured_updates == length and ("nearest" in str(advice)) == (total != length)
    assert st.recommend(5_000, tune=True).text == "wsd(5000, decay=1000)"
    assert st.recommend(50_000, tune=True, base_lr=0.1).text == str(
        st.Scheduler(0.1, "greedy(min_lr=0.0001, max_lr=100.0) * linear(50000)")
    )
    assert st.recommend(tune=True).text == "auto()"
    # Fine-tuning was measured at tuned rates: who cannot tune gets what needs none.
    assert st.recommend(100, fine_tuning=True, tune=True).text == "cosine(100)"
    assert st.recommend(100, fine_tuning=True).text == "auto(100)"
    noisy = st.recommend(100, noisy_labels=True, tune=True)
    assert noisy.name == "linear" and "Too little was measured" in str(noisy)
    with pytest.raises(st.StepsizeError, match="have no such case"):
        st.recommend(100, optimizer="sgd", tune=True)


def test_what_a_short_run_cannot_have_is_left_out(monkeypatch):
    entrants = [entrant("one-cycle", "onecycle(100%)", 0.01), entrant("linear", "linear(100%)", 0.02),
                entrant("cosine", "cosine(100%)", 0.03)]  # fmt: skip
    measured = {"measured": {"date": "2026-01-01", "profile": "full", "part": "report"}, "cases": [case(500, entrants)]}
    monkeypatch.setattr(_recommend, "_measured", lambda: measured)
    one, many = st.recommend(1, tune=True), st.recommend(500, tune=True)
    assert many.name == "one-cycle" and [other.name for other in many.alternatives] == ["linear", "cosine"]
    assert one.text == "linear(1)" and [other.name for other in one.alternatives] == ["cosine"]
    assert "Next best: cosine(1)" in str(one)


def test_errors():
    for words, message in (
        ({"optimizer": "adam"}, "optimizer = 'adam', expected one of 'adamw', 'sgd'"),
        ({"total": 0}, "total = 0"),
        ({"longer": True}, "longer"),
    ):
        with pytest.raises(st.StepsizeError, match=message):
            st.recommend(**words)
