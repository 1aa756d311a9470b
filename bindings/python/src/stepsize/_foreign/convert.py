"""Python values on their way into the library: checked for their type, written in the text form.

Ranges are the library's business: a value of the right type is passed on, so that its message is the one that
the user sees. ctypes cuts integers to 64 bits without a word, so that one range is checked here.
"""

from __future__ import annotations

import math
from ctypes import Array, c_double
from operator import index

from .errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def wrong_type(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name}: expected {expected}, not {type(value).__name__}")


def to_int64(value: Any, name: str) -> int:
    """An integer that fits in 64 bits; numpy's count too, True and 3.0 do not."""
    if isinstance(value, bool):
        raise wrong_type(name, "an integer", value)
    try:
        number = index(value)
    except TypeError:
        raise wrong_type(name, "an integer", value) from None
    if not INT64_MIN <= number <= INT64_MAX:
        raise StepsizeError(f"{name} = {number}, expected an integer that fits in 64 bits")
    return number


def to_float(value: Any, name: str) -> float:
    """Anything that has a float value: numbers, numpy and torch scalars; no text."""
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
        # Not where it is empty: the address of nothing may be odd, and the library refuses such.
        if view.format == "d" and view.ndim == 1 and view.c_contiguous and len(view) > 0:
            return (c_double * len(view)).from_buffer_copy(view)
    try:
        iterator = iter(values)
    except TypeError:  # a number, or an array without dimensions
        iterator = iter((values,))
    numbers = [to_float(value, name) for value in iterator]
    return (c_double * len(numbers))(*numbers)


# ---- The text form --------------------------------------------------------------------------------------


def write(kind: str, value: Any, name: str) -> tuple[str, object]:
    """The text of a parameter's value, and the value as repr() shows it."""
    text, plain = _WRITERS[kind](value, name)
    return text, plain


def quoted(word: str) -> str:
    """A word in quotes. One that cannot be quoted is changed into another that the library refuses, too."""
    if '"' not in word and "'" not in word and "\n" not in word:
        return f'"{word}"'
    return "'" + word.replace("'", '"').replace("\n", "\t") + "'"


def _count(value: Any, name: str) -> tuple[str, object]:
    # 1e4 is fine where the library finds that it is whole.
    if isinstance(value, float):
        return _real(value, name)
    if isinstance(value, bool):
        raise wrong_type(name, "an integer", value)
    try:
        number = index(value)
    except TypeError:
        raise wrong_type(name, "an integer", value) from None
    return repr(number), number


def _real(value: Any, name: str) -> tuple[str, object]:
    number = to_float(value, name)
    # The text form has no infinity and no NaN. As a word they are refused with the parameter's name and range.
    return (repr(number) if math.isfinite(number) else quoted(repr(number))), number


def _flag(value: Any, name: str) -> tuple[str, object]:
    if not isinstance(value, bool):
        raise wrong_type(name, "True or False", value)
    return ("true" if value else "false"), value


def _word(value: Any, name: str) -> tuple[str, object]:
    if not isinstance(value, str):
        raise wrong_type(name, "a text", value)
    return quoted(value), value


def _counts(values: Iterable[Any], name: str) -> tuple[str, object]:
    try:
        numbers = [index(value) for value in values]
    except TypeError:
        raise TypeError(f"{name}: expected integers") from None
    return repr(numbers), numbers


def _reals(values: Any, name: str) -> tuple[str, object]:
    numbers = list(to_doubles(values, name))
    text = repr(numbers)
    return (text if all(map(math.isfinite, numbers)) else quoted(text)), numbers


def _per_group(values: Any, name: str) -> tuple[str, object]:
    """A number for all groups, or one for each."""
    numbers = list(to_doubles(values, name))
    return _real(numbers[0], name) if len(numbers) == 1 else _reals(numbers, name)


def _schedule(value: Any, name: str) -> tuple[str, object]:
    from .._core.schedule import as_schedule  # the schedules' module imports this one

    schedule = as_schedule(value, name)
    return str(schedule), schedule


_WRITERS = {
    "count": _count, "real": _real, "flag": _flag, "word": _word, "counts": _counts, "reals": _reals,
    "per_group": _per_group, "name": _word, "schedule": _schedule,
}  # fmt: skip

# ---- And back: the text of a parameter's value as Python has it ----

_CONSTANTS = {"none": None, "true": True, "false": False}


def read(kind: str, text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if kind in ("word", "name"):
        return text[1:-1]
    if text.startswith("["):
        return tuple(float(number) for number in text[1:-1].split(","))
    return int(text) if kind == "count" else float(text)
