"""Batches from the data set of the current phase."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._foreign import convert
from .._foreign.errors import StepsizeError
from .schedule import Schedule, as_schedule
from .scheduler import Scheduler


class PhaseSampler:
    """Draws each batch from the data of the phase that the scheduler is in, such as the best data while annealing.

    An iterable of lists of indices, which ``torch.utils.data.DataLoader`` takes as its ``batch_sampler``::

        sampler = PhaseSampler(scheduler, {"main": range(50_000), "anneal": range(50_000, 60_000)}, batch_size=32)
        for x, y in DataLoader(data, batch_sampler=sampler):
            loss = train(x, y, lr=scheduler.lr)
            scheduler.step(loss)

    It ends when the schedule does, or when an early stop rule ends the last phase; without either, never. Each source
    has its own order, reshuffled after each pass, independent of the phases.

    A loader with worker processes prefetches batches: a phase then begins that much earlier in the data than in the
    rate. With ``num_workers=0`` both begin at the same update.

    Args:
        scheduler: The scheduler whose phase decides, read before each batch.
        sources: The indices of the examples for each phase. In a phase without a source the previous one is kept (at
            the start, the first one).
        batch_size: Examples in a batch, >= 1; or a schedule or its text, whose value at the current step is rounded to
            that number: ``"ramp(1000, start=32, end=256)"``.
        ramp: Updates over which the share of a new source rises linearly from 1/ramp to 1, >= 0; the rest comes from
            the previous source.
        seed: The same seed draws the same batches.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        sources: Mapping[str, Sequence[int]],
        batch_size: int | Schedule | str,
        *,
        ramp: int = 0,
        seed: int = 0,
    ) -> None:
        if not isinstance(scheduler, Scheduler):
            raise convert.wrong_type("scheduler", "a Scheduler", scheduler)
        if not isinstance(sources, Mapping) or not sources:
            raise StepsizeError("sources: expected a dictionary with the indices of at least one phase")
        for name, indices in sources.items():
            if not isinstance(name, str):
                raise convert.wrong_type("sources", "texts as keys", name)
            if len(indices) == 0:
                raise StepsizeError(f"sources: {name!r} has no examples")
        self.scheduler = scheduler
        self.sources = dict(sources)
        self.batch_size = (
            as_schedule(batch_size, "batch_size")
            if isinstance(batch_size, (Schedule, str))
            else _at_least(batch_size, "batch_size", 1)
        )
        self.ramp = _at_least(ramp, "ramp", 0)
        self.seed = convert.to_int64(seed, "seed")
        self._drawn = dict.fromkeys(self.sources, 0)
        self._current = self._before = next(iter(self.sources))
        self._since = 0  # batches since the current source began
        self._orders: dict[str, tuple[int, list[int]]] = {}

    def __iter__(self) -> Iterator[list[int]]:
        while self.scheduler.stop_reason not in ("end", "early_stop"):
            yield self.batch()

    def batch(self) -> list[int]:
        """The next batch, for the current update."""
        phase = self.scheduler.phase
        if phase is not None and phase.name in self.sources and phase.name != self._current:
            self._before, self._current, self._since = self._current, phase.name, 0
        share, count = self.share, self._count()
        self._since += 1
        if share >= 1:
            return [self._draw(self._current) for _ in range(count)]
        coin = random.Random(f"{self.seed}/{sum(self._drawn.values())}")
        return [self._draw(self._current if coin.random() < share else self._before) for _ in range(count)]

    def _count(self) -> int:
        """Examples in the next batch."""
        if isinstance(self.batch_size, int):
            return self.batch_size
        return max(1, round(self.batch_size.at(self.scheduler.current_step)))

    @property
    def share(self) -> float:
        """The share of the current source in the next batch, in (0, 1]."""
        if self._since >= self.ramp or self._before == self._current:
            return 1.0
        return (self._since + 1) / self.ramp

    def _draw(self, name: str) -> int:
        indices = self.sources[name]
        round_, position = divmod(self._drawn[name], len(indices))
        self._drawn[name] += 1
        known, order = self._orders.get(name, (-1, []))
        if known != round_:
            order = list(range(len(indices)))
            random.Random(f"{self.seed}/{name}/{round_}").shuffle(order)
            self._orders[name] = (round_, order)
        return indices[order[position]]

    def state_dict(self) -> dict[str, Any]:
        """Its position, as numbers and texts, without the sources themselves."""
        return {
            "drawn": dict(self._drawn), "current": self._current, "before": self._before, "since": self._since,
            "seed": self.seed,
        }  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues where that sampler was, which must have had sources of the same names."""
        try:
            drawn = {str(name): _at_least(count, "drawn", 0) for name, count in state_dict["drawn"].items()}
            current, before = state_dict["current"], state_dict["before"]
            since, seed = _at_least(state_dict["since"], "since", 0), convert.to_int64(state_dict["seed"], "seed")
        except (KeyError, AttributeError, TypeError) as error:
            raise StepsizeError(f"state_dict: it is not of a PhaseSampler: {error}") from None
        if set(drawn) != set(self.sources) or current not in drawn or before not in drawn:
            raise StepsizeError(f"state_dict: sources {sorted(drawn)}, expected {sorted(self.sources)}")
        self._drawn, self._current, self._before, self._since, self.seed = drawn, current, before, since, seed
        self._orders = {}


def _at_least(value: int, name: str, lowest: int) -> int:
    number = convert.to_int64(value, name)
    if number < lowest:
        raise StepsizeError(f"{name} = {number}, expected an integer >= {lowest}")
    return number
