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


def signed_rank(differences) -> float:
    """p of Wilcoxon's signed-rank test; 1 where nothing differs."""
    from scipy.stats import wilcoxon

    values = np.asarray(differences, float)
    return float(wilcoxon(values).pvalue) if np.count_nonzero(values) >= 1 else 1.0


def mean_ranks(table) -> np.ndarray:
    """(columns,): of each column over the rows, 1 is the lowest value; ties share."""
    from scipy.stats import rankdata

    return rankdata(np.asarray(table, float), axis=1).mean(axis=0)


def critical_difference(columns: int, rows: int, level: float = 0.05) -> float:
    """Of mean ranks (Nemenyi, as in Demsar 2006): further apart is a difference."""
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - level, columns, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(columns * (columns + 1) / 6 / rows))
