"""``stepsize refine``: a schedule from the gradient norms of a run."""

from __future__ import annotations

from ._inputs import read_numbers
from ._output import note, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from .._core.theory import Refinement


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "refine",
        help="a schedule from the gradient norms of a run",
        description="Makes a schedule for the next run from the gradient norms of the last one (arXiv 2310.07831). The"
        " schedule goes to standard output, the findings to standard error.",
    )
    parser.add_argument("norms", metavar="FILE", help="one norm for each update: lines, CSV or .npy; -: standard input")
    parser.add_argument(
        "--column", metavar="NAME", help="column of a CSV file: a name, or a number from 1 (default: the last)"
    )
    parser.add_argument(
        "--optimizer", choices=("sgd", "adam"), default="sgd", help="sgd: l2 norms; adam: l1 norms (default: sgd)"
    )
    parser.add_argument(
        "--tau", type=float, default=0.1, help="width of the running median as a fraction of the run (default: 0.1)"
    )
    parser.add_argument("--total", type=int, metavar="N", help="updates of the schedule (default: as many as norms)")
    parser.add_argument(
        "--floor", type=float, default=0.0, help="norms below this fraction of the median are raised to it (default: 0)"
    )
    parser.add_argument("--capped", action="store_true", help="raise the floor until the schedule is not collapsed")
    parser.add_argument(
        "--tolerance", type=float, default=0.01, help="largest error of the knots; 0: a table (default: 0.01)"
    )
    parser.add_argument("--plot", metavar="FILE", help="a picture, *.png, *.svg or *.pdf")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from .._core.theory import refine

    if arguments.plot:
        from .plot import check_picture

        check_picture("plot", arguments.plot, "refine --plot")
    norms = read_numbers(arguments.norms, arguments.column)
    refined = refine(
        norms, arguments.optimizer, arguments.tau, arguments.total, floor=arguments.floor, capped=arguments.capped,
        tolerance=arguments.tolerance or None,
    )  # fmt: skip
    print(refined.text)
    for line in diagnosis(refined, len(norms)):
        note(line)
    if arguments.plot:
        _draw(norms, refined, arguments.plot)
    return 0


def diagnosis(refined: Refinement, count: int) -> list[str]:
    """The findings in words."""
    total = len(refined)
    lines = [f"{count} norms, median {number(refined.median)}; {total} updates for {refined.optimizer}"]
    if refined.max_error > 0:
        lines.append(f"largest error of the knots: {number(refined.max_error)}")
    lines.append(f"warm-up: {refined.warmup} updates until the highest rate" if refined.warmup else "no warm-up")
    lines.append(f"the rate falls until the end from update {refined.anneal_start} on")
    if refined.base_lr is not None and refined.bound is not None:
        lines.append(
            f"the theory's base rate, for distance 1: {number(refined.base_lr)}, bound {number(refined.bound)}"
        )
    for number_of, what in (
        (refined.repaired, "norms were NaN or infinite: interpolated"),
        (refined.zeros, "norms were 0: counted as 0.001 of the median"),
        (refined.raised, "updates were raised to the floor"),
    ):
        if number_of > 0:
            lines.append(f"{number_of} {what}")
    if refined.collapsed and refined.floor > 0:
        lines.append(f"the norms vanish: capped at a floor of {number(refined.floor)} of the median")
    elif refined.collapsed:
        lines.append(
            "collapsed: the norms vanish, and the schedule would train only at its end; try --capped"
            f" (a floor of {number(refined.suggested_floor)})"
        )
    else:
        lines.append("the norms do not vanish")
    return lines


def _draw(norms: list[float], refined: Refinement, path: str) -> None:
    from .._plots import figures
    from .._plots.style import legend_below, logarithmic

    figure, axes = figures.new_figure()
    figures.plot_schedule(refined.schedule, axes, steps=len(refined), label="refined schedule")
    other = axes.twinx()
    stretch = len(refined) / len(norms)
    other.plot(
        [i * stretch for i in range(len(norms))], norms, color="tab:gray", linewidth=0.7, alpha=0.6, label="norms"
    )
    if min((norm for norm in norms if norm > 0), default=0.0) > 0:
        logarithmic(other.yaxis)
    other.set_ylabel("gradient norm")
    legend_below(figure, axes.get_lines()[:1] + other.get_lines()[:1])
    # The schedule is drawn in front of the norms.
    axes.set_zorder(other.get_zorder() + 1)
    axes.patch.set_visible(False)
    figures.save(figure, path)
