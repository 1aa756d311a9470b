"""Lists of tensors, the weights and gradients of an optimizer's groups, and the numbers that are sums over them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from .._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Numbers in the copies that exist at once.
_PART = 2**24


def read(terms: Sequence[torch.Tensor]) -> list[float]:
    """In one transfer."""
    if not terms:
        return []
    device = terms[0].device
    # Apple's devices have no double precision.
    dtype = torch.float32 if device.type == "mps" else torch.float64
    if len({(term.device, term.dtype) for term in terms}) > 1:
        terms = [term.to(device, dtype) for term in terms]
    numbers: list[float] = torch.stack(list(terms)).to(dtype).tolist()
    return numbers


def total(numbers: Iterable[float]) -> float:
    """With one rounding; not finite where one of them is."""
    found = list(numbers)
    return math.fsum(found) if all(map(math.isfinite, found)) else math.nan


def over_shards(sums: list[float], group: Any) -> list[float]:
    """The sums over all processes: gathered, so that all have the same bits."""
    from ..distributed import gather_numbers

    return [total(column) for column in zip(*gather_numbers(sums, group))]


def local(tensor: Any) -> torch.Tensor:
    """Of a distributed tensor the part that is here."""
    found: torch.Tensor = (tensor.to_local() if hasattr(tensor, "to_local") else tensor).detach()
    return found


def copies_of(groups: Iterable[Mapping[str, Any]]) -> list[list[torch.Tensor]]:
    return [[local(each).clone() for each in group["params"]] for group in groups]


def like(saved: Any, own: list[list[torch.Tensor]], name: str) -> list[list[torch.Tensor]]:
    """Saved vectors, where our own are."""
    if [[each.shape for each in group] for group in saved] != [[each.shape for each in group] for group in own]:
        raise StepsizeError(f"state_dict: its {name!r} is of other weights than those of the optimizer")
    return [[each.to(ours, copy=True) for each, ours in zip(*both)] for both in zip(saved, own)]


def product(a: Any, b: Any) -> torch.Tensor:
    found: torch.Tensor = torch.dot(a.flatten(), b.flatten()) if a.dtype == b.dtype else (a * b).sum()
    return found


def l1_norms(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    if tensors[0].device.type == "cpu":
        return [each.abs().sum() for each in tensors]  # half the time of the next line there
    return list(torch._foreach_norm(list(tensors), 1))


def is_decoupled(optimizer: Any, group: Mapping[str, Any]) -> bool:
    """Whether weight decay is apart from the gradient."""
    return isinstance(optimizer, torch.optim.AdamW) or bool(group.get("decoupled_weight_decay"))


def adds_decay(optimizer: Any, group: Mapping[str, Any]) -> bool:
    """Whether the optimizer adds weight decay to the gradient."""
    known = type(optimizer) in (torch.optim.SGD, torch.optim.Adam)
    return known and group["weight_decay"] != 0 and not is_decoupled(optimizer, group)


def gradients_of(optimizer: Any, group: Mapping[str, Any], weights: Sequence[torch.Tensor]) -> list[Any]:
    found: list[Any] = []
    decay = float(group["weight_decay"]) if adds_decay(optimizer, group) else 0.0
    for parameter, weight in zip(group["params"], weights):
        gradient = parameter.grad
        if gradient is None:
            found.append(None)
            continue
        if gradient.is_sparse:
            raise StepsizeError("observe: the gradient of a parameter is sparse, expected a dense one")
        gradient = local(gradient)
        found.append(gradient.add(weight, alpha=decay) if decay else gradient)
    return found


def parts_of(weights: Sequence[torch.Tensor], keys: Sequence[float] = ()) -> Iterator[slice]:
    """Neighbours of equal keys, of which copies take little memory: many in one call are faster."""
    begin, size = 0, 0
    for k, weight in enumerate(weights):
        if k > begin and (size + weight.numel() > _PART or (keys and keys[k] != keys[begin])):
            yield slice(begin, k)
            begin, size = k, 0
        size += weight.numel()
    if begin < len(weights):
        yield slice(begin, len(weights))
