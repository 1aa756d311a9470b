"""For each thing that a user knows or does not, the line to paste and the figure behind it: docs/which.md, the table of
the README, and the data of `stepsize.recommend`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from engine.markdown import filled, listed, rows

from ..entrants import ENTRANTS, LINEAR, Entrant
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


def has_no_length(entrant: Entrant) -> bool:
    return fits_library(entrant) and not entrant.has_length


def has_length(entrant: Entrant) -> bool:
    return fits_library(entrant) and entrant.has_length


@dataclass(frozen=True)
class Case:
    """`takes` are the entrants that can answer, `on` the problems that it is about; `untuned`: at any base rate.
    `about` names what is special in it."""

    situation: str
    takes: Callable[[Entrant], bool] = fits_library
    on: Callable[[Any], bool] = lambda problem: True
    untuned: bool = False
    knows_length: bool = True
    about: str = ""
    question: str = ""  # of a schedule that was told another length


CASES = [
    Case("You know the length and can tune the rate"),
    Case("You know the length and cannot tune", untuned=True),
    Case("You do not know the length, but can tune", has_no_length, knows_length=False),
    Case("You know neither", has_no_length, untuned=True, knows_length=False),
    Case("The labels are noisy; you can tune", about="noisy labels",
         on=lambda problem: "noisy labels" in problem.purpose),
    Case("You fine-tune; you can tune", about="fine-tuning", on=lambda problem: problem.family == "fine-tuning"),
    Case("You go on to twice the planned length", has_length, about="longer run", question="half"),
]  # fmt: skip


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


def was_asked(losses: Losses, pair: Pair, case: Case) -> bool:
    """Where few seeds are run, nobody is told another length."""
    return not case.question or case.question in losses.runs[pair][LINEAR].entry


def ranked(losses: Losses, pairs: list[Pair], case: Case) -> list[tuple[str, np.ndarray]]:
    """The entrants that are there on all of these pairs, by their mean regret."""
    found = []
    for name in losses.names:
        if case.takes(ENTRANTS[name]):
            regrets = [regret(losses, pair, name, case) for pair in pairs]
            if regrets and None not in regrets:
                found.append((name, np.array(regrets)))
    return sorted(found, key=lambda one: one[1].mean())


@dataclass(frozen=True)
class Answer:
    """The entrants of a case, best first, with their regrets (logarithms, one for each pair); none on too few pairs."""

    case: Case
    optimizer: str
    length: int
    pairs: int
    order: list[tuple[str, np.ndarray]]


def part_of(losses: Losses) -> str:
    """The problems that count: those of the report, where there are any."""
    return next(part for part in (REPORT, DESIGN, *PARTS) if losses.pairs(part))


def answers(losses: Losses) -> list[Answer]:
    """Every case with each optimizer, by length."""
    found, part = [], part_of(losses)
    for length in sorted({pair[1] for pair in losses.pairs(part)}):
        for case in CASES:
            for optimizer in OPTIMIZERS:
                pairs = [pair for pair in losses.pairs(part, lengths=(length,)) if pair[2] == optimizer
                         and case.on(PROBLEMS[pair[0]]) and was_asked(losses, pair, case)]  # fmt: skip
                order = ranked(losses, pairs, case) if len(pairs) >= FEWEST else []
                found.append(Answer(case, optimizer, length, len(pairs), order))
    return found


def mean_regret(regrets: np.ndarray) -> str:
    return percent(np.expm1(regrets.mean()), sign=True)


def table(found: list[Answer]) -> str:
    lines = []
    for answer in found:
        (name, regrets), *others = answer.order
        second = f"{others[0][0]}: {mean_regret(others[0][1])}" if others else ""
        lines.append([answer.case.situation, OPTIMIZERS[answer.optimizer],
                      f"`{ENTRANTS[name].text(LENGTH, 0.1, answer.optimizer)}`", mean_regret(regrets),
                      f"{answer.pairs}", second])  # fmt: skip
    header = ["you", "optimizer", f"line, for {LENGTH} updates at base rate 0.1", "regret", "pairs", "next best"]
    return rows(header, lines)


def which(results: dict[str, Any]) -> str:
    losses = Losses(results)
    found = answers(losses)
    sections = []
    for length in sorted({answer.length for answer in found}):
        own = [answer for answer in found if answer.length == length]
        if not any(answer.order for answer in own):
            sections.append(f"Too few problems were measured in runs of {length:,} updates.")
            continue
        missing = dict.fromkeys(answer.case.situation for answer in own if not answer.order)
        without = f"Too few problems were measured for: {listed(list(missing))}." if missing else ""
        sections.append(f"## In runs of {length:,} updates\n\n{table([one for one in own if one.order])}\n\n{without}")
    seeds = max((len(entry["loss"]) for entry in results["entries"]), default=0)
    return filled(f"""# Which one should I use

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

The lines that did best on the {part_of(losses)} problems of the benchmark, with at most {seeds} seeds (profile
"{results["protocol"]["profile"]}"). *Regret* is the geometric mean of the last loss over that of the best tuned
schedule, minus one, over so many pairs of a problem and an optimizer; where you cannot tune, over all base rates from a
thousandth to a thousand times the usual one, for lines that have one. A difference to the next best of a few percent is
none: few seeds, small models, short runs.

`stepsize.recommend(10_000)` in Python and `stepsize recommend --total 10000` in the shell say the same for your run.

{(2 * chr(10)).join(sections)}""").rstrip() + "\n"


def summary(results: dict[str, Any]) -> str:
    """The table of the README: of the length with the most pairs, whoever knows the length."""
    losses = Losses(results)
    found = [answer for answer in answers(losses)
             if answer.order and not answer.case.about and answer.case.knows_length]  # fmt: skip
    length = max(found, key=lambda answer: (answer.pairs, answer.length)).length
    lines = []
    for answer in found:
        if answer.length == length:
            name, regrets = answer.order[0]
            text = ENTRANTS[name].text(LENGTH, 0.1, answer.optimizer)
            lines.append(["you cannot tune it" if answer.case.untuned else "you can tune the base rate",
                          OPTIMIZERS[answer.optimizer], f"`{text}`", mean_regret(regrets)])  # fmt: skip
    most = max(answer.pairs for answer in found)
    return filled(f"""For a run of known length, by {most} {part_of(losses)} problems with each optimizer in runs of
{length:,} updates; the figure is the mean of the last loss above that of the best tuned schedule:

{rows(["", "optimizer", f"best line, for {LENGTH:,} updates", "regret"], lines)}""")


# ---- The data of stepsize.recommend ----

SCALE = 1_000_000


def share_text(entrant: Entrant, optimizer: str) -> str:
    """The text form with shares of the total in the place of updates, for a base rate of 1."""
    one, two = (re.split(r"(\d+)", entrant.text(count, 1.0, optimizer)) for count in (SCALE, 2 * SCALE))
    return "".join(a if a == b else f"{100 * int(a) / SCALE:g}%" for a, b in zip(one, two))


def recommendations(results: dict[str, Any]) -> dict[str, Any]:
    losses = Losses(results)
    cases = []
    for answer in answers(losses):
        entrants = []
        for name, regrets in answer.order:
            entrant = ENTRANTS[name]
            entrants.append({
                "name": name, "text": share_text(entrant, answer.optimizer), "needs_base_lr": entrant.needs_base,
                "has_bounds": entrant.text(SCALE, 1.0, answer.optimizer) != entrant.text(SCALE, 2.0, answer.optimizer),
                "regret": round(float(np.expm1(regrets.mean())), 6),
            })  # fmt: skip
        case = answer.case
        cases.append({"situation": case.situation, "knows_length": case.knows_length, "tune": not case.untuned,
                      "about": case.about, "optimizer": answer.optimizer, "updates": answer.length,
                      "pairs": answer.pairs, "entrants": entrants})  # fmt: skip
    run, profile = results["run"], results["protocol"]["profile"]
    return {
        "made": "by `make report-rates` from stored results (Benchmarks/suites/rates/report/which.py)",
        "measured": {"date": run["date"], "profile": profile, "part": part_of(losses)},
        "cases": cases,
    }
