"""How everything is tuned and trained: the same number of episodes for each contestant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass
class Found:
    values: np.ndarray
    score: float  # mean over what it was judged by; lower is better
    episodes: int
    history: list[float]


def tune(score: Callable[[np.ndarray], float], size: int, candidates: int, each: int, seed: int = 0) -> Found:
    """The best of so many points of the unit cube: first a Sobol sequence, then, for two fifths of them, normal steps
    around the best point so far. `each`: episodes for one point."""
    from scipy.stats import qmc

    random = np.random.default_rng([seed, size])
    first = candidates - candidates * 2 // 5
    sobol = qmc.Sobol(size, seed=np.random.default_rng(seed))
    points = list(sobol.random(1 << (first - 1).bit_length())[:first])
    points[0] = np.full(size, 0.9)  # for a constant: nearly the cap
    best, best_score, history = points[0], np.inf, []
    for number in range(candidates):
        if number < first:
            point = points[number]
        else:
            width = 0.15 * 0.1 ** ((number - first) / max(1, candidates - first))
            point = np.clip(best + width * random.standard_normal(size), 0, 1)
        value = score(point)
        if not value >= best_score:  # the first one too
            best, best_score = point, value if np.isfinite(value) else np.inf
        history.append(best_score)
    return Found(best, best_score, candidates * each, history)


def cross_entropy(
    score: Callable[[np.ndarray, int], float],
    mean: np.ndarray,
    deviation: np.ndarray,
    generations: int,
    population: int,
    each: int,
    seed: int,
) -> Found:
    """Minimises score(values, generation) by the cross-entropy method: the mean and the deviation of a normal
    distribution follow the best quarter. The first candidate is the mean; the instances of a generation are the same
    for all candidates. Returns the last mean: no generation is picked by its score."""
    random = np.random.default_rng([seed, 77])
    mean, deviation, elite, history = mean.astype(float), deviation.astype(float), max(2, population // 4), []
    for generation in range(generations):
        noise = random.standard_normal((population, len(mean)))
        noise[0] = 0
        points = mean + deviation * noise
        values = np.array([score(point, generation) for point in points])
        values[~np.isfinite(values)] = np.inf
        best = points[np.argsort(values, kind="stable")[:elite]]
        history.append(float(values[0]))
        mean = best.mean(axis=0)
        deviation = 0.7 * best.std(axis=0) + 0.27 * deviation + 1e-3
    return Found(mean, history[-1], generations * population * each, history)
