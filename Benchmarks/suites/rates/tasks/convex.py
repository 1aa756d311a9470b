"""Logistic regression and least squares, in double precision; judged by the objective itself."""

from __future__ import annotations

import numpy as np
import sets
import torch
from torch import Tensor

from .task import Task, cross_entropy, squared

ROWS = 4000  # of a set at most: a fixed choice


class Logistic(Task):
    """A set of `sets.py`; the objective is the training loss with a little decay, so that it has a minimum."""

    dtype = torch.float64
    decay = 1e-4

    def __init__(self, name: str) -> None:
        problem = sets.load(name)
        chosen = np.random.default_rng(0).permutation(len(problem.labels))[:ROWS]
        x = np.hstack([problem.features[chosen], np.ones((len(chosen), 1))])
        self.train = self.held = torch.tensor(x), torch.tensor(problem.labels[chosen]).long()
        self.classes = problem.classes

    def start(self, seed: int) -> list[Tensor]:
        return [torch.zeros(self.train[0].shape[1], self.classes, dtype=self.dtype)]

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        return x @ parameters[0]

    def penalty(self, parameters: list[Tensor]) -> Tensor:
        return 0.5 * self.decay * parameters[0].square().sum((1, 2))

    def loss(self, parameters: list[Tensor], *batch: Tensor) -> Tensor:
        x, y = batch
        return cross_entropy(self.output(parameters, x), y) + self.penalty(parameters)

    def judge(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        loss, accuracy = super().judge(parameters)
        return loss + self.penalty(parameters), accuracy


class LeastSquares(Task):
    """Rows from a seed: a spectrum that falls as a power down to 1/condition, and noise, normal or with heavy tails."""

    dtype = torch.float64

    def __init__(self, columns: int, condition: float, rows: int = 2000, noise: float = 0.1, heavy: bool = False,
                 power: float = 0.0) -> None:  # fmt: skip
        random = np.random.default_rng([columns, int(condition), heavy])
        basis, _ = np.linalg.qr(random.standard_normal((columns, columns)))
        if power:
            spectrum = np.arange(1, columns + 1) ** -power
        else:
            spectrum = np.geomspace(1, 1 / condition, columns)
        x = random.standard_normal((rows, columns)) * np.sqrt(spectrum / spectrum.mean()) @ basis.T
        weights = random.standard_normal(columns) / np.sqrt(columns)
        errors = random.standard_t(2.5, rows) if heavy else random.standard_normal(rows)
        y = x @ weights + noise * errors
        self.train = self.held = torch.tensor(x), torch.tensor(y)[:, None]

    def start(self, seed: int) -> list[Tensor]:
        return [torch.zeros(self.train[0].shape[1], 1, dtype=self.dtype)]

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        return x @ parameters[0]

    def loss(self, parameters: list[Tensor], *batch: Tensor) -> Tensor:
        x, y = batch
        return squared(self.output(parameters, x), y)

    def errors(self, output: Tensor, y: Tensor) -> Tensor:
        return squared(output, y)
