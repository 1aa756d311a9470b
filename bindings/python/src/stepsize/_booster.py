"""What the callbacks of XGBoost and LightGBM share: a scheduler whose update is a boosting round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._core.scheduler import Scheduler
from ._foreign.caller import warn
from ._foreign.errors import StepsizeError
from ._metric import Observed, check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._core.controller import Controller
    from ._core.schedule import Schedule
    from ._metric import Mode


class Found(NamedTuple):
    """The value of a metric after a round, and what the booster says of it."""

    name: str
    value: float
    better: Mode | None


class Rounds(Observed):
    """A scheduler, the name of the metric that its controllers observe, and its states after earlier rounds."""

    def __init__(
        self,
        learning_rate: float | Iterable[float],
        schedule: Schedule | str | None,
        controller: Controller | Iterable[Controller] | None,
        metric: str | None,
        mode: Mode | None,
        options: dict[str, Any],
    ) -> None:
        super().__init__(learning_rate, schedule, controller, mode, options)
        self.metric = metric
        self._warned = False
        # By the number of rounds in the model. A booster that stops early keeps the best model, not the last.
        self.states: dict[int, bytes] = {}

    def begin(self, rounds: int) -> None:
        """At the start of a training, on a model with that many rounds."""
        self._warned = False
        self.states = {rounds: self.scheduler.state()}

    def rate(self, least: float, instead: float) -> float:
        """The rate of the next round, or `instead` where it is below the least that the booster accepts."""
        rate = self.scheduler.lr
        if rate >= least:
            return rate
        if not self._warned:
            self._warned = True
            warn(
                f"the rate is {rate!r} from round {self.scheduler.current_step} on, and these rounds change nothing:"
                " train fewer, or give a longer schedule or a min_lr"
            )
        return instead

    def next(self, found: Sequence[Found], rounds: int) -> None:
        """After a round; the model has that many now."""
        if self.scheduler.needs_loss:
            one = self._chosen(found)
            self.observe(one.name, one.value, one.better)
        else:
            self.scheduler.advance()
        self.states[rounds] = self.scheduler.state()

    def _chosen(self, found: Sequence[Found]) -> Found:
        if not found:
            raise StepsizeError("metric: the controller needs an evaluation set: pass evals=, valid_sets= or eval_set=")
        for one in found:
            if self.metric == one.name:
                return one
        if self.metric is not None:
            known = ", ".join(repr(one.name) for one in found)
            raise StepsizeError(f"metric = {self.metric!r}, expected one of {known}")
        return found[-1]

    def after(self, rounds: int) -> Scheduler:
        """The scheduler as it was when the model had that many rounds."""
        if rounds not in self.states:
            first, last = min(self.states, default=0), max(self.states, default=0)
            raise StepsizeError(f"rounds = {rounds}, expected an integer from {first} to {last}")
        return Scheduler.from_state(self.states[rounds])


class Resumed(Rounds):
    """Continues with the scheduler of an earlier training."""

    def __init__(self, scheduler: Scheduler, metric: str | None, mode: Mode | None) -> None:
        super().__init__(scheduler.base_lrs, scheduler.schedule, scheduler.controllers, metric, None, {})
        self.mode, self.scheduler, self._start = mode, scheduler, scheduler.state()

    def begin(self, rounds: int) -> None:
        done = self.scheduler.current_step
        if 0 < rounds < done:
            raise StepsizeError(
                f"scheduler: it is at round {done}, and the model has {rounds} rounds: pass"
                f" rate.scheduler_after({rounds})"
            )
        super().begin(rounds)

    def _decide(self, metric: str, better: Mode | None) -> None:
        check(self.scheduler, metric, better)  # it is not replaced
