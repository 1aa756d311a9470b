"""Mechanic: a factor of the updates of any optimizer, learned during the training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from ._adapting import Adapting, number_in
from ._tensors import copies_of, local, parts_of, product

if TYPE_CHECKING:
    from ._adapting import Vectors

_BETAS = tuple(1 - 0.1**k for k in range(1, 7))
_EPS = 1e-8


class Mechanic(Adapting):
    """Any optimizer, with a factor of its updates that Mechanic (Cutkosky, Defazio and Mehta, arXiv 2306.00144) learns.

        optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
        scheduler = stepsize.torch.Mechanic(optimizer, "warmup(500) >> linear(9500)")
        for batch in batches:
            train(batch)
            optimizer.step()
            scheduler.step()

    The weights are x0 + s * (the sum of the updates that the optimizer would have made), where s is learned from how
    the gradient agrees with that sum; the schedule is a factor of those updates. Updates are those of the authors'
    ``optax.contrib.mechanize`` to rounding. It is no rate: a change of s moves the weights along the whole way from x0.

    One vector of the size of the weights is kept, another one during each update.

    Args:
        optimizer: Any that needs no closure, at the rate ``lr=1.0``; not one that normalizes its updates (LARS, LAMB),
            by its authors' advice.
        schedule, controller: As of ``Scheduler``.
        s_init: The first factor.
        decay: Lambda of the paper: a pull to 0 that is scaled by the gradient, in what s is learned from.
        options: Those of ``Scheduler``. The rates of a record are those without s.

    Attributes:
        s: The factor of the last update.
    """

    _rule = "Mechanic"
    _numbers, _copied = ("_factors", "_most", "_squares", "_rewards"), ("_start",)
    _start: Vectors | None

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Any = None,
        controller: Any = None,
        *,
        s_init: float = 1e-6,
        decay: float = 1e-2,
        **options: Any,
    ) -> None:
        self.s_init = number_in(s_init, "s_init", 0)
        self.decay = number_in(decay, "decay", 0) if decay else 0.0
        zeros = [0.0] * len(_BETAS)
        self._factors = [self.s_init] * len(_BETAS)
        # Of each beta: the largest |h|, the sum of squares, and the reward.
        self._most, self._squares, self._rewards = zeros, zeros, zeros
        super().__init__(optimizer, schedule, controller, **options)

    @property
    def s(self) -> float:
        return sum(self._factors)

    def _before(self, groups: list[dict[str, Any]]) -> None:
        assert self._start is not None
        self._used = self.s
        self._weights = copies_of(groups)
        terms: list[list[torch.Tensor]] = [[], [], [], []]
        for group, start, weights in zip(groups, self._start, self._weights):
            gradients = [None if each.grad is None else local(each.grad) for each in group["params"]]
            for part in parts_of(weights):
                ways = torch._foreach_sub(start[part], weights[part])
                given = [
                    (gradient, way) for gradient, way in zip(gradients[part], ways) if gradient is not None
                ]
                terms[0] += [product(gradient, way) for gradient, way in given]
                terms[1] += _squared_norms([gradient for gradient, _ in given])
                terms[2] += _squared_norms(weights[part])
                terms[3] += [product(weight, way) for weight, way in zip(weights[part], ways)]
        ahead, grad, norm, inward = self._sums(terms)
        pull = self.decay * self._used * math.sqrt(grad) / (math.sqrt(norm) + _EPS)
        self._learn((ahead + pull * inward) / (self._used + _EPS))

    def _learn(self, h: float) -> None:
        """The factors of this update. What is not finite teaches nothing."""
        if not math.isfinite(h * h):
            return
        clipped = [max(-most, min(h, most)) for most in self._most]
        self._most = [max(beta * most, abs(h) + _EPS) for beta, most in zip(_BETAS, self._most)]
        self._squares = [beta * beta * square + h * h for beta, square in zip(_BETAS, self._squares)]
        self._rewards = [
            beta * reward + each * factor
            for beta, reward, each, factor in zip(_BETAS, self._rewards, clipped, self._factors)
        ]
        self._factors = [
            (self.s_init / len(_BETAS) * most + max(0.0, reward)) / (math.sqrt(square) + _EPS)
            for most, reward, square in zip(self._most, self._rewards, self._squares)
        ]

    def _after(self, groups: list[dict[str, Any]]) -> None:
        assert self._start is not None
        factor = self.s
        for group, start, before in zip(groups, self._start, self._weights):
            weights = [local(each) for each in group["params"]]
            for part in parts_of(weights):
                # The sum of the updates until now, and this one.
                way = torch._foreach_sub(start[part], before[part])
                torch._foreach_div_(way, self._used + _EPS)
                torch._foreach_add_(way, before[part])
                torch._foreach_sub_(way, weights[part])
                torch._foreach_copy_(weights[part], start[part])
                torch._foreach_add_(weights[part], way, alpha=-factor)
        self._weights = []


def _squared_norms(vectors: list[torch.Tensor]) -> list[torch.Tensor]:
    if not vectors:
        return []
    norms = list(torch._foreach_norm(vectors))
    return list(torch._foreach_mul(norms, norms))
