"""Rates that something besides the scheduler has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._foreign.caller import warn

if TYPE_CHECKING:
    from collections.abc import Iterable


def warn_of_changed(groups: Iterable[Any], written: Iterable[float]) -> bool:
    """Warns where a group has another rate than the scheduler wrote; returns whether one has. A tensor on an
    accelerator is not read, which would wait for it."""
    for number, (group, rate) in enumerate(zip(groups, written)):
        present = group["lr"]
        # Asking whether a float is a tensor takes PyTorch longer than all the rest.
        if type(present) is not float and isinstance(present, torch.Tensor):
            if present.device.type != "cpu" or bool((present == torch.full_like(present, rate)).all()):
                continue
        elif present == rate:
            continue
        warn(
            f"the rate of parameter group {number} is {float(present)!r} and was {rate!r} when this scheduler wrote it:"
            " something else changes it, too, such as another scheduler or the script, and is overwritten"
        )
        return True
    return False
