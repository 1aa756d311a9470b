"""The command line, run as a user runs it; most in a process that is forked from one with its modules imported."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from importlib.util import find_spec

import preloaded
import pytest
import stepsize as st
from stepsize import catalogue
from support import CLASSES, gallery_texts

CURVE = "warmup(500) >> cosine(9500, floor=0.1)"


MODULE = "import runpy; runpy.run_module('stepsize', run_name='__main__', alter_sys=True)"
IMPORTED = ["stepsize.cli.show", *(["rich.console", "rich.table"] if find_spec("rich") else [])]


def run(*words, given="", encoding="utf-8", **environment):
    """Exit status, standard output, standard error of ``python -m stepsize``."""
    done = preloaded.run(
        words, source=f"import os; os.environ.update({environment!r}); {MODULE}", given=given,
        environment={**os.environ, "PYTHONIOENCODING": encoding}, modules=IMPORTED,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def ok(*words, **options):
    status, output, error = run(*words, **options)
    assert (status, error) == (0, "")
    return output


def test_recommend():
    status, output, error = run("recommend", "--total", "2000", "--optimizer", "sgd", "--tune")
    advice = st.recommend(2000, optimizer="sgd", tune=True)
    assert (status, output.splitlines(), error.splitlines()) == (0, [advice.text], list(advice.reasons))
    assert run("recommend", "--longer")[0] == 2


# ---- The program ----------------------------------------------------------------------------------------


def test_the_entry_point_is_the_module():
    script = os.path.join(os.path.dirname(sys.executable), "stepsize")
    for command in ([script], [sys.executable, "-m", "stepsize"]):
        output = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
        assert output == ok("--version") == f"stepsize {st.__version__}\n"
        for words in ((CURVE, "--base-lr", "1e-3"), ("cosin(5)",)):
            done = subprocess.run([*command, "check", *words], capture_output=True, text=True)
            assert (done.returncode, done.stdout, done.stderr) == run("check", *words)


def test_help_names_every_command():
    output = ok("--help")
    for command in ("show", "plot", "table", "check", "list", "score", "refine", "convert"):
        assert re.search(rf"^    {command} ", output, re.M), command
        assert "usage: stepsize " in ok(command, "--help")
    assert "Exit status" in output


def test_wrong_words_are_refused():
    for words in ((), ("shwo", "linear(5)"), ("show",), ("table", "linear(5)", "--format", "xml")):
        status, output, error = run(*words)
        assert status == 2 and output == "" and "usage: stepsize" in error


@pytest.mark.parametrize("command", ["show", "check", "table", "score"])
def test_a_wrong_text_is_shown_with_its_place(command):
    status, output, error = run(command, "linear(5) >> cosin(5)")
    lines = error.splitlines()
    assert (status, output) == (2, "") and len(lines) == 3
    assert lines[0] == 'stepsize: unknown schedule "cosin", did you mean "cosine"?'
    assert lines[1] == "  linear(5) >> cosin(5)" and lines[2].index("^") == lines[1].index("cosin")


@pytest.mark.parametrize(
    "words, part",
    [
        (("show", "linear(5)", "--steps", "0"), "steps = 0"),
        (("show", "linear(5)", "--base-lr", "-1"), "base_lr"),
        (("show", ""), "expected a schedule"),
        (("table", "linear(5)", "--every", "0"), "every = 0"),
        (("table", "linear(5)", "-o", "/nowhere/x.csv"), "/nowhere/x.csv: No such file"),
        (("plot", "linear(5)", "-o", "x.gif"), "x.gif"),
        (("refine", "/nowhere/norms"), "/nowhere/norms: No such file"),
        (("score", "linear(5)", "--steps", "0"), "steps"),
        (("convert", "lasagne"), "unknown library 'lasagne'"),
        (("convert", "torch", "Nothing"), "StepLR"),
        (("convert", "torch", "StepLR"), "step_size"),
        (("convert", "torch", "CosineAnnealingLR", "T_max=9", "eta_min=1e-5"), "--base-lr"),
        (("list", "cosin"), 'did you mean "cosine"'),
        (("list", "gredy"), 'did you mean "greedy"'),
    ],
)
def test_errors_are_one_line(words, part):
    status, output, error = run(*words)
    assert status == 2 and output == "" and error.startswith("stepsize: ") and part in error
    assert error.count("\n") == 1


def test_who_reads_may_stop():
    command = f"{sys.executable} -m stepsize table 'linear(1000000)' | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("update,multiplier,lr\n0\n", "")


@pytest.mark.parametrize("module, words", [("rich", ("show", "linear(5)")), ("matplotlib", ("plot", "linear(5)"))])
def test_what_is_missing_is_named(module, words):
    program = f"""
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == {module!r} else find(name, package)
from stepsize.cli import main
sys.exit(main({list(words)!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"stepsize: {words[0]} needs {module}: pip install {module}\n"


# ---- show -----------------------------------------------------------------------------------------------


def test_show():
    pytest.importorskip("rich")
    output = ok("show", CURVE, "--base-lr", "1e-3")
    lines = output.splitlines()
    assert lines[0] == CURVE and "10000 updates" in lines[1]
    assert sum("│" in line for line in lines) == 12
    assert "\x1b" not in output and max(map(len, lines)) < 100 and not any(line.endswith(" ") for line in lines)
    rows = {int(row[0]): row for row in (line.split() for line in lines) if row and row[0].isdigit() and len(row) > 3}
    schedule = st.parse(CURVE)
    for step, row in rows.items():
        assert float(row[1]) == pytest.approx(schedule.at(step), rel=1e-5)
        assert float(row[2]) == pytest.approx(1e-3 * schedule.at(step), rel=1e-5)
    assert {0, 500, 2500, 5000, 7500, 9999} <= set(rows)
    assert "cosine begins" in " ".join(rows[500])


def test_show_lists_the_first_phases_where_there_are_many():
    pytest.importorskip("rich")
    rounds = 'repeat(linear(3,phase="a") >> linear(3,phase="b"), count={})'
    lines = ok("show", rounds.format(1000)).splitlines()
    begins = [(int(line.split()[0]), line.split('"')[1]) for line in lines if line.endswith(" begins")]
    assert begins == [(3, "b"), (6, "a"), (9, "b"), (12, "a"), (15, "b")] and lines[-1] == "… and 1,994 more phases"
    assert ok("show", rounds.format(10**9)).splitlines()[-1] == "… and more than 100,000 more phases"
    assert "more phases" not in ok("show", rounds.format(6))


def test_the_drawn_curve_is_the_schedule():
    pytest.importorskip("rich")
    lines = ok("show", "linear(400)", "--ascii", "--width", "40").splitlines()
    rows = [line.partition("|")[2] for line in lines if "|" in line]
    assert len(rows) == 12 and output_is_ascii(lines)
    for column in range(40):
        row = next(i for i, cells in enumerate(rows) if len(cells) > column and cells[column] == "*")
        # Row 0 is 1, row 11 is 0; the column's first value is its highest.
        assert abs(row - 11 * (column * 10 / 400)) <= 1


@pytest.mark.parametrize("columns", (18, 24, 39, 55, 56, 80, 120))
def test_show_fits_any_terminal(columns):
    pytest.importorskip("rich")
    text = ok("show", "warmup(500) >> cosine(9500, floor=0.1)", "--base-lr", "1e-3", COLUMNS=str(columns))
    assert max(map(len, text.splitlines())) <= columns and "…" not in text
    words = " ".join(text.split())
    assert "500" in words and "0.000905113" in words and "cosine begins" in words and "three quarters" in words
    # Each row of the curve is one line: twelve rows and the axis.
    assert sum("│" in line for line in text.splitlines()) == 12 and sum("└" in line for line in text.splitlines()) == 1


def output_is_ascii(lines):
    return all(ord(character) < 128 for line in lines for character in line)


def test_show_falls_back_to_ascii():
    pytest.importorskip("rich")
    assert output_is_ascii(ok("show", "greedy() * linear(5)", encoding="ascii"))


def test_show_says_what_the_controller_is():
    pytest.importorskip("rich")
    output = ok("show", "greedy(patience=5) * linear(100)")
    assert "controller greedy(patience=5): GreedyLR" in output and "without it" in output


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_show_and_check_take_every_schedule(name):
    """Every schedule of the gallery, with and without an end."""
    from stepsize.cli import check, show
    from stepsize.cli._inputs import Plan

    texts = [text for text in gallery_texts() if text.startswith(f"{name}(")]
    assert texts
    for text in texts:
        plan = Plan(Namespace(schedule=text, steps=None, base_lr=1.0))
        assert show.key_updates(plan) and list(check.words(plan)) and check.warnings(plan) is not None


# ---- plot -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix, start", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plot(tmp_path, suffix, start):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"x.{suffix}"
    found = run("plot", "linear(50)", "warmup(5) >> cosine(45)", "-o", str(path), "--log", "--title", "both")
    assert found == (0, "", f"drawn into {path}\n")
    assert path.read_bytes().startswith(start)


# ---- table ----------------------------------------------------------------------------------------------


def test_table_csv_has_the_same_bits():
    rows = list(csv.DictReader(io.StringIO(ok("table", CURVE, "--every", "7", "--base-lr", "3e-4"))))
    schedule = st.parse(CURVE)
    assert [int(row["update"]) for row in rows] == list(range(0, 10000, 7))
    assert [float(row["multiplier"]) for row in rows] == [schedule.at(t) for t in range(0, 10000, 7)]
    assert [float(row["lr"]) for row in rows] == list(schedule.curve(len(rows), base_lr=3e-4, stride=7))


def test_table_json():
    table = json.loads(ok("table", "greedy() * linear(40000)", "--format", "json", "--base-lr", "0.1"))
    assert table["schedule"] == "linear(40000)" and table["controllers"] == ["greedy()"]
    assert table["update"] == list(range(40000))
    assert table["lr"] == list(st.Linear(40000).curve(40000, base_lr=0.1))
    assert table["multiplier"] == list(st.Linear(40000).curve(40000))


@pytest.mark.parametrize("steps", [1, 10, 20000])
def test_table_npy(tmp_path, steps):
    numpy = pytest.importorskip("numpy")
    path = tmp_path / "rates.npy"
    ok("table", "linear(40000)", "--steps", str(steps), "-o", str(path))
    rates = numpy.load(path)
    assert rates.dtype == numpy.float64 and rates.tolist() == list(st.Linear(40000).curve(steps))


def test_a_text_from_standard_input():
    assert ok("table", "-", given="linear(2)\n") == "update,multiplier,lr\n0,1.0,1.0\n1,0.5,0.5\n"


# ---- check ----------------------------------------------------------------------------------------------


def warnings(text, *words):
    pytest.importorskip("rich")
    status, output, error = run("check", "-q", text, *words)
    assert error == "" and status == (1 if output else 0)
    return [line.removeprefix("warning: ") for line in output.splitlines()]


def test_check_explains():
    pytest.importorskip("rich")
    output = ok("check", "greedy() * (warmup(500, phase='rise') >> cosine(9500, floor=0.1))")
    for part in (
        "10000 updates", "GreedyLR", "updates 0 to 499 (500): multiplier 0.002 to 1", "a rise to the full rate",
        "updates 500 to 9999 (9500): multiplier 1 to 0.1", 'phase "rise": updates 0 to 499', "is held: 0.1",
        "no warnings",
    ):  # fmt: skip
        assert part in output


@pytest.mark.parametrize(
    "text, steps, part",
    [
        ("linear(1000, floor=0.1)", 500, "the floor 0.1 of linear is never reached"),
        ("take(cosine(1000, floor=0.2), 500)", None, "the floor 0.2 of cosine is never reached"),
        ("warmup(10) >> linear(100, floor=0.5)", 50, "the floor 0.5 of linear is never reached"),
        ("clamp(exponential(0.999), min=0.01)", 100, "the minimum 0.01 of clamp is never reached"),
        ("warmup(10, start=0) >> linear(10)", None, "the rate is 0 at update 0, the first"),
        ("constant(5) >> constant(5, value=0) >> constant(5)", None, "the rate is 0 from update 5 to 9"),
        ("table([1, 0.5, 0])", None, "the rate is 0 at update 2, the last"),
        ("warmup(100) >> linear(100)", 50, "the warm-up of 100 updates"),
        ("warmup_cosine(1000, 100)", 60, "the warm-up of 100 updates"),
        ("2 * linear(10)", None, "the multiplier is above 1: 2 at update 0"),
        ("linear(10)", 20, "from update 10 on the rate is held at 0"),
        ("linear(10)", 5, "it is cut off at the rate 0.6, before the 0.1 at its end"),
        ("constant(10) >> linear(10)", 10, "linear(10) begins at update 10: the run ends before"),
    ],
)
def test_check_warns(text, steps, part):
    found = warnings(text, *(["--steps", str(steps)] if steps else []))
    assert any(part in warning for warning in found), found


@pytest.mark.parametrize(
    "text",
    [
        CURVE, "linear(1000)", "linear(1000, floor=0.1)", "warmup(10) >> constant()",
        "0.5 * (warmup(5) >> linear(10, floor=0.2))",
        "clamp(linear(100), min=0.1)", "wsd(100, warmup=10)", "repeat(cosine(10, floor=0.1), 3)",
        "(warmup(5) >> linear(10), phase='x') >> cooldown(5)",
    ],
)  # fmt: skip
def test_check_is_quiet_where_nothing_is_odd(text):
    assert warnings(text) == []


# ---- list -----------------------------------------------------------------------------------------------


def test_list_has_everything():
    pytest.importorskip("rich")
    lines = ok("list").splitlines()
    names = [line.partition("(")[0] for line in lines if "(" in line[:30] and not line.startswith("Controllers")]
    assert set(CLASSES) | {entry.name for entry in catalogue.controllers()} == set(names)
    assert {"greedy", "plateau", "polyak"} <= set(names)


def test_list_explains():
    pytest.importorskip("rich")
    output = ok("list", "cosine", "greedy")
    for part in ("1608.03983", "k_decay", "cycles", "required", "patience", "0.95", "transformers"):
        assert part in output


# ---- score and refine -----------------------------------------------------------------------------------


def test_score_ranks():
    lines = ok("score", "--steps", "1000", given="cosine(1000)\nlinear(1000)\n").splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["linear(1000)", "cosine(1000)"]


NORMS = [4.0 - 3 * t / 400 if t < 400 else 1.0 for t in range(1000)]


@pytest.mark.parametrize("form", ["lines", "csv", "numbered", "npy", "stdin"])
def test_refine_reads(tmp_path, form):
    path, words, given = tmp_path / "norms.txt", [], ""
    if form in ("lines", "stdin"):
        given = "\n".join(map(repr, NORMS))
        path.write_text(given)
    elif form == "npy":
        numpy = pytest.importorskip("numpy")
        path = tmp_path / "norms.npy"
        numpy.save(path, numpy.array(NORMS))
    else:
        path.write_text("step,norm,loss\n" + "".join(f"{t},{norm!r},7\n" for t, norm in enumerate(NORMS)))
        words = ["--column", "norm" if form == "csv" else "2"]
    source = "-" if form == "stdin" else str(path)
    status, output, error = run("refine", source, *words, given=given if form == "stdin" else "")
    refined = st.refine(NORMS, tolerance=0.01)
    assert status == 0 and output == f"{refined.text}\n"
    assert "1000 norms" in error and f"warm-up: {refined.warmup} updates" in error
    assert f"update {refined.anneal_start} on" in error


def test_refine_draws(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "norms").write_text("\n".join(map(repr, NORMS)))
    assert run("refine", str(tmp_path / "norms"), "--plot", str(tmp_path / "x.png"))[0] == 0
    assert (tmp_path / "x.png").stat().st_size > 5000


def test_refine_says_that_norms_vanish(tmp_path):
    (tmp_path / "norms").write_text("\n".join(repr(0.99**t) for t in range(1000)))
    status, output, error = run("refine", str(tmp_path / "norms"))
    assert status == 0 and "collapsed" in error and "--capped" in error
    error = run("refine", str(tmp_path / "norms"), "--capped")[2]
    assert "collapsed" not in error and "capped at a floor of 8 of the median" in error


@pytest.mark.parametrize(
    "text, words, part",
    [("", [], "no numbers"), ("1\nx\n", [], "row 2"), ("a,b\n1,2\n", ["--column", "c"], "expected one of a, b")],
)
def test_refine_refuses(tmp_path, text, words, part):
    (tmp_path / "norms").write_text(text)
    status, output, error = run("refine", str(tmp_path / "norms"), *words)
    assert (status, output) == (2, "") and part in error


# ---- convert --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, make",
    [
        ("torch StepLR 30 gamma=0.5", lambda c: c.pytorch.StepLR(1.0, 30, gamma=0.5)),
        ("pytorch CosineAnnealingLR T_max=100 eta_min=1e-5 --base-lr 0.1",
         lambda c: c.pytorch.CosineAnnealingLR(0.1, 100, 1e-5)),
        ("torch CosineAnnealingLR T_max=100", lambda c: c.pytorch.CosineAnnealingLR(1.0, 100)),
        ("torch MultiStepLR milestones=[30,80]", lambda c: c.pytorch.MultiStepLR(1.0, [30, 80])),
        ("hf get_linear_schedule_with_warmup 10 100",
         lambda c: c.transformers.get_linear_schedule_with_warmup(1.0, 10, 100)),
        ("transformers get_scheduler cosine num_warmup_steps=10 num_training_steps=100",
         lambda c: c.transformers.get_scheduler("cosine", 1.0, 10, 100)),
        ("optax cosine_decay_schedule init_value=1.0 decay_steps=10", lambda c: c.optax.cosine_decay_schedule(1.0, 10)),
    ],
)  # fmt: skip
def test_convert(words, make):
    assert ok("convert", *words.split()) == f"{make(st.peers)}\n"


def test_convert_one_cycle_is_relative_to_its_peak():
    status, output, error = run("convert", "torch", "OneCycleLR", "max_lr=0.1", "total_steps=100")
    assert (status, error) == (0, "for a base rate of 0.1\n")
    assert output == f"{st.peers.pytorch.OneCycleLR(0.1, max_lr=0.1, total_steps=100)}\n"


def test_convert_takes_schedules_within():
    output = ok("convert", "torch", "SequentialLR", "schedulers=['warmup(10)', 'linear(90)']", "milestones=[10]")
    assert output == "take(warmup(10), 10) >> linear(90)\n"


def test_convert_lists():
    assert [line.split()[0] for line in ok("convert").splitlines()] == list(st.peers.PEERS)
    for peer in st.peers.PEERS:
        module = getattr(st.peers, peer)
        assert [line.partition("(")[0] for line in ok("convert", peer).splitlines()] == list(module.__all__)


@pytest.mark.parametrize(("words", "schedule"), [
    (["nanogpt", "get_lr", "learning_rate=6e-4", "warmup_iters=2000", "lr_decay_iters=600000", "min_lr=6e-5"],
     st.peers.nanogpt.get_lr(6e-4, 2000, 600_000, 6e-5)),
    (["modded-nanogpt", "get_lr", "num_iterations=1750"], st.peers.modded_nanogpt.get_lr(1750)),
    (["litgpt", "get_lr", "warmup_iters=10", "max_iters=100", "min_lr=1e-5", "--base-lr", "1e-4"],
     st.peers.litgpt.get_lr(1e-4, 10, 100, 1e-5)),
    (["axolotl", "get_cosine_schedule_with_quadratic_warmup", "num_warmup_steps=5", "num_training_steps=50"],
     st.peers.axolotl.get_cosine_schedule_with_quadratic_warmup(1, 5, 50)),
    (["trl", "get_scheduler", "name=cosine", "num_warmup_steps=5", "num_training_steps=50"],
     st.peers.transformers.get_scheduler("cosine", 1, 5, 50)),
])  # fmt: skip
def test_convert_trainers(words, schedule):
    assert ok("convert", *words) == f"{schedule}\n"
