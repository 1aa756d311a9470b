"""The command line: ``python -m stepsize score "linear(1000)" "cosine(1000)" --steps 1000``."""

from __future__ import annotations

import argparse
import os
import sys

from .errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def score_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "score",
        help="rank schedules by the bound that convex theory gives for them",
        description="Ranks schedules by Omega, the bound on the last loss above the best one, each at its own best"
        " base rate gamma (arXiv 2310.07831, Theorem 10).",
    )
    parser.add_argument("schedules", nargs="*", metavar="SCHEDULE", help="in the text form; none, or -: lines of input")
    parser.add_argument("--steps", type=int, metavar="N", help="updates; the length of each schedule otherwise")
    parser.add_argument("--distance", type=float, default=1.0, metavar="D", help="from start to solution (1)")
    parser.add_argument("--norm", type=float, default=1.0, metavar="G", help="bound on the gradient norms (1)")
    parser.add_argument("--norms", metavar="FILE", help="a file with one gradient norm for each update, instead")
    parser.set_defaults(run=score)


def score(arguments: argparse.Namespace) -> None:
    from .theory import compare

    texts: list[str] = []
    for text in arguments.schedules or ["-"]:
        texts += [line.strip() for line in sys.stdin if line.strip()] if text == "-" else [text]
    if not texts:
        raise StepsizeError("score: no schedule is given")
    norms: float | list[float] = arguments.norm
    if arguments.norms is not None:
        with open(arguments.norms, encoding="utf-8") as file:
            norms = [float(word) for word in file.read().split()]
    scores = compare(texts, arguments.steps, arguments.distance, norms)
    print(f"{'omega':>12} {'gamma':>12} {'times best':>10}  schedule")
    for each in scores:
        print(f"{each.omega:12.6g} {each.gamma:12.6g} {each.omega / scores[0].omega:10.4f}  {each.schedule}")


# Each adds a parser whose default `run` is the function that does it.
COMMANDS = (score_arguments,)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m stepsize", description="Learning-rate schedules.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    arguments = parser.parse_args(words)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has enough; nothing is left to be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError) as error:
        print(f"stepsize: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
