"""A scheduler of Stepsize that is also a scheduler of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from .._core.gradients import Gradients
from .._core.line_search import Search
from .._core.schedule import Schedule, as_schedule
from .._core.scheduler import Scheduler as Core
from .._core.scheduler import describes
from .._foreign import convert
from .._foreign.errors import StepsizeError
from ._fields import Field
from ._groups import GroupStep, check, warn_of_order, write
from ._overwritten import warn_of_changed
from ._skips import Skips

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._core.controller import Controller
    from .._core.phase import Phase
    from .._core.record import Record

FORMAT = 1
_KEYS = {"stepsize", "last_epoch", "base_lrs", "_last_lr", "core", "fields"}


class Scheduler(GroupStep, LRScheduler):  # type: ignore[misc]
    """Schedules and controllers for the parameter groups of an optimizer.

        scheduler = Scheduler(optimizer, "warmup(500) >> cosine(9500, floor=0.1)")
        for batch in batches:
            loss = train(batch)
            optimizer.step()
            scheduler.step()  # with a controller: step(loss)

    The base rates are the optimizer's: each group's ``initial_lr`` if another scheduler has set one, otherwise its
    ``lr``. A rate that is a tensor is filled in place, so that compiled and captured optimizers see it.

    Args:
        optimizer: Any ``torch.optim.Optimizer``.
        schedule: A schedule or its text, which may begin with controllers; None for a constant 1.
        controller: The controller that moves the base rates: see ``stepsize.Scheduler``.
        min_lr, max_lr: Bounds: a number, or one for each group.
        fields: Schedules for other numbers of the groups: ``{"momentum": "…", "weight_decay": "…", "beta1": …}``.
            A schedule's value 1 is the group's initial number.
        read_every: The controller observes the loss of every n-th update. Reading a loss that is on an accelerator
            waits for it; the others are not read.
        record: Whether the rates that are used are recorded: see the attribute ``record``.
        extend_on_load: Whether ``load_state_dict`` accepts the state of a scheduler with another schedule, such as a
            shorter one, and continues from there with this one: for a trainer that resumes by itself.
        scaler: The ``torch.amp.GradScaler`` that steps the optimizer: an update that it skips, since a gradient was not
            finite, is none, and its loss is not observed.
        last_epoch: The last update of an earlier run, to resume without a state_dict as in PyTorch; -1 for none.
        total: Updates of the run, for texts that give shares of it: ``"warmup(10%) >> cosine(90%)"``.

    Attributes:
        core: The ``stepsize.Scheduler`` that computes the rates.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule | str | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
        fields: Mapping[str, Schedule | str] | None = None,
        read_every: int = 1,
        record: bool = False,
        extend_on_load: bool = False,
        scaler: torch.amp.GradScaler | None = None,
        last_epoch: int = -1,
        total: int | None = None,
    ) -> None:
        read_every = convert.to_int64(read_every, "read_every")
        if read_every < 1:
            raise StepsizeError(f"read_every = {read_every}, expected an integer >= 1")
        last_epoch = convert.to_int64(last_epoch, "last_epoch")
        if last_epoch < -1:
            raise StepsizeError(f"last_epoch = {last_epoch}, expected an integer >= -1")
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise convert.wrong_type("optimizer", "a torch.optim.Optimizer", optimizer)
        self.read_every, self.extend_on_load = read_every, extend_on_load
        bases = [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]
        # For a core that replaces this one.
        self._options: dict[str, Any] = {
            "min_lr": None if min_lr is None else list(convert.to_doubles(min_lr, "min_lr")),
            "max_lr": None if max_lr is None else list(convert.to_doubles(max_lr, "max_lr")),
            "record": record,
        }
        core = Core(bases, schedule, controller, total=total, **self._options)
        self.fields = [
            Field(optimizer, name, as_schedule(given, f"fields[{name!r}]", total))
            for name, given in (fields or {}).items()
        ]
        self._own(core)
        self._skips: Skips | None = None
        self._has_warned = False
        # Only now, since an error must leave the optimizer unchanged.
        super().__init__(optimizer, last_epoch)
        if scaler is not None:
            self.skip_with(scaler)

    def _own(self, core: Core) -> None:
        self._drive(None)
        self.core = core
        self._before_start = False

    def _initial_step(self) -> None:
        """The rates of the first update. PyTorch's SequentialLR calls it, too."""
        self._drive(None)
        self._go_to(self.last_epoch + 1)

    def _update_lr(self, epoch: int | None = None) -> None:
        # PyTorch's SequentialLR calls this when the scheduler takes over.
        if epoch is None:
            self.step()
        else:
            self._go_to(epoch)

    def _go_to(self, update: int) -> None:
        self._before_start = False
        self.core.current_step = update
        self._write()

    def _write(self) -> None:
        groups = self.optimizer.param_groups
        check(groups, len(self.base_lrs))
        write(groups, self.core.lrs)
        for field in self.fields:
            field.write(groups, self.core.current_step)

    # ---- Training ----

    def _step(self, loss: Any = None) -> float:
        if self._is_skipped():
            return self.core.lr
        if self._before_start:
            self._go_to(0)
            return self.core.lr
        core = self.core
        if core.current_step == 0:
            warn_of_order(self.optimizer)
        self._check_groups()
        if not core.needs_loss:
            core.step()  # the loss may be on an accelerator: not read needlessly
        elif loss is not None and (core.current_step + 1) % self.read_every:
            core.advance()
        else:
            core.step(loss)
        self._count()
        if self._is_ordinary():
            # From now on a step does nothing else.
            self._drive(core, self.optimizer)
        return core.lr

    def _advance(self) -> float:
        if self._is_skipped():
            return self.core.lr
        if self._before_start:
            self._go_to(0)
        else:
            self._check_groups()
            self.core.advance()
            self._count()
        return self.core.lr

    def skip_with(self, scaler: torch.amp.GradScaler) -> None:
        """Does not count the updates that a ``torch.amp.GradScaler`` skips: see the argument ``scaler``."""
        if self._skips is None and scaler.is_enabled():
            self._skips = Skips(self.optimizer)
            self._drive(None)

    def _is_skipped(self) -> bool:
        """Whether the optimizer has made no update since the last one that was counted."""
        return self._skips is not None and self._skips.is_skipped

    def _check_groups(self) -> None:
        groups = self.optimizer.param_groups
        check(groups, len(self.base_lrs))
        if not self._has_warned:
            self._has_warned = warn_of_changed(groups, self.core.lrs)

    def _is_ordinary(self) -> bool:
        """Whether a step is one of the core whose rates are written, and nothing else."""
        core = self.core
        return not self.fields and self._skips is None and not (self.read_every > 1 and core.needs_loss)

    def _count(self) -> None:
        if self._skips is not None:
            self._skips.count()
        self._write()

    @property
    def line_search(self) -> Search:
        """For ``LineSearch``: see ``stepsize.Scheduler.line_search``. The rates of each trial are in the groups."""
        return Search(self.core, self._write)

    @property
    def hypergradient(self) -> Gradients:
        """For ``Hypergradient``, before ``optimizer.step()``: see ``stepsize.Scheduler.hypergradient``."""
        return Gradients(self.core, self._write)

    def get_lr(self) -> list[float | torch.Tensor]:
        return self.get_last_lr()

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The rates of the current update, one for each group: floats, or copies of the tensors."""
        return self._last_lr

    @property
    def _last_lr(self) -> list[float | torch.Tensor]:  # type: ignore[override]
        groups = self.optimizer.param_groups
        return [
            torch.full_like(group["lr"], rate) if isinstance(group["lr"], torch.Tensor) else rate
            for group, rate in zip(groups, self.core.lrs)
        ]

    @property
    def last_epoch(self) -> int:
        """The number of the current update, from 0, under PyTorch's name."""
        return -1 if self._before_start else self.core.current_step

    @last_epoch.setter
    def last_epoch(self, update: int) -> None:
        # PyTorch sets it to -1 where a scheduler becomes a part of a SequentialLR, and to `last_epoch` at the start.
        self._before_start = update < 0
        if update < 0:
            self._drive(None)
        else:
            self.core.current_step = update

    @property
    def _step_count(self) -> int:
        return self.last_epoch + 1

    @_step_count.setter
    def _step_count(self, count: int) -> None:
        """PyTorch's own counter, which is not needed here."""

    # ---- Queries ----

    @property
    def lr(self) -> float:
        """The rate of the current update, of the first group."""
        return self.core.lr

    @property
    def lrs(self) -> tuple[float, ...]:
        """The rates of the current update, one for each group."""
        return self.core.lrs

    @property
    def current_step(self) -> int:
        """The number of the current update, from 0. Setting it goes to any update and writes its rates."""
        return self.core.current_step

    @current_step.setter
    def current_step(self, update: int) -> None:
        self._go_to(update)

    @property
    def finished(self) -> bool:
        """Whether the schedule has reached its end."""
        return self.core.finished

    @property
    def phase(self) -> Phase | None:
        """The named phase of the current update."""
        return self.core.phase

    @property
    def stop_reason(self) -> str | None:
        """Why the training can stop: see ``stepsize.Scheduler.stop_reason``."""
        return self.core.stop_reason

    @property
    def decision(self) -> str:
        """What the controller did with the last loss: see ``stepsize.Scheduler.decision``."""
        return self.core.decision

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the rates."""
        return self.core.schedule

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """The controllers."""
        return self.core.controllers

    @property
    def record(self) -> Record:
        """The rates that were actually used (``record=True``)."""
        return self.core.record

    @property
    def needs_loss(self) -> bool:
        """Whether ``step`` needs a loss, for the controller or an early stop rule."""
        return self.core.needs_loss

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self.optimizer).__name__}, {self.core!r}>"

    # ---- State ----

    def extend(
        self, schedule: int | Schedule | str, policy: str = "continue", *, total: int | None = None
    ) -> None:
        """Switches to another schedule from the current update on and keeps the controller's state: see
        ``stepsize.Scheduler.extend``. A number, which is a new total, also applies to the schedules of ``fields``."""
        fields = self.fields
        if not isinstance(schedule, (str, Schedule)):
            fields = [field.extended(schedule, policy, self.core.current_step) for field in fields]
        self.core.extend(schedule, policy, total=total)
        self.fields = fields
        self._write()

    def _bases(self) -> list[float]:
        return [float(base) for base in self.base_lrs]

    def _replace(self, core: Core) -> None:
        old = self.core
        self._own(core)
        old.close()
        self._write()

    def state_dict(self) -> dict[str, Any]:
        """The state as numbers and texts, for ``torch.save`` and ``torch.load(weights_only=True)``."""
        return {
            "stepsize": FORMAT,
            "last_epoch": self.last_epoch,
            "base_lrs": self._bases(),
            "_last_lr": list(self.core.lrs),
            "core": self.core.state_dict(),
            "fields": {field.name: field.state_dict() for field in self.fields},
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues where the scheduler of that dictionary was, and writes its rates into the optimizer, whose own
        state may be loaded before or after. On an error nothing changes.

        For a schedule of another length, such as for a longer run, make the scheduler with it and
        ``extend_on_load=True``; or with the saved one, and call ``extend`` afterwards.
        """
        if not isinstance(state_dict, dict) or not isinstance(state_dict.get("core"), dict):
            raise StepsizeError(
                "state_dict: it is not that of a stepsize.torch.Scheduler; to continue after another one, set"
                " current_step"
            )
        unknown = sorted(set(state_dict) - _KEYS)
        if unknown or state_dict.get("stepsize") != FORMAT:
            raise StepsizeError(
                f"state_dict: unknown keys {unknown}: it is from a newer version"
                if unknown
                else f"state_dict: format {state_dict.get('stepsize')!r}, expected {FORMAT}"
            )
        saved = state_dict["fields"]
        if set(saved) != {field.name for field in self.fields}:
            raise StepsizeError(
                f"state_dict: it has fields {sorted(saved)}, expected"
                f" {sorted(field.name for field in self.fields)}"
            )
        if len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise StepsizeError(
                f"state_dict: it is for {len(state_dict['base_lrs'])} parameter groups, the optimizer has"
                f" {len(self.base_lrs)}"
            )
        for field in self.fields:
            field.check(saved[field.name], self.extend_on_load)
        text, present = state_dict["core"].get("text"), str(self.core)
        if not self.extend_on_load and not describes(text, self.core):
            raise StepsizeError(
                f"state_dict: it is that of a differently configured scheduler, {text!r}, expected {present!r}; to"
                " continue from it with this schedule, make the scheduler with extend_on_load=True"
            )
        if state_dict["base_lrs"] == self._bases():
            self.core.load_state_dict(state_dict["core"], extend=self.extend_on_load)
        else:
            # A restored optimizer has its own base rates: those of the state take precedence.
            core = Core(state_dict["base_lrs"], self.core.schedule, self.core.controllers, **self._options)
            core.load_state_dict(state_dict["core"], extend=self.extend_on_load)
            self._replace(core)
            for base, number, group in zip(self.base_lrs, state_dict["base_lrs"], self.optimizer.param_groups):
                group["initial_lr"] = torch.full_like(base, number) if isinstance(base, torch.Tensor) else number
            self.base_lrs = [group["initial_lr"] for group in self.optimizer.param_groups]
        self._before_start = state_dict["last_epoch"] < 0
        for field in self.fields:
            field.load_state_dict(saved[field.name], self.optimizer)
        self._write()

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

