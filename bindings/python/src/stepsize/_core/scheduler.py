"""The scheduler: what a training loop holds."""

from __future__ import annotations

import math
import sys
from ctypes import byref, c_char, c_size_t, c_void_p

from .._foreign import abi, convert
from .._foreign.caller import stacklevel
from .._foreign.errors import StepsizeError, failure
from .._foreign.library import create, message_of, new_error, quick, read_text
from .._foreign.stepper import CHANGES, Stepper
from . import state as states
from .controller import adopt as adopt_controller
from .controllers import EarlyStop
from .gradients import Gradients
from .line_search import Search
from .observation import names_in, observe
from .options import as_schedules, handles_of, new_scheduler
from .phase import Phase, walk
from .phase import new as new_phase
from .record import Record
from .schedule import Schedule, as_schedule
from .schedule import adopt as adopt_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Any, Literal, SupportsFloat

    from matplotlib.axes import Axes

    from .controller import Controller
    from .norms import GradientNormLog

    Numbers = float | Iterable[float] | None

_INFO = 20  # logging.INFO
_logger: Any = None


def _find_logger() -> Any:
    """None as long as nobody has imported logging, whose import takes longer than that of this package."""
    global _logger
    if "logging" in sys.modules:
        import logging

        _logger = logging.getLogger("stepsize")
    return _logger


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
_STOPS: dict[int, Literal["end", "minimum", "early_stop"] | None] = {
    abi.STEPSIZE_STOP_NONE: None,
    abi.STEPSIZE_STOP_END: "end",
    abi.STEPSIZE_STOP_MINIMUM: "minimum",
    abi.STEPSIZE_STOP_EARLY: "early_stop",
}


class Scheduler(Stepper):
    """A step, the base rate of each parameter group, at most one schedule, at most one controller, and bounds.

        rate of group g at step t  =  clamp(base[g] * schedule(t), min_lr[g], max_lr[g])

    where a controller, if there is one, may have moved base[g]. A new scheduler has the rates for update 0. Call
    ``step`` after each update; it returns the rate for the next one::

        scheduler = Scheduler(1e-3, Warmup(500) >> Cosine(9500, floor=0.1))
        for batch in batches:
            loss = train(batch, lr=scheduler.lr)
            scheduler.step(loss)

    For one thread at a time. ``close`` frees the memory at once; it is freed with the object otherwise.

    Args:
        base_lr: The base rate, or one for each parameter group: finite, >= 0.
        schedule: A schedule, or a text, which may begin with controllers: ``"greedy(patience=5) * linear(1000)"``;
            None for a constant 1. A list has one for each parameter group; the phases are then those of the first.
        controller: The controller that moves the base rates; None for none. A list may also contain
            ``EarlyStop`` rules.
        min_lr: Lowest rate returned: a number, or one for each group.
        max_lr: Highest rate returned, in the same way.
        record: Whether the rates that are used are recorded, for the attribute ``record``: 8 bytes for each change and
            group.
        norm_capacity: Gradient norms that are kept of those given to ``log_norm``, for ``refine``; 0: none.
        total: Updates of the run, for a text that gives shares of it: ``"warmup(10%) >> cosine(90%)"``. None where
            it has none.

    Changes by the controller are logged to the logger "stepsize" (level INFO).
    """

    __slots__ = ("_needs",)

    def __init__(
        self,
        base_lr: float | Iterable[float],
        schedule: Schedule | str | Iterable[Schedule | str] | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
        record: bool = False,
        norm_capacity: int = 0,
        total: int | None = None,
    ) -> None:
        self._handle = None
        self._own(new_scheduler(base_lr, schedule, controller, min_lr, max_lr, record, norm_capacity, total))

    def _own(self, handle: int) -> None:
        super()._own(handle)
        self._needs: int = quick.stepsize_scheduler_needs(handle)

    # ---- The rates ----

    @property
    def lr(self) -> float:
        """The rate for the current update, of the first group."""
        if self._handle is None:
            self._failed(abi.STEPSIZE_ERROR_NULL)
        return self._rates[0]

    @property
    def lrs(self) -> tuple[float, ...]:
        """The rates for the current update, one for each group."""
        if self._handle is None:
            self._failed(abi.STEPSIZE_ERROR_NULL)
        return tuple(self._rates)

    @property
    def base_lrs(self) -> tuple[float, ...]:
        """The base rates, one for each group, unaffected by the controller. Setting them, to one for each group or a
        number for all, counts from the current update on. What the controller has made of the old ones keeps its
        proportion: after a cut to a tenth, the rates are a tenth of what the new ones alone would give."""
        return tuple(self._ask(quick.stepsize_scheduler_base_lr, group) for group in range(self._count))

    @base_lrs.setter
    def base_lrs(self, base_lrs: float | Iterable[float]) -> None:
        numbers = self._numbers(base_lrs, "base_lrs", one_for_all=True)
        self._change(quick.stepsize_scheduler_set_base_lrs, numbers, len(numbers))

    def _change(self, function: Any, *arguments: Any) -> None:
        """Calls a function that changes the groups; afterwards there may be more or fewer."""
        error = new_error()
        status = function(self._handle, *arguments, byref(error))
        if status:
            raise failure(message_of(error), status)
        if quick.stepsize_scheduler_group_count(self._handle) == self._count:
            self._refresh()
        else:
            self._make_room()

    @property
    def decision(self) -> str:
        """What the controller did with the last loss, and why: "raised", "cut", "reset" (back to the base rates
        given at the start), or why it made no change: "patience", "cooldown", "warmup", "bound" (the rates are at their
        bounds, or the change would have been too small), "kept" (no reason for a change), "ignored" (the loss was not
        finite, or is of an update that the controller does not observe); "none" before the first loss and without a
        controller."""
        return _DECISIONS[self._ask(quick.stepsize_scheduler_decision)]

    def _changed(self, before: float, update: int | None = None) -> None:
        """Logs what the controller decided in an update, by default the last one."""
        logger = _logger or _find_logger()
        if logger is None or not logger.isEnabledFor(_INFO):
            return
        if quick.stepsize_scheduler_decision(self._handle) in CHANGES:
            update = self.current_step - 1 if update is None else update
            values = update, self.decision, before, self._rates[0]
            logger.info("update %d: %s, lr %r -> %r", *values, stacklevel=stacklevel())

    # ---- Groups ----

    def add_group(
        self,
        base_lr: float,
        schedule: Schedule | str | None = None,
        *,
        min_lr: float = 0.0,
        max_lr: float | None = None,
    ) -> int:
        """Adds a parameter group, such as one whose training begins now, and returns its index. What the controller
        knows, and the rates of the others, stay. On an error nothing changes.

        A record has the rate 0 for it in the updates before. A controller whose ``min_lr`` or ``max_lr`` is a list with
        a number for each group takes no further one.

        Args:
            base_lr: Its base rate, which the controller moves from now on.
            schedule: Its own schedule, evaluated at the step that the others are at; None for that of all groups or,
                where each has its own, that of the first one.
            min_lr, max_lr: Its bounds.
        """
        base = convert.to_float(base_lr, "base_lr")
        bounds = convert.to_float(min_lr, "min_lr"), math.inf if max_lr is None else convert.to_float(max_lr, "max_lr")
        own = None if schedule is None else as_schedule(schedule, "schedule")
        self._change(quick.stepsize_scheduler_add_group, base, *bounds, None if own is None else own._handle)
        return self._count - 1

    def remove_group(self, group: int) -> None:
        """Removes one of several parameter groups, with its record and its schedule; those after it move up."""
        self._change(quick.stepsize_scheduler_remove_group, self._group(group))

    # ---- Position ----

    @property
    def current_step(self) -> int:
        """The number of the current update, from 0. Setting it goes to any update, forwards or back; the controller's
        state does not change."""
        step: int = self._ask(quick.stepsize_scheduler_get_step)
        return step

    @current_step.setter
    def current_step(self, step: int) -> None:
        number = convert.to_int64(step, "current_step")
        self._call(
            quick.stepsize_scheduler_set_step, number, hint=f"current_step = {number}, expected an integer >= 0"
        )
        self._refresh()

    @property
    def finished(self) -> bool:
        """Whether the schedule has reached its end."""
        return bool(self._ask(quick.stepsize_scheduler_finished))

    @property
    def stop_reason(self) -> Literal["end", "minimum", "early_stop"] | None:
        """Why the training can stop: "end" (of the schedule), "minimum" (every rate is at its lower bound and stays
        there), "early_stop" (an early stop rule has ended the last phase, or the training); None if there is no reason
        to."""
        return _STOPS[self._ask(quick.stepsize_scheduler_stop_reason)]

    @property
    def phase(self) -> Phase | None:
        """The named phase of the current update; None if there is none."""
        found = new_phase()
        self._call(quick.stepsize_scheduler_phase, byref(found))
        return Phase(found) if found.name else None

    def phases(self, steps: int | None = None, *, start: int = 0) -> Iterator[Phase]:
        """The named phases in order, from update `start` on, that are in force before update `steps` (None: all): for
        past updates as they were, including phases that ended early or belonged to an earlier schedule in the record;
        for future ones as they are planned."""

        def look(step: int, found: Any) -> None:
            self._call(quick.stepsize_scheduler_phase_at, step, found)

        stop = None if steps is None else convert.to_int64(steps, "steps")
        return walk(look, convert.to_int64(start, "start"), stop)

    # ---- Configuration ----

    @property
    def needs_loss(self) -> bool:
        """Whether ``step`` needs a loss, for the controller or an early stop rule."""
        return self._needs & abi.STEPSIZE_NEEDS_LOSS != 0

    @property
    def schedule(self) -> Schedule | None:
        """The schedule it was made with; where each group has its own, that of the first, whose phases are the
        scheduler's."""
        return self._schedule_of(0)

    @property
    def schedules(self) -> tuple[Schedule | None, ...]:
        """The schedule of each group."""
        return tuple(map(self._schedule_of, range(self._count)))

    def _schedule_of(self, group: int) -> Schedule | None:
        handle = c_void_p()
        self._call(quick.stepsize_scheduler_group_schedule, group, byref(handle))
        return None if handle.value is None else adopt_schedule(handle.value)

    def _given_schedules(self) -> Schedule | list[Schedule] | None:
        """As the argument `schedule` takes them."""
        if quick.stepsize_scheduler_schedule_count(self._handle) < 2:
            return self.schedule
        return [each for each in self.schedules if each is not None]

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """The controllers it was made with: first the one that moves the rates, then the early stop rules."""
        controllers: list[Controller] = []
        while (handle := self._controller_handle(len(controllers))) is not None:
            controllers.append(adopt_controller(handle))
        return tuple(controllers)

    def _controller_handle(self, index: int) -> int | None:
        """A new handle, which belongs to the caller; None from the number of controllers on."""
        handle = c_void_p()
        self._call(quick.stepsize_scheduler_controller, index, byref(handle))
        return handle.value

    @property
    def controller(self) -> Controller | None:
        """The controller that moves its base rates; None for none."""
        controllers = self.controllers
        return controllers[0] if controllers and not isinstance(controllers[0], EarlyStop) else None

    def __str__(self) -> str:
        """The text form of its controllers and its schedule, without base rates and bounds."""
        if self._handle is None:
            self._failed(abi.STEPSIZE_ERROR_NULL)
        return read_text(quick.stepsize_scheduler_print, self._handle)

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Scheduler, closed>"
        rate = f"lr={self.lr!r}" + (f" (the first of {self._count})" if self._count > 1 else "")
        return f"<Scheduler at step {self.current_step}, {rate}, {str(self) or 'constant()'}>"

    # ---- Calls of certain controllers and options ----

    @property
    def line_search(self) -> Search:
        """``propose``, ``report`` and ``search`` of a scheduler with ``LineSearch``."""
        return Search(self)

    @property
    def hypergradient(self) -> Gradients:
        """``observe`` of a scheduler with ``Hypergradient``, to be called before each update."""
        return Gradients(self)

    @property
    def observes(self) -> tuple[str, ...]:
        """The numbers that ``observe`` needs before each update, by the names of its arguments; none for controllers
        that observe the loss alone, and without one."""
        return names_in(self._needs)

    def observe(
        self,
        loss: Numbers = None,
        *,
        grad_norm: Numbers = None,
        grad_l1: Numbers = None,
        distance: Numbers = None,
        start_norm: Numbers = None,
        dot_start: Numbers = None,
        dot_update: Numbers = None,
        update_norm: Numbers = None,
        dot_x: Numbers = None,
        mean_norm: Numbers = None,
        mean_dot_x: Numbers = None,
    ) -> float:
        """Before an update: shows the controller what it ``observes`` of it, with g the gradient that the optimizer
        will use, x the weights, and x0 at the start. Returns the rate of this update, which has changed. Once for each
        update; ``step`` follows. A number that is not finite changes nothing (the decision is "ignored"); one that is
        missing is an error. Each is a number for all groups together, or has one for each.

        Args:
            loss: The loss of the batch that g is of.
            grad_norm: |g|.
            grad_l1: The sum of the absolute values of g.
            distance: |x - x0|.
            start_norm: |x0|.
            dot_start: g.(x0 - x).
            dot_update: g.(x - x before the last update); 0 for the first one.
            update_norm: |x - x before the last update|; 0 for the first one.
            dot_x: g.x.
            mean_norm: |d| of the moving average d of the gradients, with g, that the optimizer steps along.
            mean_dot_x: d.x.
        """
        given = dict(locals())
        del given["self"]
        return observe(self, given)

    @property
    def record(self) -> Record:
        """The rates that were actually used, for a scheduler made with ``record=True``."""
        return Record(self)

    def log_norm(self, norm: SupportsFloat) -> None:
        """Logs the gradient norm of the current update (``stepsize.gradient_norm``), for ``stepsize.refine``. The log
        is saved with the state."""
        status = quick.stepsize_scheduler_log_norm(self._handle, convert.to_float(norm, "norm"))
        if status == abi.STEPSIZE_ERROR_ARGUMENT:
            raise StepsizeError(f"norm = {norm!r}, expected a number >= 0", status)
        if status:
            self._failed(status, "log_norm needs a scheduler made with norm_capacity")

    @property
    def norms(self) -> GradientNormLog | None:
        """A copy of the gradient norms logged so far; None without ``norm_capacity``."""
        from .norms import adopt

        handle = c_void_p()
        self._call(quick.stepsize_scheduler_norm_log, byref(handle))
        return None if handle.value is None else adopt(handle.value)

    # ---- Changing the schedule ----

    def extend(
        self, schedule: int | Schedule | str | Iterable[Schedule | str], policy: str = "continue", *,
        total: int | None = None,
    ) -> None:
        """Switches to another schedule from the current update on, such as a longer one. Controllers and their states,
        base rates, bounds, record and gradient norms are kept. On an error nothing changes.

            scheduler = Scheduler.load("run.state")  # was "greedy() * linear(1000)"
            scheduler.extend("linear(2000)")         # at update 400 the rate is that of linear(2000) at update 400

        The step count continues: the new schedule is evaluated at the current update (plus what was left of phases
        that ended early). States saved from now on are those of a scheduler with this schedule.

        Args:
            schedule: A schedule or its text, which may begin with the scheduler's controllers; one for each group; or a
                number, for the current schedule (of each group) with that total, by ``Schedule.extended``.
            policy: For a number: "continue" (the rate does not jump), "rescale" or "hold".
            total: For a text that gives shares of the updates of the whole run.
        """
        longer = self._longer(schedule, policy, total)
        if isinstance(longer, Schedule):
            self._change(quick.stepsize_scheduler_extend, longer._handle)
        else:
            self._change(quick.stepsize_scheduler_extend_groups, handles_of(longer), len(longer))

    def _longer(
        self, schedule: int | Schedule | str | Iterable[Schedule | str], policy: str, total: int | None = None
    ) -> Schedule | list[Schedule]:
        """The schedule that `extend` means, or those of the groups."""
        if self._handle is None:
            self._failed(abi.STEPSIZE_ERROR_NULL)
        if isinstance(schedule, Schedule):
            return schedule
        if isinstance(schedule, str):
            with Scheduler(self.base_lrs, schedule, total=total) as other:
                return other._extension(self) if other.controllers else other._given_schedules() or _constant()
        if hasattr(schedule, "__iter__"):
            return as_schedules(schedule, total)
        present = self._given_schedules()
        if present is None:
            raise StepsizeError("extend: the scheduler has no schedule, expected one instead of a number")
        step = quick.stepsize_scheduler_schedule_step(self._handle)
        if isinstance(present, Schedule):
            return present.extended(schedule, policy, step=step)
        # One without an end cannot be longer.
        return [each if each.length is None else each.extended(schedule, policy, step=step) for each in present]

    def _extension(self, other: Scheduler) -> Schedule | list[Schedule]:
        """The schedule of this one for another scheduler, which must have the same controllers."""
        mine, others = (" * ".join(map(str, each.controllers)) for each in (self, other))
        if mine != others:
            raise StepsizeError(
                f"extend: the controllers are {mine or 'none'}, expected those of the scheduler,"
                f" {others or 'none'}: their state cannot be transferred"
            )
        return self._given_schedules() or _constant()

    # ---- Metrics and plots ----

    def metrics(self, prefix: str = "", *, texts: bool = True) -> dict[str, float | int | str]:
        """What to log at each update, for TensorBoard, Weights & Biases and the like.

        "step" and "lr" ("lr/0", "lr/1", … for several groups) always; "progress", in [0, 1], if the schedule has an
        end; "phase" and "phase_progress" in a named phase; "decision" with a controller.

        Args:
            prefix: A prefix for each name, such as "train/".
            texts: Whether to include "phase" and "decision", which are texts; TensorBoard's scalars are numbers.
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
            if self._needs:
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
        """Draws with matplotlib the planned rates, the rates that were actually used (``record=True``), the phases, and
        where the controller has changed the rate; returns the axes.

        Args:
            ax: The axes; None for new ones.
            group: Which parameter group.
            steps: Updates; None for those of the schedule, and at least those that are done.
            base_lr: The base rate of the plan; None for the one that it was made with.
            log: Whether the scale is logarithmic.
        """
        from .._plots.figures import plot_scheduler

        schedule = self.schedule or Schedule("constant()")
        return plot_scheduler(self, schedule, ax, group=group, steps=steps, base_lr=base_lr, log=log)

    def _repr_html_(self) -> str:
        """For notebooks: a small curve with the current update, and the metrics."""
        if self._handle is None:
            return "<code>&lt;Scheduler, closed&gt;</code>"
        from .._plots.svg import scheduler_html

        return scheduler_html(self)

    # ---- State ----

    def state(self) -> bytes:
        """Everything that is needed to continue later, in another process or language."""
        size = c_size_t()
        self._call(quick.stepsize_scheduler_save, None, 0, byref(size))
        buffer = (c_char * size.value)()
        self._call(quick.stepsize_scheduler_save, buffer, size.value, None)
        return buffer.raw

    @classmethod
    def from_state(cls, state: bytes) -> Scheduler:
        """A scheduler that continues where the saved one was; the state contains its configuration."""
        state = states.checked(state)
        scheduler = cls.__new__(cls)
        scheduler._handle = None
        scheduler._own(create(quick.stepsize_scheduler_restore, state, len(state)))
        return scheduler

    def load_state(self, state: bytes) -> None:
        """Continues where the saved scheduler was, which must have the same configuration: otherwise StepsizeError, and
        nothing changes."""
        state = states.checked(state)
        error = new_error()
        status = quick.stepsize_scheduler_load(self._handle, state, len(state), byref(error))
        if status:
            raise failure(message_of(error), status)
        self._refresh()

    def state_dict(self) -> dict[str, Any]:
        """The state as numbers and texts, which any format can hold (JSON, torch.save, safetensors' metadata).

        "state" is the state itself, in base 64; the other entries describe it.
        """
        return {
            **states.pack(self.state()), "text": str(self), "step": self.current_step, "lrs": list(self.lrs),
        }  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any], *, extend: bool = False, rebase: bool = False) -> None:
        """Continues where the scheduler of that dictionary was, which must have the same configuration: otherwise
        StepsizeError, and nothing changes.

        Args:
            state_dict: From ``state_dict()``.
            extend: Whether the saved scheduler may have had another schedule, such as a shorter one: this one continues
                from the saved update with its own (see the method ``extend``).
            rebase: Whether it may have had other base rates: this one continues with its own (see ``base_lrs``).
        """
        other = Scheduler.from_state(states.unpack(state_dict))
        for name, value in other.state_dict().items():
            if name not in ("text", "step", "lrs") or name not in state_dict or state_dict[name] == value:
                continue
            if name != "text" or not describes(state_dict[name], other):
                raise StepsizeError(
                    f"state_dict: {name!r} was changed: it is {state_dict[name]!r}, in the state {value!r}"
                )
        if extend:
            other.extend(self._extension(other))
        if rebase:
            other.base_lrs = self.base_lrs
        self.load_state(other.state())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to a file atomically: whenever the process dies, the file is the old or the new one."""
        states.write(path, self.state())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Scheduler:
        """A scheduler from a file that ``save`` wrote."""
        with open(path, "rb") as file:
            return cls.from_state(file.read())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_state, (self.state(),)

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _constant() -> Schedule:
    return Schedule("constant()")


def describes(text: object, scheduler: Scheduler) -> bool:
    """Whether a text is that of a scheduler, possibly with names from an earlier version."""
    if not isinstance(text, str) or text == str(scheduler):
        return text == str(scheduler)
    try:
        return str(Scheduler(scheduler.base_lrs, text)) == str(scheduler)
    except StepsizeError:
        return False
