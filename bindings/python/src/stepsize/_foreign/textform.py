"""The text form of parameters: Python values written for the library, and parsed back.

Ranges are left to the library, as in ``convert``.
"""

from __future__ import annotations

import math
from operator import index

from . import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Written(str):
    """A value that is written verbatim."""


NONE: Any = Written("none")


def write(kind: str, value: Any, name: str) -> tuple[str, object]:
    """The text of a parameter's value, and the value as repr() shows it."""
    if type(value) is Written:
        return value, None
    text, plain = _WRITERS[kind](value, name)
    return text, plain


def quoted(word: str) -> str:
    """A word in quotes. One that cannot be quoted is changed into another one that is an error, too."""
    if '"' not in word and "'" not in word and "\n" not in word:
        return f'"{word}"'
    return "'" + word.replace("'", '"').replace("\n", "\t") + "'"


def _count(value: Any, name: str) -> tuple[str, object]:
    # 1e4 is fine: the library accepts whole numbers.
    if isinstance(value, float):
        return _real(value, name)
    if isinstance(value, bool):
        raise convert.wrong_type(name, "an integer", value)
    try:
        number = index(value)
    except TypeError:
        raise convert.wrong_type(name, "an integer", value) from None
    return repr(number), number


def _real(value: Any, name: str) -> tuple[str, object]:
    number = convert.to_float(value, name)
    # The text form has no infinity and no NaN. As words they cause an error with the parameter's name and range.
    return (repr(number) if math.isfinite(number) else quoted(repr(number))), number


def _flag(value: Any, name: str) -> tuple[str, object]:
    if not isinstance(value, bool):
        raise convert.wrong_type(name, "True or False", value)
    return ("true" if value else "false"), value


def _word(value: Any, name: str) -> tuple[str, object]:
    if not isinstance(value, str):
        raise convert.wrong_type(name, "a text", value)
    return quoted(value), value


def _counts(values: Iterable[Any], name: str) -> tuple[str, object]:
    try:
        numbers = [index(value) for value in values]
    except TypeError:
        raise TypeError(f"{name}: expected integers") from None
    return repr(numbers), numbers


def _reals(values: Any, name: str) -> tuple[str, object]:
    numbers = list(convert.to_doubles(values, name))
    text = repr(numbers)
    return (text if all(map(math.isfinite, numbers)) else quoted(text)), numbers


def _per_group(values: Any, name: str) -> tuple[str, object]:
    """A number for all groups, or one for each."""
    numbers = list(convert.to_doubles(values, name))
    return _real(numbers[0], name) if len(numbers) == 1 else _reals(numbers, name)


_WRITERS = {
    "count": _count, "real": _real, "flag": _flag, "word": _word, "counts": _counts, "reals": _reals,
    "per_group": _per_group, "name": _word,
}  # fmt: skip

_CONSTANTS = {"none": None, "true": True, "false": False}


def read(kind: str, text: str) -> Any:
    """The value of a parameter from its text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if kind in ("word", "name"):
        return text[1:-1]
    if text.startswith("["):
        return tuple(float(number) for number in text[1:-1].split(","))
    return int(text) if kind == "count" else float(text)
