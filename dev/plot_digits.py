#!/usr/bin/env python3
"""Draws the curves that train_digits (C or Python) writes with --curves.

    python3 dev/plot_digits.py CURVES.csv [--output build/demo/digits.png]

One column of panels for each base rate: above the training loss, below the
learning rate. Lines are medians over the seeds, bands reach from the lowest to
the highest seed. A loss that is not a number, that of a run that blew up, counts
as the highest: it is drawn on the upper edge. Needs matplotlib and the package stepsize.
"""

import argparse
import csv
import math
import statistics
import sys
from collections import defaultdict
from pathlib import Path

try:
    import matplotlib
except ImportError:
    sys.exit("plot_digits: needs matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from stepsize._plots.style import legend_below, logarithmic

BLIND_LOSS = math.log(10)  # a guess that ignores the image
SMOOTHING = 5  # rows of ten updates each
# Colours that colour-blind readers can tell apart (Okabe and Ito). The dash tells the two GreedyLR settings
# from the four that are known beforehand; later lines are thinner, so that one shows under another.
STYLES = {
    "constant": ("constant", "#000000", "-", 2.2),
    "linear": ("linear", "#0072B2", "-", 3.2),
    "cosine": ("cosine", "#56B4E9", "-", 2.4),
    "warmup+cosine": ("warm-up + cosine", "#009E73", "-", 1.7),
    "greedy": ("GreedyLR", "#D55E00", (0, (4, 1.2)), 2.2),
    "greedy*linear": ("GreedyLR × linear", "#CC79A7", (0, (4, 1.2)), 2.2),
}


def read(path):
    """{(base, setting): {seed: [(update, loss, lr), ...]}} in the order of the file."""
    runs = defaultdict(lambda: defaultdict(list))
    try:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                point = int(row["update"]), float(row["loss"]), float(row["lr"])
                runs[float(row["base"]), row["setting"]][row["seed"]].append(point)
    except OSError as error:
        sys.exit(f"plot_digits: {path}: {error.strerror}")
    except (KeyError, TypeError, ValueError):
        sys.exit(f"plot_digits: {path}: not a curves file of train_digits")
    if not runs:
        sys.exit(f"plot_digits: {path}: no curves in it")
    return runs


def smooth(values):
    """The mean over a trailing window: a point never shows what came after it."""
    means = []
    for end in range(1, len(values) + 1):
        window = values[max(0, end - SMOOTHING) : end]
        means.append(sum(window) / len(window))
    return means


def over_seeds(seeds, column, edge):
    """Updates, and the lowest, median and highest value of the seeds at each."""
    series = [[row[column] for row in rows] for rows in seeds.values()]
    if column == 1:
        series = [smooth(values) for values in series]
    columns = [sorted(min(v, edge) if math.isfinite(v) else edge for v in values) for values in zip(*series)]
    updates = [row[0] for row in next(iter(seeds.values()))]
    return updates, [c[0] for c in columns], [statistics.median_high(c) for c in columns], [c[-1] for c in columns]


def draw(runs, output):
    bases = sorted({base for base, _ in runs})
    settings = [s for s in STYLES if any(setting == s for _, setting in runs)]
    seeds = max(len(by_seed) for by_seed in runs.values())
    losses = [row[1] for by_seed in runs.values() for rows in by_seed.values() for row in rows]
    # Half a decade above the highest loss that is a number.
    edge = max((3 * loss for loss in losses if math.isfinite(loss)), default=10)
    plt.rcParams.update({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False})
    figure, panels = plt.subplots(
        2, len(bases), figsize=(16, 9), dpi=100, sharex=True, sharey="row", squeeze=False, layout="constrained"
    )
    for column, base in enumerate(bases):
        for row, axis in enumerate(panels[:, column]):
            for setting in settings:
                if (base, setting) not in runs:
                    continue
                label, colour, dash, width = STYLES[setting]
                updates, low, middle, high = over_seeds(runs[base, setting], row + 1, edge)
                axis.fill_between(updates, low, high, color=colour, alpha=0.12, linewidth=0)
                axis.plot(updates, middle, color=colour, linestyle=dash, linewidth=width, label=label)
            axis.grid(True, which="major", color="0.9", linewidth=0.8)
            axis.set_axisbelow(True)
        panels[0, column].axhline(BLIND_LOSS, color="0.5", linewidth=1, linestyle=":")
        panels[0, column].set_title(f"base rate {base:g}", fontsize=15)
        panels[1, column].set_xlabel("update")
    last = max(rows[-1][0] for by_seed in runs.values() for rows in by_seed.values())
    panels[0, 0].set_xlim(0, last)
    panels[0, 0].set_ylabel("training loss (cross-entropy, nats)", fontsize=14)
    panels[1, 0].set_ylabel("learning rate", fontsize=14)
    panels[0, 0].annotate("blind guess: ln 10", (last, BLIND_LOSS), (-2, 3), textcoords="offset points",
                          ha="right", color="0.4")  # fmt: skip
    # A linear or cosine rate ends at 0, which no logarithmic axis shows: cut at a hundredth of the lowest base.
    panels[1, 0].set_ylim(bottom=bases[0] / 100)
    if not all(map(math.isfinite, losses)):
        panels[0, 0].set_ylim(top=edge)
    for axis in panels.flat:
        logarithmic(axis.yaxis)
    legend_below(figure, size=14)
    figure.suptitle(
        "Six ways to set the learning rate, handwritten digits\n"
        f"lines: median of {seeds} seeds; bands: lowest to highest; loss: mean of the last {SMOOTHING * 10} updates",
        fontsize=14,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output)


def main():
    parser = argparse.ArgumentParser(prog="plot_digits", description=__doc__.splitlines()[0])
    parser.add_argument("curves", metavar="CURVES.csv")
    default = Path(__file__).resolve().parents[1] / "build" / "demo" / "digits.png"
    parser.add_argument("--output", type=Path, default=default, metavar="FILE", help="build/demo/digits.png")
    options = parser.parse_args()
    draw(read(options.curves), options.output)
    print(options.output)


if __name__ == "__main__":
    main()
