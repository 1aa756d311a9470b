"""Runs the cells of a suite that have no result yet."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .pools import Cluster, Local
from .progress import Progress
from .store import Content, Store
from .suite import Suite

RESULTS = Path(__file__).resolve().parents[3] / "build" / "suites" / "results.sqlite"


def work(task: tuple[Suite, list[Any]]) -> tuple[list[Any], float, list[Content]]:
    """In the process that has a task: the cells of a lot, the seconds of processor time, their contents."""
    suite, lot = task
    begun = time.process_time()
    contents = suite.compute_lot(lot)
    return lot, time.process_time() - begun, contents


def task_of(suite: Suite, lot: list[Any]) -> tuple[Suite, list[Any]]:
    """The cells with the results that they need and no others: what they run on need not see the file."""
    needed = [one for cell in lot for one in suite.needs(cell)]
    return replace(suite, results={suite.key(one): suite.read(one) for one in needed}), lot


def run_missing(suite: Suite, pool: Local | Cluster, progress: Progress, until: float = float("inf")) -> int:
    """How many cells that was. After `until` (of time.monotonic) no further one begins."""
    store = suite.results
    assert isinstance(store, Store)
    groups = suite.cells()
    progress.start(sum(suite.cost(cell) for group in groups for cell in group), sum(map(len, groups)))
    done = 0
    for group in groups:
        missing: dict[str, Any] = {}  # two cells of the same runs are run once
        for cell in group:
            key = suite.key(cell)
            if key in store or key in missing:
                progress.skip(suite.cost(cell))
            else:
                missing[key] = cell

        def tasks() -> Iterator[tuple[Suite, list[Any]]]:
            for lot in suite.lots(list(missing.values())):
                if time.monotonic() >= until:
                    return
                yield task_of(suite, lot)

        for lot, seconds, contents in pool.map(work, tasks()):
            cells = [(suite.name(cell), suite.about(cell), content) for cell, content in zip(lot, contents)]
            store.put(suite.title, cells, seconds)
            for cell in lot:
                progress.done(suite.name(cell), suite.cost(cell))
            done += len(lot)
        if time.monotonic() >= until:
            break
    return done


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those that every suite has."""
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="processes (2)")
    parser.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler, whose workers run the cells")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="N",
                        help="begin no cell after that long; run again to continue")  # fmt: skip
    parser.add_argument("--runs", type=Path, default=RESULTS, metavar="FILE",
                        help="where the results of the cells are kept (build/suites/results.sqlite)")  # fmt: skip


def pool_of(options: argparse.Namespace) -> Local | Cluster:
    return Cluster(options.cluster) if options.cluster else Local(options.jobs)


def run_to_the_end(suite: Suite, options: argparse.Namespace, program: str) -> tuple[int, int]:
    """Runs the suite: how many cells that was, and the seconds. Ctrl-C ends the program with status 130."""
    progress, begun = Progress(), time.monotonic()
    pool = pool_of(options)
    try:
        done = run_missing(suite, pool, progress, begun + 60 * options.minutes)
    except KeyboardInterrupt:
        print(f"{program}: stopped; finished cells are kept, run it again to resume", file=sys.stderr)
        sys.exit(130)
    finally:
        progress.stop()
        pool.close()
    if any(suite.key(cell) not in suite.results for cell in suite.cells()[-1]):
        print(f"{program}: {done} cells run, others are left; run it again to continue", file=sys.stderr)
        sys.exit(3)
    return done, round(time.monotonic() - begun)
