"""``stepsize score``: ranks schedules before any training."""

from __future__ import annotations

import sys
import warnings

from .._foreign.errors import StepsizeError
from ._inputs import read_numbers
from ._output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "score",
        help="rank schedules by the bound that convex theory gives for them",
        description="Ranks schedules by Omega, the bound on the last loss minus the best one, each at its own best"
        " base rate gamma (arXiv 2310.07831, Theorem 10).",
    )
    parser.add_argument(
        "schedules", nargs="*", metavar="TEXT", help="schedules in the text form; none, or -: lines of standard input"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="updates (default: the length of each schedule)")
    parser.add_argument(
        "--distance", type=float, default=1.0, metavar="D", help="distance from the start to the solution (default: 1)"
    )
    parser.add_argument("--norm", type=float, default=1.0, metavar="G", help="bound on the gradient norms (default: 1)")
    parser.add_argument(
        "--norms", metavar="FILE", help="a file with a gradient norm for each update, instead of --norm"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from .._core.theory import compare

    texts: list[str] = []
    for text in arguments.schedules or ["-"]:
        texts += [line.strip() for line in sys.stdin if line.strip()] if text == "-" else [text]
    if not texts:
        raise StepsizeError("score: no schedule, expected at least one")
    norms = arguments.norm if arguments.norms is None else read_numbers(arguments.norms)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scores = compare(texts, arguments.steps, arguments.distance, norms)
    for warning in caught:
        note(f"{warning.message} (--steps)")
    print(f"{'omega':>12} {'gamma':>12} {'times best':>10}  schedule")
    for each in scores:
        print(f"{each.omega:12.6g} {each.gamma:12.6g} {each.omega / scores[0].omega:10.4f}  {each.schedule}")
    return 0
