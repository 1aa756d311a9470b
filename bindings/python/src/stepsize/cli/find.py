"""``stepsize find``: the rate that the losses of a range test suggest."""

from __future__ import annotations

import json
import math
import sys

from .._foreign.errors import StepsizeError
from ._output import note, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any

# What the columns of logs are called.
_RATES = ("lr", "rate", "learning_rate", "train/lr", "train/learning_rate")
_LOSSES = ("loss", "train_loss", "train/loss", "training_loss")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from .._core.finder import _DEFAULTS, METHODS

    parser = commands.add_parser(
        "find",
        help="the rate that the losses of a range test suggest",
        description="Suggests a learning rate from the log of a range test, in which the rate rises. The rate goes to"
        " standard output, what the other methods suggest to standard error.",
    )
    parser.add_argument(
        "log", metavar="FILE", help="rates and losses: CSV with a header, or JSON lines; -: standard input"
    )
    parser.add_argument("--rate", metavar="NAME", help=f"column of the rates (default: {', '.join(_RATES)})")
    parser.add_argument("--loss", metavar="NAME", help=f"column of the losses (default: {', '.join(_LOSSES)})")
    parser.add_argument("--method", choices=METHODS, default="halfway", help="default: halfway")
    parser.add_argument(
        "--smoothing", type=float, default=_DEFAULTS.smoothing,
        help="what a smoothed loss keeps of those before; 0 where the losses are smoothed"
        f" (default: {_DEFAULTS.smoothing})",
    )  # fmt: skip
    parser.add_argument("--plot", metavar="FILE", help="a picture, *.png, *.svg or *.pdf")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from .._core.finder import METHODS, told

    if arguments.plot:
        from .plot import check_picture

        check_picture("plot", arguments.plot, "find --plot")
    rows = _rows(arguments.log)
    rates = _column(arguments.log, rows, "rate", arguments.rate, _RATES)
    losses = _column(arguments.log, rows, "loss", arguments.loss, _LOSSES)
    finder = told(rates, losses, smoothing=arguments.smoothing)
    if arguments.plot:
        _draw(finder, arguments.method, arguments.plot)
    found = finder.suggestions
    for method in METHODS:
        rate = found[method]
        if method != arguments.method:
            note(f"{method}: {'no suggestion' if rate is None else number(rate)}")
    print(f"{finder.suggest(arguments.method):.6g}")
    return 0


def _draw(finder: Any, method: Any, path: str) -> None:
    from .._plots import figures

    figure, axes = figures.new_figure()
    finder.plot(axes, method=method)
    figures.save(figure, path)


def _rows(path: str) -> list[dict[str, Any]]:
    """The lines of a log, by the names of their columns."""
    import csv

    if path == "-":
        lines = sys.stdin.read().splitlines()
    else:
        with open(path, encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise StepsizeError(f"{path}: it is empty")
    if not lines[0].lstrip().startswith("{"):
        delimiter = "\t" if "\t" in lines[0] else ","
        return [
            {(key or "").strip(): value for key, value in row.items()}
            for row in csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
        ]
    rows = []
    for line_number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise StepsizeError(f"{path}: line {line_number} is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise StepsizeError(f"{path}: line {line_number} is not an object")
        rows.append(row)
    return rows


def _column(
    path: str, rows: list[dict[str, Any]], what: str, name: str | None, usual: Iterable[str]
) -> list[float]:
    """The numbers of a column; NaN for what a logger writes in the place of one."""
    known = list(dict.fromkeys(key for row in rows for key in row))
    if name is None:
        name = next((each for each in usual if each in known), None)
    if name not in known:
        raise StepsizeError(f"{path}: {what} = {name!r}, expected one of {', '.join(map(repr, known))}")
    numbers = []
    for row_number, row in enumerate(rows, 1):
        try:
            value = row[name]
            numbers.append(math.nan if value is None else float(value))
        except (KeyError, TypeError, ValueError):
            raise StepsizeError(f"{path}: row {row_number} has no number as {name!r}") from None
    return numbers
