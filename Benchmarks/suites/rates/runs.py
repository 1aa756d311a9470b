"""Many runs as one array: a row of numbers for each, which the parameters of the model are views of."""

from __future__ import annotations

import torch
from torch import Tensor

from .tasks.task import Task


class Runs:
    """`weights` and `gradients` are (runs, numbers); `parameters` what the model takes, with `.grad` in place."""

    def __init__(self, task: Task, seeds: list[int]) -> None:
        """One run for each entry of `seeds`, which may repeat."""
        starts = {seed: task.start(seed) for seed in dict.fromkeys(seeds)}
        self.shapes = [part.shape for part in starts[seeds[0]]]
        flat = {seed: torch.cat([part.reshape(-1) for part in parts]) for seed, parts in starts.items()}
        self.weights = torch.stack([flat[seed] for seed in seeds]).to(task.dtype)
        self.gradients = torch.zeros_like(self.weights)
        self.parameters = self.views(self.weights)
        for part, gradient in zip(self.parameters, self.views(self.gradients)):
            part.requires_grad_()
            part.grad = gradient

    def views(self, flat: Tensor) -> list[Tensor]:
        """(runs, numbers) as the model's parameters."""
        found, first = [], 0
        for shape in self.shapes:
            found.append(flat[:, first : first + shape.numel()].view(len(flat), *shape))
            first += shape.numel()
        return found

    def differentiate(self, task: Task, batch: tuple[Tensor, ...]) -> Tensor:
        """The losses (runs,); their gradients are in `gradients`. The runs do not touch: one sum serves all."""
        losses = task.loss(self.parameters, *batch)
        for part, gradient in zip(self.parameters, torch.autograd.grad(losses.sum(), self.parameters)):
            part.grad.copy_(gradient)
        return losses.detach()
