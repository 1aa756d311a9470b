"""``stepsize plot``: a picture of one or several schedules."""

from __future__ import annotations

import os

from .._foreign.errors import StepsizeError
from .._plots import figures
from .._plots.style import legend_below
from ._inputs import Plan
from ._output import needs, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

_SUFFIXES = (".png", ".svg", ".pdf")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "plot", help="a picture, PNG, SVG or PDF by its suffix", description="Draws schedules into a picture."
    )
    parser.add_argument("schedules", nargs="+", metavar="TEXT", help="one or several schedules")
    parser.add_argument(
        "-o", "--output", default="schedule.png", metavar="FILE", help="*.png, *.svg or *.pdf (default: schedule.png)"
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="updates of the run (default: the longest schedule's length)"
    )
    parser.add_argument("--base-lr", type=float, default=1.0, metavar="LR", help="the base rate (default: 1)")
    parser.add_argument("--log", action="store_true", help="a logarithmic scale")
    parser.add_argument("--title", metavar="TEXT", help="title above the picture")
    parser.set_defaults(run=run)


def check_picture(name: str, path: str, command: str) -> None:
    """That a picture can be drawn into a file of that name, before anything is computed for it."""
    if os.path.splitext(path)[1].lower() not in _SUFFIXES:
        raise StepsizeError(f"{name} = {path!r}, expected a name that ends with {', '.join(_SUFFIXES)}")
    needs("matplotlib", command)


def run(arguments: argparse.Namespace) -> int:
    check_picture("output", arguments.output, "plot")
    plans = []
    for text in arguments.schedules:
        arguments.schedule = text
        plans.append(Plan(arguments))
    figure, axes = figures.new_figure()
    # What has no end is drawn as long as the longest schedule that has one.
    ends = [plan.steps for plan in plans if plan.given_steps is not None or plan.schedule.length is not None]
    steps = max(ends or [plan.steps for plan in plans])
    for plan in plans:
        label = plan.text if len(plan.text) <= 90 else plan.text[:89] + "…"
        figures.plot_schedule(
            plan.schedule, axes, steps=steps, base_lr=plan.base_lr, log=arguments.log, label=label,
            phases=len(plans) == 1,
        )  # fmt: skip
        if plan.controllers:
            note(f"{', '.join(map(str, plan.controllers))}: acts on losses; the picture is of the schedule without it")
    if arguments.title:
        axes.set_title(arguments.title)
    legend_below(figure, family="monospace")
    figures.save(figure, arguments.output)
    note(f"drawn into {arguments.output}")
    return 0
