#!/usr/bin/env python3
"""scikit-learn's SGDClassifier by partial_fit, with GreedyLR over linear decay. Needs scikit-learn."""

import numpy as np
import stepsize
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from stepsize.sklearn import partial_fit

inputs, labels = load_digits(return_X_y=True)
inputs = inputs / 16
rows = np.random.default_rng(0).permutation(len(inputs))
train, test = rows[:1300], rows[1300:]
model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.1, random_state=0)
scheduler = stepsize.Scheduler(0.1, "greedy(patience=3, factor=0.9) * linear(200)", min_lr=1e-6)
for update in range(200):
    batch = np.random.default_rng(update).choice(train, 64)
    partial_fit(
        model, scheduler, inputs[batch], labels[batch], classes=range(10),
        loss=lambda: log_loss(labels[batch], model.predict_proba(inputs[batch]), labels=range(10)),  # noqa: B023
    )  # fmt: skip
print(f"accuracy {model.score(inputs[test], labels[test]):.3f}")
