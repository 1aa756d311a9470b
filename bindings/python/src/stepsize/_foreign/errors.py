"""The error of this package."""

from __future__ import annotations

from . import abi

# A line of text under an error is cut to this many characters around the position.
_WIDTH = 72


class StepsizeError(ValueError):
    """An invalid value, name or text. The message names the field, the value and the range.

    Attributes:
        status: The status number of the C interface (``STEPSIZE_ERROR_…`` in stepsize.h).
        offset: The position in a parsed text, in characters from 0; None for other errors.
    """

    status: int
    offset: int | None

    def __init__(
        self, message: str, status: int = abi.STEPSIZE_ERROR_ARGUMENT, offset: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.offset = offset


def failure(message: str, status: int) -> StepsizeError | MemoryError:
    """The error for a status of the library; the message is for one that is not about memory."""
    return MemoryError("out of memory") if status == abi.STEPSIZE_ERROR_MEMORY else StepsizeError(message, status)


def parse_error(message: str, status: int, text: str, offset: int) -> StepsizeError | MemoryError:
    """The error for a text, which it shows with a caret under the position. `offset` counts bytes of UTF-8."""
    if offset < 0:
        return failure(message, status)
    # A byte offset inside a character, which the library never gives, would count as before it.
    place = len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    line = text[start : end if end >= 0 else len(text)]
    column = place - start
    if len(line) > _WIDTH:
        first = max(0, min(column - _WIDTH // 2, len(line) - _WIDTH))
        before = "…" if first > 0 else ""
        after = "…" if first + _WIDTH < len(line) else ""
        line = before + line[first : first + _WIDTH] + after
        column += len(before) - first
    # A tab is shown as one blank, so that the caret stands under its character.
    line = line.replace("\t", " ").replace("\r", " ")
    return StepsizeError(f"{message}\n  {line}\n  {' ' * column}^", status, place)
