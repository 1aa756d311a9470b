"""Stepsize in LightGBM: a callback that sets the learning rate of each boosting round.

    lightgbm.train(params, data, 200, valid_sets=[held_out],
                   callbacks=LearningRate(0.1, "greedy(patience=5) * linear(200)").callbacks)

LightGBM cannot store a callback's state in the saved model: to continue from one (``init_model=``), keep
``rate.scheduler`` with it and make the next callback by ``LearningRate.resume``. Where early stopping has kept the best
model, keep ``rate.scheduler_after(model.best_iteration)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._booster import Found, Resumed, Rounds
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core.controller import Controller
    from ._core.schedule import Schedule
    from ._core.scheduler import Scheduler
    from ._metric import Mode

__all__ = ["LearningRate"]
# A rate of 0 is an error in LightGBM; the smallest normal number of 32 bits changes nothing either.
_LEAST = 2.0**-126


class LearningRate:
    """Sets the learning rate of each round. Each training, such as that of the next fold, starts afresh.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``.
        metric: What the controller observes: "data set-metric", such as "valid_0-l2"; None for the last metric of the
            last data set.
        mode: Whether a smaller value of it is better ("min") or a larger one ("max"); None: as LightGBM says.
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
        mode: Mode | None = None,
        **options: Any,
    ) -> None:
        self._rounds: Rounds = Rounds(learning_rate, schedule, controller, metric, mode, options)

    @classmethod
    def resume(cls, scheduler: Scheduler, *, metric: str | None = None, mode: Mode | None = None) -> LearningRate:
        """A callback that continues with the scheduler of an earlier training, at its current round."""
        self = cls(scheduler.lr)
        self._rounds = Resumed(scheduler, metric, mode)
        return self

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler of the current training."""
        return self._rounds.scheduler

    def scheduler_after(self, rounds: int) -> Scheduler:
        """The scheduler as it was when the model had so many rounds, such as ``model.best_iteration``."""
        return self._rounds.after(rounds)

    @property
    def callbacks(self) -> list[Any]:
        """The two callbacks: one sets the rate before a round, one gets the metrics after it."""
        return [self, _After(self._rounds)]

    def __call__(self, env: Any) -> None:
        if env.iteration == env.begin_iteration:
            self._rounds.restart()
            self._rounds.begin(env.iteration)
        elif env.iteration not in self._rounds.states:
            raise StepsizeError("callbacks: one of the two is missing: pass callbacks=LearningRate(...).callbacks")
        env.model.reset_parameter({"learning_rate": self._rounds.rate(_LEAST, _LEAST)})


class _After:
    before_iteration = False
    order = 10

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def __call__(self, env: Any) -> None:
        found = [
            Found(f"{each[0]}-{each[1]}", float(each[2]), "max" if each[3] else "min")
            for each in env.evaluation_result_list or ()
        ]
        self._rounds.next(found, env.iteration + 1)
