"""The base rates of parameter groups: where they come from, and which group is which when groups come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch

from .._foreign.caller import warn
from .._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Bases(list[float]):
    """The base rates of a scheduler: what is assigned to one of them counts, as to all of them."""

    def __init__(self, rates: Sequence[float], change: Callable[[list[float]], None]) -> None:
        super().__init__(rates)
        self._change = change

    def __setitem__(self, place: Any, rate: Any) -> None:
        rates = list(self)
        rates[place] = rate
        self._change(rates)
        super().__setitem__(place, rate)


def base_of(group: dict[str, Any]) -> float:
    """The base rate that a group brings: ``initial_lr``, if a scheduler has set one, otherwise ``lr``."""
    return float(group.get("initial_lr", group["lr"]))


def put_base(group: dict[str, Any], base: float) -> None:
    """A rate that is a tensor has a tensor for its base, as PyTorch has it."""
    rate = group["lr"]
    group["initial_lr"] = torch.full_like(rate, base) if isinstance(rate, torch.Tensor) else base


def scale_of(group: dict[str, Any]) -> float:
    """By what the rate of a group is multiplied besides: timm's layer decay writes ``lr_scale``."""
    return float(group.get("lr_scale", 1.0))


def kept_groups(known: Sequence[Any], groups: Sequence[Any]) -> list[int]:
    """The indices of the known groups that are still there, first and in order; the other groups are new.

    Raises where a new group is between them: the rates have an order.
    """
    present = [id(group) for group in groups]
    kept = [number for number, group in enumerate(known) if id(group) in present]
    if not kept and len(groups) >= len(known):
        kept = list(range(len(known)))  # an optimizer that has loaded a state has other dictionaries
    elif [id(known[number]) for number in kept] != present[: len(kept)] or not kept:
        raise StepsizeError(
            f"optimizer: {len(groups)} parameter groups, expected {len(known)} as when the scheduler was made, and"
            " new ones after them"
        )
    return kept


# ---- A base rate from another run ---------------------------------------------------------------------------

_stale: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def note_stale(scheduler: Any, optimizer: Any) -> None:
    """To be called before a scheduler is made: keeps in mind whether a group has an ``initial_lr`` that no scheduler of
    this run has set. It came with the optimizer's state, and the rate that the script asks for does not count."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    for number, group in enumerate(optimizer.param_groups):
        if "initial_lr" in group and base_of(group) != float(group["lr"]):
            _stale[scheduler] = (
                f"parameter group {number} has initial_lr = {base_of(group)!r}, which came with the optimizer's state"
                f" and is the base rate here; its lr was {float(group['lr'])!r}. For the latter delete initial_lr from"
                " optimizer.param_groups before the scheduler is made, or, for stepsize.torch.Scheduler, pass base_lr;"
                " to resume, load the scheduler's state, too"
            )
            return


def warn_of_stale(scheduler: Any) -> None:
    """To be called at the first step, which a resumed run does not come to before it has loaded its state."""
    if _stale and (message := _stale.pop(scheduler, None)) is not None:
        warn(message)


def forget_stale(scheduler: Any) -> None:
    """The run is resumed."""
    _stale.pop(scheduler, None)
