"""The rates of many runs, from the library: a schedule's multipliers, or a scheduler for each run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import stepsize
import torch
from torch import Tensor

from .observation import Observation
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
    """A scheduler for each run, whose controller asks for calls of its own."""

    def __init__(self, runs: Runs, optimizer: Any, schedulers: list[stepsize.Scheduler]) -> None:
        super().__init__(runs, optimizer)
        self.schedulers = schedulers

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        self.rates = np.array([scheduler.lr for scheduler in self.schedulers])
        return self.rates

    def after(self, t: int, losses: Tensor) -> None:
        for scheduler in self.schedulers:
            scheduler.step()


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
    """Runs of several entrants: schedules, controllers that observe losses, and those that observe an update before
    it is made."""

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
            if schedule is None and not has_controller(texts[own[0]], float(bases[own[0]])):
                schedule = stepsize.parse(texts[own[0]])
            if schedule is not None:
                self.multipliers[:, place] = schedule.curve(updates)
            else:
                self.schedulers += [(run, stepsize.Scheduler(float(bases[run]), texts[run])) for run in own]
        self.controlled = [run for run, _ in self.schedulers]
        found = [(run, scheduler, observed(scheduler)) for run, scheduler in self.schedulers]
        self.observers = [(run, scheduler, names) for run, scheduler, names in found if names]
        names = {name for _, _, own in self.observers for name in own}
        self.observation = Observation(runs, optimizer, names)

    def before(self, t: int, losses: Tensor) -> np.ndarray:
        if self.observers:
            numbers = self.observation.numbers(losses)
            for run, scheduler, names in self.observers:
                scheduler.observe(**{name: numbers[name][run] for name in names})
        self.rates = self.bases * self.multipliers[t, self.places]
        self.rates[self.controlled] = [scheduler.lr for _, scheduler in self.schedulers]
        return self.rates

    def after(self, t: int, losses: Tensor) -> None:
        heard = losses.tolist() if self.schedulers else []
        for run, scheduler in self.schedulers:
            scheduler.step(heard[run]) if scheduler.needs_loss else scheduler.step()


def observed(scheduler: stepsize.Scheduler) -> tuple[str, ...]:
    """The names of what it observes of an update, where the library has such controllers."""
    return tuple(getattr(scheduler, "observes", ()))


def has_controller(text: str, base: float) -> bool:
    with stepsize.Scheduler(base, text) as scheduler:
        return scheduler.controller is not None


def mixes(text: str) -> bool:
    """Whether runs of other entrants can be in the same array."""
    return text.partition("(")[0] not in SPECIAL


SPECIAL = {"hypergradient": Hypergradient, "line_search": Searched}


def rates_of(texts: list[str], runs: Runs, optimizer: Any, bases: np.ndarray) -> Rates:
    """Those of one entrant that does not mix; the texts of its runs differ in bounds alone."""
    schedulers = [stepsize.Scheduler(float(base), text) for base, text in zip(bases, texts)]
    return SPECIAL[texts[0].partition("(")[0]](runs, optimizer, schedulers)
