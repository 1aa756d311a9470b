"""How closely a length of a problem is looked at: the same for all entrants there."""

from __future__ import annotations

from dataclasses import dataclass

TUNING_SEED = 100  # of the first run that tunes; the runs that are reported have the seeds from 0 on
BLOCK = 5  # seeds of a cell


@dataclass(frozen=True)
class Level:
    """The grid are `decades` on both sides of the usual rate in steps of 1/`steps` of a decade, then four rates between
    the best one and its neighbours. Numbers of seeds: to choose the rate, of the tuned runs, of the untuned ones, of
    those with a wrong length. `core`: the core entrants alone."""

    steps: int
    tuning: int
    tuned: int
    untuned: int
    wrong: int
    core: bool
    decades: int = 3

    def factors(self) -> list[float]:
        return [10 ** (k / self.steps) for k in range(-self.decades * self.steps, self.decades * self.steps + 1)]

    def between(self, best: float) -> list[float]:
        return [best * 10 ** (k / (3 * self.steps)) for k in (-2, -1, 1, 2)]

    def blocks(self, count: int) -> list[tuple[int, ...]]:
        """Seeds from 0 on in blocks, so that more of them keep the cells that are there."""
        return [tuple(range(first, min(first + BLOCK, count))) for first in range(0, count, BLOCK)]

    def tuning_seeds(self) -> list[int]:
        return list(range(TUNING_SEED, TUNING_SEED + self.tuning))


LEVELS = {
    "full": Level(2, tuning=3, tuned=10, untuned=3, wrong=5, core=False),
    "wide": Level(1, tuning=2, tuned=10, untuned=2, wrong=5, core=False),
    "coarse": Level(1, tuning=2, tuned=5, untuned=1, wrong=5, core=True),
    "coarsest": Level(1, tuning=1, tuned=5, untuned=1, wrong=0, core=True),
    "quick": Level(1, tuning=1, tuned=3, untuned=1, wrong=3, core=True),
    "tiny": Level(1, tuning=1, tuned=2, untuned=1, wrong=1, core=False, decades=1),
}
