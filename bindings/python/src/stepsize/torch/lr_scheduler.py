"""The schedulers of ``torch.optim.lr_scheduler`` with the same names, arguments and attributes: to migrate, replace
``from torch.optim import lr_scheduler`` by ``from stepsize.torch import lr_scheduler``.

Each is a subclass of PyTorch's own, so that ``isinstance`` and saved states mean the same in both. Differences:

- The rates come from the closed forms of ``stepsize.peers.pytorch``, not from the previous rate: they do not drift, and
  are the same after a resume. If other code has changed the rate meanwhile (another scheduler, a chain, the user), they
  are multiplied as in PyTorch.
- ``load_state_dict`` writes the rates into the optimizer: its state may be loaded before or after.
- ``SequentialLR`` and ``ChainedScheduler`` may be nested at any position.
- A state that would silently leave out a function is an error.
- ``ConstantLR`` and ``LinearLR`` of length 0 end at once, a factor of 0 ends correctly, and the first part of
  ``OneCycleLR`` may have length 0.
- ``last_epoch=`` gives the rate of the next update whatever rate the optimizer has.

Arguments without a closed form (a ``scale_fn``, lengths that are not integers, a base rate of 0 with a rate as an
argument) use PyTorch's own arithmetic.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import torch
from torch.optim import lr_scheduler as peer
from torch.optim.lr_scheduler import LRScheduler

from .._core.named import Cyclic, Ramp
from .._core.schedule import value_at
from .._foreign.errors import StepsizeError
from ..peers import pytorch as peers
from ._groups import Curves, rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._core.schedule import Schedule

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip

_Rate = Any  # float | torch.Tensor
# Base rates, arguments, and the curves of the groups.
_Next = tuple[list[float], Any, Curves]


class _State:
    """The common base: states that are complete, and that are written into the optimizer."""

    optimizer: torch.optim.Optimizer
    _last_lr: list[_Rate]
    # Derived from the arguments, and not part of the state.
    _derived: tuple[str, ...] = ()

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = super().state_dict()  # type: ignore[misc]
        return {name: value for name, value in state.items() if name not in self._derived}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if "core" in state_dict:
            raise StepsizeError(
                f"state_dict: it is that of a stepsize.torch.Scheduler, expected that of {type(self).__name__}"
            )
        rates = state_dict.get("_last_lr")
        groups = self.optimizer.param_groups
        if rates is not None and len(rates) != len(groups):
            raise StepsizeError(f"state_dict: it is for {len(rates)} parameter groups, the optimizer has {len(groups)}")
        self._load(state_dict)
        if rates is not None:
            for group, rate in zip(groups, rates):
                _put(group, rate)

    def _load(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)  # type: ignore[misc]


class _ClosedForm(_State):
    """The rate at t is base · schedule(t) as long as nothing else changes it."""

    _derived: tuple[str, ...] = ("_curves", "_made_for", "_seen", "_clean", "_next")
    _overwrites = False  # whether the existing rate is ignored, as in PyTorch
    _does_more = False  # whether it also writes a momentum
    _next: _Next | None = None  # the fast path for the next update

    base_lrs: list[_Rate]
    last_epoch: int
    _is_initial: bool
    _get_lr_called_within_step: bool
    _curves: Curves | None

    def _schedule(self, group: int, base: float) -> Schedule:
        """The schedule of a group, made from the attributes that PyTorch's constructor has set."""
        raise NotImplementedError

    def _closed_form(self) -> Curves | None:
        """The curve of each group; None without a closed form. Made anew if an attribute was changed."""
        bases, arguments = self.base_lrs, self._arguments()
        made_for = self.__dict__.get("_made_for")
        if made_for is None or made_for[0] != bases or made_for[1] != arguments:
            self._made_for = list(bases), arguments
            schedules: dict[Any, Schedule] = {}
            try:
                numbers = [float(base) for base in bases]
                keys = [self._key(group, base) for group, base in enumerate(numbers)]
                for group, key in enumerate(keys):
                    if key not in schedules:
                        schedules[key] = self._schedule(group, numbers[group])
                self._curves = Curves([schedules[key] for key in keys], numbers)
            except (StepsizeError, TypeError, ArithmeticError):
                self._curves = None
        return self._curves

    def _multipliers(self, schedules: Sequence[Schedule], step: int) -> list[float]:
        """The values of the groups' schedules, of which there is usually one."""
        first = schedules[0].at(step)
        return [first if schedule is schedules[0] else schedule.at(step) for schedule in schedules]

    def _key(self, group: int, base: float) -> Any:
        """The key that groups with the same schedule share."""
        return base

    def _arguments(self) -> Any:
        raise NotImplementedError

    def get_lr(self) -> list[_Rate]:
        curves = self._closed_form()
        if curves is None:
            values: list[_Rate] = super().get_lr()  # type: ignore[misc]
            return values
        groups, step = self.optimizer.param_groups, self.last_epoch
        rates = curves.at(step)
        if self._overwrites or self._untouched(groups, curves):
            return list(rates)
        now = self._multipliers(curves.schedules, step)
        before = [1.0] * len(now) if self._is_initial else self._multipliers(curves.schedules, max(step - 1, 0))
        return [
            rate if clean else self._moved(group["lr"], base, last, after)
            for rate, clean, group, base, last, after in zip(rates, self._clean, groups, self.base_lrs, before, now)
        ]

    def _untouched(self, groups: list[dict[str, Any]], curves: Curves) -> bool:
        """Whether all groups have the rates that this scheduler last wrote, and no other code has changed them;
        `_clean` has it for each group."""
        if self._is_initial:
            # With last_epoch= the closed form counts, whatever the optimizer's rate is.
            expected: list[_Rate] = [group["lr"] for group in groups] if self.last_epoch > 0 else self.base_lrs
            clean = [True] * len(groups)
        else:
            expected = self._last_lr
            clean = self.__dict__.get("_clean") or [
                # A state was loaded: its rates are those of the closed form, or intermediate ones of a chain.
                math.isclose(float(rate), known, rel_tol=1e-5, abs_tol=1e-12)
                for rate, known in zip(expected, curves.at(self.last_epoch - 1))
            ]
        tensors = any(self.__dict__.get("_seen", ()))  # comparing those would wait for an accelerator
        if not tensors and all(clean) and [group["lr"] for group in groups] == expected:
            self._clean = clean
            return True
        seen: list[Any] = self.__dict__.get("_seen") or [None] * len(groups)
        self._clean = [
            was and (_same(mark, group["lr"]) or float(group["lr"]) == float(rate))
            for was, mark, group, rate in zip(clean, seen, groups, expected, strict=True)
        ]
        return all(self._clean)

    def _moved(self, rate: _Rate, base: _Rate, before: float, after: float) -> _Rate:
        """The rate of a group that other code has changed."""
        return rate * (after / before) if before else rate

    def _get_closed_form_lr(self) -> list[_Rate]:
        curves = self._closed_form()
        if curves is None:
            return self._without_closed_form()
        self._clean = [True] * len(curves.schedules)
        return list(curves.at(self.last_epoch))

    def _without_closed_form(self) -> list[_Rate]:
        form = getattr(super(), "_get_closed_form_lr", None)
        values: list[_Rate] = form() if form is not None else super().get_lr()  # type: ignore[misc]
        return values

    def _update_lr(self, epoch: int | None = None) -> None:
        known = self._next
        if known is not None and epoch is None and not self._is_initial:
            # If nothing has changed since the last update, this gives the result of the rest in a fraction of the time.
            bases, arguments, curves = known
            update = self.last_epoch + 1
            if self.base_lrs == bases and self._has(arguments):
                quick = rewrite(self.optimizer.param_groups, self._last_lr, curves, update)
                if quick is not None:
                    self.last_epoch, self._last_lr = update, quick
                    if self._does_more:
                        self._write_momentum()
                    return
        self._next = None
        self._get_lr_called_within_step = True
        try:
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            rates = self.get_lr() if epoch is None else self._get_closed_form_lr()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            _put(group, rate)
        self._last_lr = _rates(self.optimizer)
        self._seen = [_mark(group["lr"]) for group in self.optimizer.param_groups]
        self._next = self._found()

    def _found(self) -> _Next | None:
        """What the next update needs if all rates are floats that only this scheduler has written; a subclass may have
        another `get_lr`."""
        curves = self.__dict__.get("_curves")
        if (
            curves is None
            or type(self).__module__ != __name__
            or not all(type(rate) is float for rate in self._last_lr)
        ):
            return None
        if not (self._overwrites or all(self.__dict__.get("_clean") or (False,))):
            return None
        bases, arguments = self._made_for
        if not all(type(base) is float for base in bases):
            return None
        return bases, arguments, curves

    def _has(self, arguments: Any) -> bool:
        """Whether the arguments are unchanged."""
        same: bool = self._arguments() == arguments
        return same

    def _load(self, state_dict: dict[str, Any]) -> None:
        super()._load(state_dict)
        for name in self._derived:
            self.__dict__.pop(name, None)
        if self._closed_form() is not None:
            self._write_momentum()

    def _write_momentum(self) -> None:
        """The base of those that also drive the momentum."""


def _put(group: dict[str, Any], rate: _Rate) -> None:
    # PyTorch's isinstance check for tensors takes longer than everything else here.
    if type(group["lr"]) is not float and isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = float(rate)


def _rates(optimizer: torch.optim.Optimizer) -> list[_Rate]:
    rates = [group["lr"] for group in optimizer.param_groups]
    return [rate if type(rate) is float else rate.clone() if isinstance(rate, torch.Tensor) else rate for rate in rates]


def _mark(rate: _Rate) -> Any:
    """A mark that shows whether a tensor has changed, without reading it from an accelerator."""
    return (id(rate), rate._version) if type(rate) is not float and isinstance(rate, torch.Tensor) else None


def _same(mark: Any, rate: _Rate) -> bool:
    return mark is not None and mark == _mark(rate)


class StepLR(_ClosedForm, peer.StepLR):
    def _arguments(self) -> Any:
        return self.step_size, self.gamma

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.StepLR(base, self.step_size, self.gamma)


class MultiStepLR(_ClosedForm, peer.MultiStepLR):
    def _arguments(self) -> Any:
        return dict(self.milestones), self.gamma

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.MultiStepLR(base, self.milestones.elements(), self.gamma)


class ConstantLR(_ClosedForm, peer.ConstantLR):
    def _arguments(self) -> Any:
        return self.factor, self.total_iters

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.ConstantLR(base, self.factor, self.total_iters)


class LinearLR(_ClosedForm, peer.LinearLR):
    def _arguments(self) -> Any:
        return self.start_factor, self.end_factor, self.total_iters

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.LinearLR(base, self.start_factor, self.end_factor, self.total_iters)


class ExponentialLR(_ClosedForm, peer.ExponentialLR):
    def _arguments(self) -> Any:
        return self.gamma

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.ExponentialLR(base, self.gamma)


class PolynomialLR(_ClosedForm, peer.PolynomialLR):
    def _arguments(self) -> Any:
        return self.total_iters, self.power

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.PolynomialLR(base, self.total_iters, self.power)


class CosineAnnealingLR(_ClosedForm, peer.CosineAnnealingLR):
    def _arguments(self) -> Any:
        return self.T_max, self.eta_min

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.CosineAnnealingLR(base, self.T_max, self.eta_min)

    def _moved(self, rate: _Rate, base: _Rate, before: float, after: float) -> _Rate:
        if self._is_initial:
            return rate
        # As in PyTorch: the part above eta_min is multiplied, and from eta_min it rises by as much as the schedule.
        above, then = base * before - self.eta_min, base * after - self.eta_min
        return rate + (then - above) if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max else (
            (rate - self.eta_min) * (then / above) + self.eta_min
        )


class CosineAnnealingWarmRestarts(_ClosedForm, peer.CosineAnnealingWarmRestarts):
    _overwrites = True

    def _arguments(self) -> Any:
        return self.T_0, self.T_mult, self.eta_min

    def _schedule(self, group: int, base: float) -> Schedule:
        return peers.CosineAnnealingWarmRestarts(base, self.T_0, self.T_mult, self.eta_min)

    def step(self, epoch: float | None = None) -> None:
        """With an epoch, which may be fractional, goes there; the cycle is found by integer arithmetic."""
        if epoch is None and self.last_epoch >= 0:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
            self._update_lr()
            return
        self._next = None
        if epoch is not None and epoch >= 0:
            start, length = 0, self.T_0
            if self.T_mult == 1:
                start = int(epoch // length) * length
            else:
                while epoch >= start + length:
                    start, length = start + length, length * self.T_mult
            self.T_cur, self.T_i = epoch - start, length  # type: ignore[assignment]
            self.last_epoch = math.floor(epoch)
            for group, rate in zip(self.optimizer.param_groups, self._get_closed_form_lr(), strict=True):
                _put(group, rate)
            self._last_lr = _rates(self.optimizer)
            return
        super().step(epoch)

    def get_lr(self) -> list[_Rate]:
        return super().get_lr() if self.T_cur == int(self.T_cur) else self._get_closed_form_lr()

    def _found(self) -> _Next | None:
        return super()._found() if self.T_cur == int(self.T_cur) else None

    def _get_closed_form_lr(self) -> list[_Rate]:
        if self._closed_form() is None or self.T_cur == int(self.T_cur):
            return super()._get_closed_form_lr()
        # Between two updates: the same cosine, over so many steps that it is practically continuous.
        fine = 2**50
        step = round(self.T_cur / self.T_i * fine)
        bases = [float(base) for base in self.base_lrs]
        ramps = [Ramp(fine, start=1.0, end=self.eta_min / base, shape="cosine") for base in bases]
        return list(Curves(ramps, bases).at(step))


class CyclicLR(_ClosedForm, peer.CyclicLR):
    _overwrites = True
    _does_more = True
    _derived: tuple[str, ...] = (*_ClosedForm._derived, "_height", "_height_for")

    def _arguments(self) -> Any:
        return self.step_ratio, self.total_size, self.mode, self.gamma, [*self.max_lrs]

    def _key(self, group: int, base: float) -> Any:
        return base, float(self.max_lrs[group])

    def _lengths(self) -> tuple[int, int]:
        """The lengths of the rise and the fall. The rise is stored only as a fraction of the cycle."""
        up = round(self.step_ratio * self.total_size)
        down = self.total_size - up
        if down != int(down) or up / self.total_size != self.step_ratio:
            raise TypeError("no closed form")
        return up, int(down)

    def _schedule(self, group: int, base: float) -> Schedule:
        if self._scale_fn_custom is not None:
            raise TypeError("no closed form")
        up, down = self._lengths()
        return peers.CyclicLR(base, base, float(self.max_lrs[group]), up, down, self.mode, self.gamma)

    def state_dict(self) -> dict[str, Any]:
        if self._scale_fn_custom is not None:
            _check_function("scale_fn", self._scale_fn_custom)
        return super().state_dict()

    def get_lr(self) -> list[_Rate]:
        if self._closed_form() is None:
            values: list[_Rate] = peer.CyclicLR.get_lr(self)
            return values
        self._write_momentum()
        return super().get_lr()

    def _write_momentum(self) -> None:
        if self.cycle_momentum:
            if self.__dict__.get("_height_for") is not self._made_for:
                self._height_for = self._made_for
                up, down = self._lengths()
                self._height = Cyclic(up, down=down, floor=0.0, mode=self.mode, gamma=self.gamma)
            height = value_at(self._height._handle, self.last_epoch)
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                _put_momentum(group, high - (high - low) * height, self.use_beta1)


_RATES = itemgetter("initial_lr", "max_lr", "min_lr")
_RATES_AND_MOMENTUMS = itemgetter("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")


class OneCycleLR(_ClosedForm, peer.OneCycleLR):
    _overwrites = True
    _does_more = True

    def _arguments(self) -> Any:
        groups = self.optimizer.param_groups
        phases: list[Any] = [dict(phase) for phase in self._schedule_phases]
        return phases, self._anneal_func_type, self.cycle_momentum, [*map(self._values_of(), groups)]

    def _has(self, arguments: Any) -> bool:
        phases, kind, cycles, rates = arguments
        if self.last_epoch >= self.total_steps:
            return False  # which is an error
        if phases != self._schedule_phases or kind != self._anneal_func_type or cycles != self.cycle_momentum:
            return False
        same: bool = [*map(self._values_of(), self.optimizer.param_groups)] == rates
        return same

    def _values_of(self) -> Callable[[Any], Any]:
        """Returns the arguments that are stored in a group."""
        return _RATES_AND_MOMENTUMS if self.cycle_momentum else _RATES

    def _key(self, group: int, base: float) -> Any:
        values = self.optimizer.param_groups[group]
        return base, *(float(values[name]) for name in ("initial_lr", "max_lr", "min_lr"))

    def _schedule(self, group: int, base: float) -> Schedule:
        return self._curve(group, "lr", base)

    def _curve(self, group: int, what: str, unit: float) -> Schedule:
        """The phases as one curve, in units of `unit`."""
        values = self.optimizer.param_groups[group]
        phases = self._schedule_phases
        points = [(0.0, float(values[phases[0][f"start_{what}"]]))]  # type: ignore[literal-required]
        points += [
            (phase["end_step"], float(values[phase[f"end_{what}"]]))  # type: ignore[literal-required]
            for phase in phases
        ]
        interpolation: Any = "cosine" if self._anneal_func_type == "cos" else "linear"
        return peers.one_cycle_curve([(step, value / unit) for step, value in points], interpolation)

    def get_lr(self) -> list[_Rate]:
        if self._closed_form() is None:
            values: list[_Rate] = peer.OneCycleLR.get_lr(self)
            return values
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: update {self.last_epoch} of {self.total_steps}: make it with a larger total_steps, or"
                " stop stepping it"
            )
        self._write_momentum()
        return super().get_lr()

    def _write_momentum(self) -> None:
        if self.cycle_momentum:
            groups = self.optimizer.param_groups
            if self.__dict__.get("_momenta_for") is not self._made_for:
                self._momenta_for = self._made_for
                keys = [(group["max_momentum"], group["base_momentum"]) for group in groups]
                curves = {key: self._curve(keys.index(key), "momentum", 1.0) for key in keys}
                self._momenta = [curves[key] for key in keys]
            before, momentum = None, 0.0
            for group, curve in zip(groups, self._momenta, strict=True):
                if curve is not before:
                    before, momentum = curve, value_at(curve._handle, self.last_epoch)
                _put_momentum(group, momentum, self.use_beta1)

    _derived: tuple[str, ...] = (*_ClosedForm._derived, "_momenta", "_momenta_for")


def _put_momentum(group: dict[str, Any], momentum: float, use_beta1: bool) -> None:
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


class _Functions(_State):
    """A function, or one for each group: called during the run; saving one that cannot be saved is an error."""

    lr_lambdas: list[Callable[[int], float]]

    def state_dict(self) -> dict[str, Any]:
        for function in self.lr_lambdas:
            _check_function("lr_lambda", function)
        return super().state_dict()


def _check_function(name: str, function: Any) -> None:
    """An object with attributes is saved by them, as in PyTorch; a function or a functools.partial is not."""
    kind = type(function)
    if hasattr(function, "__dict__") and kind.__module__ not in ("builtins", "functools"):
        return
    shown = getattr(function, "__qualname__", kind.__name__)
    raise StepsizeError(
        f"{name}: the function {shown} cannot be saved, and the run could not continue with it. Save"
        " scheduler.last_epoch alone and make the scheduler again with last_epoch=, or use an object with __call__"
        " whose numbers are attributes, or a schedule: stepsize.torch.Scheduler(optimizer,"
        " stepsize.Table([function(step) for step in range(total)]))"
    )


class LambdaLR(_Functions, peer.LambdaLR):
    pass


class MultiplicativeLR(_Functions, peer.MultiplicativeLR):
    pass


class ReduceLROnPlateau(_State, peer.ReduceLROnPlateau):
    """PyTorch's own counting, so that every rate is the same bit for bit, whatever else changes the rates. On top of a
    schedule, or if a loss may not be finite, use ``stepsize.torch.Scheduler(optimizer, schedule, Plateau())``."""

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        # float() of a tensor that requires a gradient warns.
        if type(metrics) is not float and isinstance(metrics, torch.Tensor):
            metrics = metrics.detach()
        super().step(metrics, epoch)


class _Composed(_State):
    """Schedulers inside a scheduler. PyTorch's cannot start in the middle of a run; these can."""

    _schedulers: Any

    def _initial_step(self) -> None:
        raise NotImplementedError

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.step()  # type: ignore[attr-defined]
        elif epoch == 0:
            for group in self.optimizer.param_groups:
                _put(group, group["initial_lr"])
            self._initial_step()
        else:
            raise StepsizeError(f"epoch = {epoch}: a {type(self).__name__} can only go step by step")

    def _begin(self, schedulers: Sequence[Any]) -> None:
        for scheduler in schedulers:
            if not hasattr(scheduler, "_schedulers"):
                scheduler.last_epoch = -1
            scheduler._initial_step()
        self._last_lr = _rates(self.optimizer)


class SequentialLR(_Composed, peer.SequentialLR):
    def _initial_step(self) -> None:
        self.last_epoch = 0
        self._begin([self._schedulers[bisect_right(self._milestones, 0)]])


class ChainedScheduler(_Composed, peer.ChainedScheduler):
    def _initial_step(self) -> None:
        self._begin(self._schedulers)
