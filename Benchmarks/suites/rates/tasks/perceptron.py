"""Perceptrons: classification, regression, autoencoders."""

from __future__ import annotations

import torch
from torch import Tensor

from .task import Task, generator, he, squared

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "gelu": torch.nn.functional.gelu}


class Perceptron(Task):
    """Cross-entropy for `classes`, else squared errors of as many outputs as the targets have."""

    def __init__(self, train: tuple[Tensor, ...], held: tuple[Tensor, ...], hidden: tuple[int, ...], classes: int,
                 activation: str = "relu") -> None:  # fmt: skip
        self.train, self.held, self.classes = train, held, classes
        outputs = classes or train[1].shape[1]
        self.widths = (train[0].shape[1], *hidden, outputs)
        self.activation = ACTIVATIONS[activation]
        self.matrices = frozenset(2 * layer for layer in range(len(hidden)))

    def start(self, seed: int) -> list[Tensor]:
        random, found = generator(seed), []
        last = len(self.widths) - 2
        for layer, (inputs, outputs) in enumerate(zip(self.widths, self.widths[1:])):
            found.append(he(random, inputs * (2 if layer == last else 1), inputs, outputs))
            found.append(torch.zeros(outputs))
        return found

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        for layer in range(0, len(parameters), 2):
            x = torch.baddbmm(parameters[layer + 1].unsqueeze(1), x, parameters[layer])
            if layer + 2 < len(parameters):
                x = self.activation(x)
        return x

    def loss(self, parameters: list[Tensor], *batch: Tensor) -> Tensor:
        return self.errors(self.output(parameters, batch[0]), batch[1])

    def errors(self, output: Tensor, y: Tensor) -> Tensor:
        return super().errors(output, y) if self.classes else squared(output, y)
