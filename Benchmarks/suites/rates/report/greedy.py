"""docs/greedylr.md: where GreedyLR wins and where it loses, as its paper (arXiv 2512.14527) counts, and when tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from engine.files import save_picture
from engine.markdown import filled, rows
from stepsize._plots.style import legend_below, logarithmic

from ..entrants import CONSTANT, ENTRANTS, LINEAR
from ..problem import REPORT
from .losses import Losses, Pair
from .tables import TIE, as_good_or_better, percent, share, tuned_regrets

AUTHORS = "greedy, its authors' settings"
AGAINST = [CONSTANT, "cosine", LINEAR]
# Table 1 of the paper: 132 runs of models of up to 500 million parameters, against four schedules.
CLAIMED, CLAIMED_LOWER = 0.8673, 0.5714
WIN, LOSS, LEVEL = "#3a8f5c", "#d1602a", "#999999"


def at_the_same_rate(losses: Losses, pairs: list[Pair], name: str, other: str) -> dict[float, list[float]]:
    """Of every pair, for each factor of the usual rate: the log of the loss of `name` over that of `other`."""
    found: dict[float, list[float]] = {}
    for pair in pairs:
        one, two = (losses.runs[pair].get(each) for each in (name, other))
        if one is None or two is None or "untuned" not in one.entry or "untuned" not in two.entry:
            continue
        rates = np.array(one.entry["rates"])
        ratios = one.untuned.mean(axis=1) - two.untuned.mean(axis=1)
        for factor, ratio in zip(rates / rates[len(rates) // 2], ratios):
            found.setdefault(round(float(np.log10(factor)), 3), []).append(float(ratio))
    return found


def ratios(losses: Losses, pairs: list[Pair], name: str) -> np.ndarray:
    """All of these, against all of `AGAINST`."""
    found = [at_the_same_rate(losses, pairs, name, other) for other in AGAINST]
    return np.array([one for each in found for logs in each.values() for one in logs])


def picture(losses: Losses, pairs: list[Pair], families: dict[str, str], path: Path) -> None:
    """Left: each pair, both tuned. Right: the same base rate for both, the usual one times a factor."""
    import matplotlib.pyplot as plt

    own = tuned_regrets(losses, pairs, AUTHORS)
    order = sorted(own, key=own.__getitem__)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, max(4.5, 0.17 * len(order) + 1)), dpi=100, layout="constrained",
        gridspec_kw={"width_ratios": [1.15, 1]},
    )  # fmt: skip
    for place, pair in enumerate(order):
        ratio = np.exp(own[pair])
        colour = WIN if own[pair] < -np.log1p(TIE) else LOSS if own[pair] > np.log1p(TIE) else LEVEL
        left.plot([1, ratio], [place, place], color=colour, lw=1.2)
        left.plot(ratio, place, "o", color=colour, ms=4)
    left.axvline(1, color="black", lw=0.8)
    left.set_yticks(range(len(order)), [f"{problem}, {optimizer}" for problem, _, optimizer in order], fontsize=7)
    for label, (problem, _, _) in zip(left.get_yticklabels(), order):
        if families[problem] == "fine-tuning":
            label.set_fontweight("bold")
    left.set(ylim=(-0.8, len(order) - 0.2), title="each at its own tuned rate (bold: fine-tuning)",
             xlabel="loss of GreedyLR / loss of the best tuned decay")  # fmt: skip
    for other, colour in zip(AGAINST, ("#777777", "#4878a8", "#8a6bb1")):
        for tuning, style in ((False, "o-"), (True, "s--")):
            some = [pair for pair in pairs if (families[pair[0]] == "fine-tuning") == tuning]
            found = at_the_same_rate(losses, some, AUTHORS, other)
            if found:
                x = sorted(found)
                label = f"against {other}" + (", fine-tuning" if tuning else "")
                right.plot([10.0**one for one in x], [np.exp(np.mean(found[one])) for one in x], style, ms=4,
                           color=colour, label=label)  # fmt: skip
    right.axhline(1, color="black", lw=0.8)
    right.set(xlabel="base rate of both / the usual one of the optimizer",
              ylabel="loss of GreedyLR / loss of the other, geometric mean",
              title="at the same base rate")  # fmt: skip
    for axis in (left.xaxis, right.xaxis, right.yaxis):
        logarithmic(axis)
    legend_below(figure)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    save_picture(figure, path, 64)


def verdict(losses: Losses, pairs: list[Pair]) -> str:
    """The paper's count, here: how often it is as good or better at the same base rate, against all of `AGAINST`."""
    found = ratios(losses, pairs, AUTHORS)
    good, lower = found <= np.log1p(TIE), found < 0
    own = np.array(list(tuned_regrets(losses, pairs, AUTHORS).values()))
    return rows(
        ["claim", "the paper", "here", ""],
        [
            ["as good or better, at the same base rate", percent(CLAIMED), share(good),
             "reproduced" if good.mean() >= CLAIMED else "not reproduced"],
            ["lower, at the same base rate", percent(CLAIMED_LOWER), share(lower),
             "reproduced" if lower.mean() >= CLAIMED_LOWER else "not reproduced"],
            ["as good or better, each at its own tuned rate", "not given", share(own <= np.log1p(TIE)), ""],
        ],
    )  # fmt: skip


def page(results: dict[str, Any], folder: Path) -> str:
    losses = Losses(results)
    families = {problem["name"]: problem["family"] for problem in results["problems"]}
    parts = []
    for length in sorted({pair[1] for pair in losses.pairs(REPORT)}):
        pairs = [pair for pair in losses.pairs(REPORT, lengths=(length,)) if AUTHORS in losses.runs[pair]]
        if not pairs:
            continue
        drawn = folder / f"pairs_{length}.png"
        picture(losses, pairs, families, drawn)
        tuning = [pair for pair in pairs if families[pair[0]] == "fine-tuning"]
        parts.append(f"""## {length} updates, {len(pairs)} pairs

![Where GreedyLR wins and loses, {length} updates]({folder.name}/{drawn.name})

{verdict(losses, pairs)}

Against each, all base rates:

{as_good_or_better(losses, pairs, AUTHORS, AGAINST)}

""")
        if tuning:
            parts.append(f"""Fine-tuning alone:

{as_good_or_better(losses, tuning, AUTHORS, AGAINST)}

""")
    text = ENTRANTS[AUTHORS].text(1000, 0.1, "adamw")
    return filled(f"""# GreedyLR, measured

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

The paper of GreedyLR ([arXiv 2512.14527](https://arxiv.org/abs/2512.14527)) compares it with other schedules *at the
same base rate*, without tuning that rate for either, and counts the runs in which its last loss is as good or better:
{percent(CLAIMED)} of 132 runs on models of up to 500 million parameters, lower in {percent(CLAIMED_LOWER)}. Here that
is counted on the report problems of the benchmark, a small transformer among them that was trained on one text and is
fine-tuned on another, with the authors' settings: patience 10, a lowest rate of a tenth of the first, the training
loss of every update averaged over 50: `{text}` at base rate 0.1. *As good*: within {percent(TIE)}.

That count says how well a base rate is forgiven that was not chosen for the problem. Whoever tunes asks the second
question, in the left half of the pictures: both at their own best rate.

{"".join(parts)}""").rstrip() + "\n"
