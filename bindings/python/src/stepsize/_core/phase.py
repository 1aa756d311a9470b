"""The named phases of a schedule."""

from __future__ import annotations

from .._foreign import abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Phase:
    """A named phase, as an update sees it.

    Attributes:
        name: Its name.
        start: Its first update.
        length: Its updates; None if it has no end.
        position: How many of them are done.
        progress: position / length, in [0, 1]; 0 if it has no end.
        entered: Whether this is its first update.
    """

    __slots__ = ("entered", "length", "name", "position", "progress", "start")

    def __init__(self, answer: Any) -> None:
        self.name: str = answer.name.decode("ascii")
        self.start: int = answer.start
        self.length: int | None = None if answer.length == abi.STEPSIZE_NEVER else answer.length
        self.position: int = answer.position
        self.progress: float = answer.progress
        self.entered: bool = bool(answer.entered)

    def __repr__(self) -> str:
        return f"<Phase {self.name!r}, update {self.position} of {self.length or 'unknown'}>"
