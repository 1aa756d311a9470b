"""Which updates a controller observes: after a warm-up, from an update on, in a phase; a metric of epochs."""

import pytest
import stepsize as st

WARMUP = "(warmup(10) >> constant())"


def cuts(text, updates=30, **options):
    """The updates after which a loss that stands still has cut the rate."""
    with st.Scheduler(1.0, text, **options) as scheduler:
        found = []
        for update in range(updates):
            scheduler.step(1.0)
            if scheduler.decision == "cut":
                found.append(update)
        return found


def test_a_plateau_begins_after_the_warmup():
    assert cuts(f"plateau(patience=4, factor=0.1) * {WARMUP}") == [15, 20, 25]
    for peer, expected in (("pytorch", 5), ("keras", 4), ("optax", 4)):
        assert cuts(f"plateau('{peer}', patience=4) * {WARMUP}")[0] == expected


@pytest.mark.parametrize("controller", [st.Plateau(patience=4, after=12), st.Plateau("pytorch", patience=4, after=12),
                                        st.GreedyLR(patience=4, after=12, smooth=False)])  # fmt: skip
def test_after(controller):
    assert cuts(None, 17, controller=controller) == []
    assert cuts(None, 18, controller=controller) == [17]
    assert controller.after == 12 and eval(repr(controller), vars(st)) == controller


def test_phase():
    assert cuts("greedy(patience=4, phase='main', smooth=false) * wsd(100, warmup=10)", 16) == [15]
    with pytest.raises(st.StepsizeError, match='greedy: the schedule has no phase of that name: "later"'):
        st.Scheduler(1.0, "greedy(phase='later') * wsd(100, warmup=10)")


def test_replay_and_state():
    with st.Scheduler(1.0, f"plateau(patience=4, factor=0.5) * {WARMUP}", record=True) as scheduler:
        used = []
        for update in range(30):
            used.append(scheduler.lr)
            if update in (5, 12, 20):
                again = st.Scheduler.from_state(scheduler.state())
                assert again.state() == scheduler.state() and again.decision == scheduler.decision
                scheduler.load_state(again.state())
            scheduler.step(1.0)
        assert [scheduler.record.replay().at(update) for update in range(30)] == used
        scheduler.current_step = 12
        assert list(scheduler.record.rates()) == used[:12]


def test_metric_of_epochs():
    """A warm-up by updates, and patience by epochs."""
    text = "plateau(patience=1, factor=0.5) * (warmup(25) >> constant())"
    with st.Scheduler(1.0, text) as scheduler:
        rates = []
        for epoch in range(8):
            for _ in range(9):
                scheduler.advance()
            scheduler.step(1.0)
            rates.append(scheduler.lr)
    # Epochs 0 and 1 are in the warm-up, epoch 2 is the reference.
    assert rates == [11 / 25, 21 / 25, 1, 1, 0.5, 0.5, 0.25, 0.25]
