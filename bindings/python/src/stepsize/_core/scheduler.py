"""The scheduler: what a training loop holds."""

from __future__ import annotations

import os
from array import array
from ctypes import POINTER, addressof, byref, c_char, c_double, c_int32, c_int64, c_size_t, c_void_p, cast, sizeof
from weakref import finalize

from .._foreign import abi, convert, stepper
from .._foreign.errors import StepsizeError, parse_error
from .._foreign.library import create, library, message_of, new_error, quick, read_text
from .controllers import Controller
from .controllers import adopt as adopt_controller
from .schedule import Schedule, as_schedule
from .schedule import adopt as adopt_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping
    from ctypes import Array
    from types import TracebackType
    from typing import Any, Literal, NoReturn, SupportsFloat

    from matplotlib.axes import Axes

    from .theory import GradientNormLog

    Stepper = stepper.Stepper
else:
    Stepper = stepper.Stepper if stepper.accelerated is None else stepper.accelerated.Stepper

_INFO = 20  # logging.INFO


_DECISIONS = {
    abi.STEPSIZE_DECISION_NONE: "none",
    abi.STEPSIZE_DECISION_RAISED: "raised",
    abi.STEPSIZE_DECISION_CUT: "cut",
    abi.STEPSIZE_DECISION_PATIENCE: "patience",
    abi.STEPSIZE_DECISION_COOLDOWN: "cooldown",
    abi.STEPSIZE_DECISION_WARMUP: "warmup",
    abi.STEPSIZE_DECISION_BOUND: "bound",
    abi.STEPSIZE_DECISION_RESET: "reset",
    abi.STEPSIZE_DECISION_KEPT: "kept",
    abi.STEPSIZE_DECISION_IGNORED: "ignored",
}
_TRIALS: dict[int, Literal["accepted", "retry", "failed"]] = {
    abi.STEPSIZE_TRIAL_ACCEPTED: "accepted",
    abi.STEPSIZE_TRIAL_RETRY: "retry",
    abi.STEPSIZE_TRIAL_FAILED: "failed",
}
_STOPS: dict[int, Literal["end", "minimum", "settled"] | None] = {
    abi.STEPSIZE_STOP_NONE: None,
    abi.STEPSIZE_STOP_END: "end",
    abi.STEPSIZE_STOP_MINIMUM: "minimum",
    abi.STEPSIZE_STOP_SETTLED: "settled",
}


class Phase:
    """A named phase, as an update sees it.

    Attributes:
        name: Its name.
        start: Its first update.
        length: Its updates; None if it has no end.
        position: How many of them are done.
        progress: position / length, in [0, 1]; 0 if it has no end.
        entered: Whether this is its first update.
    """

    __slots__ = ("entered", "length", "name", "position", "progress", "start")

    def __init__(self, answer: Any) -> None:
        self.name: str = answer.name.decode("ascii")
        self.start: int = answer.start
        self.length: int | None = None if answer.length == abi.STEPSIZE_NEVER else answer.length
        self.position: int = answer.position
        self.progress: float = answer.progress
        self.entered: bool = bool(answer.entered)

    def __repr__(self) -> str:
        return f"<Phase {self.name!r}, update {self.position} of {self.length or 'unknown'}>"


class Scheduler(Stepper):
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
        schedule: A schedule, or a text, which may begin with controllers: ``"greedy(patience=5) * linear(1000)"``;
            None for a constant 1.
        controller: What moves the base rates; None for nothing. A list may hold one such and any ``Settle``.
        min_lr: Lowest rate answered: a number, or one for each group.
        max_lr: Highest rate answered, alike.
        record: Whether the rates that are used are written down, for ``recorded`` and ``replay``: 8 bytes for each
            change and group.
        norm_capacity: Gradient norms that are kept of those given to ``log_norm``, for ``refine``; 0: none.

    What a controller changes is logged by the logger "stepsize" (level INFO).
    """

    __slots__ = (
        "__weakref__", "_count", "_finalizer", "_handle", "_listens", "_logger", "_pointer", "_rates",
    )  # fmt: skip

    def __init__(
        self,
        base_lr: float | Iterable[float],
        schedule: Schedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
        record: bool = False,
        norm_capacity: int = 0,
    ) -> None:
        self._handle: int | None = None
        controllers = _controllers(controller)
        is_text = isinstance(schedule, str) and not controllers
        if schedule is not None and not is_text:
            schedule = as_schedule(schedule, "schedule")

        options = abi.stepsize_scheduler_options()
        quick.stepsize_scheduler_defaults(byref(options))
        bases = convert.to_doubles(base_lr, "base_lr")
        options.group_count, options.base_lr = len(bases), cast(bases, POINTER(c_double))
        if not isinstance(record, bool):
            raise convert.wrong_type("record", "True or False", record)
        options.record = record
        options.norm_capacity = convert.to_int64(norm_capacity, "norm_capacity")
        bounds = []  # keeps the arrays alive during the call below
        for name, given in (("min_lr", min_lr), ("max_lr", max_lr)):
            if given is not None:
                numbers = convert.to_doubles(given, name)
                bounds.append(numbers)
                setattr(options, name, cast(numbers, POINTER(c_double)))
                setattr(options, f"{name}_count", len(numbers))
        if isinstance(schedule, str):
            self._own(_parse(schedule, options))
            return
        if schedule is not None:
            options.schedule = schedule._handle
        moving = [each._handle for each in controllers if each._name != "settle"]
        if len(moving) > 1:
            raise StepsizeError("controller: more than one that moves the rates")
        if moving:
            options.controller = moving[0]
        handles = [each._handle for each in controllers if each._name == "settle"]
        settlings = (c_void_p * len(handles))(*handles)
        options.settlings, options.settling_count = cast(settlings, POINTER(c_void_p)), len(handles)
        self._own(create(quick.stepsize_scheduler_create, byref(options)))

    def _own(self, handle: int) -> None:
        self._handle = handle
        # Not at exit: a thread may still be using it then, and the memory goes with the process anyway.
        self._finalizer = finalize(self, quick.stepsize_scheduler_destroy, handle)
        self._finalizer.atexit = False
        # The one array that the rates are written to, and its address as the functions take it.
        self._count = quick.stepsize_scheduler_group_count(handle)
        self._rates: Array[c_double] = (c_double * self._count)()
        self._pointer = cast(self._rates, POINTER(c_double))
        self._logger: logging.Logger | None = None
        self._optimizer = None
        first = self._controller_handle(0)
        self._listens = first is not None
        library.stepsize_controller_destroy(first)
        self._attach(handle, addressof(self._rates), self._count, self._listens)
        if self._listens:
            import logging  # only here, since it takes longer to import than this package

            self._logger = logging.getLogger("stepsize")
        self._refresh()

    # ---- Training ----

    def observe_gradient(
        self, dot: float | Iterable[float], norm: float | Iterable[float] | None = None
    ) -> float:
        """Before an update, for ``Hypergradient``: shows it the gradient g of this update and the update direction u
        before it, where x -= lr * u was made. Answers the rate of this update, which may have changed.

        Args:
            dot: The dot product g.u, of all groups together or one for each; 0 for the first update.
            norm: The product of the norms |g||u|, alike; only the multiplicative form needs it.
        """
        dots = convert.to_doubles(dot, "dot")
        norms = None if norm is None else convert.to_doubles(norm, "norm")
        if len(dots) not in (1, self._count):
            raise StepsizeError(f"dot: {len(dots)} numbers, expected 1 or one for each of {self._count} groups")
        if norms is not None and len(norms) != len(dots):
            raise StepsizeError(f"norm: {len(norms)} numbers, expected as many as dot has ({len(dots)})")
        return self._logged(
            lambda: quick.stepsize_scheduler_observe_gradient(
                self._handle, dots, norms, len(dots), self._pointer, self._count
            ),
            "observe_gradient is for a scheduler with Hypergradient; its multiplicative form needs the norm",
        )

    def propose(self, loss: SupportsFloat, squared_norm: float | Iterable[float]) -> float:
        """Before an update, for ``LineSearch``: begins the search on a batch and answers the rate of the first trial.

        Make the step with it, find the loss of the same batch there, and call ``report``.

        Args:
            loss: Loss of the batch before the step.
            squared_norm: Squared norm of its gradient, one for each group.
        """
        number = convert.to_float(loss, "loss")
        norms = convert.to_doubles(squared_norm, "squared_norm")
        if len(norms) != self._count:
            raise StepsizeError(f"squared_norm: {len(norms)} numbers, expected one for each of {self._count} groups")
        status = quick.stepsize_scheduler_propose(
            self._handle, number, norms, len(norms), self._pointer, self._count
        )
        if status:
            self._fail(status, "propose is for a scheduler with LineSearch")
        return self._rates[0]

    def report(
        self, loss: SupportsFloat, squared_distance: float | Iterable[float] | None = None
    ) -> Literal["accepted", "retry", "failed"]:
        """Judges a trial of ``LineSearch`` by the loss of the batch after the step.

        "accepted": the step stands, go on with ``step()``. "retry": take it back and try ``lr``, which is smaller now.
        "failed": out of trials; take it back and make one with ``lr``, the lowest rate, then ``step()``.

        Args:
            loss: Loss of the batch after the step; one that is not finite is rejected.
            squared_distance: |x+ - x|^2 of the step after the projection, one for each group; for the projected form.
        """
        number = convert.to_float(loss, "loss")
        distances = None if squared_distance is None else convert.to_doubles(squared_distance, "squared_distance")
        if distances is not None and len(distances) != self._count:
            raise StepsizeError(
                f"squared_distance: {len(distances)} numbers, expected one for each of {self._count} groups"
            )
        trial = c_int32()
        self._logged(
            lambda: quick.stepsize_scheduler_report(
                self._handle, number, distances, 0 if distances is None else len(distances), byref(trial),
                self._pointer, self._count,
            ),
            "report needs a propose for this update before it; the projected form needs squared_distance",
        )  # fmt: skip
        return _TRIALS[trial.value]

    def search(
        self,
        loss: SupportsFloat,
        squared_norm: float | Iterable[float],
        trial: Callable[[float], SupportsFloat | tuple[SupportsFloat, float]],
    ) -> float:
        """The whole search of ``LineSearch`` for one update; answers the rate of the step to make.

        Args:
            loss: Loss of the batch before the step.
            squared_norm: Squared norm of its gradient, one for each group.
            trial: Answers the loss of the batch after a step with the rate that it is given (and that is in ``lrs``);
                for the projected form the loss and the squared distance.
        """
        self.propose(loss, squared_norm)
        verdict: str = "retry"
        while verdict == "retry":
            answer = trial(self._rates[0])
            verdict = self.report(*answer) if isinstance(answer, tuple) else self.report(answer)
        return self._rates[0]

    @property
    def trial_count(self) -> int:
        """How often the line search has asked for a loss: the work that it cost."""
        count: int = quick.stepsize_scheduler_trial_count(self._handle)
        return count

    def _logged(self, change: Callable[[], int], hint: str = "") -> float:
        """Makes a change and logs what the controller decided. `hint` is said if the change is refused."""
        before, update = self._rates[0], self.current_step
        status = change()
        if status:
            self._fail(status, hint)
        if self._logger is not None:
            self._note(before, update)
        return self._rates[0]

    def _note(self, before: float, update: int | None = None) -> None:
        """Logs what the controller decided in an update, by default the last one."""
        logger = self._logger
        if logger is None or not logger.isEnabledFor(_INFO):
            return
        if quick.stepsize_scheduler_decision(self._handle) in stepper.CHANGES:
            update = self.current_step - 1 if update is None else update
            logger.info("update %d: %s, lr %r -> %r", update, self.decision, before, self._rates[0])

    @property
    def lr(self) -> float:
        """The rate for the present update, of the first group."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return self._rates[0]

    @property
    def lrs(self) -> tuple[float, ...]:
        """The rates for the present update, one for each group."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return tuple(self._rates)

    @property
    def decision(self) -> str:
        """What the controller did with the last loss, and why: "raised", "cut", "reset" (back to the base rates
        given at the start), or what held it: "patience", "cooldown", "warmup", "bound" (the rates are at their
        bounds, or the change would have been too small), "kept" (no reason for a change), "ignored" (it was not a
        finite number); "none" before the first loss and without a controller."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return _DECISIONS[quick.stepsize_scheduler_decision(self._handle)]

    # ---- State ----

    @property
    def current_step(self) -> int:
        """The number of the present update, from 0. Setting it goes to any update, forwards or back; the
        controller's state stays as it is."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        step: int = quick.stepsize_scheduler_get_step(self._handle)
        return step

    @current_step.setter
    def current_step(self, step: int) -> None:
        number = convert.to_int64(step, "current_step")
        status = quick.stepsize_scheduler_set_step(self._handle, number)
        if status == abi.STEPSIZE_ERROR_ARGUMENT:
            raise StepsizeError(f"current_step = {number}, expected an integer >= 0", status)
        if status:
            self._fail(status)
        self._refresh()

    @property
    def finished(self) -> bool:
        """Whether the schedule has an end and it is reached."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return bool(quick.stepsize_scheduler_finished(self._handle))

    @property
    def phase(self) -> Phase | None:
        """The named phase of the present update; None where the schedule names none."""
        answer = abi.stepsize_phase(size=sizeof(abi.stepsize_phase))
        status = quick.stepsize_scheduler_phase(self._handle, byref(answer))
        if status:
            self._fail(status)
        return Phase(answer) if answer.name else None

    @property
    def stop_reason(self) -> Literal["end", "minimum", "settled"] | None:
        """Why the training can stop: "end" (of the schedule), "minimum" (every rate is at its lower bound and stays
        there), "settled" (the metric has, in the last phase); None if it need not."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return _STOPS[quick.stepsize_scheduler_stop_reason(self._handle)]

    @property
    def schedule(self) -> Schedule | None:
        """The schedule it was made with."""
        handle = c_void_p()
        status = quick.stepsize_scheduler_schedule(self._handle, byref(handle))
        if status:
            self._fail(status)
        return None if handle.value is None else adopt_schedule(handle.value)

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """The controllers it was made with: first the one that moves the rates, then what ends phases."""
        controllers: list[Controller] = []
        while (handle := self._controller_handle(len(controllers))) is not None:
            controllers.append(adopt_controller(handle))
        return tuple(controllers)

    def _controller_handle(self, index: int) -> int | None:
        """A new handle, which belongs to the caller; None from the number of controllers on."""
        handle = c_void_p()
        status = quick.stepsize_scheduler_controller(self._handle, index, byref(handle))
        if status:
            self._fail(status)
        return handle.value

    @property
    def controller(self) -> Controller | None:
        """What moves its base rates; None for nothing."""
        controllers = self.controllers
        return controllers[0] if controllers and controllers[0]._name != "settle" else None

    def __str__(self) -> str:
        """The text form of its controllers and its schedule; base rates and bounds are not in it."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return read_text(quick.stepsize_scheduler_print, self._handle)

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Scheduler, closed>"
        rate = f"lr={self.lr!r}" + (f" (the first of {self._count})" if self._count > 1 else "")
        return f"<Scheduler at step {self.current_step}, {rate}, {str(self) or 'constant()'}>"

    @property
    def base_lrs(self) -> tuple[float, ...]:
        """The base rates that it was made with, one for each group; no controller has moved these."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        return tuple(quick.stepsize_scheduler_base_lr(self._handle, group) for group in range(self._count))

    # ---- Another schedule ----

    def extend(self, schedule: int | Schedule | str, policy: str = "continue") -> None:
        """Goes on by another schedule from the present update on, such as a longer one than was planned. Controllers
        and what they know, base rates, bounds, record and gradient norms stay; nothing changes where it is refused.

            scheduler = Scheduler.load("run.state")  # was "greedy() * linear(1000)"
            scheduler.extend("linear(2000)")         # at update 400 the rate is that of linear(2000) at update 400

        The schedule is counted from update 0 like the one before it (past what was left of phases that were ended
        early, if there are such), and what is saved from now on is the state of a scheduler with this schedule.

        Args:
            schedule: A schedule or its text, which may begin with the controllers that there are; or a number, for
                the present schedule with that total, by ``Schedule.extended``.
            policy: For a number: "continue" (the rate goes on from where it is), "rescale" or "hold".
        """
        longer = self._longer(schedule, policy)
        error = new_error()
        status = quick.stepsize_scheduler_extend(self._handle, longer._handle, byref(error))
        if status:
            raise StepsizeError(message_of(error), status)
        self._refresh()
        if self._optimizer is not None:
            stepper.write(self._optimizer.param_groups, self._rates)

    def _longer(self, schedule: int | Schedule | str, policy: str) -> Schedule:
        """The schedule that `extend` means."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        if isinstance(schedule, Schedule):
            return schedule
        if isinstance(schedule, str):
            with Scheduler(self.base_lrs, schedule) as other:
                return other._extension(self) if other.controllers else other.schedule or Schedule("constant()")
        present = self.schedule
        if present is None:
            raise StepsizeError("extend: there is no schedule that could be longer; give one")
        return present.extended(schedule, policy, step=quick.stepsize_scheduler_schedule_step(self._handle))

    # ---- Seeing it ----

    def metrics(self, prefix: str = "", *, texts: bool = True) -> dict[str, float | int | str]:
        """What to log at each update, for TensorBoard, Weights & Biases and the like.

        "step" and "lr" ("lr/0", "lr/1", … where there are several groups) are always there; "progress", in [0, 1],
        where the schedule has an end; "phase" and "phase_progress" where the present phase has a name; "decision"
        with a controller.

        Args:
            prefix: In front of each name, such as "train/".
            texts: Whether "phase" and "decision" are there, which are texts; TensorBoard's scalars are numbers.
        """
        found: dict[str, float | int | str] = {"step": self.current_step}
        rates = self.lrs
        for group, rate in enumerate(rates):
            found["lr" if len(rates) == 1 else f"lr/{group}"] = rate
        schedule = self.schedule
        length = None if schedule is None else schedule.length
        if length is not None:
            found["progress"] = min(1.0, self.current_step / length) if length > 0 else 1.0
        phase = self.phase
        if phase is not None:
            found["phase_progress"] = phase.progress
        if texts:
            if phase is not None:
                found["phase"] = phase.name
            if self._logger is not None:
                found["decision"] = self.decision
        return {prefix + name: value for name, value in found.items()} if prefix else found

    def plot(
        self,
        ax: Axes | None = None,
        *,
        group: int = 0,
        steps: int | None = None,
        base_lr: float | None = None,
        log: bool = False,
    ) -> Axes:
        """Draws with matplotlib what was planned, what was really used (``record=True``), the phases, and where the
        controller has changed the rate; answers the axes.

        Args:
            ax: Where; None for new axes.
            group: Which parameter group.
            steps: Updates; None for those of the schedule, and at least those that are done.
            base_lr: The base rate of the plan; None for the one that it was made with.
            log: Whether the scale is logarithmic.
        """
        from ..plot import plot_scheduler

        return plot_scheduler(self, ax, group=group, steps=steps, base_lr=base_lr, log=log)

    def _repr_html_(self) -> str:
        """What a notebook shows: a small curve with the present update, and the metrics."""
        if self._handle is None:
            return "<code>&lt;Scheduler, closed&gt;</code>"
        from ..plot import scheduler_html

        return scheduler_html(self)

    # ---- The record ----

    @property
    def record_start(self) -> int:
        """The first update that is recorded."""
        first = c_int64()
        status = quick.stepsize_scheduler_record_range(self._handle, byref(first), None)
        if status:
            self._fail(status)
        return first.value

    @property
    def extended_at(self) -> int:
        """The update from which on the present schedule counts, where the record began under another one (``extend``);
        else 0."""
        if self._handle is None:
            self._fail(abi.STEPSIZE_ERROR_NULL)
        update: int = quick.stepsize_scheduler_extended_at(self._handle)
        return update

    def recorded(self, group: int = 0) -> array[float]:
        """The rates that were really used, one for each update from ``record_start`` on (``record=True``)."""
        group = self._group(group)
        count, written = c_int64(), c_size_t()
        status = quick.stepsize_scheduler_record_range(self._handle, None, byref(count))
        if status:
            self._fail(status)
        rates = array("d", (0.0,)) * count.value
        if rates:
            buffer = (c_double * len(rates)).from_buffer(rates)
            quick.stepsize_scheduler_record(self._handle, group, 0, buffer, len(rates), byref(written))
        return rates

    def replay(self, group: int = 0) -> Schedule:
        """The rates that were really used as a schedule for a base rate of 1: it gives the same bits again, here or,
        by its text, in any language."""
        handle, error = c_void_p(), new_error()
        status = quick.stepsize_scheduler_replay(self._handle, self._group(group), byref(handle), byref(error))
        if status or handle.value is None:
            raise StepsizeError(f"{message_of(error)} (is it made with record=True?)", status)
        return adopt_schedule(handle.value)

    # ---- Gradient norms ----

    def log_norm(self, norm: SupportsFloat) -> None:
        """Logs the gradient norm of the present update (``stepsize.gradient_norm``), for ``stepsize.refine``. The log
        is saved with the state."""
        status = quick.stepsize_scheduler_log_norm(self._handle, convert.to_float(norm, "norm"))
        if status == abi.STEPSIZE_ERROR_ARGUMENT:
            raise StepsizeError(f"norm = {norm!r}, expected a number >= 0", status)
        if status:
            self._fail(status, "log_norm is for a scheduler made with norm_capacity")

    @property
    def norms(self) -> GradientNormLog | None:
        """A copy of the gradient norms logged so far; None if it is made without."""
        from .theory import adopt_log

        handle = c_void_p()
        status = quick.stepsize_scheduler_norm_log(self._handle, byref(handle))
        if status:
            self._fail(status)
        return None if handle.value is None else adopt_log(handle.value)

    def _group(self, group: int) -> int:
        number = convert.to_int64(group, "group")
        if not 0 <= number < self._count:
            raise StepsizeError(f"group = {number}, expected an integer from 0 to {self._count - 1}")
        return number

    # ---- State ----

    def state(self) -> bytes:
        """Everything that is needed to go on later, in another process or language."""
        size = c_size_t()
        status = quick.stepsize_scheduler_save(self._handle, None, 0, byref(size))
        if status:
            self._fail(status)
        buffer = (c_char * size.value)()
        status = quick.stepsize_scheduler_save(self._handle, buffer, size.value, None)
        if status:
            self._fail(status)
        return buffer.raw

    @classmethod
    def from_state(cls, state: bytes) -> Scheduler:
        """A scheduler that goes on where the saved one was; it need not be known how that one was made."""
        buffer, size = _bytes(state)
        scheduler = cls.__new__(cls)
        scheduler._handle = None
        scheduler._own(create(quick.stepsize_scheduler_restore, buffer, size))
        return scheduler

    def load_state(self, state: bytes) -> None:
        """Goes on where the saved scheduler was, which must have been made like this one: else StepsizeError, and
        nothing changes."""
        buffer, size = _bytes(state)
        error = new_error()
        status = quick.stepsize_scheduler_load(self._handle, buffer, size, byref(error))
        if status:
            raise StepsizeError(message_of(error), status)
        self._refresh()

    def state_dict(self) -> dict[str, Any]:
        """The state as numbers and texts, which every format can hold (JSON, torch.save, safetensors' metadata).

        "state" is the state itself, in base 64; the others say what is in it.
        """
        from binascii import b2a_base64

        state = self.state()
        return {
            "format": int.from_bytes(state[8:12], "little"), "text": str(self), "step": self.current_step,
            "lrs": list(self.lrs), "state": b2a_base64(state, newline=False).decode("ascii"),
        }  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any], *, extend: bool = False) -> None:
        """Goes on where the scheduler of that dictionary was, which must have been made like this one: else
        StepsizeError, and nothing changes.

        Args:
            state_dict: From ``state_dict()``.
            extend: Whether the saved scheduler may have had another schedule, such as a shorter one: this one goes on
                from the saved update by its own (see the method ``extend``).
        """
        from binascii import Error, a2b_base64

        state = state_dict.get("state")
        if not isinstance(state, str):
            raise StepsizeError("state_dict: it has no text under 'state': it is not of a Scheduler")
        try:
            decoded = a2b_base64(state.encode("ascii"))
        except (Error, UnicodeEncodeError) as error:
            raise StepsizeError(f"state_dict: 'state' is not base 64: {error}") from None
        other = Scheduler.from_state(decoded)
        for name, value in (("text", str(other)), ("step", other.current_step), ("lrs", list(other.lrs))):
            if name in state_dict and state_dict[name] != value:
                raise StepsizeError(
                    f"state_dict: {name!r} was changed: it is {state_dict[name]!r}, in the state {value!r}"
                )
        if extend:
            other.extend(self._extension(other))
            decoded = other.state()
        self.load_state(decoded)

    def _extension(self, other: Scheduler) -> Schedule:
        """The schedule of this one for another scheduler, which must have the same controllers."""
        if [str(each) for each in self.controllers] != [str(each) for each in other.controllers]:
            raise StepsizeError(
                f"extend: the controllers are {_texts(self.controllers)}, expected those that the scheduler has,"
                f" {_texts(other.controllers)}: their state cannot go over to others"
            )
        return self.schedule or Schedule("constant()")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to a file, at once or not at all: whenever the process dies, the old or the new one is
        there."""
        path = os.fspath(path)
        folder = os.path.dirname(os.path.abspath(path))
        new = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.new")
        state = self.state()
        try:
            with open(new, "wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except BaseException:
            if os.path.exists(new):
                os.remove(new)
            raise
        # The new name must reach the disk as well.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Scheduler:
        """A scheduler from a file that ``save`` wrote."""
        with open(path, "rb") as file:
            return cls.from_state(file.read())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_state, (self.state(),)

    # ---- Lifetime ----

    def close(self) -> None:
        """Frees the memory. The scheduler cannot be used afterwards; closing it again does nothing."""
        self._handle = None
        self._attach(0, 0, 0, False)
        self._finalizer()

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refresh(self) -> None:
        status = quick.stepsize_scheduler_rates(self._handle, self._pointer, self._count)
        if status:
            self._fail(status)

    def _fail(self, status: int, hint: str = "") -> NoReturn:
        if self._handle is None:
            raise StepsizeError("the scheduler is closed", status)
        if status == abi.STEPSIZE_ERROR_LOSS_REQUIRED:
            raise StepsizeError(
                "the controller needs the loss: call step(loss), or advance() for an update without one", status
            )
        raise StepsizeError(hint or f"the scheduler could not go on (status {status})", status)


def _texts(controllers: Iterable[Controller]) -> str:
    return " * ".join(map(str, controllers)) or "none"


def _controllers(given: Controller | Iterable[Controller] | None) -> list[Controller]:
    if given is None:
        return []
    controllers = [given] if isinstance(given, Controller) else given
    try:
        controllers = list(controllers)
    except TypeError:
        raise convert.wrong_type("controller", "a controller such as GreedyLR()", given) from None
    for controller in controllers:
        if not isinstance(controller, Controller):
            raise convert.wrong_type("controller", "a controller such as GreedyLR()", controller)
    return controllers


def _parse(text: str, options: abi.stepsize_scheduler_options) -> int:
    encoded = text.encode("utf-8", "surrogatepass")
    handle, error = c_void_p(), new_error()
    status = quick.stepsize_scheduler_parse(encoded, len(encoded), byref(options), byref(handle), byref(error))
    if status or handle.value is None:
        raise parse_error(message_of(error), status, text, error.offset)
    return handle.value


def _bytes(state: bytes) -> tuple[bytes, int]:
    if not isinstance(state, (bytes, bytearray, memoryview)):
        raise convert.wrong_type("state", "bytes", state)
    state = bytes(state)
    return state, len(state)
