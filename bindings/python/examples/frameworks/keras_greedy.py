#!/usr/bin/env python3
"""Keras with GreedyLR over linear decay, by batches. Needs keras and one of its backends (KERAS_BACKEND)."""

import keras
import numpy as np
from stepsize.keras import LearningRate

random = np.random.default_rng(0)
inputs = random.normal(size=(640, 4)).astype("float32")
targets = np.sin(inputs.sum(1, keepdims=True)).astype("float32")
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.02), loss="mse")
rate = LearningRate(0.02, "greedy(patience=5, factor=0.9) * linear(200)")
history = model.fit(inputs, targets, batch_size=32, epochs=10, verbose=0, callbacks=[rate]).history
print(f"loss {history['loss'][0]:.4f} -> {history['loss'][-1]:.4f}, rate at the end {rate.scheduler.lr:.2e}")
