"""Rates and schedules on many problems, tuned and untuned.

    python -m rates --quick      six problems, core entrants: under five minutes
    python -m rates --full       the tuning and design problems, and once FROZEN is set the report problems
    python -m rates --plan       what that costs, by the measured costs
    python -m rates --check      runs a random hundredth of the stored cells again
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)] if str(HERE.parent) not in sys.path else []

from engine.check import check
from engine.files import machine, write_json
from engine.run import add_options, pool_of, run_to_the_end
from engine.store import Store

from rates import costs, plan, results
from rates.entrants import ENTRANTS
from rates.problem import PARTS
from rates.problems import PROBLEMS, SHORT, of
from rates.suite import Settings, Suite

QUICK = ("logistic iris", "logistic wine", "logistic breast_cancer", "least squares 1000", "diabetes mlp",
         "digits mlp, 15 % noise")  # fmt: skip
BUILD = HERE.parents[2] / "build" / "suites"


def settings_of(options: argparse.Namespace) -> Settings:
    if options.quick:
        settings = {"profile": "quick", "problems": QUICK, "lengths": (SHORT,), "level": "quick",
                    "optimizers": ("sgd", "adamw")}  # fmt: skip
    else:
        parts = options.parts or PARTS
        settings = {"profile": "full" if set(parts) == set(PARTS) else " ".join(parts),
                    "problems": tuple(problem.name for problem in of(*parts))}  # fmt: skip
    chosen = {"problems": options.problems, "entrants": options.entrants, "lengths": options.lengths,
              "optimizers": options.optimizers, "level": options.level}  # fmt: skip
    for name, value in chosen.items():
        if value:
            settings |= {name: value if name == "level" else tuple(value), "profile": "custom"}
    return Settings(**settings)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmark-rates", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="six problems, core entrants: under five minutes")
    parser.add_argument("--full", action="store_true", help="all problems and entrants (the default)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="these parts of the problems alone")
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), metavar="NAME", help="these problems alone")
    parser.add_argument("--entrants", nargs="+", choices=list(ENTRANTS), metavar="NAME", help="these entrants alone")
    parser.add_argument("--optimizers", nargs="+", metavar="NAME", help="these optimizers alone")
    parser.add_argument("--lengths", nargs="+", type=int, metavar="N", help="runs of so many updates alone")
    parser.add_argument("--level", metavar="NAME", help="seeds and grids of levels.py for every problem")
    parser.add_argument("--plan", action="store_true", help="what would be run, and its cost")
    parser.add_argument("--measure", action="store_true", help="measure the costs of the problems again")
    parser.add_argument("--check", action="store_true", help="run a random 1 %% of the stored cells again, and compare")
    parser.add_argument("--collect", action="store_true", help="run nothing: write what the finished cells amount to")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the aggregated results, as JSON")
    add_options(parser)
    options = parser.parse_args()
    settings = settings_of(options)
    suite = Suite(settings, Store(options.runs))
    if options.measure:
        costs.measure([PROBLEMS[name] for name in settings.problems])
        return 0
    if options.plan:
        print(plan.text(suite, options.jobs))
        return 0
    if options.check:
        found = check(suite, pool_of(options))
        for cell, what, difference in found.different:
            print(f"{cell}: {what} differs by up to {difference:.1e}")
        print(f"{parser.prog}: {found.cells} cells run again, {len({cell for cell, _, _ in found.different})} differ")
        return 1 if found.different else 0
    done, seconds = (0, 0) if options.collect else run_to_the_end(suite, options, parser.prog)
    # Only what the full suite measures goes to the repository.
    stored = HERE / "results" / "results.json"
    output = options.output or (stored if settings.profile == "full" else BUILD / f"rates-{settings.profile}.json")
    import torch

    about = machine() | {"torch": torch.__version__.split("+")[0], "jobs": options.jobs}
    write_json(output, results.collected(suite, suite.results, about))
    print(f"{parser.prog}: {done} cells run in {seconds} s; {output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
