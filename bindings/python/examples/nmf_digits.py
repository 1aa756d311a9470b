#!/usr/bin/env python3
"""Parts of handwritten digits: a non-negative factorization with three schedules and a learned policy.

    python3 bindings/python/examples/nmf_digits.py
    python3 bindings/python/examples/nmf_digits.py --plot build/demo/nmf

Each image is approximated by a sum of parts. Batches of 200 images; the rate of each update is the schedule
times the bound that keeps the loss of the batch from rising. The policy, learned by reinforcement on other matrices,
chooses its fraction of the bound from the losses that it sees. The table has the relative error of all images at the
end. --plot draws the loss curves and the learned parts (needs matplotlib).
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import stepsize as st

DATA = Path(__file__).resolve().parents[3] / "Examples" / "data" / "digits.csv"
PARTS, BATCH, SIDE = 16, 200, 8


def load(path):
    try:
        rows = np.loadtxt(path, delimiter=",")
    except OSError:
        sys.exit(f"nmf_digits: {path}: cannot be opened (--data FILE names another place)")
    return np.ascontiguousarray(rows[:, :-1]) / 16


def schedules(updates):
    return {
        "constant": None,
        "cosine": st.Cosine(updates, floor=0.01),
        "warmup+linear": st.Warmup(updates // 20) >> st.Linear(updates - updates // 20, floor=0.01),
        "learned": st.Learned("nmf", total=updates),
    }


def smooth(losses, width):
    return np.convolve(losses, np.ones(width) / width, mode="valid")


def plot(models, prefix):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from stepsize._plots.style import legend_below, logarithmic

    prefix.parent.mkdir(parents=True, exist_ok=True)
    figure, (above, below) = plt.subplots(2, sharex=True, figsize=(7, 5.5), height_ratios=(3, 1), layout="constrained")
    for name, model in models.items():
        width = -(-1797 // BATCH)  # a pass
        losses = smooth(model.loss_history_, width)
        above.plot(np.arange(len(losses)) + width, losses, label=name, linewidth=1.3)
        below.plot(model.lr_history_[:, 1], linewidth=0.7)
    above.set(ylabel="relative loss of the batch\n(mean over a pass)", title=f"Digits, {PARTS} parts")
    below.set(ylabel="learning rate of H", xlabel="update")
    for axes in (above, below):
        logarithmic(axes.yaxis)
    legend_below(figure)
    figure.savefig(f"{prefix}_loss.png", dpi=130)

    figure, axes = plt.subplots(len(models), PARTS, figsize=(PARTS * 0.62, len(models) * 0.8), layout="constrained")
    for row, (name, model) in zip(axes, models.items()):
        for axis, part in zip(row, model.components_):
            axis.imshow(part.reshape(SIDE, SIDE), cmap="gray_r", vmin=0)
            axis.set(xticks=[], yticks=[])
        row[0].set_ylabel(name, fontsize=7)
    figure.savefig(f"{prefix}_parts.png", dpi=130)
    print(f"wrote {prefix}_loss.png and {prefix}_parts.png")


def main():
    parser = argparse.ArgumentParser(prog="nmf_digits", description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=30, metavar="N", help="passes over the images (30)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--plot", type=Path, metavar="PREFIX", help="draw PREFIX_loss.png and PREFIX_parts.png")
    parser.add_argument("--data", metavar="FILE", default=DATA, help="the digits (Examples/data/digits.csv)")
    options = parser.parse_args()

    x = load(options.data)
    models = {}
    print(f"{'schedule':<14} {'relative error':>14} {'last rate of H':>15}")
    for name, schedule in schedules(options.passes * -(-len(x) // BATCH)).items():
        model = st.StochasticNMF(
            PARTS, schedule=schedule, batch_size=BATCH, max_iter=options.passes, tol=0, random_state=options.seed
        )
        models[name] = model.fit(x)
        error = model.reconstruction_err_ / np.linalg.norm(x)
        print(f"{name:<14} {error:>14.4f} {model.lr_history_[-1, 1]:>15.3g}")
    if options.plot:
        plot(models, options.plot)


if __name__ == "__main__":
    main()
