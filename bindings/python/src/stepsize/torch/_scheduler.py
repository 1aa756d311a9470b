"""A scheduler of Stepsize that is also a scheduler of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from .._core import state as states
from .._core.gradients import Gradients
from .._core.line_search import Search
from .._core.schedule import Schedule
from .._core.scheduler import Scheduler as Core
from .._core.scheduler import describes
from .._foreign import convert
from .._foreign.abi import STEPSIZE_NEEDS_OBSERVATION
from .._foreign.caller import warn
from .._foreign.errors import StepsizeError
from ._bases import Bases, base_of, forget_stale, kept_groups, note_stale, put_base, scale_of, warn_of_stale
from ._fields import Field, made
from ._groups import GroupStep, warn_of_order, write
from ._observing import Scalars
from ._overwritten import warn_of_changed
from ._skips import Skips

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._core.controller import Controller
    from .._core.phase import Phase
    from .._core.record import Record

FORMAT = 1
_KEYS = {"stepsize", "last_epoch", "base_lrs", "_last_lr", "core", "fields", "observed", "adapted"}


class Scheduler(GroupStep, LRScheduler):  # type: ignore[misc]
    """Schedules and controllers for the parameter groups of an optimizer.

        scheduler = Scheduler(optimizer, "warmup(500) >> cosine(9500, floor=0.1)")
        for batch in batches:
            loss = train(batch)
            optimizer.step()
            scheduler.step()  # with a controller: step(loss)

    The base rates are the optimizer's: each group's ``initial_lr`` if another scheduler has set one, otherwise its
    ``lr``. The rate of a group with a number ``lr_scale``, as timm's layer decay makes them, is multiplied by it.
    Groups that are added to the optimizer later have their rates from the next step on. A rate that is a tensor is
    filled in place, so that compiled and captured optimizers see it.

    Args:
        optimizer: Any ``torch.optim.Optimizer``.
        schedule: A schedule or its text, which may begin with controllers; None for a constant 1. A list has one for
            each group.
        controller: The controller that moves the base rates: see ``stepsize.Scheduler``.
        base_lr: The base rate, or one for each group, in place of the optimizer's.
        min_lr, max_lr: Bounds: a number, or one for each group.
        fields: Schedules for other numbers of the groups: ``{"momentum": "…", "weight_decay": "…", "beta1": …}``.
            A schedule's value 1 is the group's initial number. ``"lr"`` in the place of a schedule keeps the number in
            proportion to the rate, whatever moves that.
        read_every: The controller observes every n-th update. Reading a loss or a norm that is on an accelerator waits
            for it; the others are not read.
        record: Whether the rates that are used are recorded: see the attribute ``record``.
        extend_on_load: Whether ``load_state_dict`` accepts the state of a scheduler with another schedule, such as a
            shorter one, and continues from there with this one: for a trainer that resumes by itself.
        rebase_on_load: Whether ``load_state_dict`` keeps the base rates of this scheduler in place of the saved ones;
            what the controller has made of those keeps its proportion. None for the saved ones, with a warning if they
            differ.
        scaler: The ``torch.amp.GradScaler`` that steps the optimizer: an update that it skips, since a gradient was not
            finite, is none, and its loss is not observed.
        shards: The process group over which the parameters are sharded (FSDP): what ``observe`` reads is summed over
        it.
            None where each process has all of them.
        last_epoch: The last update of an earlier run, to resume without a state_dict as in PyTorch; -1 for none.
        total: Updates of the run, for texts that give shares of it: ``"warmup(10%) >> cosine(90%)"``.

    Attributes:
        core: The ``stepsize.Scheduler`` that computes the rates.
    """

    _rule = "Scheduler"  # of the classes whose states hold more, their names

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule | str | Iterable[Schedule | str] | None = None,
        controller: Controller | Iterable[Controller] | None = None,
        *,
        base_lr: float | Iterable[float] | None = None,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
        fields: Mapping[str, Schedule | str] | None = None,
        read_every: int = 1,
        record: bool = False,
        extend_on_load: bool = False,
        rebase_on_load: bool | None = None,
        scaler: torch.amp.GradScaler | None = None,
        shards: Any = None,
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
        self.read_every, self.extend_on_load, self.rebase_on_load = read_every, extend_on_load, rebase_on_load
        self._shards, self._scaler = shards, scaler
        self._scalars: Scalars | None = None
        groups = optimizer.param_groups
        bases = [base_of(group) for group in groups] if base_lr is None else _each(base_lr, len(groups), "base_lr")
        # For a core that replaces this one.
        self._options: dict[str, Any] = {
            "min_lr": None if min_lr is None else list(convert.to_doubles(min_lr, "min_lr")),
            "max_lr": None if max_lr is None else list(convert.to_doubles(max_lr, "max_lr")),
            "record": record,
        }
        self._unscaled, self._groups = bases, list(groups)
        core, self.fields = self._made(optimizer, schedule, controller, fields or {}, total)
        self._own(core)
        self._skips: Skips | None = None
        self._has_warned = False
        # Only now, since an error must leave the optimizer unchanged.
        if base_lr is not None:
            for group, base in zip(groups, bases):
                put_base(group, base)
        elif last_epoch == -1:
            note_stale(self, optimizer)
        super().__init__(optimizer, last_epoch)
        if scaler is not None:
            self.skip_with(scaler)

    def _made(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule | str | Iterable[Schedule | str] | None,
        controller: Controller | Iterable[Controller] | None,
        fields: Mapping[str, Schedule | str],
        total: int | None,
    ) -> tuple[Core, list[Field]]:
        """What a total is for."""
        core = Core(_scaled(self._unscaled, self._groups), schedule, controller, total=total, **self._options)
        return core, [made(optimizer, name, given, total) for name, given in fields.items()]

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
        groups = self._followed_groups()
        write(groups, self.lrs)
        for field in self.fields:
            field.write(groups, self.core.current_step)

    # ---- Training ----

    def observe(self, loss: Any = None) -> float:
        """Before ``optimizer.step()``: shows the controller what it needs of this update
        (``stepsize.Scheduler.observe``), computed from the parameters and their gradients; writes the rates and returns
        the one of the first group. Does nothing where no controller needs it, or by ``read_every``.

        The gradient is the one that the optimizer will use: call it after ``scaler.unscale_(optimizer)``, after
        clipping, and once for an update whose gradients are accumulated, with the loss that they are the gradient of.

        The distance from the start needs a copy of the weights, taken at the first call. The last update follows from
        the state of SGD with momentum, Adam and AdamW; else it needs another copy.
        """
        core = self.core
        if not core.observes or core.current_step % self.read_every:
            return self.lr
        if self._before_start:
            self._go_to(0)
        self._followed_groups()
        self._check_unscaled()
        self.core.observe(**self._reader().read(loss))
        self._write()
        return self.lr

    def _reader(self) -> Scalars:
        if self._scalars is None:
            self._scalars = Scalars(self.optimizer, self.core.observes, self._shards)
        return self._scalars

    def _check_unscaled(self) -> None:
        if self._scaler is None or not self._scaler.is_enabled():
            return
        # PyTorch says so only where unscale_ is called twice.
        state = getattr(self._scaler, "_per_optimizer_states", {}).get(id(self.optimizer), {})
        if not state.get("found_inf_per_device"):
            raise StepsizeError("observe: the gradients are scaled: call scaler.unscale_(optimizer) before")

    def _step(self, loss: Any = None) -> float:
        if self._is_skipped():
            return self.lr
        if self._before_start:
            self._go_to(0)
            return self.lr
        core = self.core
        if core.current_step == 0:
            warn_of_order(self.optimizer)
        warn_of_stale(self)
        self._check_groups()
        if core._needs & STEPSIZE_NEEDS_OBSERVATION and core.current_step % self.read_every:
            core.advance()
        elif not core.needs_loss:
            core.step()  # the loss may be on an accelerator: not read needlessly
        elif loss is not None and (core.current_step + 1) % self.read_every:
            core.advance()
        else:
            core.step(loss)
        self._count()
        if self._is_ordinary():
            # From now on a step does nothing else.
            self._drive(core, self.optimizer)
        return self.lr

    def _advance(self, updates: int = 1) -> float:
        if updates == 1 and self._is_skipped():
            return self.lr
        if updates == 1 and self._before_start:
            self._go_to(0)
        else:
            self._check_groups()
            self.core.advance(updates)
            self._before_start = False
            self._count()
        return self.lr

    def skip_with(self, scaler: torch.amp.GradScaler) -> None:
        """Does not count the updates that a ``torch.amp.GradScaler`` skips: see the argument ``scaler``."""
        if self._skips is None and scaler.is_enabled():
            self._skips = Skips(self.optimizer)
            self._drive(None)

    def _is_skipped(self) -> bool:
        """Whether the optimizer has made no update since the last one that was counted."""
        return self._skips is not None and self._skips.is_skipped

    def _check_groups(self) -> None:
        groups = self._followed_groups()
        if not self._has_warned:
            self._has_warned = warn_of_changed(groups, self.lrs)

    def _followed_groups(self) -> list[dict[str, Any]]:
        """The optimizer's groups; the core gets those that have come since, and loses those that have gone."""
        groups: list[dict[str, Any]] = self.optimizer.param_groups
        if len(groups) != len(self._groups):
            self._follow_groups(groups)
        else:
            self._groups = list(groups)
        return groups

    def _follow_groups(self, groups: list[dict[str, Any]]) -> None:
        kept = kept_groups(self._groups, groups)
        new = groups[len(kept) :]
        bases = [self._unscaled[number] for number in kept] + [base_of(group) for group in new]
        options: dict[str, Any] = self._options
        bounds = {name: options[name][0] for name in ("min_lr", "max_lr") if len(options[name] or []) == 1}
        gone = [number for number in reversed(range(len(self._groups))) if number not in kept]
        fields = [field.followed(kept, new) for field in self.fields]
        self._drive(None)
        # First a copy, since one group may be refused after another one was taken.
        with Core.from_state(self.core.state()) as copy:
            for core in (copy, self.core):
                for number in gone:
                    core.remove_group(number)
                for group in new:
                    core.add_group(base_of(group) * scale_of(group), **bounds)
        self._carry(kept, new)
        self.fields, self._unscaled, self._groups = fields, bases, list(groups)
        for group in new:
            put_base(group, base_of(group))
        write(new, self.lrs[len(kept) :])

    def _carry(self, kept: list[int], new: list[dict[str, Any]]) -> None:
        """The groups have become those of the indices and new ones."""
        if self._scalars is not None:
            self._scalars.follow(kept, new)

    def _is_ordinary(self) -> bool:
        """Whether a step is one of the core whose rates are written, and nothing else."""
        core = self.core
        skips = self.read_every > 1 and (core.needs_loss or core.observes)
        return not self.fields and self._skips is None and not skips

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
            for group, rate in zip(groups, self.lrs)
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

    # ---- Base rates ----

    @property  # type: ignore[override]
    def base_lrs(self) -> list[float]:
        """The base rates of the groups, without ``lr_scale``. Setting one of them, or all, to one for each group or a
        number for all, counts from the current update on: see ``stepsize.Scheduler.base_lrs``."""
        return Bases(self._unscaled, self._rebase)

    @base_lrs.setter  # type: ignore[override]
    def base_lrs(self, rates: float | Iterable[float]) -> None:
        self._rebase(rates)

    def _rebase(self, rates: float | Iterable[float]) -> None:
        groups = self._followed_groups()
        bases = _each(rates, len(groups), "base_lrs")
        if bases == self._unscaled:
            return  # PyTorch's constructor assigns what is there
        self.core.base_lrs = _scaled(bases, groups)
        self._unscaled = bases
        for group, base in zip(groups, bases):
            put_base(group, base)
        if not self._before_start:
            self._write()

    # ---- Queries ----

    @property
    def lr(self) -> float:
        """The rate of the current update, of the first group."""
        return self.lrs[0]

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
        forget_stale(self)
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
        """The schedule of the rates; where each group has its own, that of the first."""
        return self.core.schedule

    @property
    def schedules(self) -> tuple[Schedule | None, ...]:
        """The schedule of each group."""
        return self.core.schedules

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
        self, schedule: int | Schedule | str | Iterable[Schedule | str], policy: str = "continue", *,
        total: int | None = None,
    ) -> None:
        """Switches to another schedule from the current update on and keeps the controller's state: see
        ``stepsize.Scheduler.extend``. A number, which is a new total, also applies to the schedules of ``fields``."""
        fields = self.fields
        if not isinstance(schedule, (str, Schedule)) and not hasattr(schedule, "__iter__"):
            fields = [field.extended(schedule, policy, self.core.current_step) for field in fields]
        self.core.extend(schedule, policy, total=total)
        self.fields = fields
        self._write()

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
            "base_lrs": list(self._unscaled),
            "_last_lr": list(self.lrs),
            "core": self.core.state_dict(),
            "fields": {field.name: field.state_dict() for field in self.fields},
            **({} if self._scalars is None else {"observed": self._scalars.state_dict()}),
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
        rule = state_dict.get("adapted", {}).get("rule", Scheduler._rule)
        if rule != self._rule:
            raise StepsizeError(f"state_dict: it is that of a {rule}, expected that of a {self._rule}")
        saved = state_dict["fields"]
        if set(saved) != {field.name for field in self.fields}:
            raise StepsizeError(
                f"state_dict: it has fields {sorted(saved)}, expected"
                f" {sorted(field.name for field in self.fields)}"
            )
        groups = self._followed_groups()
        if len(state_dict["base_lrs"]) != len(groups):
            raise StepsizeError(
                f"state_dict: it is for {len(state_dict['base_lrs'])} parameter groups, the optimizer has"
                f" {len(groups)}"
            )
        for field in self.fields:
            field.check(saved[field.name], self.extend_on_load)
        text, present = state_dict["core"].get("text"), str(self.core)
        if not self.extend_on_load and not describes(text, self.core):
            raise StepsizeError(
                f"state_dict: it is that of a differently configured scheduler, {text!r}, expected {present!r}; to"
                " continue from it with this schedule, make the scheduler with extend_on_load=True"
            )
        with Core.from_state(states.unpack(state_dict["core"])) as found:
            bases = found.base_lrs  # with what scaled them then
        if self.rebase_on_load or bases == self.core.base_lrs:
            self.core.load_state_dict(state_dict["core"], extend=self.extend_on_load, rebase=True)
        else:
            # A restored optimizer has its own base rates: those of the state take precedence.
            core = Core(bases, self.core._given_schedules(), self.core.controllers, **self._options)
            core.load_state_dict(state_dict["core"], extend=self.extend_on_load)
            if self.rebase_on_load is None:
                warn(
                    f"load_state_dict: the base rates are those of the state, {state_dict['base_lrs']}, and not those"
                    f" that the scheduler was made with, {self._unscaled}: for these set base_lrs, or make the"
                    " scheduler with rebase_on_load=True; with rebase_on_load=False nothing is said"
                )
            self._unscaled = list(state_dict["base_lrs"])
            self._replace(core)
            for group, base in zip(groups, self._unscaled):
                put_base(group, base)
        if "observed" in state_dict:
            self._reader().load_state_dict(state_dict["observed"])
        forget_stale(self)
        self._before_start = state_dict["last_epoch"] < 0
        for field in self.fields:
            field.load_state_dict(saved[field.name], self.optimizer)
        self._write()

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._drive(None)
        self.__dict__.update(state)


def _each(rates: float | Iterable[float], count: int, name: str) -> list[float]:
    """One rate for each group."""
    numbers = list(convert.for_groups(rates, name, count, one_for_all=True))
    return numbers * count if len(numbers) == 1 else numbers


def _scaled(bases: Iterable[float], groups: Iterable[dict[str, Any]]) -> list[float]:
    return [base * scale_of(group) for base, group in zip(bases, groups)]
