"""Multinomial logistic regression by minibatches, for many seeds and base rates at once.

The weights are one array (seeds, columns + 1, classes, rates): all rates of one seed see the same minibatches, so one
matrix product per seed serves all of them. Each (seed, rate) is the run that a plain loop would make: zero weights at
the start, a fresh permutation of the rows in every epoch, batches of `batch` rows with the incomplete last one left
out, and the rate `base * multipliers[t]` for update t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sets import Problem

BETA1, BETA2, EPSILON = 0.9, 0.95, 1e-8  # of Adam
# Logits further than this below the highest count as this far: a probability of 4e-44 changes no sum, but the
# subnormal numbers that come from lower ones slow the processor down several times.
FLOOR = -100.0


@dataclass
class Result:
    """Final training loss (nats) and accuracy, both (seeds, rates); infinity and 0 for a run that blew up.

    `norms` is (updates, rates): the norm of each minibatch gradient in the runs of the first seed, l1 for Adam and l2
    for SGD; None if it was not asked for.
    """

    loss: np.ndarray
    accuracy: np.ndarray
    norms: np.ndarray | None


def updates_of(problem: Problem, epochs: int, batch: int) -> int:
    return epochs * (len(problem.labels) // batch)


def batches(seed: int, rows: int, batch: int, epochs: int):
    """The row numbers of every minibatch of one run."""
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        yield from random.permutation(rows)[: rows - rows % batch].reshape(-1, batch)


def with_intercept(features: np.ndarray) -> np.ndarray:
    return np.hstack([features, np.ones((len(features), 1))])


def softmax_(logits: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """In place, over the last axis but one, times `scale`."""
    logits -= logits.max(axis=-2, keepdims=True)
    np.maximum(logits, FLOOR, out=logits)
    np.exp(logits, out=logits)
    logits *= scale / logits.sum(axis=-2, keepdims=True)
    return logits


def evaluate(weights: np.ndarray, features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean loss and accuracy over all rows, each (rates,), for the weights (columns, classes, rates) of one seed."""
    columns, classes, rates = weights.shape
    logits = (features @ weights.reshape(columns, -1)).reshape(-1, classes, rates)
    top = logits.max(axis=1)
    own = np.take_along_axis(logits, labels[:, None, None], axis=1)[:, 0]
    loss = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + (top - own)
    correct = logits.argmax(axis=1) == labels[:, None]
    finite = np.isfinite(loss).all(axis=0)
    return np.where(finite, loss.mean(axis=0), np.inf), np.where(finite, correct.mean(axis=0), 0.0)


def train(
    problem: Problem,
    optimizer: str,
    rates: np.ndarray,
    multipliers: np.ndarray,
    seeds: list[int],
    epochs: int,
    batch: int = 16,
    log_norms: bool = False,
) -> Result:
    """All runs of one schedule: every seed with every base rate. One multiplier for each update."""
    features, labels = with_intercept(problem.features), problem.labels
    columns, classes = features.shape[1], problem.classes
    updates = updates_of(problem, epochs, batch)
    if len(multipliers) != updates:
        raise ValueError(f"{len(multipliers)} multipliers for {updates} updates")
    rates = np.asarray(rates, dtype=float)
    shape = (len(seeds), columns, classes * len(rates))
    weights = np.zeros(shape)
    first, second, gradient = np.zeros(shape), np.zeros(shape), np.empty(shape)
    logits = np.empty((len(seeds), batch, classes * len(rates)))
    delta = logits.reshape(len(seeds), batch, classes, len(rates))
    spread = np.tile(rates, classes)  # the base rate of each column of the weights
    norms = np.empty((updates, len(rates))) if log_norms else None
    streams = zip(*(batches(seed, len(labels), batch, epochs) for seed in seeds))
    run, row = np.arange(len(seeds))[:, None], np.arange(batch)
    with np.errstate(all="ignore"):  # a run that blows up is a result
        for t, rows in enumerate(streams):
            index = np.stack(rows)
            x = features[index]
            np.matmul(x, weights, out=logits)
            softmax_(delta, 1 / batch)
            delta[run, row, labels[index]] -= 1 / batch
            np.matmul(x.transpose(0, 2, 1), logits, out=gradient)
            if norms is not None:
                own = gradient[0].reshape(-1, len(rates))
                if optimizer == "adam":
                    norms[t] = np.abs(own).sum(axis=0)
                else:
                    norms[t] = np.sqrt(np.square(own).sum(axis=0))
            if optimizer == "sgd":
                gradient *= multipliers[t] * spread
            else:
                # The moments without their factors 1 - beta, which the rate and epsilon take over.
                first *= BETA1
                first += gradient
                second *= BETA2
                np.square(gradient, out=gradient)
                second += gradient
                root = np.sqrt((1 - BETA2) / (1 - BETA2 ** (t + 1)))
                np.sqrt(second, out=gradient)
                gradient += EPSILON / root
                np.divide(first, gradient, out=gradient)
                gradient *= multipliers[t] * (1 - BETA1) / ((1 - BETA1 ** (t + 1)) * root) * spread
            weights -= gradient
        final = [evaluate(w.reshape(columns, classes, len(rates)), features, labels) for w in weights]
    return Result(np.stack([loss for loss, _ in final]), np.stack([accuracy for _, accuracy in final]), norms)


def lowest_loss(problem: Problem, iterations: int = 3000) -> float:
    """The lowest loss that L-BFGS finds: the infimum is what the losses are to be seen against."""
    from scipy.optimize import minimize

    features, labels = with_intercept(problem.features), problem.labels
    target = np.eye(problem.classes)[labels]
    shape = (features.shape[1], problem.classes)

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        logits = features @ flat.reshape(shape)
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=1, keepdims=True)
        loss = (np.log(sums[:, 0]) - (logits * target).sum(axis=1)).mean()
        return loss, (features.T @ (exponentials / sums - target) / len(labels)).ravel()

    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30}
    return float(minimize(loss_and_gradient, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options).fun)
