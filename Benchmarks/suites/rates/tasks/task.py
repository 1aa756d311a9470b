"""What a problem gives to the training: parameters, batches, losses of many runs at once.

Parameters have a leading dimension of runs; so do the losses. A run with seed s sees the batches of seed s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

EVALUATED = 256  # rows at a time


class Task:
    """Rows `train` to learn from and rows `held` to be judged by; each a tuple of tensors with as many rows."""

    dtype = torch.float32
    matrices: frozenset[int] = frozenset()  # parameters that Muon may have: hidden matrices
    classes = 0  # 0: no accuracy

    train: tuple[Tensor, ...]
    held: tuple[Tensor, ...]

    def start(self, seed: int) -> list[Tensor]:
        """The parameters of one run, without the dimension of runs."""
        raise NotImplementedError

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        """(runs, rows, ...) for inputs (runs, rows, ...)."""
        raise NotImplementedError

    def loss(self, parameters: list[Tensor], *batch: Tensor) -> Tensor:
        """(runs,), for a batch of (runs, rows, ...)."""
        x, y = batch
        return cross_entropy(self.output(parameters, x), y)

    def project(self, parameters: list[Tensor]) -> None:
        """After an update, in place."""

    # ---- Batches ----

    @property
    def rows(self) -> int:
        return len(self.train[0])

    def numbers(self, seed: int, batch: int) -> Iterator[np.ndarray]:
        """The row numbers of every batch: a fresh permutation for each pass."""
        random = np.random.default_rng([seed, 77])
        batch = min(batch, self.rows)
        while True:
            order = random.permutation(self.rows)
            yield from order[: self.rows - self.rows % batch].reshape(-1, batch)

    def batch(self, numbers: Tensor) -> tuple[Tensor, ...]:
        return tuple(part[numbers] for part in self.train)

    # ---- Judging ----

    @torch.no_grad()
    def judge(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Loss and accuracy (NaN where there are no classes) of each run on the held rows."""
        runs, count = len(parameters[0]), len(self.held[0])
        loss = torch.zeros(runs, dtype=torch.float64)
        correct = torch.zeros(runs, dtype=torch.float64)
        for first in range(0, count, EVALUATED):
            rows = [part[first : first + EVALUATED] for part in self.held]
            x, y = (part.expand(runs, *part.shape) for part in rows)
            output = self.output(parameters, x)
            loss += self.errors(output, y).double() * len(rows[0])
            if self.classes:
                correct += (output.argmax(-1) == y).double().reshape(runs, -1).mean(1) * len(rows[0])
        return loss / count, correct / count if self.classes else torch.full((runs,), math.nan)

    def errors(self, output: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(output, y)


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """(runs,): the mean over rows, and over places of a sequence."""
    logs = torch.log_softmax(logits, -1)
    return -logs.gather(-1, y.unsqueeze(-1)).reshape(len(y), -1).mean(1)


def squared(output: Tensor, y: Tensor) -> Tensor:
    return (output - y).square().reshape(len(y), -1).mean(1)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(1000 + seed)


def normal(random: torch.Generator, *shape: int, deviation: float) -> Tensor:
    return torch.randn(*shape, generator=random) * deviation


def he(random: torch.Generator, inputs: int, *shape: int) -> Tensor:
    return normal(random, *shape, deviation=math.sqrt(2 / inputs))


def standardised(train: Tensor, *others: Tensor) -> list[Tensor]:
    """Every column with mean 0 and deviation 1 on the training rows; columns that are constant there are dropped."""
    deviation = train.std(0, unbiased=False)
    kept = deviation > 1e-9
    mean = train[:, kept].mean(0)
    return [(part[:, kept] - mean) / deviation[kept] for part in (train, *others)]
