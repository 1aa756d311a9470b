"""The parameter groups of an optimizer, which the rates are written into.

``GroupStep`` is also there in C, in the accelerated module of this folder, for steps in which nothing is rare: the
groups are dictionaries, and their rates floats. Everything else comes back here.
"""

from __future__ import annotations

from ctypes import addressof, c_double, c_void_p, cast
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch

from .._foreign.caller import warn
from .._foreign.library import quick
from .._foreign.stepper import accelerated as core_in_c

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._core.schedule import Schedule
    from .._core.scheduler import Scheduler as Core

_schedule_rates = quick.stepsize_schedule_rates


def write(groups: Sequence[dict[str, Any]], rates: Sequence[Any]) -> list[Any]:
    """Puts the rates into the groups: a tensor is filled, so that a compiled or captured optimizer sees it. Returns
    what is there then as PyTorch keeps it: tensors are copied."""
    written = rewrite(groups, rates)
    if written is not None:
        return written
    written = []
    for group, rate in zip(groups, rates):
        present = group["lr"]
        # Asking whether a float is a tensor takes PyTorch longer than all the rest.
        if type(present) is not float and isinstance(present, torch.Tensor):
            present.fill_(rate.squeeze() if isinstance(rate, torch.Tensor) else rate)
            written.append(present.clone())
        else:
            group["lr"] = rate
            written.append(_kept(rate))
    return written


def rates_of(groups: Sequence[dict[str, Any]]) -> list[Any]:
    """The rates in the groups as PyTorch keeps them: tensors are copied."""
    return [_kept(group["lr"]) for group in groups]


def _kept(rate: Any) -> Any:
    return rate if type(rate) is float or not isinstance(rate, torch.Tensor) else rate.clone()


def _rewrite(groups: Any, rates: Any) -> list[Any] | None:
    """What ``write`` returns where there are only floats, in C."""
    return None


def warn_of_order(optimizer: Any) -> None:
    """Warns where the optimizer has not stepped before its scheduler does."""
    if not hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        warn(
            "optimizer.step was replaced after this scheduler was made: make the scheduler afterwards, so that it can"
            " tell whether the optimizer steps first"
        )
    elif not getattr(optimizer, "_opt_called", False):
        warn(
            "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the rate of update 0 is not used. Call"
            " optimizer.step() first"
        )


def is_ours(kind: type) -> bool:
    """Whether a class is of this package: one derived from it may do anything."""
    return kind.__module__.partition(".")[0] == __name__.partition(".")[0]


class Curves:
    """Schedules and base rates, one of each for every group: their rates are one call of the library."""

    __slots__ = ("_addresses", "_bases", "_handles", "_rates", "schedules")

    def __init__(self, schedules: Sequence[Schedule], bases: Sequence[float]) -> None:
        self.schedules = schedules  # which own the handles
        self._handles = (c_void_p * len(schedules))(*(each._handle for each in schedules))
        self._bases = (c_double * len(bases))(*bases)
        self._rates = (c_double * len(bases))()
        # For the accelerated module.
        self._addresses = addressof(self._handles), addressof(self._bases), addressof(self._rates), len(bases)

    def __reduce__(self) -> tuple[Any, ...]:
        return Curves, (self.schedules, list(self._bases))

    def at(self, update: int) -> list[float]:
        """The rate of each group."""
        _schedule_rates(self._handles, self._bases, len(self._rates), update, self._rates)
        return list(self._rates)

    def table(self, start: int, count: int) -> Iterator[tuple[float, ...]]:
        """The rates of each group, for so many updates."""
        columns: dict[Any, Sequence[float]] = {}
        keys = [*zip(map(id, self.schedules), self._bases)]
        for key, schedule in zip(keys, self.schedules):
            if key not in columns:
                columns[key] = schedule.curve(count, start, key[1]).tolist()
        return zip(*(columns[key] for key in keys))


class _GroupStep:
    """The base of the scheduler. Steps in which nothing is rare end here, others call ``_step`` and ``_advance``."""

    __slots__ = ("_driven",)

    _driven: tuple[Core, Any, bool] | None

    if TYPE_CHECKING:

        def _step(self, loss: Any) -> float: ...
        def _advance(self, updates: int = 1) -> float: ...

    def _drive(self, core: Core | None, optimizer: Any = None) -> None:
        """From now on a step is only a step of `core` whose rates are written into the optimizer's groups; None: it is
        more than that."""
        self._driven = None if core is None else (core, optimizer, core.needs_loss)

    def step(self, loss: Any = None) -> float:
        """Goes to the next update, writes its rates into the groups and returns the one of the first group.

        Call it after ``optimizer.step()``, with the loss of that update where there is a controller: a number or a
        tensor with one element.
        """
        driven = self._driven
        if driven is None:
            return self._step(loss)
        core, optimizer, needs_loss = driven
        groups = optimizer.param_groups
        if not needs_loss:
            loss = None  # it may be on an accelerator: not read needlessly
        elif loss is not None and type(loss) is not float:
            return self._step(loss)
        if not _are_plain(groups, core._rates):
            return self._step(loss)
        rate = core.step(loss)
        if self._driven is driven:  # the notification of a change may replace the core
            for group, each in zip(groups, core._rates):
                group["lr"] = each
        return rate

    def advance(self, updates: int = 1, /) -> float:
        """Like ``step``, but without a loss: for the updates between two evaluations; so many of them at once."""
        if updates != 1 or self._driven is None:
            return self._advance(updates)
        core, optimizer, _ = self._driven
        groups = optimizer.param_groups
        if not _are_plain(groups, core._rates):
            return self._advance(updates)
        rate = core.advance()
        for group, each in zip(groups, core._rates):
            group["lr"] = each
        return rate


def _are_plain(groups: Any, rates: Any) -> bool:
    """Whether the groups have the very rates that were written, as floats: otherwise something else changes them."""
    if len(groups) != len(rates):
        return False
    for group, rate in zip(groups, rates):
        present = group["lr"]
        if type(present) is not float or present != rate:
            return False
    return True


def _accelerated() -> Any:
    """The module in C, or None: it exists if that of the core does."""
    if core_in_c is None:
        return None
    try:
        module: Any = import_module("._accelerated", __package__)
    except ImportError:
        return None
    module.connect(core_in_c.Step, cast(_schedule_rates, c_void_p).value)
    return module


accelerated = _accelerated()
if TYPE_CHECKING:
    GroupStep = _GroupStep
    rewrite = _rewrite
elif accelerated is None:
    GroupStep, rewrite = _GroupStep, _rewrite
else:
    GroupStep, rewrite = accelerated.GroupStep, accelerated.rewrite
