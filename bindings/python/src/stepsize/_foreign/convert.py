"""Converts Python values for the library and checks their types.

Ranges are left to the library: a value of the right type is passed on, so that the user sees the library's message.
Only the range of 64-bit integers is checked here, since ctypes silently truncates larger ones.
"""

from __future__ import annotations

import math
from ctypes import Array, c_double
from operator import index

from .errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def wrong_type(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name}: expected {expected}, not {type(value).__name__}")


def to_int64(value: Any, name: str) -> int:
    """An integer that fits in 64 bits, also one of numpy; not True or 3.0."""
    if isinstance(value, bool):
        raise wrong_type(name, "an integer", value)
    try:
        number = index(value)
    except TypeError:
        raise wrong_type(name, "an integer", value) from None
    if not INT64_MIN <= number <= INT64_MAX:
        raise StepsizeError(f"{name} = {number}, expected an integer that fits in 64 bits")
    return number


def to_total(value: Any) -> int:
    """A number of updates. To the library 0 means that none is given; here it is an error."""
    total = to_int64(value, "total")
    if total == 0:
        raise StepsizeError("total = 0, expected an integer >= 1")
    return total


def to_float(value: Any, name: str) -> float:
    """Anything that has a float value: numbers, numpy and torch scalars, but no text."""
    if isinstance(value, (str, bytes, bytearray, bool)):
        raise wrong_type(name, "a number", value)
    try:
        return float(value)
    except TypeError:
        raise wrong_type(name, "a number", value) from None
    except OverflowError:  # an integer beyond the largest double
        return math.inf if value > 0 else -math.inf


def to_doubles(values: Any, name: str) -> Array[c_double]:
    """One number or any iterable of numbers, as C doubles. Contiguous doubles are copied in one go."""
    if isinstance(values, (str, bytes, bytearray, dict)):
        raise wrong_type(name, "numbers", values)
    try:
        view = memoryview(values)
    except TypeError:
        pass
    else:
        # Not for an empty one: its address may be misaligned, which the library reports as an error.
        if view.format == "d" and view.ndim == 1 and view.c_contiguous and len(view) > 0:
            return (c_double * len(view)).from_buffer_copy(view)
    try:
        iterator = iter(values)
    except TypeError:  # a number, or an array without dimensions
        iterator = iter((values,))
    numbers = [to_float(value, name) for value in iterator]
    return (c_double * len(numbers))(*numbers)


def for_groups(values: Any, name: str, count: int, *, one_for_all: bool = False) -> Array[c_double]:
    """One number for each of so many groups, or, if that may be, one for all."""
    numbers = to_doubles(values, name)
    if len(numbers) != count and not (one_for_all and len(numbers) == 1):
        expected = f"1 or one for each of {count}" if one_for_all else f"one for each of {count}"
        raise StepsizeError(f"{name}: {len(numbers)} numbers, expected {expected} groups")
    return numbers


def to_loss(value: Any) -> float:
    """A loss: any number, NaN and infinities too; a tensor with one element."""
    try:
        # float() of a tensor that requires a gradient warns; its item() does not.
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, (str, bytes, bytearray)):
            raise ValueError
        return float(value)
    except OverflowError:  # an integer beyond the largest double
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError, RuntimeError) as error:  # the last two for more than one element
        raise wrong_type("loss", "a number", value) from error
