"""Cycles whose lengths are not whole numbers of updates, as in timm and Keras."""

from __future__ import annotations

import math
from fractions import Fraction

from .._core.named import Shift, Stretch, Take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.schedule import Schedule

# A curve over so many steps is practically continuous: it is stretched to lengths that are not integers.
_FINE = 2**50
# No counter of updates gets this far.
END = 2**62


def updates(start: Fraction, length: Fraction) -> int:
    """How many whole numbers there are from `start` to before `start + length`."""
    return math.ceil(start + length) - math.ceil(start)


def span(curve: Callable[[int], Schedule], start: Fraction, length: Fraction) -> Schedule:
    """The part of a sequence of spans that covers [start, start + length): `curve`, which is made from a whole
    length, at the updates in it."""
    first, count = math.ceil(start), updates(start, length)
    if start == first and length == count:
        return curve(count)
    fine = Shift(curve(_FINE), by=-round((first - start) / length * _FINE))
    return Take(Stretch(fine, factor=float(length / _FINE)), length=count)
