"""Prodigy: the rate of Adam from the distance to the solution, which is estimated during the training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from .._foreign import convert
from .._foreign.errors import StepsizeError
from ._adapting import Adapting, number_in
from ._groups import write
from ._tensors import gradients_of, is_decoupled, l1_norms, local, product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._adapting import Vectors

_ADAPTED = ("d", "d_max", "numerator", "updates")


class Prodigy(Adapting):
    """Adam and AdamW with a rate that Prodigy (Mishchenko and Defazio, arXiv 2306.06101) finds, times any schedule.

        optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
        scheduler = stepsize.torch.Prodigy(optimizer, "cosine(10000)")
        for batch in batches:
            train(batch)
            optimizer.step()
            scheduler.step()

    The rate of update t is D * schedule(t), where D is the largest lower bound so far of the distance from the initial
    weights to the solution. Updates are those of the authors' ``prodigyopt.Prodigy`` to rounding: the moments of Adam
    are those of D times the gradient, here by rescaling them where D grows, and ``eps`` and decoupled weight decay
    count as there. An update at a rate of 0, or without any gradient, is none for the parameters, as there. Not as
    there: a parameter group whose rate is 0 rests while others move; there its momentum and weight decay go on.

    Two vectors of the size of the weights are kept, or with ``slice_p`` of a fraction of it.

    Args:
        optimizer: ``torch.optim.Adam`` or ``AdamW``, whose ``lr``, the same for all groups or 0, is a factor: 1 unless
            you know better.
        schedule, controller: As of ``Scheduler``. A warm-up needs ``safeguard_warmup``.
        d0: The first D. 1e-5 to 1e-4 where D does not leave it.
        coef: A factor of each estimate: what the authors advise to tune, from 0.5 to 2.
        growth: How much D may grow from one update to the next, as a factor.
        beta3: The decay of the averages; None for the square root of Adam's second beta.
        bias_correction: Whether Adam's bias correction counts. The authors leave it out unless asked.
        safeguard_warmup: Whether the estimate leaves the schedule out of its denominator, without which a warm-up
            makes D too large.
        slice_p: Takes the estimate from every p-th number of each tensor: the memory is divided by p.
        options: Those of ``Scheduler``. Bounds of the rate are bounds of the rate over D.

    Attributes:
        d: D of the next update.
    """

    _rule = "Prodigy"
    _numbers, _copied = _ADAPTED, ("_start", "_averages")
    _start: Vectors | None
    _averages: Vectors | None

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Any = None,
        controller: Any = None,
        *,
        d0: float = 1e-6,
        coef: float = 1.0,
        growth: float = math.inf,
        beta3: float | None = None,
        bias_correction: bool = False,
        safeguard_warmup: bool = False,
        slice_p: int = 1,
        **options: Any,
    ) -> None:
        if type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW):
            raise StepsizeError(
                f"Prodigy: it is a rule for torch.optim.Adam and AdamW, not for {type(optimizer).__name__}"
            )
        if any(group["amsgrad"] or group["maximize"] for group in optimizer.param_groups):
            raise StepsizeError("Prodigy: expected amsgrad=False and maximize=False")
        if options.get("record"):
            raise StepsizeError("Prodigy: a record would be of the rates without D")
        self.d0, self.coef = number_in(d0, "d0", 0), number_in(coef, "coef", 0)
        self.growth = number_in(growth, "growth", 1)
        self.beta3 = None if beta3 is None else number_in(beta3, "beta3", 0, 1)
        self.bias_correction, self.safeguard_warmup = bias_correction, safeguard_warmup
        self.slice_p = convert.to_int64(slice_p, "slice_p")
        if self.slice_p < 1:
            raise StepsizeError(f"slice_p = {slice_p}, expected an integer >= 1")
        self.d = self.d_max = self._grown = self.d0
        self.numerator, self.updates = 0.0, 0
        # What an update takes back at its end: numbers of groups, and gradients.
        self._kept: list[tuple[dict[str, Any], dict[str, Any], float]] = []
        self._hidden: list[tuple[torch.Tensor, torch.Tensor]] = []
        super().__init__(optimizer, schedule, controller, **options)

    @property
    def lrs(self) -> tuple[float, ...]:
        """The rates of the current update with D, one for each group."""
        return tuple(self.d * rate for rate in self.core.lrs)

    def _is_ordinary(self) -> bool:
        return False

    def _first(self, name: str, groups: Sequence[Mapping[str, Any]]) -> Vectors:
        make = torch.clone if name == "_start" else torch.zeros_like
        return [[make(each) for each in self._sliced(map(local, group["params"]))] for group in groups]

    def _sliced(self, tensors: Any) -> list[torch.Tensor]:
        p = self.slice_p
        return [each if p == 1 else each.flatten()[::p] for each in tensors]

    # ---- An update ----

    def _before(self, groups: list[dict[str, Any]]) -> None:
        rates = self.core.lrs
        rate = max(rates)
        if any(each not in (rate, 0.0) for each in rates):
            raise StepsizeError(f"Prodigy: the rates of the groups are {rates}, expected the same or 0")
        beta1, beta2 = (float(beta) for beta in groups[0]["betas"])
        keep = math.sqrt(beta2) if self.beta3 is None else self.beta3
        correction = _correction(beta1, beta2, self.updates + 1)
        # As the authors name it: with D and the bias correction.
        dlr = self.d * rate * (correction if self.bias_correction else 1.0)
        weighted = self.d / self.d0 * dlr
        moving = [group for group, each in zip(groups, rates) if each > 0]
        products, norms = self._estimated(
            groups, rates, keep, self.d / self.d0 * self.d if self.safeguard_warmup else weighted
        )
        found, denominator = self._sums([products, norms])
        self._grown = self.d
        if denominator == 0:
            moving = []
        else:
            self._grow(keep * self.numerator + weighted * found, denominator)
            self.updates += 1
        for group in groups:
            if any(group is each for each in moving):
                self._prepare(group, correction)
            else:
                self._hide(group)

    def _estimated(
        self, groups: Sequence[Mapping[str, Any]], rates: Sequence[float], keep: float, weight: float
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Of each parameter g.(x0 - x), and the norm of the average of the gradients, which is updated."""
        products: list[torch.Tensor] = []
        norms: list[torch.Tensor] = []
        assert self._start is not None and self._averages is not None
        for group, rate, start, averages in zip(groups, rates, self._start, self._averages):
            if rate == 0:
                continue
            weights = [local(each) for each in group["params"]]
            gradients = gradients_of(self.optimizer, group, weights)
            there = [k for k, gradient in enumerate(gradients) if gradient is not None]
            if not there:
                continue
            given = self._sliced(gradients[k] for k in there)
            for k, gradient, weight_now in zip(there, given, self._sliced(weights[k] for k in there)):
                products.append(product(gradient, start[k] - weight_now))
            present = [averages[k] for k in there]
            torch._foreach_mul_(present, keep)
            torch._foreach_add_(present, given, alpha=weight)
            norms += l1_norms(present)
        return products, norms

    def _grow(self, numerator: float, denominator: float) -> None:
        """D of the next update. What is not finite teaches nothing."""
        estimate = self.coef * numerator / denominator
        if not math.isfinite(estimate):
            return
        self.numerator = numerator
        grown = max(self.d, estimate) if self.d == self.d0 else self.d
        self.d_max = max(self.d_max, estimate)
        self._grown = min(self.d_max, grown * self.growth)

    def _prepare(self, group: dict[str, Any], correction: float) -> None:
        """For this update: a rate that takes back Adam's bias correction, if it is not to count, and its eps and weight
        decay in the units of D times the gradient."""
        names = ("lr", "eps", "weight_decay")
        rate = group["lr"]
        self._kept.append((group, {name: group[name] for name in names}, float(rate)))
        _, beta2 = group["betas"]
        if not self.bias_correction:
            write([group], [float(rate) / correction])
        group["eps"] = group["eps"] * (self._grown / self.d) / math.sqrt(1 - float(beta2) ** self.updates)
        if is_decoupled(self.optimizer, group):
            group["weight_decay"] = group["weight_decay"] * correction

    def _hide(self, group: dict[str, Any]) -> None:
        """Keeps the parameters of a group as they are."""
        for each in group["params"]:
            if each.grad is not None:
                self._hidden.append((each, each.grad))
                each.grad = None

    def _undo(self) -> None:
        for group, values, rate in self._kept:
            group["eps"], group["weight_decay"] = values["eps"], values["weight_decay"]
            if group["lr"] is values["lr"]:
                write([group], [rate])
            else:
                group["lr"] = values["lr"]
        for each, gradient in self._hidden:
            each.grad = gradient
        self._kept, self._hidden = [], []

    def _after(self, groups: list[dict[str, Any]]) -> None:
        if self._grown != self.d:
            # Adam's moments are those of the gradient, the authors' those of D times the gradient.
            ratio = self.d / self._grown
            states = [self.optimizer.state.get(each) or {} for group in groups for each in group["params"]]
            for name, factor in (("exp_avg", ratio), ("exp_avg_sq", ratio * ratio)):
                moments = [local(state[name]) for state in states if name in state]
                if moments:
                    torch._foreach_mul_(moments, factor)
            self.d = self._grown
            self._write()


def _correction(beta1: float, beta2: float, updates: int) -> float:
    """By what Adam's bias correction multiplies the rate."""
    return math.sqrt(1 - beta2**updates) / (1 - beta1**updates)
