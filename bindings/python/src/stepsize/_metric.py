"""Which way a metric is better, and a scheduler whose controllers take it that way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._core.controllers import Learned
from ._core.scheduler import Scheduler
from ._foreign.abi import STEPSIZE_NEEDS_LOSS
from ._foreign.caller import warn
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from ._core.controller import Controller
    from ._core.schedule import Schedule

    Mode = Literal["min", "max"]

# Words that leave no doubt wherever they are in a name.
_SMALLER = frozenset({"loss", "logloss", "error", "perplexity", "mse", "rmse", "mae", "mape", "msle"})
_LARGER = frozenset({
    "accuracy", "acc", "auc", "aucpr", "auroc", "bleu", "f1", "iou", "ndcg", "precision", "r2", "recall",
})  # fmt: skip


def mode_of(name: str) -> Mode | None:
    """"min" or "max" where the name of a metric tells it: "val_loss", "eval_accuracy"; None where it does not."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    found = {mode for mode, known in (("min", _SMALLER), ("max", _LARGER)) if not known.isdisjoint(words)}
    return found.pop() if len(found) == 1 else None  # type: ignore[return-value]


def has_mode(scheduler: Scheduler, mode: Mode) -> bool:
    """Whether one of its controllers takes the metric that way."""
    return any(each._values().get("mode", "min") == mode for each in scheduler.controllers)


def check(scheduler: Scheduler, metric: str, better: Mode | None) -> None:
    """For a scheduler that the user has made: raises where its controllers take a metric the wrong way. `better` is
    what is known of the metric besides its name."""
    if not has_mode(scheduler, "min"):
        return  # the user has said it in the controllers
    better = better or mode_of(metric)
    if better == "min":
        return
    turned = " * ".join(map(str, turn(scheduler.controllers, "max")))
    if better is None:
        raise StepsizeError(
            f"metric = {metric!r}: it cannot be known whether a smaller value is better or a larger one: pass"
            f" mode='min' to the callback, or make the controller {turned}"
        )
    raise StepsizeError(
        f"metric = {metric!r}: a larger value is better, and the controller expects a smaller one: make it {turned}"
    )


def turn(controllers: Iterable[Controller], mode: Mode) -> list[Controller]:
    """The controllers, taking the metric that way."""
    turned = []
    for each in controllers:
        values = each._values()
        if "mode" in values:
            each = type(each)(**{**values, "mode": mode})
        elif isinstance(each, Learned) and mode == "max":
            raise StepsizeError("controller: a learned policy expects a loss, which is better where it is smaller")
        turned.append(each)
    return turned


class Observed:
    """A scheduler that an adapter makes, whose controllers take the metric the way that is better.

    Args:
        learning_rate, schedule, controller, options: As for ``stepsize.Scheduler``.
        mode: "min" or "max" where the user says which value of the metric is better; None where the framework or the
            metric's name shall tell.

    Attributes:
        scheduler: The scheduler.
        was_told: Whether its controllers have observed the metric since the training began.
    """

    def __init__(
        self,
        learning_rate: float | Iterable[float],
        schedule: Schedule | str | None,
        controller: Controller | Iterable[Controller] | None,
        mode: Mode | None,
        options: dict[str, Any],
    ) -> None:
        if mode not in (None, "min", "max"):
            raise StepsizeError(f"mode = {mode!r}, expected 'min', 'max' or None")
        self.mode, self._options = mode, options
        self.was_told = False
        self.scheduler = Scheduler(learning_rate, schedule, controller, **options)
        self._check_needs()
        self._start = self.scheduler.state()
        if mode is not None:
            self._turn(mode)

    def _check_needs(self) -> None:
        """A metric is all that a framework tells: a controller that needs more leaves the rates to the schedule."""
        if self.scheduler._needs & ~STEPSIZE_NEEDS_LOSS:
            why = f"controller: {self.scheduler.controller} needs more than a metric, which a framework cannot give it"
            if self.scheduler.needs_loss:
                raise StepsizeError(f"{why}: an early stop rule beside it needs a loop of your own")
            warn(f"{why}: the rates are those of the schedule alone, unless you call the methods of its scheduler")

    def _turn(self, mode: Mode) -> None:
        step = self.scheduler.current_step
        self.scheduler.load_state(self._start)
        self.scheduler = self._with(mode)
        self._start = self.scheduler.state()
        self.scheduler.current_step = step

    def _with(self, mode: Mode) -> Scheduler:
        """The same scheduler with fresh controllers of that mode."""
        old = self.scheduler
        new = Scheduler(old.base_lrs, old.schedule, turn(old.controllers, mode), **self._options)
        new.current_step = old.current_step
        return new

    def observe(self, metric: str, value: float, better: Mode | None) -> float:
        """A step with the value of a metric, of which the framework says what is better; returns the next rate."""
        if not self.was_told:
            self._decide(metric, self.mode or better or mode_of(metric))
        self.was_told = True
        return self.scheduler.step(value)

    def _decide(self, metric: str, better: Mode | None) -> None:
        """Before the first observation: which way is better."""
        if not has_mode(self.scheduler, "min"):
            return
        if better is None:
            raise StepsizeError(
                f"metric = {metric!r}: it cannot be known whether a smaller value is better or a larger one: pass"
                " mode='min' or mode='max'"
            )
        if better == "max":
            self._turn(better)

    def restart(self) -> None:
        """Starts afresh, as it was made."""
        self.scheduler.load_state(self._start)
        self.was_told = False

    def forget(self) -> None:
        """Continues from the base rates that the controllers have reached, with fresh controllers."""
        scheduler = self.scheduler
        if scheduler.controllers:
            reached = Scheduler.from_state(scheduler.state())
            reached.extend("constant()")  # of which the rates are the base rates
            self.scheduler = Scheduler(reached.lrs, scheduler.schedule, scheduler.controllers, **self._options)
            self.scheduler.current_step = scheduler.current_step
        self.was_told = False

    def load(self, state: bytes, *, with_bases: bool = False) -> None:
        """Continues from the state of a scheduler configured in the same way; with its base rates if `with_bases`."""
        saved = Scheduler.from_state(state)
        if str(saved) != str(self.scheduler) and has_mode(saved, "max") and self.mode is None:
            self._turn("max")
        if with_bases and saved.base_lrs != self.scheduler.base_lrs:
            present = self.scheduler
            self.scheduler = Scheduler(saved.base_lrs, present.schedule, present.controllers, **self._options)
        self.scheduler.load_state(state)
