"""What the finished cells amount to: an entry for each problem, length, optimizer and entrant, seed by seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from engine.check import known
from engine.store import Store

from .frozen import FROZEN
from .levels import LEVELS
from .problems import PROBLEMS
from .suite import DOUBLE, HALF, REPLICA, REVISION, TUNE, TUNED, UNTUNED, Cell, Suite

DIGITS = 5


def rounded(values: Any, digits: int = DIGITS) -> Any:
    """Nested lists with so many significant digits; null for what is not finite."""
    if np.ndim(values) == 0:
        return float(f"{float(values):.{digits}g}") if np.isfinite(values) else None
    return [rounded(value, digits) for value in values]


def collected(suite: Suite, store: Store, about: dict[str, Any]) -> dict[str, Any]:
    groups: dict[tuple, dict[str, list[Cell]]] = {}
    seconds, cells = 0.0, 0
    for cell in (cell for group in suite.cells() for cell in group):
        if known(suite, cell):
            seconds, cells = seconds + store.seconds(suite.key(cell)), cells + 1
            if cell.problem in suite.settings.problems:
                at = (cell.problem, cell.length, cell.optimizer, cell.entrant)
                groups.setdefault(at, {}).setdefault(cell.question, []).append(cell)
    entries = [entry(suite, at, found) for at, found in groups.items() if TUNED in found]
    problems = [
        {"name": name, "part": PROBLEMS[name].part, "family": PROBLEMS[name].family, "purpose": PROBLEMS[name].purpose,
         "batch": PROBLEMS[name].batch,
         "lengths": {str(length): suite.settings.level or level for length, level in PROBLEMS[name].lengths.items()}}
        for name in suite.settings.problems
    ]  # fmt: skip
    run = about | {"cells": cells, "core_seconds": round(seconds)}
    protocol = {"profile": suite.settings.profile, "revision": REVISION, "frozen": FROZEN,
                "levels": {name: vars(level) for name, level in LEVELS.items()}}  # fmt: skip
    entries.sort(key=order_of(suite))
    return {"protocol": protocol, "run": run, "problems": problems, "entries": entries}


def order_of(suite: Suite) -> Any:
    problems, entrants = list(suite.settings.problems), list(suite.settings.entrants)
    return lambda e: (problems.index(e["problem"]), e["length"], e["optimizer"], entrants.index(e["entrant"]))


def entry(suite: Suite, at: tuple, found: dict[str, list[Cell]]) -> dict[str, Any]:
    problem, length, optimizer, entrant = at
    tuned = joined(suite, found[TUNED])
    curve = np.log(np.maximum(tuned["curve"][0], 1e-300)).mean(axis=0)
    result = {"problem": problem, "length": length, "optimizer": optimizer, "entrant": entrant,
              "rate": rounded(tuned["rates"][0]), "loss": rounded(tuned["loss"][0]),
              "start": rounded(tuned["start"][0]), "curve": rounded(np.exp(curve))}  # fmt: skip
    if np.isfinite(tuned["accuracy"]).any():
        result["accuracy"] = rounded(tuned["accuracy"][0].mean(), 4)
    if TUNE in found:
        tuning = suite.read(found[TUNE][0])
        low, high = tuning["rates"].min(), tuning["rates"].max()
        inner = low * 1.01 < float(tuning["best"]) < high / 1.01
        mean = np.log(np.minimum(tuning["loss"], tuning["start"])).mean(axis=1).min()
        result |= {"tuning": rounded(np.exp(mean)), "edge": not inner}
    if UNTUNED in found:
        untuned = joined(suite, found[UNTUNED])
        result |= {"rates": rounded(untuned["rates"]), "untuned": rounded(untuned["loss"], 4)}
        if "curve" in untuned:
            result["lowest"] = rounded(untuned["curve"].mean(axis=1).min(axis=1), 4)
    for name, question in (("replica", REPLICA), ("half", HALF), ("double", DOUBLE)):
        if question in found:
            result[name] = rounded(joined(suite, found[question])["loss"][0])
    return result


def joined(suite: Suite, cells: list[Cell]) -> dict[str, np.ndarray]:
    """All seeds, in order."""
    contents = [suite.read(cell) for cell in sorted(cells, key=lambda cell: cell.seeds)]
    return {name: contents[0][name] if name == "rates" else np.concatenate([one[name] for one in contents], axis=1)
            for name in contents[0]}  # fmt: skip
