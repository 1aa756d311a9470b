"""The numbers that a controller observes before an update, from the parameter groups of an optimizer.

The gradient is the one that the optimizer will use: what is in ``.grad``, unscaled and clipped, plus the weight decay
that the optimizer itself adds to it. All numbers of all groups are read from the device at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from .._foreign.errors import StepsizeError
from ._tensors import (
    copies_of,
    gradients_of,
    is_decoupled,
    l1_norms,
    like,
    local,
    over_shards,
    parts_of,
    product,
    read,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Terms = dict[str, list[torch.Tensor]]

# Those whose squares add up.
_NORMS = frozenset({"grad_norm", "distance", "start_norm", "update_norm", "mean_norm"})
# Those that are about the update before.
_OF_UPDATE = frozenset({"dot_update", "update_norm"})
_OF_START = frozenset({"distance", "dot_start", "start_norm"})
_OF_MEAN = frozenset({"mean_norm", "mean_dot_x"})
# What an optimizer that has made an update has in its state.
_MOVES = frozenset({"momentum_buffer", "exp_avg"})


class Scalars:
    """Reads the numbers of the names. Where these need it, it holds copies of the weights: as they were at the first
    reading, and, for optimizers whose state does not tell their last update, as they were at the last one."""

    def __init__(self, optimizer: torch.optim.Optimizer, names: Iterable[str], shards: Any = None) -> None:
        self._optimizer, self._names, self._shards = optimizer, frozenset(names), shards
        self._start: list[list[torch.Tensor]] | None = None
        self._previous: list[list[torch.Tensor]] | None = None
        # Rate and weight decay of each group in the last update.
        self._used: list[tuple[Any, float]] = []
        self._listen()

    def _listen(self) -> None:
        if self._names & _OF_UPDATE:
            for each in getattr(self._optimizer, "optimizers", [self._optimizer]):
                each.register_step_post_hook(self._note)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._listen()  # a copy of an optimizer has no hooks

    def _note(self, *arguments: Any) -> None:
        self._used = [
            (rate.clone() if isinstance(rate := group["lr"], torch.Tensor) else rate, group.get("weight_decay", 0.0))
            for group in self._optimizer.param_groups
        ]

    @torch.no_grad()
    def read(self, loss: Any = None) -> dict[str, Any]:
        """The arguments of ``stepsize.Scheduler.observe``: of each number one for each group."""
        groups = self._optimizer.param_groups
        if self._names & _OF_START and self._start is None:
            self._start = copies_of(groups)
        terms = [self._terms(i, group) for i, group in enumerate(groups)]
        found = self._summed(terms, loss if "loss" in self._names else None)
        if self._previous is not None:
            for copies, group in zip(self._previous, groups):
                torch._foreach_copy_(copies, [local(each) for each in group["params"]])
        return found

    def _summed(self, terms: Sequence[Terms], loss: Any) -> dict[str, Any]:
        """One number for each group, by name; over all shards. And the loss, which waits for the same transfer."""
        flat = [term for group in terms for name in sorted(group) for term in group[name]]
        is_there = isinstance(loss, torch.Tensor) and loss.numel() == 1
        *values, last = read([*flat, loss.detach().reshape(())]) if is_there else [*read(flat), loss]
        ahead = iter(values)
        names = sorted(self._names - {"loss"})
        sums = [0.0] * (len(terms) * len(names))
        for i, group in enumerate(terms):
            for j, name in enumerate(names):
                numbers = [next(ahead) for _ in group.get(name, ())]
                sums[i * len(names) + j] = total(x * x for x in numbers) if name in _NORMS else total(numbers)
        if self._shards is not None:
            sums = over_shards(sums, self._shards)
        found: dict[str, Any] = {} if last is None else {"loss": float(last)}
        for j, name in enumerate(names):
            column = sums[j :: len(names)]
            found[name] = [math.sqrt(square) for square in column] if name in _NORMS else column
        return found

    def _terms(self, i: int, group: Mapping[str, Any]) -> Terms:
        """What the numbers of a group are the sums of: one for each parameter."""
        names = self._names
        terms: Terms = {name: [] for name in names if name != "loss"}
        weights = [local(each) for each in group["params"]]
        gradients = gradients_of(self._optimizer, group, weights)
        there = [k for k, gradient in enumerate(gradients) if gradient is not None]
        given: list[torch.Tensor] = [gradient for gradient in gradients if gradient is not None]
        if "grad_norm" in names and given:
            terms["grad_norm"] += torch._foreach_norm(given)
        if "grad_l1" in names and given:
            terms["grad_l1"] += l1_norms(given)
        if "dot_x" in names:
            terms["dot_x"] += [product(gradients[k], weights[k]) for k in there]
        if names & _OF_START:
            assert self._start is not None
            self._of_start(terms, self._start[i], weights, gradients)
        if names & _OF_UPDATE:
            self._of_update(terms, i, group, weights, gradients)
        if names & _OF_MEAN:
            self._of_mean(terms, group, weights, gradients)
        return terms

    def _of_start(self, terms: Terms, start: list[torch.Tensor], weights: list[Any], gradients: list[Any]) -> None:
        if "start_norm" in terms:
            terms["start_norm"] += torch._foreach_norm(start)
        if not {"distance", "dot_start"} & terms.keys():
            return
        for part in parts_of(weights):
            _add(terms, "distance", "dot_start", torch._foreach_sub(start[part], weights[part]), gradients[part])

    def _of_update(
        self, terms: Terms, i: int, group: Mapping[str, Any], weights: list[Any], gradients: list[Any]
    ) -> None:
        if not _tells_update(self._optimizer, group):
            if self._previous is None:
                self._previous = copies_of(self._optimizer.param_groups)
            for part in parts_of(weights):
                steps = torch._foreach_sub(weights[part], self._previous[i][part])
                _add(terms, "update_norm", "dot_update", steps, gradients[part])
            return
        states = [self._optimizer.state.get(each) or {} for each in group["params"]]
        # Before the first update there is no state.
        there = [
            k
            for k, state in enumerate(states)
            if _MOVES & state.keys() and state[min(_MOVES & state.keys())] is not None
        ]
        if not self._used or not there:
            return
        weights, gradients = [weights[k] for k in there], [gradients[k] for k in there]
        rate, decay = self._used[i]
        decay = decay if is_decoupled(self._optimizer, group) else 0.0
        moves = _momenta if "momentum" in group else _adam_steps
        moves(terms, group, [states[k] for k in there], weights, gradients, rate, decay)

    def _of_mean(self, terms: Terms, group: Mapping[str, Any], weights: list[Any], gradients: list[Any]) -> None:
        keep = group.get("momentum")
        if type(self._optimizer) is not torch.optim.SGD or group["dampening"] != keep or group["nesterov"]:
            raise StepsizeError(
                "observe: the controller needs an optimizer that steps along the moving average of the gradients:"
                " torch.optim.SGD(..., momentum=b, dampening=b)"
            )
        for parameter, weight, gradient in zip(group["params"], weights, gradients):
            if gradient is None:
                continue
            before = (self._optimizer.state.get(parameter) or {}).get("momentum_buffer")
            mean = gradient if before is None else torch.lerp(gradient, local(before), keep)
            terms["mean_norm"].append(torch.linalg.vector_norm(mean))
            terms["mean_dot_x"].append(product(mean, weight))

    def follow(self, kept: Sequence[int], new: Sequence[Mapping[str, Any]]) -> None:
        """The groups have become those of the indices and new ones, which start now."""
        if self._start is not None:
            self._start = [self._start[k] for k in kept] + copies_of(new)
        if self._previous is not None:
            self._previous = [self._previous[k] for k in kept] + copies_of(new)
        if self._used:
            self._used = [self._used[k] for k in kept] + [(0.0, 0.0)] * len(new)

    # ---- State ----

    def state_dict(self) -> dict[str, Any]:
        used = [(float(rate), decay) for rate, decay in self._used]
        return {"start": self._start, "previous": self._previous, "used": used}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        own = [[local(each) for each in group["params"]] for group in self._optimizer.param_groups]
        self._start, self._previous = (
            None if state_dict[name] is None else like(state_dict[name], own, name) for name in ("start", "previous")
        )
        self._used = [(rate, decay) for rate, decay in state_dict["used"]]


def _tells_update(optimizer: Any, group: Mapping[str, Any]) -> bool:
    """Whether the last update follows from the optimizer's state."""
    if group.get("maximize"):
        return False
    if type(optimizer) is torch.optim.SGD:
        return bool(group["momentum"]) and not group["nesterov"]
    return type(optimizer) in (torch.optim.Adam, torch.optim.AdamW) and not group["amsgrad"]


def _momenta(
    terms: Terms, group: Any, states: list[Any], weights: list[Any], gradients: list[Any], rate: Any, decay: float
) -> None:
    """The last updates of SGD, -rate times the momentum."""
    _add(terms, "update_norm", "dot_update", [local(each["momentum_buffer"]) for each in states], gradients, -rate)


def _adam_steps(
    terms: Terms, group: Any, states: list[Any], weights: list[Any], gradients: list[Any], rate: Any, decay: float
) -> None:
    """Those of Adam and AdamW: x = (1 - rate*decay) x of before - rate*direction."""
    beta1, beta2 = group["betas"]
    counts = [float(state["step"]) for state in states]
    for part in parts_of(weights, counts):
        count = counts[part.start]
        one, two = 1 - beta1**count, 1 - beta2**count
        scale = torch._foreach_sqrt([local(state["exp_avg_sq"]) for state in states[part]])
        torch._foreach_add_(scale, group["eps"] * math.sqrt(two))
        # The direction times the square root: one pass less over all weights.
        directions = torch._foreach_div([local(state["exp_avg"]) for state in states[part]], scale)
        factor = math.sqrt(two) / one
        if decay:
            torch._foreach_add_(directions, weights[part], alpha=decay / factor)
        _add(terms, "update_norm", "dot_update", directions, gradients[part], -rate * factor / (1 - rate * decay))


def _add(
    terms: Terms, norm: str, dot: str, vectors: Sequence[torch.Tensor], gradients: Sequence[Any], factor: Any = None
) -> None:
    """Adds the norms of a factor times vectors, and their products with the gradients, where these are terms."""
    if norm in terms and vectors:
        norms = torch._foreach_norm(list(vectors))
        terms[norm] += norms if factor is None else torch._foreach_mul(norms, factor)
    if dot in terms:
        dots = [product(gradient, each) for gradient, each in zip(gradients, vectors) if gradient is not None]
        terms[dot] += dots if factor is None or not dots else torch._foreach_mul(dots, factor)
