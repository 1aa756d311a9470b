"""The cells of the suite: problem x entrant x optimizer x length x question, with all its seeds and base rates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import stepsize
from engine import suite
from engine.statistics import geometric_mean
from engine.store import Content

from . import costs
from .entrants import CONSTANT, ENTRANTS, LINEAR, Entrant, takes_part, tunes_itself
from .frozen import FROZEN
from .levels import LEVELS, Level
from .optimizers import USUAL
from .problem import REPORT, TUNING, Problem
from .problems import PROBLEMS, of
from .training import Outcome, train

REVISION = 1  # of training and grids; another one makes all stored runs void
CHECKPOINTS = 25  # of a tuned run, for the time to a target
SOME = 10  # of an untuned run at a constant rate: whether the problem overfits

# The rate is chosen on seeds of its own; then the runs at it, the same runs in batches of another size, all base rates
# without tuning, and schedules that were told half or double the length.
TUNE, TUNED, REPLICA, UNTUNED, HALF, DOUBLE = "tune", "tuned", "replica", "untuned", "half length", "double length"
TOLD = {HALF: 0.5, DOUBLE: 2.0}


@dataclass(frozen=True)
class Settings:
    """`level` replaces that of every problem; `lengths` are those that take part."""

    profile: str
    problems: tuple[str, ...]
    entrants: tuple[str, ...] = tuple(ENTRANTS)
    lengths: tuple[int, ...] = ()
    level: str = ""
    optimizers: tuple[str, ...] = tuple(USUAL)


@dataclass(frozen=True)
class Cell:
    problem: str
    entrant: str
    optimizer: str
    length: int
    question: str
    seeds: tuple[int, ...]


class Suite(suite.Suite):
    title = "rates"

    # ---- What there is to do ----

    def levels(self, problem: Problem) -> Iterator[tuple[int, Level]]:
        for length, name in problem.lengths.items():
            if not self.settings.lengths or length in self.settings.lengths:
                yield length, LEVELS[self.settings.level or name]

    def level(self, cell: Cell) -> Level:
        return LEVELS[self.settings.level or PROBLEMS[cell.problem].lengths[cell.length]]

    def pairs(self) -> Iterator[tuple[Problem, int, Level, str, Entrant]]:
        """Every problem, length, level, optimizer and entrant that meet."""
        for name in self.settings.problems:
            problem = PROBLEMS[name]
            for length, level in self.levels(problem):
                for optimizer in problem.optimizers:
                    if optimizer not in self.settings.optimizers:
                        continue
                    for entrant in (ENTRANTS[name] for name in self.settings.entrants):
                        if takes_part(entrant, optimizer, level.core) and may_meet(entrant, problem):
                            yield problem, length, level, optimizer, entrant

    def cells(self) -> list[list[Cell]]:
        """Tunings, those that need another's tuning, then everything else."""
        tunings, refined, rest = [], [], []
        for problem, length, level, optimizer, entrant in self.pairs():
            at = (problem.name, entrant.name, optimizer, length)
            if entrant.needs_base:
                (refined if entrant.refined else tunings).append(Cell(*at, TUNE, tuple(level.tuning_seeds())))
            rest += [Cell(*at, TUNED, block) for block in level.blocks(level.tuned)]
            if entrant.name == LINEAR:
                rest += [Cell(*at, REPLICA, block) for block in level.blocks(level.tuned)]
            if entrant.needs_base:
                rest += [Cell(*at, UNTUNED, block) for block in level.blocks(level.untuned)]
            if entrant.has_length:
                rest += [Cell(*at, told, block) for told in TOLD for block in level.blocks(level.wrong)]
        # Calibrated rates come from tuning problems that may not be among those of the settings.
        known = set(tunings)
        for cell in list(rest):
            more = [one for one in self.calibration(cell) if one not in known]
            tunings += more
            known |= set(more)
        return [sorted(group, key=self.cost, reverse=True) for group in (tunings, refined, rest)]

    def calibration(self, cell: Cell) -> list[Cell]:
        """The tunings whose rates are averaged, at this length where the tuning problems have it."""
        name, found = ENTRANTS[cell.entrant].calibrated, []
        if not name:
            return []
        for problem in of(TUNING):
            if cell.optimizer in problem.optimizers:
                length = cell.length if cell.length in problem.lengths else max(problem.lengths)
                level = LEVELS[self.settings.level or problem.lengths[length]]
                seeds = tuple(level.tuning_seeds())
                found.append(Cell(problem.name, name, cell.optimizer, length, TUNE, seeds))
        return found

    def tuning(self, cell: Cell, entrant: str = "") -> Cell:
        seeds = tuple(self.level(cell).tuning_seeds())
        return Cell(cell.problem, entrant or cell.entrant, cell.optimizer, cell.length, TUNE, seeds)

    def needs(self, cell: Cell) -> list[Cell]:
        entrant = ENTRANTS[cell.entrant]
        found = self.calibration(cell)
        if entrant.refined:
            found.append(self.tuning(cell, LINEAR))
        if entrant.needs_base and cell.question not in (TUNE, UNTUNED):
            found.append(self.tuning(cell))
        return found

    def name(self, cell: Cell) -> str:
        return f"{cell.problem}, {cell.optimizer}, {cell.length}: {cell.entrant}, {cell.question}"

    # ---- What decides a cell ----

    def about(self, cell: Cell) -> dict[str, Any]:
        entrant, problem = ENTRANTS[cell.entrant], PROBLEMS[cell.problem]
        what = {"problem": cell.problem, "entrant": cell.entrant, "optimizer": cell.optimizer, "length": cell.length,
                "question": cell.question, "rates": self.rates(cell), "seeds": list(cell.seeds),
                "version": [REVISION, problem.revision, *version(entrant, told(cell), cell.optimizer)]}  # fmt: skip
        if entrant.refined:
            what["norms of"] = self.key(self.tuning(cell, LINEAR))
        return what

    def rates(self, cell: Cell) -> list[float]:
        """The base rates; of a tuning those it begins with."""
        entrant, usual = ENTRANTS[cell.entrant], USUAL[cell.optimizer]
        if cell.question in (TUNE, UNTUNED):
            return [usual * factor for factor in self.level(cell).factors()]
        if entrant.calibrated:
            return [geometric_mean([float(self.read(one)["best"]) for one in self.calibration(cell)])]
        return [float(self.read(self.tuning(cell))["best"])] if entrant.needs_base else [1.0]

    def cost(self, cell: Cell) -> float:
        level, entrant = self.level(cell), ENTRANTS[cell.entrant]
        grid = len(level.factors()) + 4 if cell.question == TUNE else len(level.factors())
        runs = (grid if cell.question in (TUNE, UNTUNED) else 1) * len(cell.seeds)
        return costs.seconds(PROBLEMS[cell.problem], cell.optimizer, entrant, runs, cell.length)

    # ---- Running ----

    def compute(self, cell: Cell) -> Content:
        rates, seeds = self.rates(cell), list(cell.seeds)
        if cell.question == TUNE:
            return self.tune(cell, rates, seeds)
        if cell.question == REPLICA:
            half = max(1, len(seeds) // 2)
            parts = [self.train(cell, rates, part) for part in (seeds[:half], seeds[half:]) if part]
            return {name: np.concatenate([getattr(part, name) for part in parts], axis=1)
                    for name in ("loss", "accuracy", "start")}  # fmt: skip
        checkpoints = CHECKPOINTS if cell.question == TUNED else 1
        if (cell.question, cell.entrant) == (UNTUNED, CONSTANT):
            checkpoints = SOME
        found = self.train(cell, rates, seeds, checkpoints)
        content = {"rates": np.array(rates), "loss": found.loss, "accuracy": found.accuracy, "start": found.start}
        return content | {"curve": found.curve} if checkpoints > 1 else content

    def tune(self, cell: Cell, rates: list[float], seeds: list[int]) -> Content:
        first = self.train(cell, rates, seeds)
        more = self.level(cell).between(rates[best(first)])
        second = self.train(cell, more, seeds)
        all_rates, order = np.array(rates + more), np.argsort(rates + more)
        loss, start = (np.concatenate([getattr(one, name) for one in (first, second)]) for name in ("loss", "start"))
        place = int(np.argmin(score(loss, start)))
        return {"best": np.array(all_rates[place]), "rates": all_rates[order], "loss": loss[order],
                "start": start[order]}  # fmt: skip

    def train(self, cell: Cell, rates: list[float], seeds: list[int], checkpoints: int = 1) -> Outcome:
        problem, entrant = PROBLEMS[cell.problem], ENTRANTS[cell.entrant]
        schedule = None
        if entrant.refined:
            base = float(self.read(self.tuning(cell, LINEAR))["best"])
            seed = list(self.tuning(cell).seeds[:1])
            norms = train(problem, cell.optimizer, ENTRANTS[LINEAR], [base], seed, cell.length, log_norms=True).norms
            kind = "sgd" if cell.optimizer == "sgd" else "adam"
            schedule = stepsize.refine(norms, optimizer=kind).schedule
            if cell.question in TOLD:
                schedule = stepsize.Stretch(schedule, TOLD[cell.question])
        return train(problem, cell.optimizer, entrant, rates, seeds, cell.length, told(cell), checkpoints, schedule)


def may_meet(entrant: Entrant, problem: Problem) -> bool:
    return FROZEN is not None or problem.part != REPORT or not tunes_itself(entrant)


def told(cell: Cell) -> int:
    return max(1, round(cell.length * TOLD.get(cell.question, 1.0)))


def score(loss: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(rates,): the mean log over the seeds; a run that ends above its start counts as its start."""
    return np.log(np.maximum(np.minimum(loss, start), 1e-300)).mean(axis=1)


def best(found: Outcome) -> int:
    return int(np.argmin(score(found.loss, found.start)))


def version(entrant: Entrant, length: int, optimizer: str) -> list[str]:
    """What of the code decides the rates: the values of a schedule, the library for a controller, the package."""
    if entrant.package:
        from importlib.metadata import version as version_of

        name = {"schedulefree": "schedulefree", "prodigyopt": "prodigyopt"}[entrant.requires]
        return [f"{name} {version_of(name)}", entrant.text(length, 1.0, optimizer)]
    return [entrant.text(length, 1.0, optimizer), code_of(entrant.text(length, 1.0, optimizer), length)]


@cache
def code_of(text: str, length: int) -> str:
    with stepsize.Scheduler(1.0, text) as scheduler:
        if scheduler.controller is not None:
            return library()
    return digest(np.asarray(stepsize.parse(text).curve(length)).tobytes())


@cache
def library() -> str:
    from stepsize._foreign.library import PACKAGED

    return digest(Path(PACKAGED).read_bytes())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
