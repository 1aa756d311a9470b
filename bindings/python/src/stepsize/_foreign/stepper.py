"""A scheduler of the library: its handle, the array that its rates are written to, and the two calls that a training
loop makes for every update.

``Step`` has these two calls: in C, from the accelerated module, or by ctypes. Both have the same contract and pass the
same tests.
"""

from __future__ import annotations

import os
from ctypes import POINTER, addressof, c_double, c_void_p, cast
from importlib import import_module
from weakref import finalize

from . import abi, convert
from .errors import StepsizeError, failure
from .library import quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from ctypes import Array
    from typing import Any, NoReturn, SupportsFloat, SupportsIndex

ENVIRONMENT = "STEPSIZE_ACCELERATED"

# The decisions that are logged.
CHANGES = (abi.STEPSIZE_DECISION_RAISED, abi.STEPSIZE_DECISION_CUT, abi.STEPSIZE_DECISION_RESET)

_step = quick.stepsize_scheduler_step
_step_with_loss = quick.stepsize_scheduler_step_with_loss
_advance = quick.stepsize_scheduler_advance


class CtypesStep:
    """A step by ctypes. ``_failed(status)`` raises the error of a failed one; ``_changed(before)`` gets the rate before
    a step with a loss, at least where the controller has changed it."""

    __slots__ = ("_scheduler", "_target")

    if TYPE_CHECKING:

        def _failed(self, status: int, hint: str = "") -> NoReturn: ...
        def _changed(self, before: float, update: int | None = None) -> None: ...
        def _advance_by(self, updates: int) -> float: ...

    def _attach(self, handle: int, rates: int, count: int) -> None:
        """Where the library's scheduler is (0 once it is closed), and the array of rates."""
        self._scheduler = handle
        self._target = (c_double * count).from_address(rates)

    def step(self, loss: SupportsFloat | SupportsIndex | None = None) -> float:
        """Goes to the next update and returns its rate (of the first group; ``lrs`` has all).

        Call it after an update, with the loss of that update where there is a controller. Any number will do:
        NaN and infinities are losses too, and a tensor with one element is converted. Without a controller a
        loss is ignored.
        """
        rates = self._target
        if loss is None:
            status = _step(self._scheduler, rates, len(rates))
        else:
            before = rates[0]
            number = loss if type(loss) is float else convert.to_loss(loss)
            status = _step_with_loss(self._scheduler, number, rates, len(rates))
        if status:
            self._failed(status)
        if loss is not None:
            self._changed(before)
        return rates[0]

    def advance(self, updates: int = 1, /) -> float:
        """Like ``step``, but without a loss: for the updates between two evaluations; so many of them at once."""
        if updates != 1:
            return self._advance_by(updates)
        rates = self._target
        status = _advance(self._scheduler, rates, len(rates))
        if status:
            self._failed(status)
        return rates[0]


def _accelerated() -> Any:
    """The module in C, or None if it was not built or STEPSIZE_ACCELERATED=0 disables it."""
    if os.environ.get(ENVIRONMENT) == "0":
        return None
    try:
        module: Any = import_module("._accelerated", __package__)
    except ImportError:
        return None
    functions = (_step, _step_with_loss, _advance, quick.stepsize_scheduler_decision)
    addresses = [cast(function, c_void_p).value for function in functions]
    module.connect(*addresses, sum(1 << number for number in CHANGES), convert.to_loss)
    return module


accelerated = _accelerated()
if TYPE_CHECKING:
    Step = CtypesStep
else:
    Step = CtypesStep if accelerated is None else accelerated.Step


class Stepper(Step):
    """Owns a scheduler of the library."""

    __slots__ = ("__weakref__", "_count", "_finalizer", "_handle", "_pointer", "_rates")

    _handle: int | None
    _rates: Array[c_double]

    def _own(self, handle: int) -> None:
        self._handle = handle
        # Not at exit: a thread may still be using it then, and the process frees the memory anyway.
        self._finalizer = finalize(self, quick.stepsize_scheduler_destroy, handle)
        self._finalizer.atexit = False
        self._make_room()

    def _make_room(self) -> None:
        """For as many rates as there are groups now."""
        handle: Any = self._handle
        # The one array that the rates are written to, and its address as the functions take it.
        self._count: int = quick.stepsize_scheduler_group_count(handle)
        self._rates = (c_double * self._count)()
        self._pointer = cast(self._rates, POINTER(c_double))
        self._attach(handle, addressof(self._rates), self._count)
        self._refresh()

    def _advance_by(self, updates: int) -> float:
        number = convert.to_int64(updates, "updates")
        self._call(
            quick.stepsize_scheduler_advance_by, number, self._pointer, self._count,
            hint=f"updates = {number}, expected an integer >= 0 that leads to no update beyond 2**63 - 1",
        )  # fmt: skip
        return self._rates[0]

    def _refresh(self) -> None:
        """Fetches the rates of the current update."""
        self._call(quick.stepsize_scheduler_rates, self._pointer, self._count)

    def _call(self, function: Callable[..., int], *arguments: Any, hint: str = "") -> None:
        """Calls ``function(scheduler, *arguments)``; `hint` is the message if it fails."""
        status = function(self._handle, *arguments)
        if status:
            self._failed(status, hint)

    def _move(self, function: Callable[..., int], *arguments: Any, hint: str) -> float:
        """Calls a function that writes the rates; returns the first."""
        before, update = self._rates[0], quick.stepsize_scheduler_get_step(self._handle)
        self._call(function, *arguments, self._pointer, self._count, hint=hint)
        self._changed(before, update)
        return self._rates[0]

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The result of ``function(scheduler, *arguments)``, which cannot fail."""
        if self._handle is None:
            self._failed(abi.STEPSIZE_ERROR_NULL)
        return function(self._handle, *arguments)

    def _failed(self, status: int, hint: str = "") -> NoReturn:
        if self._handle is None:
            raise StepsizeError("the scheduler is closed", status)
        if status == abi.STEPSIZE_ERROR_LOSS_REQUIRED:
            raise StepsizeError(
                "the scheduler needs a loss: call step(loss), or advance() for an update without one", status
            )
        if status == abi.STEPSIZE_ERROR_OBSERVATION_REQUIRED:
            needs = quick.stepsize_scheduler_needs(self._handle)
            if needs & abi.STEPSIZE_NEEDS_OBSERVATION:
                what = "the controller has not observed this update: call observe"
            elif needs & abi.STEPSIZE_NEEDS_SEARCH:
                what = "the line search has no trial of this update: call line_search.search, or propose and report,"
            else:
                what = "the hypergradient has not observed this update: call hypergradient.observe"
            raise StepsizeError(f"{what} before step(), or advance() for an update without", status)
        raise failure(hint or f"the scheduler failed (status {status})", status)

    def _changed(self, before: float, update: int | None = None) -> None:
        """Reports what the controller did with a loss."""

    def _numbers(self, values: Any, name: str, *, one_for_all: bool = False) -> Array[c_double]:
        """Numbers of the groups, one for each."""
        return convert.for_groups(values, name, self._count, one_for_all=one_for_all)

    def _group(self, group: int) -> int:
        """The index of a group."""
        number = convert.to_int64(group, "group")
        if not 0 <= number < self._count:
            raise StepsizeError(f"group = {number}, expected an integer from 0 to {self._count - 1}")
        return number

    def close(self) -> None:
        """Frees the memory. The scheduler cannot be used afterwards; closing it again does nothing."""
        self._handle = None
        self._attach(0, addressof(self._rates), self._count)
        self._finalizer()
