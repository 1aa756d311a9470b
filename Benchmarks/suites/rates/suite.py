"""The cells of the suite: problem x entrant x optimizer x length x question, with all its seeds and base rates."""

from __future__ import annotations

import hashlib
import platform
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
from .training import Outcome, Part, mixes_with_others, train

REVISION = 1  # of training and grids; another one makes all stored runs void
CHECKPOINTS = 25  # of a tuned run, for the time to a target
LOT = 480  # runs in one array at most
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
                        if takes_part(entrant, optimizer, length, level.core) and may_meet(entrant, problem):
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
                rest += [Cell(*at, REPLICA, block) for block in level.blocks(level.tuned)[:1]]
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
        if problem.family == "text":  # of the interpreter's own library
            what["version"].append(f"Python {platform.python_version()}")
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

    def runs(self, cell: Cell) -> int:
        level = self.level(cell)
        grid = len(level.factors()) + (4 if cell.question == TUNE else 0)
        return (grid if cell.question in (TUNE, UNTUNED) else 1) * len(cell.seeds)

    def cost(self, cell: Cell) -> float:
        """Its part of the lots that it will be in."""
        runs, entrant = self.runs(cell), ENTRANTS[cell.entrant]
        fixed, each = costs.of(PROBLEMS[cell.problem], cell.optimizer, entrant)
        # A tuning is two arrays after another, a replica two of half the seeds.
        arrays = 2 if cell.question in (TUNE, REPLICA) else 1
        return cell.length * (arrays * fixed / self.company(cell, runs) + each * runs)

    def company(self, cell: Cell, runs: int) -> float:
        """Cells in a lot, about."""
        if cell.question == REPLICA or not mixes_with_others(ENTRANTS[cell.entrant], cell.optimizer):
            return 1
        core = self.level(cell).core
        return max(1, min(LOT / runs, mixing(self.settings.entrants, cell.optimizer, cell.length, core)))

    # ---- Running ----

    def lots(self, cells: list[Cell]) -> list[list[Cell]]:
        """Cells of the same runs' seeds together, as an update of a small model takes as long as that of many."""
        found: list[list[Cell]] = []
        open_: dict[Any, list[Cell]] = {}
        for cell in cells:
            place = (cell.problem, cell.optimizer, cell.length, cell.seeds, self.checkpoints(cell),
                     cell.question == TUNE)  # fmt: skip
            lot = open_.get(place)
            if not mixes_with_others(ENTRANTS[cell.entrant], cell.optimizer) or cell.question == REPLICA:
                found.append([cell])
            elif lot is None or sum(map(self.runs, lot)) + self.runs(cell) > LOT:
                open_[place] = [cell]
                found.append(open_[place])
            else:
                lot.append(cell)
        return found

    def checkpoints(self, cell: Cell) -> int:
        if (cell.question, cell.entrant) == (UNTUNED, CONSTANT):
            return SOME
        return CHECKPOINTS if cell.question == TUNED else 1

    def compute(self, cell: Cell) -> Content:
        return self.compute_lot([cell])[0]

    def compute_lot(self, lot: list[Cell]) -> list[Content]:
        seeds, rates = list(lot[0].seeds), [self.rates(cell) for cell in lot]
        if lot[0].question == TUNE:
            return self.tune(lot, rates, seeds)
        if lot[0].question == REPLICA:
            half = max(1, len(seeds) // 2)
            found = [self.train(lot, rates, part)[0] for part in (seeds[:half], seeds[half:]) if part]
            return [{name: np.concatenate([getattr(one, name) for one in found], axis=1)
                     for name in ("loss", "accuracy", "start")}]  # fmt: skip
        checkpoints = self.checkpoints(lot[0])
        contents = []
        for own, found in zip(rates, self.train(lot, rates, seeds, checkpoints)):
            content = {"rates": np.array(own), "loss": found.loss, "accuracy": found.accuracy, "start": found.start}
            contents.append(content | ({"curve": found.curve} if checkpoints > 1 else {}))
        return contents

    def tune(self, lot: list[Cell], rates: list[list[float]], seeds: list[int]) -> list[Content]:
        firsts = self.train(lot, rates, seeds)
        between = self.level(lot[0]).between
        more = [between(own[best(first)]) for own, first in zip(rates, firsts)]
        contents = []
        for own, others, *both in zip(rates, more, firsts, self.train(lot, more, seeds)):
            every, order = np.array(own + others), np.argsort(own + others)
            loss, start = (np.concatenate([getattr(one, name) for one in both]) for name in ("loss", "start"))
            chosen = every[int(np.argmin(score(loss, start)))]
            contents.append({"best": np.array(chosen), "rates": every[order], "loss": loss[order],
                             "start": start[order]})  # fmt: skip
        return contents

    def train(self, lot: list[Cell], rates: list[list[float]], seeds: list[int], checkpoints: int = 1) -> list[Outcome]:
        parts = [Part(ENTRANTS[cell.entrant], tuple(own), told(cell), self.schedule(cell))
                 for cell, own in zip(lot, rates)]  # fmt: skip
        cell = lot[0]
        return train(PROBLEMS[cell.problem], cell.optimizer, parts, seeds, cell.length, checkpoints)

    def schedule(self, cell: Cell) -> stepsize.Schedule | None:
        """What is refined from the gradient norms of linear's best run, on a seed that tunes."""
        if not ENTRANTS[cell.entrant].refined:
            return None
        linear = Part(ENTRANTS[LINEAR], (float(self.read(self.tuning(cell, LINEAR))["best"]),), cell.length)
        seed = list(self.tuning(cell).seeds[:1])
        norms = train(PROBLEMS[cell.problem], cell.optimizer, [linear], seed, cell.length, log_norms=True)[0].norms
        refined = stepsize.refine(norms, optimizer="sgd" if cell.optimizer == "sgd" else "adam").schedule
        return stepsize.Stretch(refined, TOLD[cell.question]) if cell.question in TOLD else refined


@cache
def mixing(names: tuple[str, ...], optimizer: str, length: int, core: bool) -> int:
    """How many of the entrants can be in one array."""
    return sum(takes_part(ENTRANTS[name], optimizer, length, core) and mixes_with_others(ENTRANTS[name], optimizer)
               for name in names)  # fmt: skip


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
