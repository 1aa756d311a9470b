"""The parameter groups of an optimizer, which the rates are written into.

``GroupStep`` and ``rewrite`` exist in C, too, in the accelerated module of this folder, for the common case: the groups
are dictionaries, and their rates floats. Everything else comes back here.
"""

from __future__ import annotations

from ctypes import addressof, c_double, c_void_p, cast
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._foreign.errors import StepsizeError
from .._foreign.library import quick
from .._foreign.stepper import accelerated as core_in_c

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._core.schedule import Schedule
    from .._core.scheduler import Scheduler as Core

_schedule_rates = quick.stepsize_schedule_rates


def check(groups: Sequence[Any], count: int) -> None:
    """Raises if the number of groups has changed."""
    if len(groups) != count:
        raise StepsizeError(
            f"optimizer: {len(groups)} parameter groups, expected {count} as when the scheduler was made: after"
            " add_param_group make a new scheduler and set its current_step"
        )


def write(groups: Iterable[Any], rates: Iterable[float]) -> None:
    """Writes the rates into the groups: a tensor is filled, so that a compiled or captured optimizer sees it."""
    for group, rate in zip(groups, rates):
        present = group["lr"]
        if type(present) is float or not hasattr(present, "fill_"):
            group["lr"] = rate
        else:
            present.fill_(rate)


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


def _rewrite(groups: list[Any], present: list[Any], curves: Curves, update: int) -> list[float] | None:
    """Writes the rates of an update into the groups and returns them; None, and nothing changes, unless the rates in
    the groups are the same objects as in `present`, and floats."""
    if len(groups) != len(present):
        return None
    for group, rate in zip(groups, present):
        if group["lr"] is not rate or type(rate) is not float:
            return None
    rates = curves.at(update)
    for group, rate in zip(groups, rates):
        group["lr"] = rate
    return rates


class _GroupStep:
    """The base of the scheduler, whose steps call ``_step`` and ``_advance``."""

    __slots__ = ()

    if TYPE_CHECKING:

        def _step(self, loss: Any) -> float: ...
        def _advance(self) -> float: ...

    def _drive(self, core: Core | None, optimizer: Any = None) -> None:
        """Tells the class in C that from now on a step is only a step of `core` whose rates are written into the
        optimizer's groups; None: it is more than that."""

    def step(self, loss: Any = None) -> float:
        """Goes to the next update, writes its rates into the groups and returns the one of the first group.

        Call it after ``optimizer.step()``, with the loss of that update where there is a controller: a number or a
        tensor with one element.
        """
        return self._step(loss)

    def advance(self) -> float:
        """Like ``step``, but without a loss: for the updates between two evaluations."""
        return self._advance()


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
