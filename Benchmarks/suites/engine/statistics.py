"""Tests and means that the reports share."""

from __future__ import annotations

import numpy as np


def holm(p_values: list[float]) -> list[float]:
    """Adjusted for that many tests (Holm 1979)."""
    order, adjusted, highest = np.argsort(p_values), [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def geometric_mean(values) -> float:
    return float(np.exp(np.mean(np.log(values))))
