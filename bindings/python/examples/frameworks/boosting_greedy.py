#!/usr/bin/env python3
"""XGBoost and LightGBM with a constant rate, and with GreedyLR over linear decay. Needs xgboost, lightgbm and numpy."""

import lightgbm
import numpy as np
import stepsize.lightgbm
import stepsize.xgboost
import xgboost

ROUNDS = 60
random = np.random.default_rng(0)
inputs = random.normal(size=(600, 6))
targets = 2 * inputs[:, 0] + np.sin(3 * inputs[:, 1]) + 0.3 * random.normal(size=600)
TEXT = f"greedy(patience=2, factor=0.8) * linear({ROUNDS}, floor=0.1)"


def with_xgboost(callbacks):
    train, held_out = xgboost.DMatrix(inputs[:400], targets[:400]), xgboost.DMatrix(inputs[400:], targets[400:])
    model = xgboost.train(
        {"eta": 0.5, "nthread": 1}, train, ROUNDS, evals=[(held_out, "test")], verbose_eval=False, callbacks=callbacks
    )
    return model.predict(held_out)


def with_lightgbm(callbacks):
    train = lightgbm.Dataset(inputs[:400], targets[:400])
    held_out = lightgbm.Dataset(inputs[400:], targets[400:], reference=train)
    model = lightgbm.train(
        {"learning_rate": 0.5, "verbose": -1, "num_threads": 1}, train, ROUNDS, valid_sets=[held_out],
        callbacks=callbacks,
    )  # fmt: skip
    return model.predict(inputs[400:])


for name, predict, callbacks in (
    ("XGBoost", with_xgboost, [stepsize.xgboost.LearningRate(0.5, TEXT, metric="test-rmse")]),
    ("LightGBM", with_lightgbm, stepsize.lightgbm.LearningRate(0.5, TEXT, metric="valid_0-l2").callbacks),
):
    for rate, given in (("constant", []), ("GreedyLR over linear", callbacks)):
        error = np.sqrt(np.mean((predict(given) - targets[400:]) ** 2))
        print(f"{name:10} {rate:22} error on held-out data {error:.4f}")
