"""Runs a random part of the stored cells again and compares every number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from .pools import Cluster, Local
from .run import task_of, work
from .suite import Suite


@dataclass
class Check:
    """Cells compared, and for each that differs its name, what of it differs and by how much at most."""

    cells: int
    different: list[tuple[str, str, float]]


def check(suite: Suite, pool: Local | Cluster, fraction: float = 0.01, seed: int | None = None) -> Check:
    """At least one cell, with the others of its lot. The same processor and packages give the same bits."""
    stored = [cell for group in suite.cells() for cell in group if known(suite, cell)]
    if not stored:
        return Check(0, [])
    by_key = {suite.key(cell): cell for cell in stored}
    chosen = random.Random(seed).sample(list(by_key), max(1, round(fraction * len(by_key))))
    # Those whose lot has cells of other settings cannot be run again by these.
    lots = {tuple(lot) for lot in map(suite.results.lot, chosen) if set(lot) <= set(by_key)}
    different, count = [], 0
    for lot, _, contents in pool.map(work, (task_of(suite, [by_key[key] for key in lot]) for lot in sorted(lots))):
        for cell, content in zip(lot, contents):
            before, count = suite.read(cell), count + 1
            for name in sorted(set(before) | set(content)):
                if name not in before or name not in content or not same(before[name], content[name]):
                    largest = distance(before.get(name), content.get(name))
                    different.append((suite.name(cell), name, largest))
    return Check(count, different)


def known(suite: Suite, cell: Any) -> bool:
    return all(known(suite, one) for one in suite.needs(cell)) and suite.key(cell) in suite.results


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def distance(a: Any, b: Any) -> float:
    """The largest relative difference of two arrays; infinite where they have another shape."""
    if a is None or b is None or np.shape(a) != np.shape(b):
        return float("inf")
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(all="ignore"):
        parts = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
    return float(np.nanmax(np.append(parts, 0.0)))
