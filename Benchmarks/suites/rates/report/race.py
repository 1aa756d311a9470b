"""docs/race.md: what a search inside the budget costs and gains (rates/race.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
from engine.markdown import filled, rows

from ..entrants import LINEAR
from .losses import Losses, Pair, Run
from .tables import HEADER, percent, regrets, tuned_regrets, untuned_regrets

RIVALS = ["auto", "auto, without a length", "calibrated linear", LINEAR]


def of_length(losses: Losses, entries: list[dict[str, Any]], shares: list[float], length: int) -> str:
    own: dict[float, dict[Pair, float]] = {share: {} for share in shares}
    for entry in entries:
        pair = (entry["problem"], entry["length"], entry["optimizer"])
        if length == entry["length"] and pair in losses.runs and pair not in losses.overfitting:
            own[entry["share"]][pair] = losses.regret(pair, Run(entry).logs())
    pairs = [pair for pair in losses.runs if all(pair in each for each in own.values())]
    lines = [[f"race, {percent(share)} of the budget", f"{len(pairs)}",
              *regrets(np.array([own[share][pair] for pair in pairs]))] for share in shares]  # fmt: skip
    for name in RIVALS:
        if pairs and all(name in losses.runs[pair] for pair in pairs):
            tuned = np.array(list(tuned_regrets(losses, pairs, name).values()))
            lines.append([name + (", tuned" if name == LINEAR else ""), f"{len(pairs)}", *regrets(tuned)])
    every = np.array([one for pair in pairs for one in untuned_regrets(losses, pair, LINEAR)])
    if len(every):
        lines.append([f"{LINEAR}, at any base rate", f"{len(pairs)}", *regrets(every)])
    verdict = ""
    if pairs and all("auto" in losses.runs[pair] for pair in pairs):
        mean, share = min((np.mean([own[share][pair] for pair in pairs]), share) for share in shares)
        other = np.mean(list(tuned_regrets(losses, pairs, "auto").values()))
        verdict = (f"The best race, of {percent(share)} of the budget, has {percent(np.expm1(mean), sign=True)}, `auto`"
                   f" {percent(np.expm1(other), sign=True)}.\n")  # fmt: skip
    return f"""## {length} updates

{rows(["", "pairs", *HEADER], lines)}

{verdict}"""


def page(results: dict[str, Any], raced: dict[str, Any]) -> str:
    losses, entries = Losses(results), raced["entries"]
    lengths = sorted({entry["length"] for entry in entries})
    kept = ", then ".join(f"{count}" for count in raced["kept"])
    return filled(f"""# A race inside the budget

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

Where losses are noisy, theory asks for a search ([arXiv 2402.03126](https://arxiv.org/abs/2402.03126)). The simplest
one: short runs at many base rates from the same start, {kept}, of which the ones with the lowest training loss continue
([successive halving](https://arxiv.org/abs/1502.07943)); then one run from the start with linear decay, at the rate
that is left. What the race costs is taken from the last run. Base rates from a thousandth to a thousand times the usual
one; nothing else is chosen. *Regret* as in [the comparison of rates and schedules](rates.md), on its report problems.

{chr(10).join(of_length(losses, entries, raced["shares"], length) for length in lengths)}
The library has no race of its own; what comes nearest is [the finder](finder.md), one short run for all rates.
""") + "\n"
