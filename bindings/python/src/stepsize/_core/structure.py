"""The structure of a schedule."""

from __future__ import annotations

from ctypes import byref, sizeof

from .._foreign import abi
from .._foreign.library import library, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from .schedule import Schedule

    Form = Literal["call", "sequence", "product", "scale", "group"]

_FORMS: dict[int, Form] = {
    abi.STEPSIZE_FORM_CALL: "call",
    abi.STEPSIZE_FORM_SEQUENCE: "sequence",
    abi.STEPSIZE_FORM_PRODUCT: "product",
    abi.STEPSIZE_FORM_SCALE: "scale",
    abi.STEPSIZE_FORM_GROUP: "group",
}


class Structure:
    """``schedule.structure``: how a schedule is composed. ``schedule.parts`` are its parts.

    Attributes:
        form: "call" (a schedule of the catalogue), "sequence" (``a >> b``), "product" (``a * b``), "scale"
            (``0.5 * a``) or "group" (brackets that carry a name: ``(a, phase="main")``).
        name: Its name in the catalogue; "" unless it is a call.
        phase: Its phase name; "" for none.
        factor: The number of a scale; otherwise 1.
    """

    __slots__ = ("_count", "_schedule", "factor", "form", "name", "phase")

    def __init__(self, schedule: Schedule) -> None:
        found = _ask(schedule)
        self._schedule = schedule
        self._count: int = found.parameter_count
        self.form: Form = _FORMS[found.form]
        self.name: str = found.name.decode("ascii")
        self.phase: str = found.phase.decode("ascii")
        self.factor: float = found.factor

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of a call and their values, given or default, in the text form."""
        return {name: self._text(i, abi.STEPSIZE_TEXT_VALUE) for i, name in enumerate(self.parameter_names)}

    def number(self, name: str) -> float | None:
        """The value of a parameter that is a number; None if it is not, or the parameter does not exist."""
        names = self.parameter_names
        if name not in names:
            return None
        try:
            return float(self._text(names.index(name), abi.STEPSIZE_TEXT_VALUE))
        except ValueError:
            return None

    @property
    def parameter_names(self) -> list[str]:
        return [self._text(i, abi.STEPSIZE_TEXT_NAME) for i in range(self._count)]

    def _text(self, parameter: int, what: int) -> str:
        return read_text(library.stepsize_schedule_parameter, self._schedule._handle, parameter, what)


class Part:
    """A part of a schedule, which is a schedule itself.

    Attributes:
        schedule: The part.
        start: The update of the whole at which it begins: in a sequence where the previous part ends, otherwise 0.
    """

    __slots__ = ("schedule", "start")

    def __init__(self, schedule: Schedule, start: int) -> None:
        self.schedule, self.start = schedule, start

    @property
    def end(self) -> int | None:
        """The update after its last one; None if it has no end."""
        length = self.schedule.length
        return None if length is None else self.start + length

    def __repr__(self) -> str:
        return f"<Part {str(self.schedule)!r} from update {self.start} on>"


def part_count(schedule: Schedule) -> int:
    count: int = _ask(schedule).part_count
    return count


def _ask(schedule: Schedule) -> abi.stepsize_structure:
    found = abi.stepsize_structure(size=sizeof(abi.stepsize_structure))
    library.stepsize_schedule_structure(schedule._handle, byref(found))
    return found
