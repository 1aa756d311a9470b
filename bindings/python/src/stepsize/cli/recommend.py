"""``stepsize recommend``: the line that did best in the benchmark suite, for what is known of a run."""

from __future__ import annotations

from ._output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "recommend",
        help="the line that did best in the benchmark suite, for what is known of a run",
        description="Prints a schedule or controller in the text form; reasons and figures go to standard error. From"
        " stored results of the benchmark suite: docs/which.md.",
    )
    parser.add_argument("--total", type=int, metavar="N", help="updates of the run (default: not known)")
    parser.add_argument("--optimizer", choices=("adamw", "sgd"), default="adamw", help="default: adamw")
    parser.add_argument("--tune", action="store_true", help="the base rate can be tuned")
    parser.add_argument("--noisy-labels", action="store_true", help="many labels are wrong")
    parser.add_argument("--fine-tuning", action="store_true", help="a trained model is trained on")
    parser.add_argument("--longer", action="store_true", help="the run may be continued to twice the total")
    parser.add_argument("--base-lr", type=float, metavar="LR", help="the base rate, for a controller with bounds")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from .._recommend import recommend

    advice = recommend(
        arguments.total, optimizer=arguments.optimizer, tune=arguments.tune, noisy_labels=arguments.noisy_labels,
        fine_tuning=arguments.fine_tuning, longer=arguments.longer, base_lr=arguments.base_lr,
    )  # fmt: skip
    print(advice.text)
    for reason in advice.reasons:
        note(reason)
    return 0
