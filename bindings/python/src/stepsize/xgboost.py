"""Stepsize in XGBoost: a callback that sets eta for each boosting round.

    xgboost.train(params, data, 200, evals=[(held_out, "test")],
                  callbacks=[LearningRate(0.3, "greedy(patience=5) * linear(200)")])

The state is kept in the model's attributes, and saved with it: a training that continues from a saved model
(``xgb_model=``) continues with its rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xgboost

from ._booster import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core.controller import Controller
    from ._core.schedule import Schedule

__all__ = ["LearningRate"]
_ATTRIBUTE = "stepsize"


class LearningRate(xgboost.callback.TrainingCallback):  # type: ignore[misc,unused-ignore]
    """Sets the learning rate (eta) of each round.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``.
        metric: What the controller observes: "data set-metric", such as "test-rmse"; None for the last metric of the
            last data set. Smaller must be better unless the controller says otherwise.
    """

    def __init__(
        self,
        learning_rate: float,
        schedule: Schedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        metric: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._rounds = Rounds(learning_rate, schedule, controller, metric, options)
        self.scheduler = self._rounds.scheduler
        self._start = self.scheduler.state()

    def before_training(self, model: Any) -> Any:
        state = model.attr(_ATTRIBUTE)
        if state:
            self._rounds.load(state)
        else:  # the same callback in another training, such as the next fold
            self.scheduler.load_state(self._start)
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        model.set_param("learning_rate", repr(self.scheduler.lr))
        return False

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        last = {}
        for data, metrics in (evals_log or {}).items():
            for name, values in metrics.items():
                value = values[-1]
                # In cross-validation: the mean and the deviation.
                last[f"{data}-{name}"] = float(value[0] if isinstance(value, tuple) else value)
        self._rounds.next(last)
        model.set_attr(**{_ATTRIBUTE: self._rounds.save()})
        return False
