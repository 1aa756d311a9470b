"""Stepsize in LightGBM: a callback that sets the learning rate of each boosting round.

    lightgbm.train(params, data, 200, valid_sets=[held_out],
                   callbacks=LearningRate(0.1, "greedy(patience=5) * linear(200)").callbacks)

LightGBM cannot store a callback's state in the saved model: to continue from one (``init_model=``), keep
``callback.scheduler`` with it and make the next callback by ``LearningRate.resume``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._booster import Rounds
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core.controller import Controller
    from ._core.schedule import Schedule
    from ._core.scheduler import Scheduler

__all__ = ["LearningRate"]


class LearningRate:
    """Sets the learning rate of each round; for one training.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``.
        metric: What the controller observes: "data set-metric", such as "valid_0-l2"; None for the last metric of the
            last data set. Smaller must be better unless the controller says otherwise.
    """

    before_iteration = True
    order = 10

    def __init__(
        self,
        learning_rate: float,
        schedule: Schedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        metric: str | None = None,
        **options: Any,
    ) -> None:
        self._rounds = Rounds(learning_rate, schedule, controller, metric, options)
        self.scheduler = self._rounds.scheduler

    @classmethod
    def resume(cls, scheduler: Scheduler, *, metric: str | None = None) -> LearningRate:
        """A callback that continues with the scheduler of an earlier training, at its current round."""
        self = cls(scheduler.lr, metric=metric)
        self.scheduler = self._rounds.scheduler = scheduler
        return self

    @property
    def callbacks(self) -> list[Any]:
        """The two callbacks: one sets the rate before a round, one gets the metrics after it."""
        return [self, _After(self._rounds)]

    def __call__(self, env: Any) -> None:
        done = env.iteration - env.begin_iteration
        if done == 0:
            self._begin = self.scheduler.current_step
        elif self.scheduler.current_step != self._begin + done:
            raise StepsizeError("callbacks: one of the two is missing: pass callbacks=LearningRate(...).callbacks")
        env.model.reset_parameter({"learning_rate": self.scheduler.lr})


class _After:
    before_iteration = False
    order = 10

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def __call__(self, env: Any) -> None:
        results = env.evaluation_result_list or []
        self._rounds.next({f"{each[0]}-{each[1]}": float(each[2]) for each in results})
