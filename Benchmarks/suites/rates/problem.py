"""A problem: what is trained, on what, for how long, and which part of the suite may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .tasks.task import Task

# Which problems a method may have been made with. Rates are calibrated on the tuning problems, controllers are
# designed on the design problems; the report problems are opened when everything is frozen.
TUNING, DESIGN, REPORT = "tuning", "design", "report"
PARTS = (TUNING, DESIGN, REPORT)


@dataclass(frozen=True)
class Problem:
    """`lengths`: updates of a run, and the level at which that length is measured (`plan.py`)."""

    name: str
    part: str
    family: str
    purpose: str
    make: Callable[[], Task]
    lengths: Mapping[int, str]
    batch: int = 32
    optimizers: tuple[str, ...] = ("sgd", "adamw")
    revision: int = 1  # another one makes stored runs of this problem void

    def task(self) -> Task:
        return loaded(self.name, self.make)


@lru_cache(maxsize=2)
def loaded(name: str, make: Callable[[], Task]) -> Task:
    return make()
