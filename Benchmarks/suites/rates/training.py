"""Trains all runs of one entrant at once: every seed with every base rate."""

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
from .rates import Rates, Scheduled, rates_of
from .runs import Runs

torch.set_num_threads(1)
torch.set_flush_denormal(True)  # numbers that vanish would slow the processor down


@dataclass
class Outcome:
    """Arrays (bases, seeds): what the held rows say at the end. `curve` has a further dimension of checkpoints."""

    loss: np.ndarray  # infinite for a run that blew up
    accuracy: np.ndarray
    start: np.ndarray  # the loss before the first update
    curve: np.ndarray
    norms: np.ndarray | None = None  # (updates,): of the gradients of the first run


def train(problem: Problem, optimizer: str, entrant: Entrant, bases: list[float], seeds: list[int], updates: int,
          told: int | None = None, checkpoints: int = 1, schedule: stepsize.Schedule | None = None,
          log_norms: bool = False) -> Outcome:  # fmt: skip
    """`told` is the length that the schedule is made for; `schedule` replaces that of the entrant."""
    task = problem.task()
    pairs = [(seed, base) for seed in seeds for base in bases]
    runs = Runs(task, [seed for seed, _ in pairs])
    each = np.array([base for _, base in pairs])
    told = told or updates
    numbers = [task.numbers(seed, problem.batch) for seed in seeds]
    start = task.judge(runs.parameters)[0]
    marks = [round(updates * (mark + 1) / checkpoints) for mark in range(checkpoints)]
    found, norms = [], []
    made = maker(problem, optimizer, entrant, bases, each, runs, updates, told, schedule)
    for t in range(updates):
        rows = torch.tensor(np.stack([next(one) for one in numbers])).repeat_interleave(len(bases), 0)
        batch = task.batch(rows)
        losses = runs.differentiate(task, batch)
        if log_norms:
            norms.append(float(runs.gradients[0].norm(1 if optimizer == "adamw" else 2)))
        with torch.no_grad():
            made(t, losses, lambda: task.loss(runs.parameters, *batch))
            task.project(runs.parameters)
        if t + 1 in marks:
            found.append(judged(task, runs, made))
    last, accuracy = found[-1]
    shape = (len(seeds), len(bases))
    return Outcome(
        loss=finite(ordered(last, shape)), accuracy=ordered(accuracy, shape), start=ordered(start, shape),
        curve=finite(np.stack([ordered(loss, shape) for loss, _ in found], axis=-1)),
        norms=np.array(norms) if log_norms else None,
    )  # fmt: skip


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


def maker(problem: Problem, optimizer: str, entrant: Entrant, bases: list[float], each: np.ndarray, runs: Runs,
          updates: int, told: int, schedule: stepsize.Schedule | None) -> Own | Other:  # fmt: skip
    if entrant.package:
        multipliers = np.asarray(stepsize.parse(entrant.text(told, 1.0, optimizer)).curve(updates))
        return Other(Packaged(entrant.package[optimizer], runs, each.tolist()), multipliers)
    own = OPTIMIZERS[optimizer](runs, problem.task().matrices)
    if schedule is not None:
        return Own(runs, own, Scheduled(runs, own, each, schedule, updates))
    texts = {base: entrant.text(told, base, optimizer) for base in bases}
    return Own(runs, own, rates_of([texts[base] for base in each], runs, own, each, updates))


def judged(task: Any, runs: Runs, made: Own | Other) -> tuple[Tensor, Tensor]:
    made.mode("eval")
    found = task.judge(runs.parameters)
    made.mode("train")
    return found


def ordered(numbers: Tensor, shape: tuple[int, int]) -> np.ndarray:
    """(bases, seeds)."""
    return numbers.detach().double().numpy().reshape(shape).T.copy()


def finite(losses: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(losses), losses, np.inf)
