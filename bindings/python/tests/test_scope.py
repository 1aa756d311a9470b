"""Which updates a controller observes: after a warm-up, from an update on, in a phase; a metric of epochs."""

import re

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


# ---- What a warm-up is ------------------------------------------------------------------------------------


def first_observed(schedule, updates=40):
    """The first update whose loss a plateau observes."""
    with st.Scheduler(1.0, schedule, st.Plateau(patience=10**6)) as scheduler:
        for update in range(updates):
            scheduler.step(1.0)
            if scheduler.decision != "ignored":
                return update
    return None


RISES = {
    "warmup(10) >> constant()": 10, "ramp(10) >> constant()": 10, "noam(10)": 10, "noam(10, 512)": 10,
    "onecycle(100, pct_start=0.1)": 9, "onecycle(100, pct_start=0.1, three_phase=true)": 9,
    "knots([0, 10, 30], [0.1, 1, 0])": 10, "knots([0, 4, 9.5, 30], [0, 0.5, 1, 1])": 10,
    "knots([5, 10, 20], [0, 1, 1], interpolation='hold')": 10,
    "wsd(100, warmup=10, decay=20)": 10, "warmup_cosine(100, 10)": 10, "warmup_linear(100, 10)": 10,
    "tri_stage(10, 40, 50)": 10, "power_scheduler(100, 10, 10)": 10, "noam_hold(10, 30)": 10,
    "llmc('cosine', 10, 100, 0.1)": 10, "llmc('wsd', 10, 100, 0)": 10, "darknet('constant', burn_in=10)": 9,
    "0.5 * noam(10)": 10, "noam(10) * linear(100)": 10, "clamp(noam(10), max=0.5)": 10,
    "stretch(noam(5), 2)": 10, "take(noam(10), 4) >> linear(50)": 4, "(noam(10), phase='main')": 10,
    "repeat(take(noam(10), 15))": 10, "shift(noam(10), 5)": 15,
    "noam(1)": 1, f"noam({2**62})": None, "knots([0, 9e18], [0, 1])": None,
}  # fmt: skip
# Cycles, rises that are the whole curve, lists of values, and what does not rise at the beginning.
OTHERS = [
    "cyclic(10)", "sine(20)", "sigmoid(10, 0.5, direction='rise')", "range_test(10)", "table([0.2, 0.6, 1])",
    "piecewise([10], [0.1, 1])", "random()", "noise()", "chebyshev(8)",
    "ramp(10, start=1, end=0)", "knots([0, 10, 30], [1, 0.1, 1])", "knots([0, 10], [1, 1])", "linear(10) >> warmup(10)",
    "constant()", "cosine(30)", "cooldown(30)", "restarts(10)", "exponential(0.9)", "geometric(30, 0.1)",
    "inverse_sqrt(10)", "inverse_time(0.1)", "linear(30)", "multistep([10])", "polynomial(30)", "power_law(10)",
    "rex(30)", "step(10)", "tanh(30)", "cosine_cycles([10, 20])", "cosine_hold(30, 10)", "halflife(10)", "llama_cpp()",
    "sqrt_annealing(30)", "square_annealing(30)", "swa(30, 0.5)", "t5(10)",
]  # fmt: skip


@pytest.mark.parametrize("text", RISES)
def test_a_rise_at_the_beginning_is_a_warmup(text):
    assert first_observed(text) == RISES[text]


@pytest.mark.parametrize("text", OTHERS)
def test_everything_else_is_none(text):
    assert first_observed(text) == 0


def test_every_schedule_of_the_catalogue_is_one_or_the_other():
    named = set(re.findall(r"([a-z_0-9]+)\(", " ".join([*RISES, *OTHERS])))
    assert named == {entry.name for entry in st.catalogue.entries()}
