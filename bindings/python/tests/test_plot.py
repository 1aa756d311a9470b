"""Pictures, notebooks, metrics."""

import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest
import stepsize as st
from stepsize._plots import figures, style
from support import gallery_texts


@pytest.fixture
def axes():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot.figure().add_subplot()
    pyplot.close("all")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


# ---- Schedules ------------------------------------------------------------------------------------------


def test_the_drawn_line_is_the_schedule(axes):
    schedule = st.parse("warmup(50) >> cosine(950, floor=0.1)")
    assert schedule.plot(axes, base_lr=3e-4, label="x") is axes
    line = lines(axes)["x"]
    assert list(line.get_xdata()) == list(range(1000))
    assert list(line.get_ydata()) == list(schedule.curve(1000, base_lr=3e-4))
    assert axes.get_xlabel() == "update" and axes.get_ylabel() == "learning rate"


def test_new_axes_are_made(axes):
    ax = st.Linear(10).plot(log=True)
    assert ax is not axes and ax.get_yscale() == "log" and ax.get_ylabel() == "multiplier"


@pytest.mark.parametrize(
    "low, high, some",
    [
        (0.87, 1.25, {"0.9", "1", "1.1", "1.2"}),
        (0.7, 1.45, {"0.8", "1", "1.2", "1.4"}),
        (1.5, 6, {"1.5", "2", "3", "4", "5", "6"}),
        (0.01, 1, {"0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"}),
    ],
)
def test_a_short_logarithmic_scale_has_plain_numbers(axes, low, high, some):
    axes.set_ylim(low, high)
    style.logarithmic(axes.yaxis)
    axes.figure.canvas.draw()
    assert axes.get_yscale() == "log"
    assert {label.get_text() for label in axes.get_yticklabels()} >= some
    assert not any(label.get_text() for label in axes.get_yticklabels(minor=True))


def test_long_and_endless_schedules(axes):
    st.Linear(10**12).plot(axes, label="long")
    xs, ys = lines(axes)["long"].get_data()
    assert 10_000 < len(xs) <= 20_001 and ys[0] == 1 and ys[-1] < 1e-3
    st.parse("warmup(500) >> inverse_sqrt(2000)").plot(axes, label="endless")
    assert len(lines(axes)["endless"].get_xdata()) == 8500
    st.parse("constant()").plot(axes, steps=7, label="given")
    assert len(lines(axes)["given"].get_xdata()) == 7


def test_phases_are_shaded(axes):
    st.parse("warmup(5, phase='up') >> linear(20) >> cooldown(3, phase='down')").plot(axes)
    assert [text.get_text() for text in axes.texts] == ["up", "down"]
    spans = [patch.get_extents().transformed(axes.transData.inverted()).intervalx for patch in axes.patches]
    assert [tuple(map(round, span)) for span in spans] == [(0, 5), (25, 28)]


def test_many_phases_are_named_once_and_too_many_not_at_all(axes):
    rounds = "repeat(linear(3, phase='a') >> linear(3, phase='b'), count={})"
    st.parse(rounds.format(10)).plot(axes)
    assert [text.get_text() for text in axes.texts] == ["a", "b"] * 10 and len(axes.patches) == 20
    axes.clear()
    st.parse(rounds.format(100)).plot(axes)
    assert [text.get_text() for text in axes.texts] == ["a", "b"]
    assert [len(spans.get_paths()) for spans in axes.collections] == [100, 100]
    assert axes.collections[1].get_paths()[99].get_extents().intervalx.tolist() == [597, 600]
    axes.clear()
    st.parse(rounds.format(10**9)).plot(axes)
    assert list(axes.texts) == list(axes.collections) == list(axes.patches) == []
    assert st.parse(rounds.format(20))._repr_html_().count("<rect") == 40
    assert st.parse(rounds.format(10**9))._repr_html_().count("<rect") == 0


@pytest.mark.parametrize("steps", [0, -1, 2**70])
def test_wrong_steps(axes, steps):
    with pytest.raises(st.StepsizeError, match="steps"):
        st.Linear(5).plot(axes, steps=steps)


def test_matplotlib_is_imported_when_it_is_needed():
    code = "import sys, stepsize as st; s = st.Linear(5); s._repr_html_(); st.Scheduler(0.1, s).metrics();"
    code += "print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_without_matplotlib_it_says_what_to_install():
    code = "import sys; sys.modules['matplotlib'] = None; import stepsize as st; st.Linear(5).plot()"
    error = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert error.splitlines()[-1] == "ImportError: drawing needs matplotlib: pip install matplotlib"


# ---- Schedulers -----------------------------------------------------------------------------------------


def test_planned_against_used(axes):
    scheduler = st.Scheduler([0.5, 0.1], "greedy(patience=2, window=3) * (warmup(20) >> linear(180))", record=True)
    decisions = {"raised": [], "cut": []}
    for update in range(150):
        scheduler.step(1 / (1 + update) if update < 60 else 2.0)
        if scheduler.decision in decisions:
            decisions[scheduler.decision].append(update + 1)
    ax = scheduler.plot(axes, group=1)
    drawn = lines(ax)
    schedule = scheduler.schedule
    assert list(drawn["planned"].get_ydata()) == list(schedule.curve(200, base_lr=0.1))
    assert list(drawn["used"].get_ydata()) == list(scheduler.record.rates(1))
    # In the steep warm-up a change that is smaller than the schedule's own is not marked.
    for name, expected in decisions.items():
        marked = list(drawn[name].get_xdata())
        assert marked and set(marked) <= set(expected)
        assert [step for step in expected if 20 < step < len(scheduler.record.rates())] == [
            step for step in marked if step > 20
        ]
        assert list(drawn[name].get_ydata()) == [scheduler.record.rates(1)[step] for step in marked]


def test_a_bound_is_no_event():
    scheduler = st.Scheduler(0.1, st.Linear(100), st.Plateau(patience=1000), min_lr=0.02, max_lr=0.08, record=True)
    for _ in range(100):
        scheduler.step(1.0)
    used = scheduler.record.rates()
    assert min(used) == 0.02 and max(used) == 0.08
    assert figures.events(scheduler.schedule, used, 0) == ([], [])


def test_a_phase_that_ended_early_is_shaded_as_it_was(axes):
    phases = "warmup(10, phase='up') >> constant(500, phase='stable') >> linear(90, phase='end')"
    text = f"early_stop(phase='stable', patience=20) * ({phases})"
    scheduler = st.Scheduler(0.1, text, record=True)
    for _ in range(60):
        scheduler.step(1.0)
    assert scheduler.phase.name == "end"
    start = scheduler.phase.start
    ax = scheduler.plot(axes)
    assert [text.get_text() for text in ax.texts] == ["up", "stable", "end"]
    spans = [patch.get_extents().transformed(ax.transData.inverted()).intervalx for patch in ax.patches]
    assert [round(span[0]) for span in spans] == [0, 10, start] and start < 60
    assert set(lines(ax)) == {"planned", "used"}


def test_without_a_record_the_present_update_is_marked(axes):
    scheduler = st.Scheduler(0.1, "linear(10)")
    for _ in range(3):
        scheduler.step()
    drawn = lines(scheduler.plot(axes))
    assert set(drawn) == {"planned", "update 3"}
    assert drawn["update 3"].get_data()[1][0] == scheduler.lr


def test_a_restored_scheduler_is_drawn_alike(axes):
    scheduler = st.Scheduler(0.3, "greedy() * (warmup(5, start=0) >> linear(95))", record=True)
    for update in range(50):
        scheduler.step(1 / (1 + update))
    again = st.Scheduler.from_state(scheduler.state())
    planned = lines(again.plot(axes))["planned"].get_ydata()
    assert list(planned) == list(scheduler.schedule.curve(100, base_lr=0.3))


def test_an_extended_scheduler_is_drawn_with_the_plan_that_it_had(axes):
    """What was used under the shorter schedule is no event of the controller."""
    scheduler = st.Scheduler(0.3, "plateau(patience=1000) * constant(60, phase='a')", record=True)
    for _ in range(40):
        scheduler.step(1.0)
    scheduler.extend("linear(50, phase='b') >> 0.1 * constant(30, phase='c')")
    for _ in range(20):
        scheduler.step(1.0)
    assert scheduler.record.extended_at == st.Scheduler.from_state(scheduler.state()).record.extended_at == 40
    ax = scheduler.plot(axes)
    drawn = lines(ax)
    assert set(drawn) == {"planned", "used"}
    assert list(drawn["planned"].get_xdata()) == list(range(40, 80))
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c"]


def test_schedulers_of_every_kind_are_drawn(axes):
    for scheduler in (
        st.Scheduler(0.1), st.Scheduler(0.0, "linear(5)", record=True), st.Scheduler(0.1, controller=st.GreedyLR()),
        st.Scheduler([0.1, 0.2], "constant(0)", record=True),
    ):  # fmt: skip
        scheduler.plot(axes)
        scheduler.step(1.0)
        scheduler.plot(axes, log=True)
    with pytest.raises(st.StepsizeError, match="group = 1"):
        st.Scheduler(0.1).plot(axes, group=1)


# ---- Notebooks ------------------------------------------------------------------------------------------


def parsed(html):
    return xml.etree.ElementTree.fromstring(html.replace("<br>", "<br/>"))


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_in_a_notebook_is_the_curve():
    schedule = st.parse("""warmup(20, phase="a & b") >> linear(80)""")
    picture = parsed(schedule._repr_html_()).find(f"{SVG}svg")
    points = [tuple(map(float, point.split(","))) for point in picture.find(f"{SVG}polyline").get("points").split()]
    assert len(points) == 100
    top, bottom = min(y for _, y in points), 110.0
    for step, (_, y) in enumerate(points):
        assert (bottom - y) / (bottom - top) == pytest.approx(schedule.at(step), abs=1e-3)
    assert [title.text for title in picture.iter(f"{SVG}title")] == ["a & b"]


def test_every_schedule_has_a_picture():
    for text in gallery_texts():
        points = parsed(st.parse(text)._repr_html_()).find(f"{SVG}svg/{SVG}polyline").get("points")
        assert points and "nan" not in points
    parsed(st.Table([0, 0])._repr_html_())


def test_a_scheduler_in_a_notebook():
    scheduler = st.Scheduler(0.1, "greedy() * linear(100, phase='<all>')", record=True)
    for _ in range(30):
        scheduler.step(1.0)
    page = parsed(scheduler._repr_html_())
    assert page.find(f"{SVG}svg/{SVG}circle") is not None
    cells = [cell.text for cell in page.iter("td")]
    assert dict(zip(cells[::2], cells[1::2]))["phase"] == "<all>"
    scheduler.close()
    assert "closed" in scheduler._repr_html_()
    parsed(st.Scheduler(0.1)._repr_html_())


def test_a_long_table_is_cut():
    assert len(st.Table([0.5] * 200_000)._repr_html_()) < 20_000


# ---- Metrics --------------------------------------------------------------------------------------------


def test_metrics():
    scheduler = st.Scheduler([0.1, 0.2], "greedy() * (warmup(10, phase='up') >> linear(90))")
    for _ in range(5):
        scheduler.step(1.0)
    assert scheduler.metrics() == {
        "step": 5, "lr/0": scheduler.lrs[0], "lr/1": scheduler.lrs[1], "progress": 0.05, "phase_progress": 0.5,
        "phase": "up", "decision": scheduler.decision,
    }  # fmt: skip
    numbers = scheduler.metrics("train/", texts=False)
    assert set(numbers) == {"train/step", "train/lr/0", "train/lr/1", "train/progress", "train/phase_progress"}
    assert all(isinstance(value, (int, float)) for value in numbers.values())


def test_metrics_of_little():
    assert st.Scheduler(0.1).metrics() == {"step": 0, "lr": 0.1}
    scheduler = st.Scheduler(0.1, "linear(2)")
    for _ in range(5):
        scheduler.step()
    assert scheduler.metrics()["progress"] == 1.0
    scheduler.close()
    with pytest.raises(st.StepsizeError, match="closed"):
        scheduler.metrics()


def test_tensorboard_takes_them(tmp_path):
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    scheduler = st.Scheduler(0.1, "linear(5)")
    with tensorboard.SummaryWriter(str(tmp_path)) as writer:
        for name, value in scheduler.metrics("train/", texts=False).items():
            writer.add_scalar(name, value, scheduler.current_step)
    assert os.listdir(tmp_path)
