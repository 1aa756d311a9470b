"""Arguments of the peers that are rates themselves."""

from __future__ import annotations

import math

from .._foreign import convert
from .._foreign.errors import StepsizeError


def as_fraction(name: str, rate: float, base_lr: float) -> float:
    """The argument `name`, a rate, as a multiplier of base_lr."""
    base_lr = convert.to_float(base_lr, "base_lr")
    if not 0 < base_lr < math.inf:
        raise StepsizeError(f"base_lr = {base_lr!r}, expected a finite number > 0")
    rate = convert.to_float(rate, name)
    if not 0 <= rate < math.inf:
        raise StepsizeError(f"{name} = {rate!r}, expected a finite number >= 0")
    return rate / base_lr


def as_floor(name: str, rate: float, base_lr: float) -> float:
    """The same for the end of a decay, which lies at or below base_lr."""
    fraction = as_fraction(name, rate, base_lr)
    if fraction > 1:
        raise StepsizeError(f"{name} = {rate!r}, expected at most base_lr = {base_lr!r}")
    return fraction
