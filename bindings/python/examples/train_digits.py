#!/usr/bin/env python3
"""Six ways to set the learning rate, compared on a small real problem.

A two-layer network (64-32-10, tanh, softmax cross-entropy) learns handwritten
digits by minibatch SGD with momentum, from a good base learning rate, a tenth
of it, and ten times it. The table shows what each setting makes of each.

    python3 bindings/python/examples/train_digits.py
    python3 bindings/python/examples/train_digits.py --curves build/demo/curves.csv

Needs numpy; shows its progress with rich where that is installed.
bindings/c/examples/train_digits.c is the same experiment in C: same random
numbers, and the same table wherever training is stable enough for rounding
errors to stay small.
"""

import argparse
import math
import os
import statistics
import sys
from pathlib import Path

# Threads cost more than they bring for matrices this small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import stepsize

DATA = Path(__file__).resolve().parents[3] / "Examples" / "data" / "digits.csv"
ROWS, PIXELS, HIDDEN, CLASSES = 1797, 64, 32, 10
TRAIN, BATCH, MOMENTUM = 1347, 32, 0.9
SPLIT_SEED = 0  # training runs are numbered from 1
BASE_RATES = (0.01, 0.1, 1.0)  # as a constant, 0.1 is good: from 0.05 to 0.3 all are, from 0.5 on none
SETTINGS = ("constant", "linear", "cosine", "warmup+cosine", "greedy", "greedy*linear")
TARGET = 0.95  # test accuracy whose first reaching is counted in updates
CURVE_EVERY = 10  # updates per row of the curves and per look at the test set
BLIND_LOSS = math.log(CLASSES)  # the loss of a guess that ignores the image


# ---- The learning rate: the calls of the library -----------------------------


def make_scheduler(setting, base_lr, updates):
    warmup = max(1, updates // 20)
    schedules = {
        "constant": stepsize.Constant(),
        "linear": stepsize.Linear(total=updates),
        "cosine": stepsize.Cosine(total=updates),
        "warmup+cosine": stepsize.Warmup(warmup) >> stepsize.Cosine(total=updates - warmup),
        "greedy": stepsize.Constant(),
        "greedy*linear": stepsize.Linear(total=updates),
    }
    controller = stepsize.GreedyLR() if setting.startswith("greedy") else None
    return stepsize.Scheduler(base_lr, schedule=schedules[setting], controller=controller)


# ---- Random numbers ---------------------------------------------------------


class Random:
    """splitmix64: a few lines in any language, so that C and Python draw the same."""

    STRIDE = 0x9E3779B97F4A7C15

    def __init__(self, seed):
        self.state = seed * 0xBF58476D1CE4E5B9 % 2**64  # neighbouring seeds start far apart

    def uniform(self, count):
        """The next `count` numbers in [0, 1)."""
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(self.STRIDE) + np.uint64(self.state)
        self.state = (self.state + count * self.STRIDE) % 2**64
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def shuffled(self, values):
        """A Fisher-Yates shuffle of a copy of the list."""
        values = list(values)
        lasts = range(len(values) - 1, 0, -1)
        for last, u in zip(lasts, self.uniform(len(lasts)).tolist()):
            other = int(u * (last + 1))
            values[last], values[other] = values[other], values[last]
        return values


# ---- Data, network and training ---------------------------------------------


def load(path):
    """Training and test images and labels, split at random by a fixed seed."""
    try:
        rows = np.loadtxt(path, delimiter=",")
    except OSError:
        sys.exit(f"train_digits: {path}: cannot be opened (--data FILE names another place)")
    except ValueError:
        rows = np.empty(0)
    if rows.shape != (ROWS, PIXELS + 1) or rows.min() < 0 or rows[:, :-1].max() > 16 or rows[:, -1].max() >= CLASSES:
        sys.exit(f"train_digits: {path}: not {ROWS} lines of {PIXELS} pixels (0 to 16) and a digit")
    rows[Random(SPLIT_SEED).shuffled(range(ROWS))] = rows.copy()
    images, labels = rows[:, :-1] / 16, rows[:, -1].astype(int)
    return (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])


def initial_weights(random):
    """Uniform with the variance that suits tanh (Glorot and Bengio 2010); biases 0."""
    w1 = (2 * random.uniform(PIXELS * HIDDEN) - 1) * math.sqrt(6 / (PIXELS + HIDDEN))
    w2 = (2 * random.uniform(HIDDEN * CLASSES) - 1) * math.sqrt(6 / (HIDDEN + CLASSES))
    return [w1.reshape(PIXELS, HIDDEN), np.zeros(HIDDEN), w2.reshape(HIDDEN, CLASSES), np.zeros(CLASSES)]


def forward(weights, images):
    w1, b1, w2, b2 = weights
    hidden = np.tanh(images @ w1 + b1)
    return hidden, hidden @ w2 + b2


def cross_entropy(logits, labels):
    """The mean loss and each image's class probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    losses = np.log(sums[:, 0]) - shifted[np.arange(len(labels)), labels]
    return losses.sum() / len(labels), exponentials / sums


def loss_and_gradient(weights, images, labels):
    hidden, logits = forward(weights, images)
    loss, delta = cross_entropy(logits, labels)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    back = (delta @ weights[2].T) * (1 - hidden * hidden)
    return float(loss), [images.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]


def accuracy(weights, images, labels):
    # argmax would return 0 for a row of NaN, and count a dead network as right on every 0.
    logits = forward(weights, images)[1]
    return float(((logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)).mean())


def train(data, scheduler, epochs, seed, record):
    """One run: (final training loss, final test accuracy, updates to TARGET or infinity)."""
    (images, labels), test = data
    random = Random(seed)
    weights = initial_weights(random)
    velocity = [np.zeros_like(w) for w in weights]
    update, reached = 0, math.inf
    for _ in range(epochs):
        order = np.array(random.shuffled(range(TRAIN)))
        for first in range(0, TRAIN - BATCH + 1, BATCH):  # the incomplete last batch is left out
            batch = order[first : first + BATCH]
            loss, gradient = loss_and_gradient(weights, images[batch], labels[batch])
            lr = scheduler.lr
            for w, v, g in zip(weights, velocity, gradient):
                v *= MOMENTUM
                v += g
                w -= lr * v
            scheduler.step(loss)  # a NaN is passed on
            record(update, loss, lr)
            update += 1
            if update % CURVE_EVERY == 0 and reached == math.inf and accuracy(weights, *test) >= TARGET:
                reached = update
    final_loss = float(cross_entropy(forward(weights, images)[1], labels)[0])
    return final_loss, accuracy(weights, *test), reached


# ---- Files, progress, table -------------------------------------------------


class Recorder:
    """Writes the rows of --curves (means of CURVE_EVERY losses) and of --trace (every update, exactly)."""

    def __init__(self, curves, trace):
        self.curves, self.trace, self.run, self.sum = curves, trace, (), 0.0
        if curves:
            print("setting,base,seed,update,loss,lr", file=curves)
        if trace:
            print("setting,base,update,loss,lr", file=trace)

    def start(self, setting, base, seed):
        self.run, self.sum = (setting, base, seed), 0.0

    def __call__(self, update, loss, lr):
        setting, base, seed = self.run
        self.sum += loss
        if (update + 1) % CURVE_EVERY == 0:
            if self.curves:
                mean = self.sum / CURVE_EVERY
                print(f"{setting},{base:g},{seed},{update + 1},{mean:.6g},{lr:.6g}", file=self.curves)
            self.sum = 0.0
        if self.trace and seed == 1:
            print(f"{setting},{base:g},{update},{loss.hex()},{lr.hex()}", file=self.trace)


def with_progress(runs):
    """The runs one by one, with a sign of life on stderr."""
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import track

            yield from track(runs, description="training", console=Console(stderr=True), transient=True)
            return
        except ImportError:
            pass
    for number, run in enumerate(runs, start=1):
        if sys.stderr.isatty():
            sys.stderr.write(f"\rrun {number}/{len(runs)}: {run[1]}, base {run[0]:g}, seed {run[2]}\033[K")
        elif run[2] == 1:
            print(f"run {number}/{len(runs)}: {run[1]}, base {run[0]:g}", file=sys.stderr)
        yield run
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def mean_sd(values, digits):
    """The mean and, from two values on, the standard deviation of the sample."""
    if not values:
        return "-"
    sd = f"{statistics.stdev(values):.{digits}f}" if len(values) > 1 else "-"
    return f"{statistics.fmean(values):.{digits}f} ± {sd}"


def print_table(results, seeds):
    header = f"{'base rate':>9}  {'setting':<13}  {'training loss':>17}  {'test accuracy, %':>16}"
    print(header + f"  {'updates to 95 %':>15}  diverged")
    previous = None
    for (base, setting), runs in results.items():
        if previous not in (None, base):
            print()
        previous = base
        # Written so that a NaN counts as diverged.
        losses = [run[0] for run in runs if run[0] < BLIND_LOSS]
        median = statistics.median_high([run[2] for run in runs])
        print(
            f"{base:>9g}  {setting:<13}  {mean_sd(losses, 4):>17}"
            f"  {mean_sd([100 * run[1] for run in runs], 1):>16}"
            f"  {'-' if median == math.inf else median:>15}  {seeds - len(losses):>6}/{seeds}"
        )
    print("\nMean ± standard deviation over the seeds; median of the updates (\"-\": not reached).")
    print("Diverged: final loss not below ln 10, that of a blind guess; the mean loss leaves these runs out,")
    print("the accuracy and the median do not.")


def count(text):
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 10000:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 10000")
    return value


def output_file(path):
    try:
        return open(path, "w", newline="") if path else None
    except OSError as error:
        sys.exit(f"train_digits: {path}: cannot be written: {error.strerror}")


def main():
    parser = argparse.ArgumentParser(prog="train_digits", description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=count, default=30, metavar="N", help="passes over the training images (30)")
    parser.add_argument("--seeds", type=count, default=5, metavar="N", help="runs of each setting and base rate (5)")
    parser.add_argument("--curves", metavar="FILE", help="write loss and rate of every 10 updates of every run (CSV)")
    parser.add_argument("--trace", metavar="FILE", help="write every update of the runs of seed 1, exactly (CSV)")
    parser.add_argument("--data", metavar="FILE", default=DATA, help="the digits (Examples/data/digits.csv)")
    options = parser.parse_args()

    data = load(options.data)
    curves, trace = output_file(options.curves), output_file(options.trace)
    updates = options.epochs * (TRAIN // BATCH)
    runs = [(base, s, seed) for base in BASE_RATES for s in SETTINGS for seed in range(1, options.seeds + 1)]
    results = {}
    try:
        recorder = Recorder(curves, trace)
        with np.errstate(all="ignore"):  # a run that blows up is a result: no warnings about it
            for base, setting, seed in with_progress(runs):
                recorder.start(setting, base, seed)
                scheduler = make_scheduler(setting, base, updates)
                run = train(data, scheduler, options.epochs, seed, recorder)
                results.setdefault((base, setting), []).append(run)
        for file in filter(None, (curves, trace)):
            file.close()
    except OSError as error:
        sys.exit(f"train_digits: cannot write the curves or the trace: {error.strerror}")
    print_table(results, options.seeds)


if __name__ == "__main__":
    main()
