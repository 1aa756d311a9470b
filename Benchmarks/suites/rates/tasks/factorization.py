"""Stochastic non-negative matrix factorization: rows in batches, both factors projected after each update."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .task import Task


def digits_matrix() -> np.ndarray:
    from sklearn.datasets import load_digits

    return load_digits().data[:300] / 16


def planted_matrix() -> np.ndarray:
    """Sparse parts with multiplicative noise: a factorization that exists."""
    random = np.random.default_rng(21)
    w = random.gamma(1.0, size=(400, 6)) * (random.random((400, 6)) < 0.4)
    h = random.gamma(1.0, size=(6, 60)) * (random.random((6, 60)) < 0.5)
    return (w @ h) * random.lognormal(0, 0.2, (400, 60))


class Factorization(Task):
    dtype = torch.float64

    def __init__(self, matrix: np.ndarray, rank: int) -> None:
        matrix = matrix / np.sqrt(np.mean(matrix**2))
        self.rank = rank
        self.train = self.held = torch.arange(len(matrix)), torch.tensor(matrix)

    def start(self, seed: int) -> list[Tensor]:
        random = np.random.default_rng([seed, 3])
        n, m = self.train[1].shape
        return [torch.tensor(random.random(shape) / np.sqrt(self.rank)) for shape in ((n, self.rank), (self.rank, m))]

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        w, h = parameters
        return w.gather(1, x.unsqueeze(-1).expand(*x.shape, self.rank)) @ h

    def loss(self, parameters: list[Tensor], *batch: Tensor) -> Tensor:
        return self.errors(self.output(parameters, batch[0]), batch[1])

    def errors(self, output: Tensor, y: Tensor) -> Tensor:
        return (output - y).square().mean((1, 2))

    def project(self, parameters: list[Tensor]) -> None:
        for part in parameters:
            part.clamp_(min=0)
