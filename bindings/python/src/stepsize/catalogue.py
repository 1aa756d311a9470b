"""What the library says of its schedules: names, parameters, ranges, defaults, formulas."""

from __future__ import annotations

from dataclasses import dataclass

from ._foreign import abi
from ._foreign.library import library, read_text


@dataclass(frozen=True)
class Parameter:
    """One parameter of a named schedule, as texts."""

    name: str
    summary: str
    kind: str
    """count, real, flag, word, counts, reals or schedule"""
    range: str
    default: str
    """In the text form; empty if the parameter must be given."""


@dataclass(frozen=True)
class Entry:
    """One named schedule."""

    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...]


def entries() -> list[Entry]:
    """Every named schedule, in the order of the library."""
    return [_entry(index) for index in range(library.stepsize_catalogue_count())]


def _entry(index: int) -> Entry:
    def text(what: int) -> str:
        return read_text(library.stepsize_catalogue_text, index, what)

    count = library.stepsize_catalogue_parameter_count(index)
    return Entry(
        text(abi.STEPSIZE_TEXT_NAME), text(abi.STEPSIZE_TEXT_SUMMARY), text(abi.STEPSIZE_TEXT_FORMULA),
        text(abi.STEPSIZE_TEXT_SOURCE), tuple(_parameter(index, i) for i in range(count)),
    )


def _parameter(index: int, parameter: int) -> Parameter:
    whats = (
        abi.STEPSIZE_TEXT_NAME, abi.STEPSIZE_TEXT_SUMMARY, abi.STEPSIZE_TEXT_KIND, abi.STEPSIZE_TEXT_RANGE,
        abi.STEPSIZE_TEXT_DEFAULT,
    )
    return Parameter(*(read_text(library.stepsize_catalogue_parameter_text, index, parameter, what) for what in whats))
