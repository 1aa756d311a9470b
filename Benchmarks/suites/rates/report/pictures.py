"""The pictures: mean ranks with their critical difference, and the loss at every base rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from engine.files import save_picture
from engine.statistics import critical_difference, mean_ranks
from stepsize._plots.style import legend_below, logarithmic

from ..entrants import ENTRANTS
from .losses import Losses, Pair
from .tables import tuned_regrets

COLOURS = {"schedule": "#4878a8", "controller": "#d1602a", "no rate": "#3a8f5c", "package": "#8a6bb1",
           "calibrated": "#777777"}  # fmt: skip


def complete(losses: Losses, pairs: list[Pair]) -> tuple[list[str], np.ndarray]:
    """The entrants that are on every pair, and their regrets (pairs, entrants)."""
    names = [name for name in losses.names if all(name in losses.runs[pair] for pair in pairs)]
    return names, np.array([[tuned_regrets(losses, [pair], name)[pair] for name in names] for pair in pairs])


def ranks(losses: Losses, pairs: list[Pair], path: Path) -> tuple[float, list[tuple[str, float]]]:
    """Draws the critical-difference diagram; returns the difference and the ranks."""
    import matplotlib.pyplot as plt

    names, table = complete(losses, pairs)
    mean, difference = mean_ranks(table), critical_difference(len(names), len(pairs))
    order = np.argsort(mean)
    height = 0.24 * len(names) + 1.1
    figure, axes = plt.subplots(figsize=(8, height), dpi=110, layout="constrained")
    for place, index in enumerate(order):
        colour = COLOURS[ENTRANTS[names[index]].kind]
        axes.plot([mean[index], mean[index] + difference], [place, place], color=colour, alpha=0.35, lw=5,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot(mean[index], place, "o", color=colour, ms=6)
    axes.axvline(mean[order[0]] + difference, color="#999999", lw=0.8, ls=":")
    axes.set_yticks(range(len(names)), [names[index] for index in order])
    axes.invert_yaxis()
    axes.set_xlabel(f"mean rank over {len(pairs)} pairs (1 is best); bars: critical difference {difference:.2f}")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [plt.Line2D([], [], marker="o", ls="", color=colour, label=kind) for kind, colour in COLOURS.items()
               if any(ENTRANTS[name].kind == kind for name in names)]  # fmt: skip
    legend_below(figure, handles)
    save_picture(figure, path, 64)
    return difference, [(names[index], float(mean[index])) for index in order]


def robustness(losses: Losses, pairs: list[Pair], names: list[str], path: Path) -> None:
    """The geometric-mean regret at each base rate that all pairs of an entrant have; entrants without one are lines
    across."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.6), dpi=110, layout="constrained")
    shown = [name for name in names if any(name in losses.runs[pair] for pair in pairs)]
    palette = plt.get_cmap("tab10" if len(shown) <= 10 else "tab20")
    for place, name in enumerate(shown):
        found: dict[float, list[float]] = {}
        own = [pair for pair in pairs if name in losses.runs[pair]]
        label = name if len(own) == len(pairs) else f"{name}, {len(own)} of {len(pairs)} pairs"
        for pair in own:
            run = losses.runs[pair][name]
            if "untuned" in run.entry:
                rates = np.array(run.entry["rates"])
                for factor, logs in zip(rates / rates[len(rates) // 2], run.untuned):
                    found.setdefault(round(float(np.log10(factor)), 3), []).append(losses.regret(pair, logs))
        if found:
            most = max(map(len, found.values()))
            x = sorted(one for one in found if len(found[one]) == most)
            axes.plot([10.0**one for one in x], [np.exp(np.mean(found[one])) for one in x], "o-", ms=3.5,
                      color=palette(place % palette.N), label=label)  # fmt: skip
        else:
            mean = np.exp(np.mean(list(tuned_regrets(losses, own, name).values())))
            axes.axhline(mean, color=palette(place % palette.N), ls="--", label=f"{label} (no base rate)")
    axes.set(xlabel="base rate / the usual one of the optimizer", ylabel="loss / that of the tuned reference")
    for axis in (axes.xaxis, axes.yaxis):
        logarithmic(axis)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    legend_below(figure)
    save_picture(figure, path, 64)
