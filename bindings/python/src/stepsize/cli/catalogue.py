"""``stepsize list``: what there is, as the library itself says it."""

from __future__ import annotations

from .._core import controllers
from .._core.controllers import Controller
from .._foreign import abi
from .._foreign.errors import StepsizeError
from .._foreign.library import library, read_text
from ..catalogue import Parameter, entries
from ._inputs import about
from ._output import needs, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "list", help="all schedules and controllers, or one with its formula and parameters",
        description="Lists the schedules and controllers, or explains those that are named.",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.set_defaults(run=run)


def kinds() -> dict[str, type[Controller]]:
    """The controllers by their names in the text form."""
    return {kind._name: kind for kind in Controller.__subclasses__()}


def controller_parameters(name: str) -> list[Parameter]:
    """The parameters of a controller."""
    handle = controllers.Controller.parse(f"{name}()")
    whats = (
        abi.STEPSIZE_TEXT_NAME,
        abi.STEPSIZE_TEXT_SUMMARY,
        abi.STEPSIZE_TEXT_KIND,
        abi.STEPSIZE_TEXT_RANGE,
        abi.STEPSIZE_TEXT_DEFAULT,
    )
    return [
        Parameter(*(read_text(library.stepsize_controller_parameter, handle._handle, i, what) for what in whats))
        for i in range(len(handle._parameters))
    ]


def run(arguments: argparse.Namespace) -> int:
    needs("rich", "cli", "list")
    if arguments.names:
        for i, name in enumerate(arguments.names):
            if i > 0:
                say("")
            _explain(name)
        return 0
    from rich.table import Table
    from rich.text import Text

    for title, rows in (
        ("Schedules", [(each.name, _signature(each.name, each.parameters), each.summary) for each in entries()]),
        (
            "Controllers, in front of a schedule: greedy() * linear(1000)",
            [
                (name, _signature(name, controller_parameters(name)), about(kind.__new__(kind)))
                for name, kind in kinds().items()
            ],
        ),
    ):
        if title != "Schedules":
            say("")
        say(Text(title, style="bold"))
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="cyan", no_wrap=True)
        for _, signature, summary in rows:
            table.add_row(signature, summary)
        say(table)
    return 0


def _signature(name: str, parameters: tuple[Parameter, ...] | list[Parameter]) -> str:
    """The parameters that must be given; dots stand for those that need not."""
    words = [each.name for each in parameters if each.default == ""]
    if len(words) < len(parameters):
        words.append("…")
    return f"{name}({', '.join(words)})"


def _explain(name: str) -> None:
    from rich.table import Table
    from rich.text import Text

    entry = next((each for each in entries() if each.name == name), None)
    lines: list[str]
    if entry is not None:
        lines = [entry.summary] + ([f"Source: {entry.source}"] if entry.source else [])
        formula, parameters = entry.formula, list(entry.parameters)
    elif name in kinds():
        lines, formula = [about(kinds()[name].__new__(kinds()[name]))], ""
        parameters = controller_parameters(name)
    else:
        # The library knows which name is near.
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
        raise StepsizeError(f"unknown name {name!r}: `stepsize list` has all")
    say(Text(_signature(name, parameters), style="bold"))
    for line in lines:
        say(line)
    if formula:
        say(f"\n    {formula}\n")
    table = Table(box=None, pad_edge=False)
    for title in ("parameter", "default", "range", "meaning"):
        table.add_column(title)
    for each in parameters:
        table.add_row(each.name, each.default or "required", each.range, each.summary)
    say(table)
