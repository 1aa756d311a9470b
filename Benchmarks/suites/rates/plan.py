"""The budget: what each length of each problem costs, by the measured costs."""

from __future__ import annotations

from collections import defaultdict

from engine.markdown import rows

from .levels import Level
from .problems import PROBLEMS
from .suite import Suite


def totals(suite: Suite) -> dict[tuple[str, int], tuple[int, float]]:
    """Cells and seconds of one core, for each problem and length."""
    found: dict[tuple[str, int], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for cell in (cell for group in suite.cells() for cell in group):
        cells, seconds = found[cell.problem, cell.length]
        found[cell.problem, cell.length] = cells + 1, seconds + suite.cost(cell)
    return dict(found)


def text(suite: Suite, jobs: int) -> str:
    found = totals(suite)
    lines = []
    for (name, length), (cells, seconds) in found.items():
        problem = PROBLEMS[name]
        level = suite.settings.level or problem.lengths[length]
        lines.append([name, problem.part, f"{length}", level, f"{cells}", f"{seconds / 60:.1f}"])
    cells, seconds = sum(c for c, _ in found.values()), sum(s for _, s in found.values())
    table = rows(["problem", "part", "updates", "level", "cells", "minutes of a core"], lines)
    return f"{table}\n\n{cells} cells, {seconds / 3600:.1f} hours of a core, {seconds / 3600 / jobs:.1f} on {jobs}"


def levels(shown: dict[str, Level]) -> str:
    """What the levels mean."""
    return rows(
        ["level", "rates of the grid", "seeds to tune", "tuned", "untuned", "wrong length", "entrants"],
        [[name, f"{len(level.factors())} + 4", f"{level.tuning}", f"{level.tuned}", f"{level.untuned}",
          f"{level.wrong}", "core" if level.core else "all"] for name, level in shown.items()],
    )  # fmt: skip
