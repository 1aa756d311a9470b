"""The rates of many runs, from the library: a schedule's multipliers, or a scheduler for each run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import stepsize
import torch
from torch import Tensor

from .optimizers import SGD
from .runs import Runs


class Rates:
    """`before` each update gives the rates (runs,), `after` it hears the losses of the batch."""

    def __init__(self, runs: Runs, optimizer: Any) -> None:
        self.runs, self.optimizer = runs, optimizer

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        raise NotImplementedError

    def after(self, t: int, losses: Tensor) -> None:
        pass

    def chosen(self, t: int, direction: Tensor, losses: Tensor, loss: Callable[[], Tensor]) -> np.ndarray:
        """The rates when the direction is known; `loss` is that of the same batch at the current weights."""
        return self.rates


class Controlled(Rates):
    """A scheduler for each run, which observes what its controller needs."""

    def __init__(self, runs: Runs, optimizer: Any, schedulers: list[stepsize.Scheduler]) -> None:
        super().__init__(runs, optimizer)
        self.schedulers = schedulers
        # What a controller observes of an update before it is made, where the library has such controllers.
        self.observed = tuple(getattr(schedulers[0], "observes", ()))
        self.start = runs.weights.clone() if {"distance", "start_norm", "dot_start"} & set(self.observed) else None
        self.past = runs.weights.clone() if {"dot_update", "update_norm"} & set(self.observed) else None

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        if self.observed:
            numbers = [self.number(name, losses).tolist() for name in self.observed]
            for scheduler, *own in zip(self.schedulers, *numbers):
                scheduler.observe(**dict(zip(self.observed, own)))
            if self.past is not None:
                self.past.copy_(self.runs.weights)
        self.rates = np.array([scheduler.lr for scheduler in self.schedulers])
        return self.rates

    def after(self, t: int, losses: Tensor) -> None:
        if not self.schedulers[0].needs_loss:
            for scheduler in self.schedulers:
                scheduler.step()
            return
        for scheduler, loss in zip(self.schedulers, losses.tolist()):
            scheduler.step(loss)

    def number(self, name: str, losses: Tensor) -> Tensor:
        """(runs,), as `Scheduler.observe` describes it."""
        g, x = self.runs.gradients, self.runs.weights
        if name.startswith("mean_"):
            d = mean_gradient(self.optimizer, self.runs)
            return d.norm(dim=1) if name == "mean_norm" else (d * x).sum(1)
        found = {
            "loss": lambda: losses,
            "grad_norm": lambda: g.norm(dim=1),
            "grad_l1": lambda: g.abs().sum(1),
            "distance": lambda: (x - self.start).norm(dim=1),
            "start_norm": lambda: self.start.norm(dim=1),
            "dot_start": lambda: (g * (self.start - x)).sum(1),
            "dot_update": lambda: (g * (x - self.past)).sum(1),
            "update_norm": lambda: (x - self.past).norm(dim=1),
            "dot_x": lambda: (g * x).sum(1),
        }[name]()
        return found


def mean_gradient(optimizer: Any, runs: Runs) -> Tensor:
    """The moving average that the optimizer is about to step along, this gradient included."""
    keep = optimizer.momentum if isinstance(optimizer, SGD) else optimizer.beta1
    before = optimizer.mean * (1 - keep) if isinstance(optimizer, SGD) else optimizer.mean
    return keep * before + (1 - keep) * runs.gradients


class Hypergradient(Controlled):
    """Observes the gradient along the direction of the update before."""

    before_direction: Tensor | None = None

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        if self.before_direction is not None:
            g, u = self.runs.gradients, self.before_direction
            dots, norms = (g * u).sum(1).tolist(), (g.norm(dim=1) * u.norm(dim=1)).tolist()
            for scheduler, dot, norm in zip(self.schedulers, dots, norms):
                scheduler.hypergradient.observe(dot, norm)
        return super().before(t, losses)

    def chosen(self, t: int, direction: Tensor, losses: Tensor, loss: Callable[[], Tensor]) -> np.ndarray:
        self.before_direction = direction.clone()
        return self.rates


class Searched(Controlled):
    """Armijo's rule on the batch, along the direction of the optimizer: every trial is a loss more."""

    def chosen(self, t: int, direction: Tensor, losses: Tensor, loss: Callable[[], Tensor]) -> np.ndarray:
        weights, found = self.runs.weights.clone(), self.rates.copy()
        slopes = (self.runs.gradients * direction).sum(1).clamp(min=0).nan_to_num(nan=0.0).tolist()
        for run, scheduler in enumerate(self.schedulers):
            found[run] = scheduler.line_search.propose(float(losses[run]), slopes[run])
        open_ = set(range(len(found)))
        while open_:
            self.runs.weights.copy_(weights - torch.tensor(found, dtype=weights.dtype)[:, None] * direction)
            trials = loss().tolist()
            for run in sorted(open_):
                if self.schedulers[run].line_search.report(trials[run]) != "retry":
                    open_.remove(run)
                found[run] = self.schedulers[run].lr
        self.runs.weights.copy_(weights)
        return found


class Mixed(Rates):
    """Runs of several entrants, with schedules or with controllers that observe the loss alone."""

    def __init__(self, runs: Runs, optimizer: Any, bases: np.ndarray, texts: list[str], places: list[int], updates: int,
                 schedules: dict[int, stepsize.Schedule]) -> None:  # fmt: skip
        """`places`: which of the entrants a run belongs to; `schedules` replaces the texts of some of them."""
        super().__init__(runs, optimizer)
        self.bases, self.places = bases, np.array(places)
        self.multipliers = np.ones((updates, max(places) + 1))
        self.schedulers: list[tuple[int, stepsize.Scheduler]] = []
        for place in range(max(places) + 1):
            own = [run for run, other in enumerate(places) if other == place]
            schedule = schedules.get(place)
            if schedule is None and not has_controller(texts[own[0]]):
                schedule = stepsize.parse(texts[own[0]])
            if schedule is not None:
                self.multipliers[:, place] = schedule.curve(updates)
            else:
                self.schedulers += [(run, stepsize.Scheduler(float(bases[run]), texts[run])) for run in own]
        self.controlled = [run for run, _ in self.schedulers]

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        self.rates = self.bases * self.multipliers[t, self.places]
        self.rates[self.controlled] = [scheduler.lr for _, scheduler in self.schedulers]
        return self.rates

    def after(self, t: int, losses: Tensor) -> None:
        heard = losses.tolist() if self.schedulers else []
        for run, scheduler in self.schedulers:
            scheduler.step(heard[run])


def has_controller(text: str) -> bool:
    with stepsize.Scheduler(1.0, text) as scheduler:
        return scheduler.controller is not None


@cache
def mixes(text: str) -> bool:
    """Whether runs of other entrants can be in the same array."""
    with stepsize.Scheduler(1.0, text) as scheduler:
        observes = getattr(scheduler, "observes", ())
    return not observes and text.partition("(")[0] not in SPECIAL


SPECIAL = {"hypergradient": Hypergradient, "line_search": Searched}


def rates_of(texts: list[str], runs: Runs, optimizer: Any, bases: np.ndarray) -> Rates:
    """Those of one entrant that does not mix; the texts of its runs differ in bounds alone."""
    schedulers = [stepsize.Scheduler(float(base), text) for base, text in zip(bases, texts)]
    return SPECIAL.get(texts[0].partition("(")[0], Controlled)(runs, optimizer, schedulers)
