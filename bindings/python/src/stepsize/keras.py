"""Stepsize in Keras 3, with any backend.

``Schedule`` is a ``LearningRateSchedule`` that the optimizer looks up inside its compiled update::

    model.compile(keras.optimizers.Adam(Schedule("warmup(500) >> cosine(9500)", 1e-3)), loss="mse")

``LearningRate`` is a callback for controllers (and schedules), by updates or by epochs::

    model.fit(x, y, callbacks=[LearningRate(1e-3, "greedy(patience=10) * linear(10000)")])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from ._core.schedule import Schedule as CoreSchedule
from ._core.schedule import as_schedule, held_rates
from ._core.scheduler import Scheduler
from ._foreign import convert
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._core.controller import Controller

__all__ = ["LearningRate", "Schedule"]


@keras.saving.register_keras_serializable(package="stepsize")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc,unused-ignore]
    """The exact rates of a schedule as a table in 32 bits, saved with a model as its text.

    Args:
        schedule: A schedule or its text.
        learning_rate: The base rate: finite, >= 0.
        length: Updates in the table (an integer >= 1); after them the last rate is held. None for the schedule's own
            length, and its last value after it: a schedule without an end needs a number.
    """

    def __init__(
        self, schedule: CoreSchedule | str, learning_rate: float = 1.0, *, length: int | None = None
    ) -> None:
        self.schedule = as_schedule(schedule, "schedule")
        self.learning_rate = convert.to_float(learning_rate, "learning_rate")
        self.length = length
        self._rates = [*held_rates(self.schedule, self.learning_rate, length)]

    def __call__(self, step: Any) -> Any:
        table = keras.ops.convert_to_tensor(self._rates, dtype="float32")
        return keras.ops.take(table, keras.ops.clip(keras.ops.cast(step, "int32"), 0, len(self._rates) - 1), axis=0)

    def get_config(self) -> dict[str, Any]:
        return {"schedule": str(self.schedule), "learning_rate": self.learning_rate, "length": self.length}


class LearningRate(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    """Sets the optimizer's rate for each update or epoch. ``state_dict`` and ``load_state_dict`` keep its state beside
    a saved model.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``; one update is a batch or an epoch.
        every: "batch" or "epoch".
        metric: What the controller observes, such as "loss" or, with every="epoch", "val_loss". Within an epoch Keras
            reports the mean of the epoch so far.
    """

    def __init__(
        self,
        learning_rate: float,
        schedule: CoreSchedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        every: str = "batch",
        metric: str = "loss",
        **options: Any,
    ) -> None:
        super().__init__()
        if every not in ("batch", "epoch"):
            raise StepsizeError(f"every = {every!r}, expected 'batch' or 'epoch'")
        self.every, self.metric = every, metric
        self.scheduler = Scheduler(learning_rate, schedule, controller, **options)

    def on_train_begin(self, logs: Any = None) -> None:
        if not isinstance(getattr(self.model.optimizer, "_learning_rate", None), keras.Variable):
            raise StepsizeError("learning_rate: the optimizer has its own schedule: compile the model with a number")
        self._write()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.every == "batch":
            self._next(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.every == "epoch":
            self._next(logs)

    def _next(self, logs: Any) -> None:
        if not self.scheduler.needs_loss:
            self.scheduler.step()
        elif self.metric in (logs or {}):
            self.scheduler.step(logs[self.metric])
        else:
            raise StepsizeError(f"metric = {self.metric!r}, expected one of {', '.join(map(repr, logs or ()))}")
        self._write()

    def _write(self) -> None:
        self.model.optimizer.learning_rate = self.scheduler.lr

    def state_dict(self) -> dict[str, Any]:
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self.scheduler.load_state_dict(state_dict)
