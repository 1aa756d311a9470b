"""What an update costs, measured: the budget is planned with it, and the time left is estimated."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

from engine.files import read_json, write_json

from .entrants import ENTRANTS, Entrant
from .optimizers import USUAL
from .problem import Problem

FILE = Path(__file__).resolve().parent / "costs.json"
FEW, MANY = 4, 40  # runs at once


def measured(problem: Problem, optimizer: str) -> dict[str, float]:
    """Seconds of an update, and for each run more in it."""
    from .training import Part, train

    found = []
    for runs in (FEW, MANY):
        updates = 20
        parts = [Part(ENTRANTS["constant"], (USUAL[optimizer] * 0.01,), updates)]
        train(problem, optimizer, parts, list(range(runs)), 2)
        begun = time.process_time()
        train(problem, optimizer, parts, list(range(runs)), 2)
        rest = time.process_time() - begun
        begun = time.process_time()
        train(problem, optimizer, parts, list(range(runs)), 2 + updates)
        found.append(max(1e-6, time.process_time() - begun - rest) / updates)
    each = max(1e-7, (found[1] - found[0]) / (MANY - FEW))
    fixed = max(1e-4, found[0] - FEW * each)
    return {"update": float(f"{fixed:.3g}"), "run": float(f"{each:.3g}")}


def measure(problems: list[Problem]) -> None:
    """Prints as it goes; keeps what is there of other problems."""
    for problem in problems:
        for optimizer in problem.optimizers:
            found = measured(problem, optimizer)
            name = f"{problem.name}, {optimizer}"
            fixed, each = found["update"] * 1e3, found["run"] * 1e6
            print(f"{name}: {fixed:.2f} ms an update, {each:.0f} us more a run", flush=True)
            write_json(FILE, dict(sorted((read() | {name: found}).items())))
            read.cache_clear()


@cache
def read() -> dict:
    return read_json(FILE) if FILE.exists() else {}


def of(problem: Problem, optimizer: str, entrant: Entrant) -> tuple[float, float]:
    """Seconds of an update of an array, and for each run in it, roughly."""
    known = read().get(f"{problem.name}, {optimizer}", {"update": 1e-3, "run": 1e-4})
    fixed, each = known["update"], known["run"]
    if entrant.package:
        each += 2.5e-4
    elif entrant.kind in ("controller", "no rate"):
        each += 3e-6
    return (2 * fixed, 2 * each) if entrant.name == "line search" else (fixed, each)
