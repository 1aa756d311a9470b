"""The range test in several processes, under gloo: one loss, one suggestion, and everything as it was, on each."""

import json
import math

import pytest
from frameworks import run
from support import REPOSITORY

pytestmark = [pytest.mark.framework, pytest.mark.processes]
pytest.importorskip("torch")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed")


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    worker = REPOSITORY / "bindings/python/tests/find_worker.py"
    lines = run(worker, 2, tmp_path_factory.mktemp("find")).splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return sorted(found, key=lambda each: each["rank"])


def test_each_rank_has_the_mean_of_the_losses(ranks):
    first, second = ranks
    count = len(first["losses"])
    assert count > 40 and first["own"][0] != second["own"][0]
    means = [math.fsum(pair) / 2 for pair in zip(first["own"], second["own"])][:count]
    assert first["losses"] == second["losses"] == means


def test_each_rank_suggests_the_same(ranks):
    first, second = ranks
    assert first["suggestions"] == second["suggestions"] and first["suggestions"]["halfway"] is not None
    assert first["stop"] == second["stop"] is not None
    assert first["restored"] and second["restored"]


def test_no_rank_waits_for_another(ranks):
    assert [each["refused"][0] for each in ranks] == [
        "find: rank 1 has no batch left; see the error there", "find: the data has no batch left",
    ]  # fmt: skip
    assert {each["refused"][1] for each in ranks} == {
        "find: the ranks have different rates, expected the same options on each"
    }


def test_the_trainer(ranks):
    first, second = ranks
    assert first["world"] == second["world"] == 2
    # Gradients are averaged: the weights of the ranks stay the same while they change.
    assert first["weights"] == second["weights"] and first["weights"][0] != first["weights"][-1]
    assert first["trainer_losses"] == second["trainer_losses"] and len(first["trainer_losses"]) > 20
    assert first["trainer_suggestions"] == second["trainer_suggestions"]
    assert first["trainer_restored"] and second["trainer_restored"]
