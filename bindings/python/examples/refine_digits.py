#!/usr/bin/env python3
"""Refines a schedule from the gradient norms of a run, and trains again with it.

The network of train_digits.py (64-32-10, tanh, minibatch SGD with momentum) learns handwritten digits with linear
decay, at several base rates. The gradient norms of the best such run, one for each update, make a new schedule
(arXiv 2310.07831), and the network is trained from the start with that, at the same base rates and with the same
seeds; with cosine decay, too, for comparison.

    python3 bindings/python/examples/refine_digits.py
    python3 bindings/python/examples/refine_digits.py --picture build/demo/refine.png

Needs numpy, and matplotlib for the picture. The theory is about convex functions, and the loss of a network is none:
the table says what came of it.
"""

import argparse
import math
import statistics
import sys

import numpy as np
import stepsize
from train_digits import (
    BATCH,
    BLIND_LOSS,
    DATA,
    MOMENTUM,
    TRAIN,
    Random,
    accuracy,
    count,
    cross_entropy,
    forward,
    initial_weights,
    load,
    loss_and_gradient,
)

BASE_RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
LOSS_WINDOW = 42  # updates: one epoch


def train(data, schedule, base_lr, epochs, seed):
    """One run: (final training loss, final test accuracy, the log of the gradient norms, the loss of every update)."""
    (images, labels), test = data
    random = Random(seed)
    weights = initial_weights(random)
    velocity = [np.zeros_like(w) for w in weights]
    scheduler = stepsize.Scheduler(base_lr, schedule)
    log, losses = stepsize.GradientNormLog(), []
    for _ in range(epochs):
        order = np.array(random.shuffled(range(TRAIN)))
        for first in range(0, TRAIN - BATCH + 1, BATCH):
            batch = order[first : first + BATCH]
            loss, gradient = loss_and_gradient(weights, images[batch], labels[batch])
            log.add(stepsize.gradient_norm(gradient, optimizer="sgd"))
            for w, v, g in zip(weights, velocity, gradient):
                v *= MOMENTUM
                v += g
                w -= scheduler.lr * v
            scheduler.step()
            losses.append(loss)
    final = float(cross_entropy(forward(weights, images)[1], labels)[0])
    return (final if math.isfinite(final) else math.inf), accuracy(weights, *test), log, losses


def best_rate(runs):
    """The base rate with the lowest mean final training loss."""
    return min(runs, key=lambda base: statistics.fmean(run[0] for run in runs[base]))


def mean_error(values, digits):
    """The mean and its standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{statistics.fmean(values):.{digits}f} ± {error:.{digits}f}"


def print_table(results, seeds):
    print(f"\n{'schedule':<15}{'best base rate':>15}{'training loss':>20}{'minus linear':>20}{'test accuracy, %':>18}")
    reference = [run[0] for run in results["linear"][best_rate(results["linear"])]]
    for name, runs in results.items():
        base = best_rate(runs)
        losses = [run[0] for run in runs[base]]
        difference = "" if name == "linear" else mean_error([a - b for a, b in zip(losses, reference)], 5)
        edge = " *" if base in (BASE_RATES[0], BASE_RATES[-1]) else ""
        print(f"{name:<15}{f'{base:g}{edge}':>15}{mean_error(losses, 5):>20}{difference:>20}"
              f"{mean_error([100 * run[1] for run in runs[base]], 2):>18}")  # fmt: skip
    print(f"\nEach at its best base rate of {', '.join(f'{base:g}' for base in BASE_RATES)}"
          " (*: the best one is the first or last of these);\n"
          f"mean ± standard error over {seeds} seeds; the difference seed by seed.")  # fmt: skip


def draw(path, results, schedules, norms, updates):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from stepsize._plots.style import legend_below, logarithmic

    colours = {"linear": "#0072B2", "cosine": "#56B4E9", "refined": "#D55E00", "refined capped": "#CC79A7"}
    dashes = {"refined capped": (0, (4, 1.2))}
    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(8, 9), dpi=80, sharex=True, layout="constrained")
    top.plot(norms, color="0.75", linewidth=0.6, label="norm of each update")
    top.plot(stepsize.median_filter(norms), color="black", linewidth=1.6, label="their running median")
    top.set(ylabel="gradient norm (l2)", title="Gradient norms of the linear run, seed 1")
    for name, schedule in schedules.items():
        base = best_rate(results[name])
        style = {"color": colours[name], "linestyle": dashes.get(name, "-"), "linewidth": 2,
                 "label": f"{name}, base rate {base:g}"}  # fmt: skip
        middle.plot(schedule.curve(updates), **style)
        mean = np.mean([run[3] for run in results[name][base]], axis=0)
        smooth = np.convolve(mean, np.ones(LOSS_WINDOW) / LOSS_WINDOW, mode="valid")
        bottom.plot(np.arange(LOSS_WINDOW - 1, updates), smooth, **style)
    middle.set(ylabel="multiplier", title="Schedules")
    bottom.set(xlabel="update", ylabel="training loss", xlim=(0, updates - 1),
               title=f"Minibatch loss: mean over the seeds and the last {LOSS_WINDOW} updates")  # fmt: skip
    for axes in (top, bottom):
        logarithmic(axes.yaxis)
    legend_below(figure, size=10)
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(prog="refine_digits", description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=count, default=30, metavar="N", help="passes over the training images (30)")
    parser.add_argument("--seeds", type=count, default=5, metavar="N", help="runs of each schedule and base rate (5)")
    parser.add_argument("--picture", metavar="FILE", help="draw norms, schedules and losses (PNG)")
    parser.add_argument("--data", metavar="FILE", default=DATA, help="the digits (Examples/data/digits.csv)")
    options = parser.parse_args()

    data = load(options.data)
    updates = options.epochs * (TRAIN // BATCH)
    schedules, results = {}, {}

    def run_all(name, schedule):
        print(f"training with {name}", file=sys.stderr)
        schedules[name] = schedule
        with np.errstate(all="ignore"):  # a run that blows up is a result
            results[name] = {
                base: [train(data, schedule, base, options.epochs, seed) for seed in range(1, options.seeds + 1)]
                for base in BASE_RATES
            }

    run_all("linear", stepsize.Linear(total=updates))
    base = best_rate(results["linear"])
    loss, _, log, _ = results["linear"][base][0]
    if not loss < BLIND_LOSS:
        sys.exit("refine_digits: no linear run has learned anything: more epochs are needed")

    refinement = stepsize.refine(log, optimizer="sgd")
    print(f"Linear decay is best at base rate {base:g}. From the gradient norms of its seed 1:")
    print(refinement)
    run_all("refined", refinement.schedule)
    if refinement.collapsed:
        capped = stepsize.refine(log, optimizer="sgd", capped=True)
        print(capped)
        run_all("refined capped", capped.schedule)
    run_all("cosine", stepsize.Cosine(total=updates))
    print_table(results, options.seeds)
    if options.picture:
        draw(options.picture, results, schedules, log.values, updates)


if __name__ == "__main__":
    main()
