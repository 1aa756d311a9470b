"""The engine on a suite of sums: interrupted, resumed, checked, in processes and on a Dask cluster of two workers.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/engine
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.check import check
from engine.killing import kill_after
from engine.pools import Cluster, Local
from engine.progress import Progress
from engine.run import run_missing
from engine.store import Store
from engine.suite import Suite

SUITES = Path(__file__).resolve().parent.parent
COUNT = 12


@dataclass
class Sums(Suite):
    """Numbers, and the sum of two neighbours. `settings`: the seconds that a cell takes."""

    title = "sums"

    def cells(self):
        return [[("number", n) for n in range(COUNT)], [("sum", n) for n in range(COUNT - 1)]]

    def needs(self, cell):
        return [("number", cell[1]), ("number", cell[1] + 1)] if cell[0] == "sum" else []

    def about(self, cell):
        return {"kind": cell[0], "number": cell[1]}

    def cost(self, cell):
        return 1.0

    def name(self, cell):
        return f"{cell[0]} {cell[1]}"

    def compute(self, cell):
        time.sleep(self.settings)
        if cell[0] == "number":
            return {"value": np.array([cell[1] ** 2]), "process": np.array(os.getpid())}
        # Where it runs there is nothing but what it needs.
        assert len(self.results) == 2
        return {"value": sum(self.read(one)["value"] for one in self.needs(cell)), "process": np.array(os.getpid())}


class Quiet(Progress):
    def done(self, name, cost):
        self.count += 1
        self.spent += cost


def run(path, pool=None, seconds=0.0, until=float("inf")):
    suite = Sums(seconds, Store(path))
    return suite, run_missing(suite, pool or Local(1), Quiet(), until)


def values(suite):
    return [suite.read(cell)["value"].tolist() for group in suite.cells() for cell in group]


EXPECTED = [[n * n] for n in range(COUNT)] + [[n * n + (n + 1) ** 2] for n in range(COUNT - 1)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_cells_are_run_once(tmp_path, jobs):
    suite, count = run(tmp_path / "r.sqlite", Local(jobs))
    assert count == 2 * COUNT - 1 and values(suite) == EXPECTED
    assert run(tmp_path / "r.sqlite", Local(jobs))[1] == 0
    processes = {int(content["process"]) for content in suite.results.values()}
    assert (os.getpid() in processes) == (jobs == 1)


def begun(call):
    return subprocess.Popen([sys.executable, "-c", f"import engine.test_engine as t, pathlib; {call}"], cwd=SUITES)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_loses_the_cells_in_flight_at_most(tmp_path, jobs):
    path = tmp_path / "r.sqlite"
    process = begun(f"t.run(pathlib.Path({str(path)!r}), t.Local({jobs}), 0.02)")
    kept = kill_after(7, process, path)
    assert 7 <= kept < 2 * COUNT - 1
    suite, count = run(path)
    assert count == 2 * COUNT - 1 - kept and values(suite) == EXPECTED


def test_a_run_in_several_calls(tmp_path):
    path, counts = tmp_path / "r.sqlite", []
    while len(counts) == 0 or counts[-1]:
        counts.append(run(path, seconds=0.02, until=time.monotonic() + 0.1)[1])
        assert len(counts) < 100
    assert sum(counts) == 2 * COUNT - 1 and len(counts) > 3
    assert values(Sums(0, Store(path))) == EXPECTED


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of one whose scheduler and workers do not know of this folder."""
    pytest.importorskip("distributed")
    program = """
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""
    place = tmp_path_factory.mktemp("cluster")
    (place / "cluster.py").write_text(program)
    command = [sys.executable, "cluster.py"]
    with subprocess.Popen(command, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.communicate("\n")


def test_a_dask_cluster_of_two_workers(tmp_path, cluster):
    pool = Cluster(cluster)
    suite, count = run(tmp_path / "r.sqlite", pool, 0.05)
    pool.close()
    assert count == 2 * COUNT - 1 and values(suite) == EXPECTED
    processes = {int(content["process"]) for content in suite.results.values()}
    assert len(processes) == 2 and os.getpid() not in processes


def test_a_run_on_a_cluster_is_killed_and_resumed(tmp_path, cluster):
    path = tmp_path / "r.sqlite"
    process = begun(f"t.run(pathlib.Path({str(path)!r}), t.Cluster({cluster!r}), 0.05)")
    kept = kill_after(5, process, path)
    pool = Cluster(cluster)
    suite, count = run(path, pool)
    pool.close()
    assert 5 <= kept < 2 * COUNT - 1 and count == 2 * COUNT - 1 - kept and values(suite) == EXPECTED


def test_a_number_that_does_not_come_again_is_found(tmp_path):
    suite, _ = run(tmp_path / "r.sqlite")
    good = check(suite, Local(1), fraction=1.0)
    assert good.cells == 2 * COUNT - 1 and good.different == []
    few = check(suite, Local(1), fraction=0.1, seed=3)
    assert few.cells == 2
    cell = ("sum", 4)
    wrong = {**suite.read(cell), "value": np.array([41.5])}
    suite.results.put("sums", [(suite.name(cell), suite.about(cell), wrong)], 0.0)
    found = check(suite, Local(1), fraction=1.0)
    assert found.different == [("sum 4", "value", pytest.approx(0.5 / 41.5))]


@dataclass
class Lots(Sums):
    """Three at a time, whose contents tell how many there were."""

    def lots(self, cells):
        return [cells[first : first + 3] for first in range(0, len(cells), 3)]

    def compute_lot(self, lot):
        assert len(self.results) <= 2 * len(lot)
        return [{"value": np.array([cell[1]]), "company": np.array(len(lot))} for cell in lot]


def test_cells_are_run_in_lots_and_checked_in_the_same_company(tmp_path):
    suite = Lots(0, Store(tmp_path / "r.sqlite"))
    assert run_missing(suite, Local(1), Quiet()) == 2 * COUNT - 1
    assert sorted(int(content["company"]) for content in suite.results.values()) == [2] * 2 + [3] * 21
    found = check(suite, Local(1), fraction=0.05, seed=1)
    assert found.cells == 3 and found.different == []


def test_a_row_can_be_read_with_sql(tmp_path):
    suite, _ = run(tmp_path / "r.sqlite")
    query = "SELECT name, suite FROM cells WHERE about ->> 'number' = 3 AND about ->> 'kind' = 'sum'"
    assert suite.results.rows(query) == [("sum 3", "sums")]


def test_the_time_left_is_that_of_the_work_left(monkeypatch):
    progress, now = Progress(), [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress.start(cost=1000, cells=4)
    progress.skip(400)
    now[0] += 30
    progress.done("first", 100)
    assert progress.left() == "about 2 min left"  # 500 of 600, at 100 in 30 s
    progress.done("second", 400)
    assert progress.left() == "about 6 s left"
