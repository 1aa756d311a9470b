"""Optimizers of other packages, one for each run: they hold what no schedule can."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import torch

from .runs import Runs


def schedule_free_sgd(parameters: list[torch.Tensor], rate: float) -> Any:
    from schedulefree import SGDScheduleFree

    return SGDScheduleFree(parameters, lr=rate, momentum=0.9)


def schedule_free_adamw(parameters: list[torch.Tensor], rate: float) -> Any:
    from schedulefree import AdamWScheduleFree

    return AdamWScheduleFree(parameters, lr=rate, betas=(0.9, 0.999), weight_decay=0.01)


def prodigy(parameters: list[torch.Tensor], rate: float) -> Any:
    from prodigyopt import Prodigy

    with contextlib.redirect_stdout(io.StringIO()):  # it prints a line for each
        return Prodigy(parameters, lr=rate, betas=(0.9, 0.999), weight_decay=0.01)


class Packaged:
    """The optimizer of each run has views of that run's numbers, so that the runs still are one array."""

    def __init__(self, make: Callable[[list[torch.Tensor], float], Any], runs: Runs, bases: list[float]) -> None:
        self.each = []
        for run, base in enumerate(bases):
            parameters = []
            for part in runs.parameters:
                own = part.detach()[run].requires_grad_()
                own.grad = part.grad[run]
                parameters.append(own)
            self.each.append((make(parameters, base), base))
        self.mode("train")

    def step(self, multiplier: float) -> None:
        for optimizer, base in self.each:
            for group in optimizer.param_groups:
                group["lr"] = base * multiplier
            optimizer.step()

    def mode(self, name: str) -> None:
        """Schedule-free optimizers are judged at other weights than they train at."""
        for optimizer, _ in self.each:
            if hasattr(optimizer, name):
                getattr(optimizer, name)()
