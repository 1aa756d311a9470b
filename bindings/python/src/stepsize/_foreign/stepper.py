"""The two calls that a training loop makes for every update, by way of ctypes.

``Stepper`` is what ``Scheduler`` inherits ``step`` and ``advance`` from. The accelerated module has the same class in
C, which comes back to ``step_slowly`` for whatever is rare; both pass the same tests.
"""

from __future__ import annotations

import os
from ctypes import ArgumentError
from importlib import import_module

from . import abi, convert
from .errors import StepsizeError
from .library import quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, SupportsFloat, SupportsIndex

ENVIRONMENT = "STEPSIZE_ACCELERATED"

# What is worth a line in the log.
CHANGES = (abi.STEPSIZE_DECISION_RAISED, abi.STEPSIZE_DECISION_CUT, abi.STEPSIZE_DECISION_RESET)

_step = quick.stepsize_scheduler_step
_step_with_loss = quick.stepsize_scheduler_step_with_loss
_step_without_loss = quick.stepsize_scheduler_step_without_loss
_value = quick.stepsize_schedule_at


def step_slowly(scheduler: Any, loss: Any, ask: bool = True) -> float:
    """A step of any kind, and the rates into the optimizer that is bound.

    Args:
        scheduler: The ``Scheduler``.
        loss: The loss, or None.
        ask: Whether the controllers are asked.
    """
    optimizer = scheduler._optimizer
    if optimizer is not None:
        check_groups(optimizer.param_groups, scheduler._count)
        ask = ask and scheduler._listens
        if not scheduler._listens:
            loss = None  # it may be on an accelerator: not read for nothing
    heard, before = False, scheduler._rates[0]
    try:
        if not ask and scheduler._listens:
            status = _step_without_loss(scheduler._handle, scheduler._pointer, scheduler._count)
        elif loss is None:
            status = _step(scheduler._handle, scheduler._pointer, scheduler._count)
        else:
            # A tensor that needs a gradient has a float value only with a warning; its item has it without.
            if type(loss) is not float and hasattr(loss, "item"):
                loss = loss.item()
            status = _step_with_loss(scheduler._handle, loss, scheduler._pointer, scheduler._count)
            heard = True
    except (ArgumentError, RuntimeError, ValueError) as error:  # the last two for more than one element
        raise convert.wrong_type("loss", "a number", loss) from error
    if status:
        scheduler._fail(status)
    if optimizer is not None:
        write(optimizer.param_groups, scheduler._rates)
    if heard and scheduler._listens:
        scheduler._note(before)
    rate: float = scheduler._rates[0]
    return rate


def check_groups(groups: Any, count: int) -> None:
    if len(groups) != count:
        raise StepsizeError(
            f"optimizer: {len(groups)} parameter groups, this scheduler was made for {count}: make a new one after"
            " add_param_group, and set its current_step"
        )


def write(groups: Any, rates: Iterable[float]) -> None:
    """Puts the rates into the groups: a tensor is filled, so that a compiled or captured optimizer sees it."""
    for group, rate in zip(groups, rates):
        present = group["lr"]
        if type(present) is float or not hasattr(present, "fill_"):
            group["lr"] = rate
        else:
            present.fill_(rate)


def rescaled(
    groups: Any, rates: list[Any], bases: list[float], schedules: list[Any], update: int
) -> list[float] | None:
    """The rates base * schedule(update), which are put into the groups; None, and nothing changed, unless the groups
    have the very objects of `rates`, and those are floats."""
    if not len(groups) == len(rates) == len(bases) == len(schedules):
        return None
    for group, rate in zip(groups, rates):
        if group["lr"] is not rate or type(rate) is not float:
            return None
    fresh: list[float] = []
    before, value = None, 0.0
    for base, schedule in zip(bases, schedules):
        if schedule is not before:
            before, value = schedule, _value(schedule._handle, update)
        fresh.append(base * value)
    for group, rate in zip(groups, fresh):
        group["lr"] = rate
    return fresh


class Stepper:
    __slots__ = ("_optimizer",)

    if TYPE_CHECKING:
        _optimizer: Any

    def _attach(self, handle: int, rates: int, count: int, listens: bool) -> None:
        """Tells the class in C where the library's handle and the array of rates are; 0 once it is closed."""

    def _bind(self, optimizer: Any) -> None:
        """Every step writes the rates into this optimizer's ``param_groups`` from now on; None: no more."""
        self._optimizer = optimizer

    def step(self, loss: SupportsFloat | SupportsIndex | None = None) -> float:
        """Goes to the next update and answers its rate (of the first group; ``lrs`` has all).

        Call it after an update, with the loss of that update where there is a controller. Any number will do:
        NaN and infinities are losses too, and a tensor with one element is converted. Without a controller a
        loss is ignored.
        """
        return step_slowly(self, loss)

    def advance(self) -> float:
        """Like ``step``, but does not ask the controller: for the updates between two evaluations."""
        return step_slowly(self, None, False)


def _accelerated() -> Any:
    """The module in C, or None: where it was not built, or is turned off by STEPSIZE_ACCELERATED=0."""
    if os.environ.get(ENVIRONMENT) == "0":
        return None
    try:
        module: Any = import_module("._accelerated", __package__)
    except ImportError:
        return None
    from ctypes import c_void_p, cast

    functions = (_step, _step_with_loss, _step_without_loss, quick.stepsize_scheduler_decision, _value)
    addresses = [cast(function, c_void_p).value for function in functions]
    module.connect(*addresses, sum(1 << number for number in CHANGES), step_slowly)
    return module


accelerated = _accelerated()
if accelerated is not None:
    rescaled = accelerated.rescaled
