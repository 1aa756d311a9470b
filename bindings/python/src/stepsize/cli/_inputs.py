"""The inputs of the commands: texts, and files of numbers."""

from __future__ import annotations

import sys

from .._core.schedule import Schedule
from .._core.scheduler import Scheduler
from .._foreign.errors import StepsizeError
from ..catalogue import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from .._core.controller import Controller

_MOST = 2**62


class Plan:
    """A text that may begin with controllers, and the run it is for."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        text: str = arguments.schedule
        if text == "-":
            text = sys.stdin.read().strip()
        if not text:
            raise StepsizeError('expected a schedule, such as "warmup(500) >> cosine(9500, floor=0.1)"')
        if arguments.steps is not None and not 1 <= arguments.steps <= _MOST:
            raise StepsizeError(f"steps = {arguments.steps}, expected an integer from 1 to 2^62")
        self.base_lr: float = getattr(arguments, "base_lr", 1.0)
        # The scheduler checks the base rate, too.
        scheduler = Scheduler(self.base_lr, text, total=arguments.steps)
        self.controllers: tuple[Controller, ...] = scheduler.controllers
        self.schedule: Schedule = scheduler.schedule or Schedule("constant()")
        self.text = str(scheduler) or str(self.schedule)
        self.given_steps: int | None = arguments.steps
        self.steps = self.schedule.horizon if arguments.steps is None else arguments.steps


def add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "schedule", metavar="TEXT", help='such as "warmup(500) >> cosine(9500, floor=0.1)"; -: standard input'
    )
    parser.add_argument(
        "--steps", type=int, metavar="N",
        help="updates of the run, of which a text may give shares (default: the schedule's length)",
    )  # fmt: skip
    parser.add_argument("--base-lr", type=float, default=1.0, metavar="LR", help="the base rate (default: 1)")


def summary(name: str) -> str:
    """The catalogue entry of a named schedule."""
    return next((entry.summary for entry in entries() if entry.name == name), "")


def named(schedule: Schedule) -> str:
    """The name in the catalogue, also of a schedule in brackets; "" if it has none."""
    structure = schedule.structure
    return named(schedule.parts[0].schedule) if structure.form == "group" else structure.name


def about(controller: Controller) -> str:
    """What a controller does: the first sentence of its documentation."""
    lines = (type(controller).__doc__ or "").strip().split("\n\n")[0].split()
    return " ".join(lines).replace("``", "`")


def read_numbers(path: str, column: str | None = None) -> list[float]:
    """Numbers from a file: .npy; else text, one for each line, or a column of comma- or tab-separated values.

    Of several columns it is the one named (or numbered from 1); without a name the last. -: standard input.
    """
    if path.endswith(".npy"):
        return _read_npy(path)
    if path == "-":
        lines = sys.stdin.read().splitlines()
    else:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    rows = [line.replace("\t", ",").split(",") for line in lines if line.strip() and not line.startswith("#")]
    if not rows:
        raise StepsizeError(f"{path}: contains no numbers")
    header = [] if all(map(_is_number, rows[0])) else [word.strip().strip('"') for word in rows[0]]
    index = len(rows[0]) - 1
    if column is not None:
        if column in header:
            index = header.index(column)
        elif column.isdigit() and 1 <= int(column) <= len(rows[0]):
            index = int(column) - 1
        else:
            names = ", ".join(header) or f"1 to {len(rows[0])}"
            raise StepsizeError(f"{path}: column = {column!r}, expected one of {names}")
    numbers: list[float] = []
    for i, row in enumerate(rows[1 if header else 0 :], 2 if header else 1):
        words = row[index].split() if index < len(row) else []
        if not words or not all(map(_is_number, words)):
            raise StepsizeError(f"{path}: row {i}: expected a number, found {','.join(row)[:40]!r}")
        numbers += map(float, words)
    return numbers


def _is_number(text: str) -> bool:
    """Also several numbers separated by blanks."""
    try:
        return [float(word) for word in text.split()] != []
    except ValueError:
        return False


def _read_npy(path: str) -> list[float]:
    try:
        import numpy
    except ImportError:
        raise StepsizeError(f"{path}: needs numpy: pip install numpy") from None
    try:
        values = numpy.load(path, allow_pickle=False)
        numbers: list[float] = numpy.asarray(values, dtype=numpy.float64).ravel().tolist()
    except (TypeError, ValueError, EOFError) as error:
        raise StepsizeError(f"{path}: not an array of numbers: {error}") from None
    return numbers
