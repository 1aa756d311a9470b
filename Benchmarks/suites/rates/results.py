"""What the finished cells amount to: an entry for each problem, length, optimizer and entrant, seed by seed.

    python -m rates.results OUTPUT FILE...     results of several calls as those of one
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from engine.check import known
from engine.files import read_json, write_json
from engine.store import Store

from .entrants import ENTRANTS, Entrant
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
    spent: dict[tuple[int, str], list[float]] = {}
    for cell in (cell for group in suite.cells() for cell in group):
        if known(suite, cell):
            level = suite.settings.level or PROBLEMS[cell.problem].lengths[cell.length]
            spent.setdefault((cell.length, level), []).append(store.seconds(suite.key(cell)))
            if cell.problem in suite.settings.problems:
                at = (cell.problem, cell.length, cell.optimizer, cell.entrant)
                groups.setdefault(at, {}).setdefault(cell.question, []).append(cell)
    entries = [entry(suite, at, found) for at, found in groups.items() if TUNED in found]
    entries.sort(key=order_of(suite))
    lengths = {name: [length for length, _ in suite.levels(PROBLEMS[name])] for name in suite.settings.problems}
    problems = [
        {"name": name, "part": PROBLEMS[name].part, "family": PROBLEMS[name].family, "purpose": PROBLEMS[name].purpose,
         "batch": PROBLEMS[name].batch,
         "lengths": {str(length): suite.settings.level or PROBLEMS[name].lengths[length] for length in lengths[name]}}
        for name in suite.settings.problems
    ]  # fmt: skip
    used, names = {level for _, level in spent}, {one["entrant"] for one in entries}
    protocol = {
        "profile": suite.settings.profile, "revision": REVISION, "frozen": FROZEN,
        "levels": {name: vars(level) for name, level in LEVELS.items() if name in used},
        "entrants": {name: described(ENTRANTS[name]) for name in suite.settings.entrants if name in names},
    }  # fmt: skip
    budget = [{"length": length, "level": level, "cells": len(found), "core_seconds": round(sum(found))}
              for (length, level), found in sorted(spent.items())]  # fmt: skip
    run = about | {name: sum(one[name] for one in budget) for name in ("cells", "core_seconds")}
    return {"protocol": protocol, "run": run, "budget": budget, "problems": problems, "entries": entries}


def described(entrant: Entrant) -> dict[str, str]:
    return {"kind": entrant.kind, "text": entrant.text(1000, 0.1, entrant.optimizers[0])}


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


def merged(several: list[dict[str, Any]]) -> dict[str, Any]:
    """Results of several calls, of other lengths or other problems, as those of one. An entry that is in more than one
    is that of the last."""
    entries, problems, budget = {}, {}, []
    for results in several:
        for one in results["entries"]:
            entries[one["problem"], one["length"], one["optimizer"], one["entrant"]] = one
        for one in results["problems"]:
            before = problems.get(one["name"], one)
            problems[one["name"]] = one | {"lengths": before["lengths"] | one["lengths"]}
        budget += results["budget"]
    protocols, run = [results["protocol"] for results in several], several[-1]["run"]
    protocol = protocols[-1] | {"profile": ", ".join(dict.fromkeys(one["profile"] for one in protocols))} | {
        name: {key: value for one in protocols for key, value in one[name].items()} for name in ("levels", "entrants")
    }  # fmt: skip
    dates = sorted({results["run"]["date"] for results in several})
    run = run | {name: sum(one[name] for one in budget) for name in ("cells", "core_seconds")}
    order = [one["name"] for one in problems.values()]
    names = list(ENTRANTS)
    found = sorted(entries.values(), key=lambda e: (order.index(e["problem"]), e["length"], e["optimizer"],
                                                    names.index(e["entrant"])))  # fmt: skip
    return {"protocol": protocol, "run": run | {"date": " and ".join(dates)}, "budget": budget,
            "problems": list(problems.values()), "entries": found}  # fmt: skip


if __name__ == "__main__":
    write_json(Path(sys.argv[1]), merged([read_json(Path(name)) for name in sys.argv[2:]]))
