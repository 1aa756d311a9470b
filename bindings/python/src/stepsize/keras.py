"""Stepsize in Keras 3, with any backend.

``Schedule`` is a ``LearningRateSchedule`` that the optimizer looks up inside its compiled update::

    model.compile(keras.optimizers.Adam(Schedule("warmup(500) >> cosine(9500)", 1e-3)), loss="mse")

``LearningRate`` is a callback for controllers (and schedules), by updates or by epochs::

    model.fit(x, y, callbacks=[LearningRate(1e-3, "greedy(patience=10) * linear(10000)")])

``find(model, batches)`` runs a learning-rate range test on a model, and leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import keras

from . import _generators
from ._core import state as states
from ._core.finder import Finder, endless
from ._foreign.caller import warn
from ._foreign.errors import StepsizeError
from ._metric import Observed
from ._rates import Rates
from ._totals import made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._core.controller import Controller
    from ._core.schedule import Schedule as CoreSchedule
    from ._core.scheduler import Scheduler
    from ._metric import Mode

__all__ = ["LearningRate", "Schedule", "find"]


@keras.saving.register_keras_serializable(package="stepsize")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc,unused-ignore]
    """The exact rates of a schedule in 32 bits, saved with a model as its text. Keras's optimizers count batches for
    it, also with ``gradient_accumulation_steps``: give it ``stretch(schedule, steps)`` then.

    Where a program is compiled (JAX, TensorFlow), the first 2**20 updates are a table in it. Later ones are a call of
    the host in JAX; TensorFlow's compiled programs have none.

    Args:
        schedule: A schedule or its text.
        learning_rate: The base rate: finite, >= 0.
        length: Updates (an integer >= 1) after which the last rate is held, and of which a text gives shares
            (``"warmup(10%) >> cosine(90%)"``); None for never, and for a text without.
    """

    def __init__(
        self, schedule: CoreSchedule | str, learning_rate: float = 1.0, *, length: int | None = None
    ) -> None:
        self._rates = Rates(schedule, learning_rate, length)
        self.schedule, self.learning_rate, self.length = self._rates.schedule, self._rates.base_lr, length

    def __call__(self, step: Any) -> Any:
        if keras.backend.backend() == "jax":
            return self._rates.in_jax(getattr(step, "value", step), "float32")
        try:
            update = int(keras.ops.convert_to_numpy(step))
        except Exception:  # it is traced; each backend raises an error of its own
            return self._look_up(step)
        return keras.ops.convert_to_tensor(self._rates.at(update), dtype="float32")

    def _look_up(self, step: Any) -> Any:
        rates = self._rates
        if not rates.is_whole:
            raise StepsizeError(
                f"length: {self.schedule} is longer than the {rates.table_length} updates of the table in a compiled"
                f" program of {keras.backend.backend()}: give a length, or use the callback LearningRate"
            )
        table = keras.ops.convert_to_tensor([*rates.table], dtype="float32")
        return keras.ops.take(table, keras.ops.clip(keras.ops.cast(step, "int32"), 0, len(rates.table) - 1), axis=0)

    def get_config(self) -> dict[str, Any]:
        return {"schedule": str(self.schedule), "learning_rate": self.learning_rate, "length": self.length}


class LearningRate(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    """Sets the optimizer's rate for each update or epoch. ``state_dict`` and ``load_state_dict`` keep its state beside
    a saved model.

    The step comes from Keras: the number of the optimizer's updates (not of batches, where gradients are
    accumulated or an update is skipped), or that of the epoch. So a ``fit`` with ``initial_epoch``, or one that
    ``BackupAndRestore`` resumes, continues where the training was. Another ``fit`` on the same optimizer continues from
    the rate that was reached, and the controller starts afresh, as Keras's ``ReduceLROnPlateau`` does; a fit that
    begins at the epoch where the last one ended keeps the controller's state. With another optimizer everything starts
    afresh.

    Args:
        learning_rate: The base rate: finite, >= 0.
        schedule, controller, options: As for ``stepsize.Scheduler``; one update is one of the optimizer's,
            or an epoch. A text may give shares of the total: of ``total``, where it is given, otherwise of the epochs
            of ``fit`` or their updates.
        every: "batch" for the updates of the optimizer, or "epoch".
        metric: What the controller observes, such as "loss" or "val_loss". Within an epoch Keras reports the mean of
            the epoch so far. What is known at the end of an epoch alone, such as "val_loss", is observed with the next
            update, or with every="epoch" at once.
        mode: Whether a smaller value of it is better ("min") or a larger one ("max"). None: as Keras knows it of its
            metrics; one of your own needs it.
    """

    def __init__(
        self,
        learning_rate: float,
        schedule: CoreSchedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        every: str = "batch",
        metric: str = "loss",
        mode: Mode | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if every not in ("batch", "epoch"):
            raise StepsizeError(f"every = {every!r}, expected 'batch' or 'epoch'")
        self.every, self.metric = every, metric
        if isinstance(controller, Iterable):  # it is taken several times
            controller = list(controller)
        total = options.pop("total", None)

        def make(number: int | None) -> Observed:
            return Observed(learning_rate, schedule, controller, mode, {**options, "total": number})

        self._make = make
        # Whether `fit` knows the total, and whether it is unknown.
        self._observed, self._takes_total = made(make, total)
        self._lacks_total = self._takes_total
        self._waiting: dict[str, Any] | None = None
        # What was known at the end of an epoch, for the next update.
        self._pending: float | None = None
        self._is_loaded = self._is_first = False
        # What is added to Keras's number of the update or epoch.
        self._offset = 0
        self._optimizer: Any = None
        self._next_epoch = 0

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler of the present training."""
        if self._lacks_total:
            raise StepsizeError("total: the schedule has shares of it: give it, or wait until fit has begun")
        return self._observed.scheduler

    # ---- Keras calls these ----

    def on_train_begin(self, logs: Any = None) -> None:
        if not isinstance(getattr(self.model.optimizer, "_learning_rate", None), keras.Variable):
            raise StepsizeError("learning_rate: the optimizer has its own schedule: compile the model with a number")
        self._is_first = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # Only now, since BackupAndRestore may bring other weights, and an epoch, when the training begins.
        if self._is_first:
            self._is_first = False
            self._start(epoch)
        self._write()

    def _start(self, epoch: int) -> None:
        optimizer, observed = self.model.optimizer, self._observed
        place = epoch if self.every == "epoch" else self._updates()
        if self._takes_total and self._optimizer is not optimizer:
            self._bind(0 if epoch or self._waiting else place)
            observed = self._observed
        self._waiting = None
        if self._is_loaded:
            # The state has the step, whatever the optimizer has counted.
            self._offset = self.scheduler.current_step - place
        elif self._optimizer is not optimizer:
            if self._optimizer is not None:
                observed.restart()
            elif place > 0 and self.scheduler.controllers:
                warn(
                    f"the controller begins at {self.every} {place} without the state of the updates before:"
                    " load_state_dict of the callback restores its state"
                )
            self._pending, self._offset = None, 0
        elif epoch == 0 or epoch != self._next_epoch:
            observed.forget()
            self._pending = None
            if self.every == "epoch":
                self._offset = 0
        observed.was_told = False
        self.scheduler.current_step = place + self._offset
        self._optimizer, self._is_loaded = optimizer, False

    def _bind(self, before: int) -> None:
        """Takes the total from `fit`, in addition to the updates that were made before it."""
        epochs, batches = self.params["epochs"], self.params["steps"]
        if self.every == "epoch":
            updates = epochs
        elif batches is None:
            raise StepsizeError(
                "total: the schedule has shares of it, and fit does not know how many batches an epoch has: give it, or"
                " steps_per_epoch to fit"
            )
        else:
            updates = epochs * batches // (self.model.optimizer.gradient_accumulation_steps or 1)
        self._observed, self._lacks_total = self._make(before + updates), False
        if self._waiting is not None:
            self._load(self._waiting)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.every == "epoch":
            return
        updates = self._updates() + self._offset - self.scheduler.current_step
        if updates < 1:  # gradients are accumulated, or the update was skipped
            return
        if updates > 1:
            warn(
                f"Keras makes {updates} updates before a callback is called (steps_per_execution): the rate is the same"
                " for all of them; stepsize.keras.Schedule, in the optimizer, has one for each"
            )
        for _ in range(updates - 1):
            self.scheduler.advance()
        if not self.scheduler.needs_loss:
            self.scheduler.advance()
        elif self._pending is not None:
            self._observe(self._pending)
            self._pending = None
        elif self.metric.startswith("val_"):
            self.scheduler.advance()
        elif self.metric in (logs or {}):
            self._observe(logs[self.metric])
        else:
            raise self._missing(logs)
        self._write()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._next_epoch = epoch + 1
        value = (logs or {}).get(self.metric)
        waits = self.every == "epoch" or self.metric.startswith("val_")
        if value is None and waits and self.scheduler.needs_loss:
            if not self.metric.startswith("val_"):
                raise self._missing(logs)
            if not self._observed.was_told:
                warn(f"the controller observed nothing at the end of epoch {epoch}: {self._missing(logs)}")
        if self.every == "batch":
            self._pending = value if waits else None
            return
        if not self.scheduler.needs_loss:
            self.scheduler.advance()
        elif value is None:  # no validation in this epoch
            self.scheduler.advance()
        else:
            self._observe(value)
        self._write()

    # ---- The parts ----

    def _updates(self) -> int:
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _observe(self, value: Any) -> None:
        self._observed.observe(self.metric, float(value), self._better())

    def _better(self) -> Mode | None:
        """What Keras knows of the metric, which may carry the name of an output in front."""
        name = self.metric.removeprefix("val_")
        if name == "loss":
            return "min"
        for group in self.model.metrics:
            for metric in getattr(group, "metrics", [group]):
                direction = getattr(metric, "_direction", None)
                if direction in ("up", "down") and (name == metric.name or name.endswith(f"_{metric.name}")):
                    return "max" if direction == "up" else "min"
        return None

    def _missing(self, logs: Any) -> StepsizeError:
        known = ", ".join(map(repr, logs or ()))
        hint = ": pass validation_data to fit" if self.metric.startswith("val_") else ""
        return StepsizeError(f"metric = {self.metric!r}, expected one of {known}{hint}")

    def _write(self) -> None:
        self.model.optimizer.learning_rate = self.scheduler.lr

    def state_dict(self) -> dict[str, Any]:
        if self._lacks_total and self._waiting is not None:
            return dict(self._waiting)
        return {**self.scheduler.state_dict(), "pending": self._pending}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues, in the next ``fit``, from the state of a callback that was configured in the same way."""
        if self._takes_total:
            self._waiting = dict(state_dict)
        if not self._lacks_total:
            self._load(state_dict)

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        self._observed.load(states.unpack(state_dict), with_bases=True)
        self._pending = state_dict.get("pending")
        self._is_loaded = True


def find(model: Any, batches: Iterable[Any], **options: Any) -> Finder:
    """Trains a compiled model with a rising rate until the loss diverges, and takes it back.

        lr = find(model, batches).suggest()
        model.optimizer.learning_rate = lr

    Afterwards, also where an error ends the test, all variables of the model and of its optimizer are as before:
    weights, statistics, seeds, momenta and the count of updates; so are the generators of random numbers.

    Args:
        model: A compiled model; an optimizer with a schedule of its own has it again afterwards.
        batches: What ``train_on_batch`` takes, ``(x, y)`` or ``(x, y, sample_weight)``, from the beginning again where
            they end: a list, a ``PyDataset``, a data set of TensorFlow or a loader of torch.
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    finder = Finder(**options)
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    variables = {id(each): each for each in (*model.variables, *optimizer.variables, *model.metrics_variables)}
    before = [(each, keras.ops.copy(each.value)) for each in variables.values()]
    own = optimizer._learning_rate
    is_schedule = not hasattr(own, "assign")
    with _generators.kept():
        given = endless(batches)
        try:
            if is_schedule:
                optimizer._learning_rate = keras.Variable(0.0, trainable=False, dtype="float32")
                model.train_function = None  # compiled with the schedule
            for rate in finder:
                optimizer._learning_rate.assign(rate)
                model.reset_metrics()
                finder.tell(model.train_on_batch(*next(given), return_dict=True)["loss"])
        finally:
            if is_schedule:
                optimizer._learning_rate = own
                model.train_function = None
            for each, value in before:
                each.assign(value)
    return finder
