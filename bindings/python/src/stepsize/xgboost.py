"""Stepsize in XGBoost: a callback that sets eta for each boosting round.

    xgboost.train(params, data, 200, evals=[(held_out, "test")],
                  callbacks=[LearningRate(0.3, "greedy(patience=5) * linear(200)")])

The state is kept in the model's attributes, and saved with it: a training that continues from a saved model
(``xgb_model=``) continues with its rates, also from the best model that ``EarlyStopping(save_best=True)`` keeps.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any

import xgboost

from ._booster import Found, Rounds
from ._foreign.errors import StepsizeError
from ._metric import mode_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core.controller import Controller
    from ._core.schedule import Schedule
    from ._core.scheduler import Scheduler
    from ._metric import Mode

__all__ = ["LearningRate"]
_ATTRIBUTE = "stepsize"
# Smaller numbers are subnormal in 32 bits, and their texts an error in XGBoost.
_LEAST = 2.0**-125
# XGBoost's own metrics, without what may follow ("ndcg@5-").
_LARGER = frozenset({"auc", "aucpr", "interval-regression-accuracy", "map", "ndcg", "pre"})
_SMALLER = frozenset({
    "aft-nloglik", "cox-nloglik", "error", "expectile", "gamma-deviance", "gamma-nloglik", "logloss", "mae", "mape",
    "merror", "mlogloss", "mphe", "poisson-nloglik", "quantile", "rmse", "rmsle", "tweedie-nloglik",
})  # fmt: skip


class LearningRate(xgboost.callback.TrainingCallback):  # type: ignore[misc,unused-ignore]
    """Sets the learning rate (eta) of each round. Each training, such as that of the next fold, starts afresh.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``.
        metric: What the controller observes: "data set-metric", such as "test-rmse"; None for the last metric of the
            last data set.
        mode: Whether a smaller value of it is better ("min") or a larger one ("max"). None: as XGBoost's own metrics
            are meant; a metric of your own needs it.
    """

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
        super().__init__()
        self._rounds = Rounds(learning_rate, schedule, controller, metric, mode, options)

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler of the current training."""
        return self._rounds.scheduler

    def before_training(self, model: Any) -> Any:
        self._rounds.restart()
        saved, present = model.attr(_ATTRIBUTE), model.num_boosted_rounds()
        if saved:
            # Version 0.1 wrote one state.
            states = json.loads(saved) if saved.startswith("{") else {str(present): saved}
            if str(present) in states:
                self._rounds.load(a2b_base64(states[str(present)]))
            else:  # a slice of the model
                last = max(states, key=int)
                self._rounds.load(a2b_base64(states[last]))
                if self.scheduler.needs_loss:
                    raise StepsizeError(
                        f"the model has {present} rounds, and the state of its controller is known after"
                        f" {' or '.join(states)}"
                    )
                self.scheduler.current_step += present - int(last)
        self._rounds.begin(present)
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        model.set_param("learning_rate", repr(self._rounds.rate(_LEAST, 0.0)))
        self._log = evals_log  # to which XGBoost adds
        return False

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._next(model)
        return False

    def after_training(self, model: Any) -> Any:
        # XGBoost does not call it after the last round where a callback before this one has stopped the training.
        if model.num_boosted_rounds() > max(self._rounds.states):
            self._next(model)
        return model

    def _next(self, model: Any) -> None:
        found = []
        for data, metrics in (self._log or {}).items():
            for name, values in metrics.items():
                # In cross-validation: the mean and the deviation.
                value = values[-1][0] if isinstance(values[-1], tuple) else values[-1]
                found.append(Found(f"{data}-{name}", float(value), _mode_of(name)))
        present, states = model.num_boosted_rounds(), self._rounds.states
        self._rounds.next(found, present)
        kept = {present}
        # Early stopping says which model is the best one, and may return to that.
        best = model.attr("best_iteration")
        if best is not None and int(best) + 1 in states:
            kept.add(int(best) + 1)
        text = {rounds: b2a_base64(states[rounds], newline=False).decode("ascii") for rounds in sorted(kept)}
        model.set_attr(**{_ATTRIBUTE: json.dumps(text)})


def _mode_of(metric: str) -> Mode | None:
    name = metric.partition("@")[0].rstrip("-")
    if name in _LARGER:
        return "max"
    return "min" if name in _SMALLER else mode_of(name)
