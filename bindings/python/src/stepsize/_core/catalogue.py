"""The library's catalogue of schedules and controllers: names, parameters, ranges, defaults, formulas."""

from __future__ import annotations

from dataclasses import dataclass

from .._foreign import abi
from .._foreign.library import library, read_text


@dataclass(frozen=True)
class Parameter:
    """One parameter of a schedule or controller, as texts."""

    name: str
    summary: str
    kind: str
    """count, real, flag, word, name, counts, reals, per_group or schedule"""
    range: str
    default: str
    """In the text form; empty for a required parameter."""
    unit: str
    """What its numbers count: "updates", or empty."""


@dataclass(frozen=True)
class Entry:
    """One named schedule or controller."""

    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...]


def entries() -> list[Entry]:
    """Every named schedule, in the order of the library."""
    return _entries(abi.STEPSIZE_CATALOGUE_SCHEDULES)


def controllers() -> list[Entry]:
    """Every controller; where it has variants, with the defaults of the first."""
    return _entries(abi.STEPSIZE_CATALOGUE_CONTROLLERS)


def _entries(catalogue: int) -> list[Entry]:
    return [_entry(catalogue, index) for index in range(library.stepsize_catalogue_count(catalogue))]


def _entry(catalogue: int, index: int) -> Entry:
    def text(what: int) -> str:
        return read_text(library.stepsize_catalogue_text, catalogue, index, what)

    count = library.stepsize_catalogue_parameter_count(catalogue, index)
    return Entry(
        text(abi.STEPSIZE_TEXT_NAME), text(abi.STEPSIZE_TEXT_SUMMARY), text(abi.STEPSIZE_TEXT_FORMULA),
        text(abi.STEPSIZE_TEXT_SOURCE), tuple(_parameter(catalogue, index, i) for i in range(count)),
    )


def _parameter(catalogue: int, index: int, parameter: int) -> Parameter:
    whats = (
        abi.STEPSIZE_TEXT_NAME, abi.STEPSIZE_TEXT_SUMMARY, abi.STEPSIZE_TEXT_KIND, abi.STEPSIZE_TEXT_RANGE,
        abi.STEPSIZE_TEXT_DEFAULT, abi.STEPSIZE_TEXT_UNIT,
    )
    function = library.stepsize_catalogue_parameter_text
    return Parameter(*(read_text(function, catalogue, index, parameter, what) for what in whats))
