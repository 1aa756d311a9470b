"""SGD with momentum, AdamW and Muon for many runs at once, each by the formula of torch.

Each gives a direction u that does not depend on the rate: the update is x <- x - rate u.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .runs import Runs

# A base rate that is usual for each; the grids are multiples of it.
USUAL = {"sgd": 0.1, "adamw": 1e-3, "muon": 1e-3}


class SGD:
    momentum = 0.9

    def __init__(self, runs: Runs, matrices: frozenset[int]) -> None:
        self.mean = torch.zeros_like(runs.weights)

    def direction(self, runs: Runs) -> Tensor:
        return self.mean.mul_(self.momentum).add_(runs.gradients)


class AdamW:
    beta1, beta2, epsilon, decay = 0.9, 0.999, 1e-8, 0.01

    def __init__(self, runs: Runs, matrices: frozenset[int]) -> None:
        self.t = 0
        self.mean, self.square = torch.zeros_like(runs.weights), torch.zeros_like(runs.weights)

    def direction(self, runs: Runs) -> Tensor:
        self.t += 1
        g = runs.gradients
        self.mean.mul_(self.beta1).add_(g, alpha=1 - self.beta1)
        self.square.mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
        root = self.square.sqrt().div_(math.sqrt(1 - self.beta2**self.t)).add_(self.epsilon)
        return (self.mean / root).div_(1 - self.beta1**self.t).add_(runs.weights, alpha=self.decay)


class Muon(AdamW):
    """Hidden matrices by Muon, scaled as `match_rms_adamw` of torch does, everything else by AdamW; one rate."""

    momentum, steps, coefficients = 0.95, 5, (3.4445, -4.775, 2.0315)

    def __init__(self, runs: Runs, matrices: frozenset[int]) -> None:
        super().__init__(runs, matrices)
        self.matrices = sorted(matrices)
        self.buffer = torch.zeros_like(runs.weights)

    def direction(self, runs: Runs) -> Tensor:
        found = super().direction(runs)
        self.buffer.mul_(self.momentum).add_(runs.gradients, alpha=1 - self.momentum)
        ahead = torch.lerp(runs.gradients, self.buffer, self.momentum)
        for place, (part, own) in enumerate(zip(runs.views(found), runs.views(ahead))):
            if place in self.matrices:
                scale = 0.2 * math.sqrt(max(part.shape[1:]))
                part.copy_(self.orthogonal(own) * scale + self.decay * runs.parameters[place].detach())
        return found

    def orthogonal(self, matrices: Tensor) -> Tensor:
        """By Newton and Schulz: singular values near 1, in single precision (torch: in bfloat16)."""
        a, b, c = self.coefficients
        x = matrices.transpose(1, 2) if matrices.shape[1] > matrices.shape[2] else matrices
        x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
        for _ in range(self.steps):
            gram = x @ x.transpose(1, 2)
            x = a * x + (b * gram + c * gram @ gram) @ x
        return x.transpose(1, 2) if matrices.shape[1] > matrices.shape[2] else x


OPTIMIZERS = {"sgd": SGD, "adamw": AdamW, "muon": Muon}
