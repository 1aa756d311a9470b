"""Convolutional networks for images of 8 x 8: a plain one and a residual one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .task import Task, generator, he


def convolution(x: Tensor, weights: Tensor, bias: Tensor, stride: int = 1) -> Tensor:
    """3 x 3: (runs, rows, channels, height, width), weights (runs, 9 channels, outputs)."""
    runs, rows, channels, height, width = x.shape
    patches = functional.unfold(x.reshape(runs * rows, channels, height, width), 3, padding=1, stride=stride)
    places = patches.shape[-1]
    flat = patches.view(runs, rows, 9 * channels, places).transpose(2, 3).reshape(runs, rows * places, 9 * channels)
    found = torch.baddbmm(bias.unsqueeze(1), flat, weights).view(runs, rows, places, -1).transpose(2, 3)
    return found.reshape(runs, rows, weights.shape[2], (height - 1) // stride + 1, (width - 1) // stride + 1)


def normalised(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Over channels and places of each row: the same whatever else is in the batch."""
    mean = x.mean((2, 3, 4), keepdim=True)
    variance = (x - mean).square().mean((2, 3, 4), keepdim=True)
    shape = (len(scale), 1, scale.shape[1], 1, 1)
    return (x - mean) * torch.rsqrt(variance + 1e-5) * scale.view(shape) + shift.view(shape)


class Images(Task):
    def __init__(self, train: tuple[Tensor, ...], held: tuple[Tensor, ...], width: int) -> None:
        self.train, self.held, self.width = train, held, width
        self.classes = int(train[1].max()) + 1

    def picture(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], 1, 8, 8)

    def kernel(self, random: torch.Generator, inputs: int, outputs: int) -> list[Tensor]:
        return [he(random, 9 * inputs, 9 * inputs, outputs), torch.zeros(outputs)]

    def last(self, random: torch.Generator, inputs: int) -> list[Tensor]:
        return [he(random, 2 * inputs, inputs, self.classes), torch.zeros(self.classes)]


class Convolutional(Images):
    matrices = frozenset({2})

    def start(self, seed: int) -> list[Tensor]:
        random, w = generator(seed), self.width
        return [*self.kernel(random, 1, w), *self.kernel(random, w, 2 * w), *self.last(random, 32 * w)]

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        k1, b1, k2, b2, w, b = parameters
        x = torch.relu(convolution(self.picture(x), k1, b1))
        x = torch.relu(convolution(x, k2, b2, stride=2))
        return torch.baddbmm(b.unsqueeze(1), x.flatten(2), w)


class Residual(Images):
    """A convolution, then two blocks of two with a way around; normalised, averaged over places."""

    matrices = frozenset({2, 6, 10, 14})

    def start(self, seed: int) -> list[Tensor]:
        random, w = generator(seed), self.width
        found = self.kernel(random, 1, w)
        for _ in range(4):
            found += [*self.kernel(random, w, w), torch.ones(w), torch.zeros(w)]
        return found + self.last(random, w)

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        x = convolution(self.picture(x), *parameters[:2], stride=2)
        for block in range(2, 18, 8):
            k1, b1, s1, o1, k2, b2, s2, o2 = parameters[block : block + 8]
            inner = torch.relu(normalised(convolution(x, k1, b1), s1, o1))
            x = torch.relu(x + normalised(convolution(inner, k2, b2), s2, o2))
        return torch.baddbmm(parameters[19].unsqueeze(1), x.mean((3, 4)), parameters[18])
