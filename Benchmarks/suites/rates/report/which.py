"""docs/which.md: for each thing that a user knows or does not, the line to paste and the figure behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from engine.markdown import filled, listed, rows

from ..entrants import ENTRANTS, Entrant
from ..problem import DESIGN, PARTS, REPORT
from ..problems import PROBLEMS
from .losses import Losses, Pair
from .tables import percent

LENGTH = 10_000  # of the lines to paste
# On fewer pairs no line is recommended.
FEWEST = 5
OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD with momentum 0.9"}


def fits_library(entrant: Entrant) -> bool:
    """Whether a line of text is all that it takes: no other package, no calibration, no run before."""
    return not entrant.package and not entrant.calibrated and not entrant.refined


@dataclass(frozen=True)
class Case:
    """`takes` are the entrants that can answer, `on` the problems that it is about; `untuned`: at any base rate."""

    situation: str
    takes: Callable[[Entrant], bool] = fits_library
    on: Callable[[Any], bool] = lambda problem: True
    untuned: bool = False
    question: str = ""  # of a schedule that was told another length


CASES = [
    Case("You know the length and can tune the rate"),
    Case("You know the length and cannot tune", untuned=True),
    Case("You do not know the length, but can tune", lambda one: fits_library(one) and not one.has_length),
    Case("You know neither", lambda one: fits_library(one) and not one.has_length, untuned=True),
    Case("The labels are noisy; you can tune", on=lambda problem: "noisy labels" in problem.purpose),
    Case("You fine-tune; you can tune", on=lambda problem: problem.family == "fine-tuning"),
    Case("You go on to twice the planned length", lambda one: fits_library(one) and one.has_length, question="half"),
]


def regret(losses: Losses, pair: Pair, name: str, case: Case) -> float | None:
    """A logarithm, None where nothing is stored: over all base rates where they are not tuned."""
    run = losses.runs[pair].get(name)
    if run is None or case.question and case.question not in run.entry:
        return None
    if case.question:
        return losses.regret(pair, run.logs(case.question))
    if case.untuned and ENTRANTS[name].needs_base:
        if "untuned" not in run.entry:
            return None
        return float(np.mean([losses.regret(pair, logs) for logs in run.untuned]))
    return losses.regret(pair, run.logs())


def ranked(losses: Losses, pairs: list[Pair], case: Case) -> list[tuple[str, np.ndarray]]:
    """The entrants that are there on all of these pairs, by their mean regret."""
    found = []
    for name in losses.names:
        if case.takes(ENTRANTS[name]):
            regrets = [regret(losses, pair, name, case) for pair in pairs]
            if regrets and None not in regrets:
                found.append((name, np.array(regrets)))
    return sorted(found, key=lambda one: one[1].mean())


def line(losses: Losses, case: Case, optimizer: str, part: str) -> list[str]:
    pairs = [pair for pair in losses.pairs(part) if pair[2] == optimizer and case.on(PROBLEMS[pair[0]])]
    order = ranked(losses, pairs, case)
    if not order or len(pairs) < FEWEST:
        return [case.situation, OPTIMIZERS[optimizer], "too few problems measured", "", f"{len(pairs)}", ""]
    (name, regrets), *others = order
    second = f"{others[0][0]}: {percent(np.expm1(others[0][1].mean()), sign=True)}" if others else ""
    return [case.situation, OPTIMIZERS[optimizer], f"`{ENTRANTS[name].text(LENGTH, 0.1, optimizer)}`",
            percent(np.expm1(regrets.mean()), sign=True), f"{len(pairs)}", second]  # fmt: skip


def which(results: dict[str, Any]) -> str:
    losses = Losses(results)
    part = next(part for part in (REPORT, DESIGN, *PARTS) if losses.pairs(part))
    lengths = listed(sorted({f"{pair[1]}" for pair in losses.pairs(part)}))
    table = rows(
        ["you", "optimizer", f"line, for {LENGTH} updates at base rate 0.1", "regret", "pairs", "next best"],
        [line(losses, case, optimizer, part) for case in CASES for optimizer in OPTIMIZERS],
    )
    seeds = max((len(entry["loss"]) for entry in results["entries"]), default=0)
    return filled(f"""# Which one should I use

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

The lines that did best on the {part} problems of the benchmark, in runs of {lengths} updates with at most {seeds}
seeds (profile "{results["protocol"]["profile"]}"). *Regret* is the geometric mean of the last loss over that of the
best tuned schedule, minus one, over so many pairs of a problem and an optimizer; where you cannot tune, over all base
rates from a thousandth to a thousand times the usual one, for lines that have one. A difference to the next best of a
few percent is none: few seeds, small models, short runs.

{table}
""") + "\n"
