#!/usr/bin/env python3
"""Ten schedules on logistic regression: trains every cell of (set, optimizer, schedule) and prints the table.

    make benchmark-logistic          all of it; resumes where it was interrupted
    make benchmark-logistic-quick    fewer sets, seeds and epochs

A cell is one array of runs: all seeds with all base rates. Its result is one file, named by a hash of everything that
decides it (data, multipliers, rates, seeds, epochs), written under another name and then moved: a file that is there
is whole, and is used instead of training again. What all cells amount to goes to results/results.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
import results as summary  # noqa: E402
import schedules  # noqa: E402
import sets  # noqa: E402
import trainer  # noqa: E402
from common import Progress, machine, run_missing, run_to_the_end, write_arrays, write_json  # noqa: E402

REVISION = 1  # of the trainer; another one makes all stored runs void


@dataclass(frozen=True)
class Settings:
    """The protocol. The grid of base rates is 2^k for all k of the optimizer."""

    profile: str
    sets: tuple[str, ...]
    seeds: tuple[int, ...]
    epochs: int
    cap: int  # updates; sets too large for it get fewer epochs
    batch: int = 16
    adam: tuple[int, int] = (-12, 5)
    sgd: tuple[int, int] = (-9, 8)
    optimizers: tuple[str, ...] = ("adam", "sgd")
    schedules: tuple[str, ...] = schedules.NAMES

    def exponents(self, optimizer: str) -> list[int]:
        low, high = getattr(self, optimizer)
        return list(range(low, high + 1))

    def epochs_of(self, problem: sets.Problem) -> int:
        return min(self.epochs, max(1, self.cap // trainer.updates_of(problem, 1, self.batch)))


SMALL = ("iris", "breast_cancer", "ionosphere", "pima", "vehicle", "vowel", "german", "contraceptive")
FULL = Settings("full", tuple(sets.SETS), tuple(range(10)), epochs=100, cap=50_000)
QUICK = Settings("quick", SMALL, tuple(range(5)), epochs=50, cap=5_000)


@dataclass(frozen=True)
class Cell:
    """All runs of one schedule on one set; or, with the schedule "optimum", the lowest loss there is."""

    set: str
    optimizer: str
    schedule: str


OPTIMUM = "optimum"


class Suite:
    """The cells of the settings and the folder of their results."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    def cells(self) -> list[list[Cell]]:
        """Two groups: the second one needs the results of the first."""
        s = self.settings
        first = [Cell(name, "", OPTIMUM) for name in s.sets]
        second = []
        for name in s.sets:
            for optimizer in s.optimizers:
                for schedule in s.schedules:
                    group = second if schedule in schedules.FROM_RUNS else first
                    group.append(Cell(name, optimizer, schedule))
        return [sorted(group, key=self.cost, reverse=True) for group in (first, second)]

    def cost(self, cell: Cell) -> float:
        """Roughly its seconds, for the order and the estimate of the time left."""
        problem, s = sets.load(cell.set), self.settings
        rows, columns = problem.features.shape
        if cell.schedule == OPTIMUM:
            return 0.05 + 2e-5 * rows * problem.classes
        runs = len(s.seeds) * len(s.exponents(cell.optimizer))
        logits = runs * problem.classes * s.batch
        weights = runs * problem.classes * (columns + 1)
        update = 6e-5 + 6e-9 * logits + (7e-9 if cell.optimizer == "adam" else 3e-9) * weights
        return update * trainer.updates_of(problem, s.epochs_of(problem), s.batch)

    def multipliers(self, cell: Cell) -> np.ndarray:
        problem = sets.load(cell.set)
        updates = trainer.updates_of(problem, self.settings.epochs_of(problem), self.settings.batch)
        if cell.schedule not in schedules.FROM_RUNS:
            return schedules.multipliers(cell.schedule, updates)
        return schedules.refined(cell.schedule, self.norms(cell), cell.optimizer)

    def norms(self, cell: Cell) -> np.ndarray:
        """Those of the first seed in the best linear run on the set of the cell."""
        return self.read(Cell(cell.set, cell.optimizer, "linear"))["norms"]

    def path(self, cell: Cell) -> Path:
        """The file of its result; that of a refined schedule is known when the linear run is there."""
        problem, s = sets.load(cell.set), self.settings
        what: dict = {"revision": REVISION, "data": problem.digest}
        if cell.schedule == OPTIMUM:
            what["optimum"] = True
        else:
            what |= {
                "optimizer": cell.optimizer,
                "multipliers": hashlib.sha256(self.multipliers(cell).tobytes()).hexdigest(),
                "norms": cell.schedule == "linear",
                "exponents": s.exponents(cell.optimizer),
                "seeds": s.seeds,
                "epochs": s.epochs_of(problem),
                "batch": s.batch,
            }
        key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]
        return self.folder / f"{key}.npz"

    def read(self, cell: Cell) -> dict[str, np.ndarray]:
        with np.load(self.path(cell)) as file:
            return {name: file[name] for name in file.files}

    def compute(self, cell: Cell) -> None:
        """Trains the cell and stores it."""
        problem, s = sets.load(cell.set), self.settings
        start = time.process_time()
        if cell.schedule == OPTIMUM:
            content = {"optimum": np.array(trainer.lowest_loss(problem))}
        else:
            rates = 2.0 ** np.array(s.exponents(cell.optimizer))
            log = cell.schedule == "linear"
            result = trainer.train(
                problem, cell.optimizer, rates, self.multipliers(cell), list(s.seeds), s.epochs_of(problem),
                s.batch, log_norms=log,
            )  # fmt: skip
            content = {"loss": result.loss, "accuracy": result.accuracy}
            if result.norms is not None:
                content["norms"] = result.norms[:, summary.best_by_loss(result.loss)]
        path = self.path(cell)
        write_arrays(path, seconds=np.array(time.process_time() - start), **content)

    def run(self, jobs: int, progress: Progress) -> int:
        """Runs what is not there yet; how many cells that was."""
        return run_missing(self, jobs, progress)

    def name(self, cell: Cell) -> str:
        return " ".join(filter(None, (cell.set, cell.optimizer, cell.schedule)))

    def work(self, cell: Cell) -> Cell:
        self.compute(cell)
        return cell

    def results(self, about: dict) -> dict:
        """What goes to the file: the protocol, the sets, and an entry for each cell."""
        s, described, entries, curves, seconds = self.settings, [], [], [], 0.0
        for name in s.sets:
            problem = sets.load(name)
            optimum = self.read(Cell(name, "", OPTIMUM))
            lowest, seconds = float(optimum["optimum"]), seconds + float(optimum["seconds"])
            for optimizer in s.optimizers:
                for schedule in s.schedules:
                    cell = Cell(name, optimizer, schedule)
                    content = self.read(cell)
                    seconds += float(content["seconds"])
                    lowest = min(lowest, float(content["loss"].min()))
                    entries.append(summary.entry(name, optimizer, schedule, content["loss"], content["accuracy"]))
                    if schedule in schedules.FROM_RUNS:
                        curve = self.curve(cell)
                        if schedule == schedules.REFINED or curve["floor"] > 0:
                            curves.append(curve)
            epochs = s.epochs_of(problem)
            rows, columns = problem.features.shape
            described.append({"name": name, "package": sets.SETS[name].package, "rows": rows, "columns": columns,
                              "classes": problem.classes, "digest": problem.digest, "epochs": epochs,
                              "updates": trainer.updates_of(problem, epochs, s.batch),
                              "optimum": float(f"{lowest:.9g}")})  # fmt: skip
        protocol = {"profile": s.profile, "seeds": len(s.seeds), "epochs": s.epochs, "cap": s.cap, "batch": s.batch,
                    "exponents": {optimizer: s.exponents(optimizer) for optimizer in s.optimizers}}  # fmt: skip
        files = {self.path(cell) for group in self.cells() for cell in group}
        about = about | {"whole": about.get("trained") == len(files)}
        run = about | {"cells": len(entries) + len(described), "core_seconds": round(seconds)}
        return {"protocol": protocol, "run": run, "sets": described, "entries": entries, "curves": curves}

    def curve(self, cell: Cell) -> dict:
        """The norms that a refined schedule is made of, its values and its diagnosis."""
        norms = self.norms(cell)
        found = schedules.refinement(cell.schedule, norms, cell.optimizer)
        return {
            "set": cell.set,
            "optimizer": cell.optimizer,
            "schedule": cell.schedule,
            "warmup": round(found.warmup / len(norms), 4),
            "anneal_start": round(found.anneal_start / len(norms), 4),
            "collapsed": found.collapsed,
            "floor": found.floor,
            "norms": summary.thinned(norms),
            "values": summary.thinned(np.asarray(found.values)),
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmark-logistic", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer sets, seeds and epochs: under two minutes")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (2)")
    parser.add_argument("--runs", type=Path, default=ROOT / "build" / "suites" / "logistic", metavar="FOLDER",
                        help="where the results of the cells are kept (build/suites/logistic)")  # fmt: skip
    parser.add_argument("--sets", nargs="+", choices=list(sets.SETS), metavar="SET", help="these sets alone")
    parser.add_argument("--schedules", nargs="+", choices=schedules.NAMES, metavar="NAME", help="these schedules alone")
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds 0 to N - 1")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the rows")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the aggregated results, as JSON")
    options = parser.parse_args()

    settings = QUICK if options.quick else FULL
    changes: dict = {}
    if options.sets:
        changes["sets"] = tuple(options.sets)
    if options.schedules:
        if set(schedules.FROM_RUNS) & set(options.schedules) and "linear" not in options.schedules:
            parser.error("a refined schedule needs linear")
        changes["schedules"] = tuple(options.schedules)
    if options.seeds:
        changes["seeds"] = tuple(range(options.seeds))
    if options.epochs:
        changes["epochs"] = options.epochs
    if changes:
        settings = Settings(**(vars(settings) | changes | {"profile": "custom"}))
    # Only what the full suite measures goes to the repository.
    stored = HERE / "results" / "results.json"
    output = options.output or (stored if settings == FULL else ROOT / "build" / "suites" / f"{settings.profile}.json")

    suite = Suite(settings, options.runs)
    trained, seconds = run_to_the_end(suite, options.jobs, parser.prog)
    about = machine() | {"jobs": options.jobs, "trained": trained, "wall_seconds": seconds}
    results = suite.results(about)
    write_json(output, results)
    print(summary.Table(results).text())
    print(f"benchmark-logistic: {trained} cells trained in {seconds} s; {output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
