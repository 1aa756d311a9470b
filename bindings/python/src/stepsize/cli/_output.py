"""The output of the commands: colours and boxes for a terminal, plain lines for other programs."""

from __future__ import annotations

import os
import sys
from itertools import islice

from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from rich.console import RenderableType

    T = TypeVar("T")

# Not counted beyond this: there may be 10⁹.
_COUNTED = 100_000


def needs(module: str, command: str) -> None:
    """Names the package to install where a module is missing."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise StepsizeError(f"{command} needs {module}: pip install {module}")


def is_terminal() -> bool:
    return sys.stdout.isatty()


def can_write(text: str) -> bool:
    """Whether the output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(*things: RenderableType) -> None:
    """Writes texts and tables of rich: in a terminal at its width, otherwise one line per row without colours."""
    from rich.console import Console

    width = None if is_terminal() or "COLUMNS" in os.environ else 10_000
    console = Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        for thing in things:
            console.print(thing)
    text = captured.get()
    if not is_terminal():
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    if not can_write(text):
        text = text.encode(sys.stdout.encoding or "ascii", "replace").decode(sys.stdout.encoding or "ascii")
    sys.stdout.write(text)


def note(text: str) -> None:
    """Writes to standard error, so that only the result goes into a pipe."""
    sys.stdout.flush()
    print(text, file=sys.stderr)


def shortened(things: Iterable[T], most: int, few: int) -> tuple[list[T], str]:
    """All of them if there are at most `most`; otherwise the first `few`, and how many more there are."""
    rest = iter(things)
    found = list(islice(rest, most + 1))
    if len(found) <= most:
        return found, ""
    more = len(found) - few + sum(1 for _ in islice(rest, _COUNTED))
    return found[:few], f"{more:,}" if next(rest, None) is None else f"more than {_COUNTED:,}"


def number(value: float) -> str:
    return f"{value:.6g}"
