"""The named phases of a schedule, and the walk through them."""

from __future__ import annotations

from ctypes import byref, sizeof

from .._foreign import abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


class Phase:
    """A named phase, as of an update.

    Attributes:
        name: Its name.
        start: Its first update.
        length: Its number of updates; None if it has no end.
        position: The number of them that are done.
        progress: position / length, in [0, 1]; 0 if it has no end.
        entered: Whether this is its first update.
        until: The first later update in another phase or in none: the end of this one, or where a phase inside it
            begins. None if there is none.
    """

    __slots__ = ("entered", "length", "name", "position", "progress", "start", "until")

    def __init__(self, found: Any) -> None:
        self.name: str = found.name.decode("ascii")
        self.start: int = found.start
        self.length: int | None = None if found.length == abi.STEPSIZE_NEVER else found.length
        self.position: int = found.position
        self.progress: float = found.progress
        self.entered: bool = bool(found.entered)
        self.until: int | None = None if found.until == abi.STEPSIZE_NEVER else found.until

    def __repr__(self) -> str:
        return f"<Phase {self.name!r}, update {self.position} of {self.length or 'unknown'}>"


def new() -> abi.stepsize_phase:
    """The struct that the library writes a phase into."""
    return abi.stepsize_phase(size=sizeof(abi.stepsize_phase))


def walk(look: Callable[[int, Any], object], start: int, stop: int | None) -> Iterator[Phase]:
    """The named phases from update `start` on that are in force before `stop`, in order, each as of its first update
    there. ``look(update, found)`` calls the library."""
    step, pending = max(0, start), None
    while stop is None or step < stop:
        found = new()
        look(step, byref(found))
        # After the end the held value is in no phase.
        if found.name and found.position < found.length:
            phase = Phase(found)
            if pending is not None and _is_same(pending, phase):
                pending.until = phase.until
            else:
                if pending is not None:
                    yield pending
                pending = phase
        if found.until == abi.STEPSIZE_NEVER:
            break
        step = found.until
    if pending is not None:
        yield pending


def _is_same(before: Phase, phase: Phase) -> bool:
    """Whether the phase continues: the library may return one that is squeezed to few updates piece by piece."""
    update = phase.start + phase.position
    return before.until == update and (before.name, before.start, before.length) == (
        phase.name, phase.start, phase.length,
    )  # fmt: skip
