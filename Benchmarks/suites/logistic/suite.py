#!/usr/bin/env python3
"""Ten schedules on logistic regression: trains every cell of (set, optimizer, schedule) and prints the table.

    make benchmark-logistic          all of it; resumes where it was interrupted
    make benchmark-logistic-quick    fewer sets, seeds and epochs

A cell is one array of runs: all seeds with all base rates. Its key is a hash of everything that decides it (data,
multipliers, rates, seeds, epochs). What all cells amount to goes to results/results.json.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
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
from engine import run, suite  # noqa: E402
from engine.files import machine, write_json  # noqa: E402
from engine.store import Content, Store  # noqa: E402

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
FULL = Settings("full", sets.LOGISTIC, tuple(range(10)), epochs=100, cap=50_000)
QUICK = Settings("quick", SMALL, tuple(range(5)), epochs=50, cap=5_000)


@dataclass(frozen=True)
class Cell:
    """All runs of one schedule on one set; or, with the schedule "optimum", the lowest loss there is."""

    set: str
    optimizer: str
    schedule: str


OPTIMUM = "optimum"


class Suite(suite.Suite):
    """The cells of the settings."""

    title = "logistic"

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

    def needs(self, cell: Cell) -> list[Cell]:
        return [Cell(cell.set, cell.optimizer, "linear")] if cell.schedule in schedules.FROM_RUNS else []

    def about(self, cell: Cell) -> dict:
        """Of a refined schedule it is known when the linear run is there."""
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
        return what

    def compute(self, cell: Cell) -> Content:
        problem, s = sets.load(cell.set), self.settings
        if cell.schedule == OPTIMUM:
            return {"optimum": np.array(trainer.lowest_loss(problem))}
        rates = 2.0 ** np.array(s.exponents(cell.optimizer))
        log = cell.schedule == "linear"
        result = trainer.train(
            problem, cell.optimizer, rates, self.multipliers(cell), list(s.seeds), s.epochs_of(problem),
            s.batch, log_norms=log,
        )  # fmt: skip
        content = {"loss": result.loss, "accuracy": result.accuracy}
        if result.norms is not None:
            content["norms"] = result.norms[:, summary.best_by_loss(result.loss)]
        return content

    def name(self, cell: Cell) -> str:
        return " ".join(filter(None, (cell.set, cell.optimizer, cell.schedule)))

    def summary(self, about: dict) -> dict:
        """What goes to the file: the protocol, the sets, and an entry for each cell."""
        s, described, entries, curves = self.settings, [], [], []
        for name in s.sets:
            problem = sets.load(name)
            optimum = self.read(Cell(name, "", OPTIMUM))
            lowest = float(optimum["optimum"])
            for optimizer in s.optimizers:
                for schedule in s.schedules:
                    cell = Cell(name, optimizer, schedule)
                    content = self.read(cell)
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
        keys = {self.key(cell) for group in self.cells() for cell in group}
        about = about | {"whole": about.get("trained") == len(keys), "cells": len(entries) + len(described),
                         "core_seconds": round(sum(self.results.seconds(key) for key in keys))}  # fmt: skip
        return {"protocol": protocol, "run": about, "sets": described, "entries": entries, "curves": curves}

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
    run.add_options(parser)
    parser.add_argument("--sets", nargs="+", choices=sets.LOGISTIC, metavar="SET", help="these sets alone")
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

    chosen = Suite(settings, Store(options.runs))
    trained, seconds = run.run_to_the_end(chosen, options, parser.prog)
    about = machine() | {"jobs": options.jobs, "trained": trained, "wall_seconds": seconds}
    results = chosen.summary(about)
    write_json(output, results)
    print(summary.Table(results).text())
    print(f"benchmark-logistic: {trained} cells trained in {seconds} s; {output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
