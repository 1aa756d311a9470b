"""``stepsize show``: a schedule in the terminal."""

from __future__ import annotations

import os
import shutil
import textwrap

from .._plots import figures
from . import _curve
from ._inputs import Plan, about, add_plan, named
from ._output import can_write, is_terminal, needs, number, say, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from rich.table import Table

_WIDEST = 100
_HEIGHT = 12
# In fewer columns than this the key values are lines, not a table.
_TABLE = 56
# The narrowest curve.
_LEAST = 4
# Up to _MOST_ROWS parts and phases each have a row; of more, only the first _FEW_ROWS.
_MOST_ROWS, _FEW_ROWS = 12, 6


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "show",
        help="draw the curve in the terminal, with its key values",
        description="Draws the curve of a schedule and lists key values.",
    )
    add_plan(parser)
    parser.add_argument("--width", type=int, metavar="N", help="width of the curve in characters")
    parser.add_argument("--ascii", action="store_true", help="draw only with ASCII characters")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    needs("rich", "show")
    from rich.text import Text

    plan = Plan(arguments)
    plain = arguments.ascii or not can_write("⣿─│└")
    terminal = shutil.get_terminal_size().columns if is_terminal() or "COLUMNS" in os.environ else 80
    most = max(_WIDEST, arguments.width or 0)
    _, rates = figures.sample(plan.schedule, plan.steps, plan.base_lr, most=64 * most)
    margin = _curve.margin(rates, _HEIGHT, plain=plain)
    width = arguments.width if arguments.width is not None else min(_WIDEST, terminal - margin - 2)
    width = max(_LEAST, min(width, 1000))

    say(Text(plan.text, style="bold"))
    length = plan.schedule.length
    end = "without an end" if length is None else f"of {length} updates"
    say(f"schedule {end}; {plan.steps} updates shown; base rate {number(plan.base_lr)}")
    for line in controllers(plan):
        say(line)
    say("")
    lines = _curve.draw(rates, width, _HEIGHT, plain=plain)
    for line in lines + _curve.axis(plan.steps, width, margin, plain=plain):
        say(Text(line[: margin + 2]) + Text(line[margin + 2 :], style="cyan"))
    say("")
    rows, more = key_updates(plan)
    say(*key_lines(plan, rows, terminal) if terminal < _TABLE else [key_table(plan, rows)])
    for line in more:
        say(line)
    return 0


def rate_at(plan: Plan, step: int) -> float:
    return plan.schedule.curve(1, step, plan.base_lr)[0]


def key_table(plan: Plan, rows: list[tuple[int, str]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("update", "multiplier", "rate"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for step, what in rows:
        table.add_row(str(step), number(plan.schedule.at(step)), number(rate_at(plan, step)), what)
    return table


def key_lines(plan: Plan, rows: list[tuple[int, str]], columns: int) -> list[str]:
    """The same without the multiplier, for a terminal in which a table would be cut off."""
    lines = ["update: rate"]
    for step, what in rows:
        line = f"{step}: {number(rate_at(plan, step))}, {what}"
        lines += textwrap.wrap(line, max(columns, 12), subsequent_indent="  ")
    return lines


def controllers(plan: Plan) -> list[str]:
    """Notes on the controllers of a text, which act only on losses."""
    lines = [f"controller {controller}: {about(controller)}" for controller in plan.controllers]
    if lines:
        lines.append("It acts on the losses of the training; the schedule is shown without it.")
    return lines


def key_updates(plan: Plan) -> tuple[list[tuple[int, str]], list[str]]:
    """The updates that get a line, with their descriptions; and notes on what is left out."""
    last = plan.steps - 1
    found: dict[int, list[str]] = {0: ["first update"]}
    parts = plan.schedule.parts if plan.schedule.structure.form == "sequence" else ()
    listed, more_parts = shortened([part for part in parts if 0 < part.start <= last], _MOST_ROWS, _FEW_ROWS)
    for part in listed:
        found.setdefault(part.start, []).append(f"{named(part.schedule) or 'the next part'} begins")
    phases, more_phases = shortened(plan.schedule.phases(plan.steps), _MOST_ROWS, _FEW_ROWS)
    for phase in phases:
        what = "begins" if phase.entered else "is in force"
        found.setdefault(phase.start + phase.position, []).append(f'phase "{phase.name}" {what}')
    steps, values = figures.sample(plan.schedule, plan.steps, 1.0)
    high, low = max(values), min(values)
    if high > low:
        found.setdefault(steps[values.index(high)], []).append("highest")
        found.setdefault(steps[values.index(low)], []).append("lowest")
    for quarter, what in ((1, "a quarter"), (2, "half"), (3, "three quarters")):
        found.setdefault(quarter * plan.steps // 4, []).append(what)
    found.setdefault(last, []).append("last update")
    rows = [(step, ", ".join(found[step])) for step in sorted(found)]
    more = ((more_parts, "parts"), (more_phases, "phases"))
    return rows, [f"… and {count} more {what}" for count, what in more if count]
