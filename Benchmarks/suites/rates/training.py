"""Trains runs as one array: every entrant with every seed and base rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import stepsize
import torch
from torch import Tensor

from .entrants import Entrant
from .optimizers import OPTIMIZERS
from .packages import Packaged
from .problem import Problem
from .rates import Mixed, Rates, mixes, rates_of
from .runs import Runs

torch.set_num_threads(1)
torch.set_flush_denormal(True)  # numbers that vanish would slow the processor down


@dataclass(frozen=True)
class Part:
    """The runs of one entrant. `told` is the length that its schedule is made for; `schedule` replaces it."""

    entrant: Entrant
    bases: tuple[float, ...]
    told: int
    schedule: stepsize.Schedule | None = None


@dataclass
class Outcome:
    """Arrays (bases, seeds): what the held rows say at the end. `curve` has a further dimension of checkpoints."""

    loss: np.ndarray  # infinite for a run that blew up
    accuracy: np.ndarray
    start: np.ndarray  # the loss before the first update
    curve: np.ndarray
    norms: np.ndarray | None = None  # (updates,): of the gradients of the first run
    batches: np.ndarray | None = None  # (bases, seeds, updates): the losses of the batches that were trained on


def train(problem: Problem, optimizer: str, parts: list[Part], seeds: list[int], updates: int, checkpoints: int = 1,
          log_norms: bool = False, log_losses: bool = False) -> list[Outcome]:  # fmt: skip
    """The outcome of each part. Several parts must all mix (`mixes_with_others`)."""
    task = problem.task()
    # Seed by seed: the runs of a seed see the same batches.
    plan = [(seed, place, base) for seed in seeds for place, part in enumerate(parts) for base in part.bases]
    each = len(plan) // len(seeds)
    runs = Runs(task, [seed for seed, _, _ in plan])
    update = updater(problem, optimizer, parts, plan, runs, updates)
    numbers = [task.numbers(seed, problem.batch) for seed in seeds]
    marks = {round(updates * (mark + 1) / checkpoints) for mark in range(checkpoints)}
    start, found, norms, trained = task.judge(runs.parameters)[0], [], [], []
    for t in range(updates):
        rows = torch.from_numpy(np.stack([next(one) for one in numbers])).repeat_interleave(each, 0)
        batch = task.batch(rows)
        losses = runs.differentiate(task, batch)
        if log_norms:
            norms.append(float(runs.gradients[0].norm(1 if optimizer == "adamw" else 2)))
        if log_losses:
            trained.append(ordered(losses, len(seeds)))
        with torch.no_grad():
            update(t, losses, lambda: task.loss(runs.parameters, *batch))
            task.project(runs.parameters)
        if t + 1 in marks:
            update.mode("eval")
            found.append(task.judge(runs.parameters))
            update.mode("train")
    outcomes, first = [], 0
    for part in parts:
        own = slice(first, first + len(part.bases))
        first = own.stop
        cut = lambda values: ordered(values, len(seeds))[own]
        curve = np.stack([cut(loss) for loss, _ in found], axis=-1)
        outcomes.append(Outcome(finite(curve[..., -1]), cut(found[-1][1]), cut(start), finite(curve),
                                np.array(norms) if log_norms else None,
                                finite(np.stack(trained, axis=-1)[own]) if log_losses else None))  # fmt: skip
    return outcomes


def mixes_with_others(entrant: Entrant, optimizer: str) -> bool:
    return not entrant.package and mixes(entrant.text(1000, 1.0, optimizer))


class Own:
    """An update by an optimizer of the suite, at the rates of the library."""

    def __init__(self, runs: Runs, optimizer: Any, rates: Rates) -> None:
        self.runs, self.optimizer, self.rates = runs, optimizer, rates

    def __call__(self, t: int, losses: Tensor, loss: Any) -> None:
        self.rates.before(t, losses)
        direction = self.optimizer.direction(self.runs)
        rates = self.rates.chosen(t, direction, losses, loss)
        weights = self.runs.weights
        weights.sub_(direction * torch.tensor(rates, dtype=weights.dtype)[:, None])
        self.rates.after(t, losses)

    def mode(self, name: str) -> None:
        pass


class Other:
    """An update by the optimizers of a package."""

    def __init__(self, packaged: Packaged, multipliers: np.ndarray) -> None:
        self.packaged, self.multipliers, self.mode = packaged, multipliers, packaged.mode

    def __call__(self, t: int, losses: Tensor, loss: Any) -> None:
        self.packaged.step(float(self.multipliers[t]))


def updater(problem: Problem, optimizer: str, parts: list[Part], plan: list[tuple[int, int, float]], runs: Runs,
            updates: int) -> Own | Other:  # fmt: skip
    bases, only = [base for _, _, base in plan], parts[0]
    if only.entrant.package:
        multipliers = np.asarray(stepsize.parse(only.entrant.text(only.told, 1.0, optimizer)).curve(updates))
        return Other(Packaged(only.entrant.package[optimizer], runs, bases), multipliers)
    own = OPTIMIZERS[optimizer](runs, problem.task().matrices)
    texts = [parts[place].entrant.text(parts[place].told, base, optimizer) for _, place, base in plan]
    if not mixes_with_others(only.entrant, optimizer):
        return Own(runs, own, rates_of(texts, runs, own, np.array(bases)))
    schedules = {place: part.schedule for place, part in enumerate(parts) if part.schedule is not None}
    places = [place for _, place, _ in plan]
    return Own(runs, own, Mixed(runs, own, np.array(bases), texts, places, updates, schedules))


def ordered(numbers: Tensor, seeds: int) -> np.ndarray:
    """(runs of a seed, seeds)."""
    return numbers.detach().double().numpy().reshape(seeds, -1).T.copy()


def finite(losses: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(losses), losses, np.inf)
