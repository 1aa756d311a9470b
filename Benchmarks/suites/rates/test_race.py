"""The race inside the budget: who stays, what it costs, and that the last run is that much shorter.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/rates
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from rates import race
from rates.problem import DESIGN, Problem
from rates.tasks.convex import LeastSquares


def test_the_lowest_loss_is_left_and_the_new_updates_are_counted():
    losses = np.linspace(1, 2, 13)[:, None] * np.ones(200)
    found = race.race(losses, 390)
    assert found.chosen == 0
    # A third of the budget in each round: 13 runs of 10 updates, 6 of 21 more, 3 of 43 more.
    assert found.cost == 13 * 10 + 6 * 21 + 3 * 43
    assert race.longest(390) == 10 + 21 + 43


def test_a_run_that_is_fast_at_first_loses_to_one_that_goes_lower():
    losses = np.full((13, 200), 5.0)
    losses[3] = 1.0
    losses[8, :20], losses[8, 20:] = 2.0, 0.5
    assert race.race(losses, 390).chosen == 8
    # Out in the first round, whatever comes later.
    losses[:7, :10] = 0.1
    assert race.race(losses, 390).chosen != 8


def test_a_run_that_blew_up_is_last():
    losses = np.full((13, 200), np.nan)
    losses[12] = 9.0
    assert race.race(losses, 390).chosen == 12


def test_the_last_run_has_what_the_race_left():
    task = LeastSquares(5, 10)
    problem = Problem("test", DESIGN, "least squares", "for tests", lambda: task, {400: "tiny"})
    found = race.outcomes(problem, "sgd", 400)
    assert [one["share"] for one in found] == list(race.SHARES)
    for one in found:
        assert abs(one["cost"] - one["share"] * 400) <= 20 and len(one["loss"]) == len(race.SEEDS)
        assert np.array(one["loss"]) @ np.ones(5) < np.array(one["start"]) @ np.ones(5)
