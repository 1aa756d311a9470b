"""The scheduler: what a training loop holds."""

from __future__ import annotations

from ctypes import POINTER, ArgumentError, byref, c_double, cast
from weakref import finalize

from . import _abi, _values
from ._lib import create, quick
from .controllers import Controller
from .errors import StepsizeError
from .schedule import Schedule, as_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import NoReturn, SupportsFloat, SupportsIndex

_step = quick.stepsize_scheduler_step
_step_with_loss = quick.stepsize_scheduler_step_with_loss
_step_without_loss = quick.stepsize_scheduler_step_without_loss


_DECISIONS = {
    _abi.STEPSIZE_DECISION_NONE: "none",
    _abi.STEPSIZE_DECISION_RAISED: "raised",
    _abi.STEPSIZE_DECISION_CUT: "cut",
    _abi.STEPSIZE_DECISION_PATIENCE: "patience",
    _abi.STEPSIZE_DECISION_COOLDOWN: "cooldown",
    _abi.STEPSIZE_DECISION_WARMUP: "warmup",
    _abi.STEPSIZE_DECISION_BOUND: "bound",
    _abi.STEPSIZE_DECISION_RESET: "reset",
}


class Scheduler:
    """A step, the base rate of each parameter group, at most one schedule, at most one controller, and bounds.

        rate of group g at step t  =  clamp(base[g] * schedule(t), min_lr[g], max_lr[g])

    where a controller, if there is one, may have moved base[g]. A scheduler just made answers the rates for
    update 0. Call ``step`` after each update; it answers the rate for the next one::

        scheduler = Scheduler(1e-3, Warmup(500) >> Cosine(9500, floor=0.1))
        for batch in batches:
            loss = train(batch, lr=scheduler.lr)
            scheduler.step(loss)

    For one thread at a time. ``close`` frees the memory at once; it is freed with the object otherwise.

    Args:
        base_lr: The base rate, or one for each parameter group: finite, >= 0.
        schedule: A schedule or its text; None for a constant 1.
        controller: What moves the base rates by the loss; None for nothing.
        min_lr: Lowest rate answered: a number, or one for each group.
        max_lr: Highest rate answered, alike.
    """

    __slots__ = (
        "__weakref__", "_controller", "_count", "_finalizer", "_handle", "_pointer", "_rates", "_schedule",
    )  # fmt: skip

    def __init__(
        self,
        base_lr: float | Iterable[float],
        schedule: Schedule | str | None = None,
        controller: Controller | None = None,
        *,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
    ) -> None:
        self._handle: int | None = None
        self._schedule = None if schedule is None else as_schedule(schedule, "schedule")
        if controller is not None and not isinstance(controller, Controller):
            raise _values.wrong_type("controller", "a controller such as GreedyLR()", controller)
        self._controller = controller

        options = _abi.stepsize_scheduler_options()
        quick.stepsize_scheduler_defaults(byref(options))
        bases = _values.to_doubles(base_lr, "base_lr")
        options.group_count, options.base_lr = len(bases), cast(bases, POINTER(c_double))
        if self._schedule is not None:
            options.schedule = self._schedule._handle
        if controller is not None:
            options.controller = controller._handle
        bounds = []  # keeps the arrays alive during the call below
        for name, given in (("min_lr", min_lr), ("max_lr", max_lr)):
            if given is not None:
                numbers = _values.to_doubles(given, name)
                bounds.append(numbers)
                setattr(options, name, cast(numbers, POINTER(c_double)))
                setattr(options, f"{name}_count", len(numbers))
        handle = create(quick.stepsize_scheduler_create, byref(options))

        self._handle = handle
        # Not at exit: a thread may still be using it then, and the memory goes with the process anyway.
        self._finalizer = finalize(self, quick.stepsize_scheduler_destroy, handle)
        self._finalizer.atexit = False
        # The one array that the rates are written to, and its address as the functions take it.
        self._count = len(bases)
        self._rates = (c_double * self._count)()
        self._pointer = cast(self._rates, POINTER(c_double))
        self._refresh()

    # ---- Training ----

    def step(self, loss: SupportsFloat | SupportsIndex | None = None) -> float:
        """Goes to the next update and answers its rate (of the first group; ``lrs`` has all).

        Call it after an update, with the loss of that update where there is a controller. Any number will do:
        NaN and infinities are losses too, and a tensor with one element is converted. Without a controller a
        loss is ignored.
        """
        try:
            if loss is None:
                status = _step(self._handle, self._pointer, self._count)
            else:
                # A tensor that needs a gradient has a float value only with a warning; its item has it without.
                if type(loss) is not float and hasattr(loss, "item"):
                    loss = loss.item()
                status = _step_with_loss(self._handle, loss, self._pointer, self._count)
        except (ArgumentError, RuntimeError, ValueError) as error:  # the last two for more than one element
            raise _values.wrong_type("loss", "a number", loss) from error
        if status:
            self._fail(status)
        return self._rates[0]

    def advance(self) -> float:
        """Like ``step``, but does not ask the controller: for the updates between two evaluations."""
        status = _step_without_loss(self._handle, self._pointer, self._count)
        if status:
            self._fail(status)
        return self._rates[0]

    @property
    def lr(self) -> float:
        """The rate for the present update, of the first group."""
        if self._handle is None:
            self._fail(_abi.STEPSIZE_ERROR_NULL)
        return self._rates[0]

    @property
    def lrs(self) -> tuple[float, ...]:
        """The rates for the present update, one for each group."""
        if self._handle is None:
            self._fail(_abi.STEPSIZE_ERROR_NULL)
        return tuple(self._rates)

    @property
    def decision(self) -> str:
        """What the controller did with the last loss, and why: "raised", "cut", "reset" (back to the base rates
        given at the start), or what held it: "patience", "cooldown", "warmup", "bound" (the rates are at their
        bounds, or the change would have been too small); "none" before the first loss and without a controller."""
        if self._handle is None:
            self._fail(_abi.STEPSIZE_ERROR_NULL)
        return _DECISIONS[quick.stepsize_scheduler_decision(self._handle)]

    # ---- State ----

    @property
    def current_step(self) -> int:
        """The number of the present update, from 0. Setting it goes to any update, forwards or back; the
        controller's state stays as it is."""
        if self._handle is None:
            self._fail(_abi.STEPSIZE_ERROR_NULL)
        step: int = quick.stepsize_scheduler_get_step(self._handle)
        return step

    @current_step.setter
    def current_step(self, step: int) -> None:
        number = _values.to_int64(step, "current_step")
        status = quick.stepsize_scheduler_set_step(self._handle, number)
        if status == _abi.STEPSIZE_ERROR_ARGUMENT:
            raise StepsizeError(f"current_step = {number}, expected an integer >= 0", status)
        if status:
            self._fail(status)
        self._refresh()

    @property
    def finished(self) -> bool:
        """Whether the schedule has an end and it is reached."""
        if self._handle is None:
            self._fail(_abi.STEPSIZE_ERROR_NULL)
        return bool(quick.stepsize_scheduler_finished(self._handle))

    @property
    def schedule(self) -> Schedule | None:
        """The schedule it was made with."""
        return self._schedule

    @property
    def controller(self) -> Controller | None:
        """The controller it was made with."""
        return self._controller

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Scheduler, closed>"
        made_of = f"schedule={self._schedule!r}, controller={self._controller!r}"
        rate = f"lr={self.lr!r}" + (f" (the first of {self._count})" if self._count > 1 else "")
        return f"<Scheduler at step {self.current_step}, {rate}, {made_of}>"

    # ---- Lifetime ----

    def close(self) -> None:
        """Frees the memory. The scheduler cannot be used afterwards; closing it again does nothing."""
        self._handle = None
        self._finalizer()

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        # Without this, pickle would copy the address of memory that it does not own.
        raise TypeError("a Scheduler cannot be copied or pickled: make another one, and set its current_step")

    def _refresh(self) -> None:
        status = quick.stepsize_scheduler_rates(self._handle, self._pointer, self._count)
        if status:
            self._fail(status)

    def _fail(self, status: int) -> NoReturn:
        if self._handle is None:
            raise StepsizeError("the scheduler is closed", status)
        if status == _abi.STEPSIZE_ERROR_LOSS_REQUIRED:
            raise StepsizeError(
                "the controller needs the loss: call step(loss), or advance() for an update without one", status
            )
        raise StepsizeError(f"the scheduler could not go on (status {status})", status)
