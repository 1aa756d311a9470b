"""What controllers observe of an update before it is made, of all runs at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .optimizers import SGD
from .runs import Runs


class Observation:
    """Of the numbers of `Scheduler.observe` those of `names`; copies of weights are kept where one needs them."""

    def __init__(self, runs: Runs, optimizer: Any, names: set[str]) -> None:
        self.runs, self.optimizer, self.names = runs, optimizer, sorted(names)
        self.start = runs.weights.clone() if names & {"distance", "start_norm", "dot_start"} else None
        self.past = runs.weights.clone() if names & {"dot_update", "update_norm"} else None

    def numbers(self, losses: Tensor) -> dict[str, list[float]]:
        """Of the gradients of this update, once for each update: the weights are those of the last one in the next."""
        found = {name: self.number(name, losses).tolist() for name in self.names}
        if self.past is not None:
            self.past.copy_(self.runs.weights)
        return found

    def number(self, name: str, losses: Tensor) -> Tensor:
        """(runs,)."""
        g, x = self.runs.gradients, self.runs.weights
        if name == "loss":
            return losses
        if name == "grad_l1":
            return g.abs().sum(1)
        of = {
            "grad_norm": lambda: g, "distance": lambda: x - self.start, "start_norm": lambda: self.start,
            "update_norm": lambda: x - self.past, "mean_norm": self.mean,
        }  # fmt: skip
        if name in of:
            return torch.linalg.vector_norm(of[name](), dim=1)
        a, b = {
            "dot_start": lambda: (g, self.start - x), "dot_update": lambda: (g, x - self.past),
            "dot_x": lambda: (g, x), "mean_dot_x": lambda: (self.mean(), x),
        }[name]()  # fmt: skip
        return (a * b).sum(1)

    def mean(self) -> Tensor:
        """The moving average of the gradients that the optimizer is about to step along, this one included."""
        is_sgd = isinstance(self.optimizer, SGD)
        keep = self.optimizer.momentum if is_sgd else self.optimizer.beta1
        before = self.optimizer.mean * (1 - keep) if is_sgd else self.optimizer.mean
        return keep * before + (1 - keep) * self.runs.gradients
