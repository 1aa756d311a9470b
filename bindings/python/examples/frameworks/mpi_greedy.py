#!/usr/bin/env python3
"""MPI by mpi4py: logistic regression on scikit-learn's digits, whose processes add their gradients, and have the same
bits of rate although their losses differ. Needs mpi4py, an MPI, numpy and scikit-learn.

    mpiexec -n 2 python mpi_greedy.py
"""

import numpy as np
import stepsize
from mpi4py import MPI
from sklearn.datasets import load_digits
from stepsize.distributed import Shared, same

UPDATES = 200
network = MPI.COMM_WORLD
inputs, labels = load_digits(return_X_y=True)
inputs = inputs / 16
weights = np.zeros((64, 10))
scheduler = Shared(stepsize.Scheduler(0.5, f"greedy(patience=3, factor=0.9) * linear({UPDATES})"), network)
random = np.random.default_rng(network.rank)
for _ in range(UPDATES):
    rows = random.integers(0, 1300 // network.size, 32) * network.size + network.rank
    scores = inputs[rows] @ weights
    chances = np.exp(scores - scores.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    loss = -np.log(chances[range(32), labels[rows]]).mean()
    chances[range(32), labels[rows]] -= 1
    gradient = network.allreduce(inputs[rows].T @ chances / 32) / network.size
    weights -= scheduler.lr * gradient
    scheduler.step(loss)
same(scheduler, network)  # raises where it is not so
accuracy = ((inputs[1300:] @ weights).argmax(1) == labels[1300:]).mean()
if network.rank == 0:
    print(f"{network.size} processes in the same state after {scheduler.current_step} updates, accuracy {accuracy:.3f}")
