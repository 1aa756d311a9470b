"""docs/claims.md: each claim of the papers, held against the stored results of all suites."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from engine.markdown import filled, rows
from engine.statistics import holm, signed_rank

from ..entrants import ENTRANTS, LINEAR
from ..problem import PARTS, REPORT
from .greedy import AUTHORS, ratios
from .losses import Losses, Pair
from .tables import TIE, percent, share, tuned_regrets

SUITES = Path(__file__).resolve().parents[2]
LEVEL = 0.05
REPRODUCED, IN_PART, NOT, UNTESTABLE = "reproduced", "reproduced in part", "not reproduced", "not testable here"
LINEAR_PAPER = "[arXiv 2310.07831](https://arxiv.org/abs/2310.07831)"
GREEDY_PAPER = "[arXiv 2512.14527](https://arxiv.org/abs/2512.14527)"
GREEDY_CLAIM, GREEDY_SHARE = "GreedyLR is as good or better in over 90 % of the runs, at the same base rate", 0.90


def row(claim: str, paper: str, measured: str, verdict: str) -> list[str]:
    return [claim, paper, measured, f"**{verdict}**"]


def pairs_with(losses: Losses, name: str) -> list[Pair]:
    """Of the report problems, if there are any with that entrant, else of the others."""
    for parts in ((REPORT,), PARTS):
        found = [pair for pair in losses.pairs(*parts) if name in losses.runs[pair]]
        if found:
            return found
    return []


def greedy(losses: Losses) -> list[list[str]]:
    for name in (AUTHORS, "greedy"):
        pairs = pairs_with(losses, name) if name in ENTRANTS else []
        found = ratios(losses, pairs, name)
        if len(found):
            good = found <= np.log1p(TIE)
            part = " and ".join(sorted({losses.parts[pair[0]] for pair in pairs}))
            lengths = sorted({pair[1] for pair in pairs})
            settings = "its authors' settings" if name == AUTHORS else "the library's settings"
            text = (f"{share(good)} of {len(found)} comparisons within {percent(TIE)} or lower ({settings};"
                    f" {len(pairs)} pairs of {part} problems, {', '.join(map(str, lengths))} updates)")  # fmt: skip
            return [row(GREEDY_CLAIM, GREEDY_PAPER, text, REPRODUCED if good.mean() > GREEDY_SHARE else NOT)]
    return [row(GREEDY_CLAIM, GREEDY_PAPER, "no stored runs", UNTESTABLE)]


def linear(losses: Losses) -> list[list[str]]:
    """Against each other schedule of the suite, both tuned; by length."""
    claim, found = "Linear decay is better than all default schedules", []
    defaults = [one.name for one in ENTRANTS.values() if one.kind == "schedule" and not one.refined
                and "linear" not in one.name]  # fmt: skip
    pairs = losses.pairs(REPORT)
    for length in sorted({pair[1] for pair in pairs}):
        own = [pair for pair in pairs if pair[1] == length]
        names = [name for name in defaults if all(name in losses.runs[pair] for pair in own)]
        base = tuned_regrets(losses, own, LINEAR)
        differences = [np.array([each - base[pair] for pair, each in tuned_regrets(losses, own, name).items()])
                       for name in names]  # fmt: skip
        p_values = holm([signed_rank(one) for one in differences])
        lower = [name for name, one in zip(names, differences) if one.mean() > 0]
        clear = [name for name, one, p in zip(names, differences, p_values) if one.mean() > 0 and p < LEVEL]
        text = (f"lower mean loss than {len(lower)} of the {len(names)} schedules that were run (of {len(defaults)}"
                f" in the suite), clearly than {len(clear)}"
                f" ({', '.join(clear) or 'none'}; Wilcoxon, adjusted, 5 %); {len(own)} pairs of report problems,"
                f" {length} updates, each tuned")  # fmt: skip
        verdict = REPRODUCED if len(clear) == len(defaults) else IN_PART if clear else NOT
        found.append(row(claim, LINEAR_PAPER, text, verdict))
    return found or [row(claim, LINEAR_PAPER, "no stored runs of report problems", UNTESTABLE)]


def of_suite(name: str) -> list[list[str]]:
    """The claims of another suite, from its own report: its modules have the names of others here."""
    command = [sys.executable, str(SUITES / name / "report.py"), "--claims"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [row(*one) for one in json.loads(printed)]


def page(results: dict[str, Any]) -> str:
    losses = Losses(results)
    lines = greedy(losses) + linear(losses) + of_suite("logistic") + of_suite("learned")
    # Each claim's rows together.
    order = list(dict.fromkeys(line[0] for line in lines))
    lines.sort(key=lambda line: order.index(line[0]))
    return filled(f"""# The claims of the papers

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

What the papers claim that this library builds on, beside what the stored results of the suites here say: small models,
short runs, one machine. *Reproduced*: better on average, and by more than chance (a paired test, adjusted for the
number of comparisons, 5 %), against everything that the claim names; *in part*: against some of it. *Not testable
here*: what the claim is about is not published or cannot be run at this scale. A claim that is not reproduced here may
hold elsewhere.

{rows(["claim", "paper", "measured here", ""], lines)}

The reports: [schedules compared](rates.md), [refinement](refinement.md), [learned rates](learned.md).
""") + "\n"
