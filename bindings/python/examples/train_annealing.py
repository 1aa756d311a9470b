#!/usr/bin/env python3
"""Annealing on clean data: the main phase on noisy labels, then a short phase, in which the learning rate falls, on the
few labels that are known to be right.

The data: handwritten digits. A tenth of the training images has clean labels; of the rest 30 % have a wrong one. Four
ways to train the same network with the same schedule:
  phases   noisy data until the phase "anneal" begins, then clean data alone;
  early_stop  the same, but the main phase ends when the loss has stopped improving, so that there are fewer updates;
  mixed    all data all the time;
  clean    only the clean data all the time: is the noisy data worth anything?

    python3 bindings/python/examples/train_annealing.py
    python3 bindings/python/examples/train_annealing.py --state run.state   Ctrl-C saves; the same command resumes
    python3 bindings/python/examples/train_annealing.py --record run.txt  one training; writes the schedule really used
    python3 bindings/python/examples/train_annealing.py --replay run.txt  trains with that: the same result, bit for bit

Needs numpy. bindings/c/examples/train_annealing.c is the same experiment in C, with other random numbers.
"""

import argparse
import os
import pickle
import signal
import statistics
import sys

import numpy as np
import stepsize
from train_digits import (
    BATCH,
    CLASSES,
    DATA,
    MOMENTUM,
    Random,
    accuracy,
    cross_entropy,
    forward,
    initial_weights,
    load,
    loss_and_gradient,
)

SETTINGS = ("phases", "early_stop", "mixed", "clean")
NOISE, BASE_LR = 0.3, 0.1


# ---- The learning rate and the data of each phase ----------------------------


def schedule_text(setting, updates):
    """Warm-up, constant, linear decay in the last fifth. Only the one with an early stop rule may decay sooner."""
    warmup, anneal = updates // 20, updates // 5
    main = updates - warmup - anneal
    text = f'warmup({warmup}) >> constant({main}, phase="main") >> linear({anneal}, phase="anneal")'
    rule = 'early_stop("main", patience=200, window=100, threshold=0.01)'
    return f"{rule} * ({text})" if setting == "early_stop" else text


def make_sampler(setting, scheduler, clean, count, seed):
    noisy, everything = range(clean, count), range(count)
    sources = {
        "mixed": {"main": everything},
        "clean": {"main": range(clean)},
    }.get(setting, {"main": noisy, "anneal": range(clean)})
    return stepsize.PhaseSampler(scheduler, sources, BATCH, seed=seed)


# ---- Training ----------------------------------------------------------------


class Interrupted(Exception):
    """Ctrl-C was pressed; the training stands between two updates."""


class Training:
    """One training, whose state is everything that it needs to resume."""

    stop = False  # set by Ctrl-C, looked at between two updates

    def __init__(self, setting, seed, data, scheduler):
        (self.images, labels), self.test = data
        self.setting, self.seed, self.clean = setting, seed, len(labels) // 10
        random = Random(seed + 1000)
        wrong = random.uniform(len(labels)) < NOISE
        wrong[: self.clean] = False
        others = (labels + 1 + (random.uniform(len(labels)) * (CLASSES - 1)).astype(int)) % CLASSES
        self.labels = np.where(wrong, others, labels)
        self.weights = initial_weights(Random(seed))
        self.velocity = [np.zeros_like(w) for w in self.weights]
        self.scheduler, self.anneal_start = scheduler, None
        self.sampler = make_sampler(setting, scheduler, self.clean, len(labels), seed)

    def run(self):
        """Until the schedule's end: (test loss, test accuracy, updates, first update of the annealing)."""
        for batch in self.sampler:
            phase = self.scheduler.phase
            if phase and phase.entered and phase.name == "anneal":
                self.anneal_start = phase.start
            loss, gradient = loss_and_gradient(self.weights, self.images[batch], self.labels[batch])
            for w, v, g in zip(self.weights, self.velocity, gradient):
                v *= MOMENTUM
                v += g
                w -= self.scheduler.lr * v
            self.scheduler.step(loss)
            if Training.stop:
                raise Interrupted
        images, labels = self.test
        loss = float(cross_entropy(forward(self.weights, images)[1], labels)[0])
        return loss, accuracy(self.weights, images, labels), self.scheduler.current_step, self.anneal_start

    def state(self):
        return (self.weights, self.velocity, self.anneal_start, self.sampler.state_dict(), self.scheduler)

    def load_state(self, state):
        self.weights, self.velocity, self.anneal_start, sampler, self.scheduler = state
        self.sampler.scheduler = self.scheduler
        self.sampler.load_state_dict(sampler)


def save(path, state):
    """At once or not at all."""
    with open(f"{path}.new", "wb") as file:
        pickle.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.new", path)


def experiment(data, options):
    results, interrupted = {}, None
    if options.state and os.path.exists(options.state):
        with open(options.state, "rb") as file:
            made_with, results, interrupted = pickle.load(file)
        if made_with != (options.updates, options.seeds):
            sys.exit(f"train_annealing: {options.state}: is of a training with other options")
    for setting in SETTINGS:
        for seed in range(1, options.seeds + 1):
            if (setting, seed) in results:
                continue
            training = Training(
                setting, seed, data, stepsize.Scheduler(BASE_LR, schedule_text(setting, options.updates))
            )
            if interrupted is not None:
                training.load_state(interrupted)
                interrupted = None
                print(
                    f"resuming {setting}, seed {seed}, update {training.scheduler.current_step}", file=sys.stderr
                )
            try:
                results[setting, seed] = training.run()
            except Interrupted:
                save(options.state, ((options.updates, options.seeds), results, training.state()))
                sys.exit(f"interrupted; run the same command to resume from {options.state}")
    return results


def one_training(data, options):
    """The early_stop training of seed 1, recorded; or the same with the rates and phases of a record."""
    if options.replay:
        with open(options.replay, encoding="ascii") as file:
            scheduler = stepsize.Scheduler(1.0, file.read())
    else:
        scheduler = stepsize.Scheduler(BASE_LR, schedule_text("early_stop", options.updates), record=True)
    result = Training("early_stop", 1, data, scheduler).run()
    if options.record:
        with open(options.record, "w", encoding="ascii") as file:
            print(scheduler.record.replay(), file=file)
    loss, right, updates, start = result
    print(f"early_stop, seed 1: accuracy {right.hex()}, loss {loss.hex()}, updates {updates}, anneal from {start}")


def print_table(results, seeds):
    def mean_sd(values, width, digits):
        sd = statistics.stdev(values) if len(values) > 1 else 0
        return f"{statistics.fmean(values):{width}.{digits}f} ± {sd:<{width}.{digits}f}"

    print("setting   test accuracy, %   test loss          updates          anneal from")
    for setting in SETTINGS:
        loss, right, updates, start = zip(*(results[setting, seed] for seed in range(1, seeds + 1)))
        row = [
            mean_sd([100 * r for r in right], 6, 2),
            mean_sd(loss, 7, 4),
            mean_sd(updates, 5, 0),
            mean_sd(start, 5, 0),
        ]
        print(f"{setting:<8}  " + "  ".join(row))
    print(f"Mean ± standard deviation over {seeds} seeds.")


def main():
    parser = argparse.ArgumentParser(prog="train_annealing", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--updates", type=int, default=3000, metavar="N", help="updates of a training, from 100 on (3000)"
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="trainings of each setting (5)")
    parser.add_argument("--state", metavar="FILE", help="save there on Ctrl-C; resume from there if it exists")
    parser.add_argument("--record", metavar="FILE", help="one training only; write there the schedule that was used")
    parser.add_argument("--replay", metavar="FILE", help="the same training with the schedule of that record")
    parser.add_argument("--data", metavar="FILE", default=DATA, help="the digits (Examples/data/digits.csv)")
    options = parser.parse_args()
    if options.updates < 100 or options.seeds < 1:
        parser.error("--updates must be at least 100, --seeds at least 1")
    data = load(options.data)
    if options.record or options.replay:
        one_training(data, options)
        return
    if options.state:
        signal.signal(signal.SIGINT, lambda *_: setattr(Training, "stop", True))
    print_table(experiment(data, options), options.seeds)
    if options.state and os.path.exists(options.state):
        os.remove(options.state)


if __name__ == "__main__":
    main()
