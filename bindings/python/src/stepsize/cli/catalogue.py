"""``stepsize list``: the catalogue of the library."""

from __future__ import annotations

from .._core.controller import Controller
from .._foreign.errors import StepsizeError
from ..catalogue import Entry, controllers, entries
from ._output import needs, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "list", help="all schedules and controllers, or one with its formula and parameters",
        description="Lists the schedules and controllers, or explains the given ones.",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    needs("rich", "list")
    if arguments.names:
        for i, name in enumerate(arguments.names):
            if i > 0:
                say("")
            _explain(name)
        return 0
    from rich.table import Table
    from rich.text import Text

    for title, rows in (
        ("Schedules", entries()),
        ("Controllers, in front of a schedule: greedy() * linear(1000)", controllers()),
    ):
        if title != "Schedules":
            say("")
        say(Text(title, style="bold"))
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="cyan", no_wrap=True)
        for each in rows:
            table.add_row(_signature(each), each.summary)
        say(table)
    return 0


def _signature(entry: Entry) -> str:
    """The required parameters; dots stand for the others."""
    words = [each.name for each in entry.parameters if each.default == ""]
    if len(words) < len(entry.parameters):
        words.append("…")
    return f"{entry.name}({', '.join(words)})"


def _explain(name: str) -> None:
    from rich.table import Table
    from rich.text import Text

    entry = next((each for each in [*entries(), *controllers()] if each.name == name), None)
    if entry is None:
        # The library knows the nearest name.
        try:
            Controller.parse(f"{name}()") if name.isidentifier() else None
        except StepsizeError as error:
            hint = str(error).partition("did you mean ")[2].partition("\n")[0]
            if hint:
                raise StepsizeError(f"unknown name {name!r}, did you mean {hint}") from None
        from .._core.schedule import parse

        try:
            parse(f"{name}()")
        except StepsizeError as error:
            raise StepsizeError(str(error).partition("\n")[0]) from None
        raise StepsizeError(f"unknown name {name!r}: `stepsize list` lists all names")
    say(Text(_signature(entry), style="bold"))
    say(entry.summary)
    if entry.source:
        say(f"Source: {entry.source}")
    if entry.formula:
        say(f"\n    {entry.formula}\n")
    table = Table(box=None, pad_edge=False)
    for title in ("parameter", "default", "range", "meaning"):
        table.add_column(title)
    for each in entry.parameters:
        table.add_row(each.name, each.default or "required", each.range, each.summary)
    say(table)
