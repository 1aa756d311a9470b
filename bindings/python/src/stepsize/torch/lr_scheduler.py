"""The schedulers of ``torch.optim.lr_scheduler`` under the names, with the arguments, attributes and states that they
have there: ``from stepsize.torch import lr_scheduler`` in place of ``from torch.optim import lr_scheduler``.

Each is a subclass of PyTorch's own and does what that does: whatever a script changes in a scheduler or in its
optimizer counts from then on, as there (see ``_dropin``). What differs:

- Updates in which nothing was changed take the rate from the closed form of ``stepsize.peers.pytorch``: it is faster
  and does not drift. PyTorch's own differ from it by rounding.
- ``load_state_dict`` continues at the saved rate also where the optimizer's own state is not loaded, or was loaded
  before the scheduler was made: PyTorch continues from whatever rate the scheduler's constructor has left.
- ``SequentialLR`` takes a ``SequentialLR`` or a ``ChainedScheduler`` in any place; PyTorch raises when their turn
  comes.
- ``ConstantLR`` with a factor of 0 ends as it should; PyTorch divides by zero.
- Where a step raises, nothing has changed; PyTorch has counted it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch.optim import lr_scheduler as peer
from torch.optim.lr_scheduler import LRScheduler

from .._core import memory
from .._core.controllers import Plateau
from .._core.named import Ramp, Repeat
from .._core.scheduler import Scheduler as Core
from .._foreign import convert
from .._foreign.caller import warn
from .._foreign.errors import StepsizeError
from ..peers import pytorch as peers
from ._bases import forget_stale, note_stale, warn_of_stale
from ._dropin import Dropin, Plan, put_momentum
from ._groups import Curves, is_ours, rates_of, warn_of_order, write
from ._lengths import Ending, check_policy
from ._observer import Numbers, Observer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core.schedule import Schedule

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip

_Rate = Any  # float | torch.Tensor


def __getattr__(name: str) -> Any:
    """Whatever else the module has is PyTorch's."""
    return getattr(peer, name)


class State:
    """What all have: a state that continues at its rate."""

    optimizer: torch.optim.Optimizer
    _last_lr: list[_Rate]
    _endless = "it has none, and goes on for as long as it is stepped"

    def extend(self, total: int, policy: str = "continue") -> None:
        """Raises StepsizeError, which says what to do instead: only those with a length have a longer one."""
        raise StepsizeError(f"extend: a {type(self).__name__} takes no other length: {self._endless}")

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if "core" in state_dict:
            raise StepsizeError(
                f"state_dict: it is that of a stepsize.torch.Scheduler, expected that of {type(self).__name__}"
            )
        own, before = self.__dict__, self.__dict__.copy()
        forget_stale(self)
        as_made = self._has_its_rates()  # before the schedulers inside this one write theirs
        try:
            # PyTorch's takes the functions out of the dictionary that it is given.
            super().load_state_dict(dict(state_dict))  # type: ignore[misc]
        except BaseException:
            own.clear()
            own.update(before)
            raise
        if as_made and len(self._last_lr) == len(self.optimizer.param_groups):
            self._write_back()

    def _write_back(self) -> None:
        """Puts into the optimizer what the state says that it has."""
        write(self.optimizer.param_groups, self._last_lr)

    def _has_its_rates(self) -> bool:
        """Whether the optimizer has the very rates that this scheduler has put there, and not those of a state."""
        known = self.__dict__.get("_last_lr", ())
        present = [group["lr"] for group in self.optimizer.param_groups]
        return len(known) == len(present) and all(map(_is_same, present, known))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__


def _is_same(present: _Rate, known: _Rate) -> bool:
    """Of tensors PyTorch keeps copies."""
    if isinstance(present, torch.Tensor) and isinstance(known, torch.Tensor):
        return torch.equal(present, known)
    return present is known


class _Twin(State, Dropin):
    """The steps of all but the composed ones and the plateau."""

    last_epoch: int
    base_lrs: list[_Rate]
    _step_count: int
    _is_initial: bool
    _get_lr_called_within_step: bool
    _drives_momentum = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not is_ours(cls) or not issubclass(cls, LRScheduler):
            return
        make: Any = cls.__init__

        @wraps(make)  # with PyTorch's signature
        def __init__(self: Any, *arguments: Any, **options: Any) -> None:
            optimizer = options.get("optimizer", arguments[0] if arguments else None)
            if isinstance(optimizer, torch.optim.Optimizer):
                note_stale(self, optimizer)
            make(self, *arguments, **options)
            if self.last_epoch > 0:
                forget_stale(self)  # it resumes by `last_epoch`

        cls.__init__ = __init__  # type: ignore[method-assign]

    def _initial_step(self) -> None:
        self._plan = None
        super()._initial_step()  # type: ignore[misc]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._plan = None
        self.__dict__.update(state)

    def _follow(self, epoch: int | None = None) -> None:
        """PyTorch's step."""
        count = self._step_count
        if count == 1:
            warn_of_order(self.optimizer)
            warn_of_stale(self)
        if epoch is not None:
            warn(peer.EPOCH_DEPRECATION_WARNING)
        self._step_count = count + 1
        try:
            self._update_lr(epoch)
        except BaseException:
            self._step_count = count
            raise
        if not self._is_initial and self._plan is not False:
            self._plan = self._next_plan()

    def _update_lr(self, epoch: int | None = None) -> None:
        """PyTorch's, which its SequentialLR calls, too; but without a trace where it raises."""
        groups, before = self.optimizer.param_groups, self.last_epoch
        kept = [(group, group.copy()) for group in groups] if self._drives_momentum else ()
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch = before + 1
                rates = self.get_lr()  # type: ignore[attr-defined]
            else:
                self.last_epoch = epoch
                closed_form: Any = getattr(self, "_get_closed_form_lr", self.get_lr)  # type: ignore[attr-defined]
                rates = closed_form()
            if len(rates) != len(groups):
                _refuse_count(rates, groups)
        except BaseException:
            self.last_epoch = before
            for group, values in kept:
                group.update(values)
            raise
        finally:
            self._get_lr_called_within_step = False
        self._last_lr = write(groups, rates)

    def _next_plan(self) -> Plan | bool | None:
        """How the next updates can be made at once; False where they never can."""
        return False

    def _write_back(self) -> None:
        super()._write_back()
        if self._drives_momentum:
            self._get_lr_called_within_step = True
            self.get_lr()  # type: ignore[attr-defined]  # which writes the momentum
            self._get_lr_called_within_step = False
            self._next_plan()  # which writes its last bits

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._plan = None


def _refuse_count(rates: Sequence[_Rate], groups: Sequence[Any]) -> NoReturn:
    raise ValueError(
        f"the optimizer has {len(groups)} parameter groups, the scheduler rates for {len(rates)}: a new group needs a"
        " new scheduler, or an item in base_lrs"
    )


# What may stand between a scheduler and its method in PyTorch.
_METHODS = {"get_lr", "step", "_update_lr"}
# A rate is on a curve where it differs from it by the rounding of PyTorch's recursion: of the rate, or of the base.
_OF_RATE, _OF_BASE = 1e-11, 1e-13
# How many updates a curve must be good for: the shortest cycles of warm restarts are over before it is there.
_WORTH = 8


@lru_cache(512)
def _made(make: Any, *arguments: Any) -> Schedule:
    """A schedule by a function of ``peers``: groups mostly have the same."""
    made: Schedule = make(*arguments)
    return made


class ClosedForm(_Twin):
    """Those whose recursion goes along a curve."""

    _names: tuple[str, ...] = ()  # the attributes that `get_lr` reads, besides those that are lists or dictionaries
    _counter = "_step_count"  # what counts updates besides last_epoch

    def _schedule(self, group: int, base: float) -> Schedule:
        """The schedule of a group, made from the attributes."""
        raise NotImplementedError

    def _contents(self) -> list[Any]:
        """The lists and dictionaries that `get_lr` reads."""
        return []

    def _keys(self) -> tuple[str, ...]:
        """What it reads in the groups besides the rate."""
        return ()

    def _span(self) -> tuple[int, int]:
        """Where on the curve the current update is, and the last for which the curve holds."""
        return self.last_epoch, 2**62

    def _units(self) -> list[_Rate]:
        """What a schedule's value 1 is, for each group."""
        return self.base_lrs

    def _momenta(self) -> tuple[Curves, str] | None:
        """The curves of the momentum where it is driven, and its key."""
        return None

    def _next_plan(self) -> Plan | bool | None:
        own, groups = self.__dict__, self.optimizer.param_groups
        if not is_ours(type(self)) or not _METHODS.isdisjoint(own):
            return False  # a subclass may do anything
        update, end = self._span()
        units = self._units()
        if type(groups) is not list or len(units) != len(groups) or end < _WORTH or update > end:
            return None
        if not all(type(group) is dict and type(group["lr"]) is float for group in groups):
            return None
        try:
            bases = [float(unit) for unit in units]
            curves = Curves([self._schedule(group, base) for group, base in enumerate(bases)], bases)
            momenta = self._momenta()
        except (StepsizeError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return False  # no closed form
        rates = curves.at(update)
        for group, rate, base in zip(groups, rates, bases):
            if not math.isclose(group["lr"], rate, rel_tol=_OF_RATE, abs_tol=_OF_BASE * base):
                return False
        # To the last bit, so that a resumed run has the rates of one that was not interrupted.
        self._last_lr = write(groups, rates)
        if momenta is not None:
            for group, momentum in zip(groups, momenta[0].at(update)):
                put_momentum(group, momenta[1], momentum)
        return Plan(
            own, self._names, self.optimizer, self._keys(), self._contents(), self._counter, curves, update, end,
            *(momenta or ()),
        )  # fmt: skip


class StepLR(ClosedForm, peer.StepLR):
    _names = ("step_size", "gamma")

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.StepLR, base, self.step_size, self.gamma)


class MultiStepLR(ClosedForm, peer.MultiStepLR):
    _names = ("milestones", "gamma")

    def _contents(self) -> list[Any]:
        return [self.milestones]

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.MultiStepLR, base, tuple(self.milestones.elements()), self.gamma)


class ConstantLR(Ending, ClosedForm, peer.ConstantLR):
    _names = ("factor", "total_iters")
    _length = "total_iters"

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.ConstantLR, base, self.factor, self.total_iters)


class LinearLR(Ending, ClosedForm, peer.LinearLR):
    _names = ("start_factor", "end_factor", "total_iters")
    _length = "total_iters"

    def _lengthen(self, total: int, keeps_rate: bool) -> None:
        if keeps_rate:
            # The line from the current rate to the end, as if it had begun at update 0.
            done = self.last_epoch / total
            present = self.start_factor + (self.end_factor - self.start_factor) * self.last_epoch / self.total_iters
            self.start_factor = (present - self.end_factor * done) / (1 - done)
        super()._lengthen(total, keeps_rate)

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.LinearLR, base, self.start_factor, self.end_factor, self.total_iters)


class ExponentialLR(ClosedForm, peer.ExponentialLR):
    _names = ("gamma",)

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.ExponentialLR, base, self.gamma)


class PolynomialLR(Ending, ClosedForm, peer.PolynomialLR):
    _names = ("total_iters", "power")
    _length = "total_iters"

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.PolynomialLR, base, self.total_iters, self.power)


class CosineAnnealingLR(Ending, ClosedForm, peer.CosineAnnealingLR):
    _names = ("T_max", "eta_min", "base_lrs")
    _length = "T_max"

    def _contents(self) -> list[Any]:
        return [self.base_lrs]

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.CosineAnnealingLR, base, self.T_max, self.eta_min)


class CosineAnnealingWarmRestarts(ClosedForm, peer.CosineAnnealingWarmRestarts):
    """A cycle at a time: a cosine that PyTorch goes along by ``T_cur``."""

    _names = ("T_i", "eta_min", "base_lrs")
    _counter = "T_cur"
    _endless = "its cycles never end; T_i is the length of the present one, from which T_mult makes the next"

    def _contents(self) -> list[Any]:
        return [self.base_lrs]

    def _span(self) -> tuple[int, int]:
        is_whole = type(self.T_cur) is int and 0 <= self.T_cur
        return (self.T_cur, self.T_i - 1) if is_whole else (0, 0)

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.CosineAnnealingLR, base, self.T_i, self.eta_min)

    def _follow(self, epoch: float | None = None) -> None:
        if not self._is_initial:
            warn_of_stale(self)
        if len(self.base_lrs) != len(self.optimizer.param_groups):
            _refuse_count(self.base_lrs, self.optimizer.param_groups)
        before = self.__dict__.copy()
        try:
            peer.CosineAnnealingWarmRestarts.step(self, epoch)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        if not self._is_initial and self._plan is not False:
            self._plan = self._next_plan()


class CyclicLR(ClosedForm, peer.CyclicLR):
    _names = (
        "base_lrs", "max_lrs", "step_ratio", "total_size", "scale_mode", "_scale_fn_ref", "_scale_fn_custom",
        "cycle_momentum",
    )  # fmt: skip
    _drives_momentum = True

    def _contents(self) -> list[Any]:
        momenta = [self.base_momentums, self.max_momentums] if self.cycle_momentum else []
        return [self.base_lrs, self.max_lrs, *momenta]

    def _units(self) -> list[_Rate]:
        return list(self.max_lrs)

    def _lengths(self) -> tuple[int, int]:
        """The lengths of the rise and the fall. The rise is stored only as a fraction of the cycle."""
        up = round(self.step_ratio * self.total_size)
        down = self.total_size - up
        if down != int(down) or up / self.total_size != self.step_ratio:
            raise TypeError("no closed form")
        return up, int(down)

    def _shape(self) -> tuple[str, float]:
        """Mode and gamma of the function that scales the cycles: that was chosen when the scheduler was made."""
        function, kind = self._scale_fn_ref, peer.CyclicLR
        if self._scale_fn_custom is not None:
            raise TypeError("no closed form")
        if function is kind._triangular_scale_fn:
            return "triangular", 1.0
        if function is kind._triangular2_scale_fn and self.scale_mode == "cycle":
            return "triangular2", 1.0
        if isinstance(function, partial) and function.func is kind._exp_range_scale_fn and self.scale_mode != "cycle":
            return "exp_range", *function.args
        raise TypeError("no closed form")

    def _schedule(self, group: int, base: float) -> Schedule:
        return _made(peers.CyclicLR, base, float(self.base_lrs[group]), base, *self._lengths(), *self._shape())

    def _momenta(self) -> tuple[Curves, str] | None:
        if not self.cycle_momentum:
            return None
        if self._shape()[0] != "triangular":
            raise TypeError("no closed form")
        up, down = self._lengths()
        bounds = zip(self.max_momentums, self.base_momentums, strict=True)
        curves = [_made(_triangle, up, down, float(high), float(low)) for high, low in bounds]
        return Curves(curves, [1.0] * len(curves)), "betas" if self.use_beta1 else "momentum"


def _triangle(up: int, down: int, high: float, low: float) -> Schedule:
    return Repeat(Ramp(up, start=high, end=low) >> Ramp(down, start=low, end=high))


class OneCycleLR(Ending, ClosedForm, peer.OneCycleLR):
    _names = ("total_steps", "_schedule_phases", "_anneal_func_type", "cycle_momentum")
    _drives_momentum = True
    _length = "total_steps"

    def _lengthen(self, total: int, keeps_rate: bool) -> None:
        # PyTorch counts the steps at which phases end from -1.
        done, last = (self.last_epoch if keeps_rate else -1), self.total_steps - 1
        if done >= last:
            raise StepsizeError("extend: the curve has ended: there is nothing to continue")
        phases: list[Any] = [dict(phase) for phase in self._schedule_phases]
        if 0 < done < phases[0]["end_step"]:
            start = {end: phases[0][f"start_{end[4:]}"] for end in ("end_lr", "end_momentum")}
            phases.insert(0, {**phases[0], "end_step": 0.0, **start})
        for phase in phases:
            phase["end_step"] = done + (phase["end_step"] - done) * ((total - 1 - done) / (last - done))
        self._schedule_phases = phases
        super()._lengthen(total, keeps_rate)

    def _take(self, update: int) -> None:
        self._get_lr_called_within_step = True
        rates = self.get_lr()
        self._get_lr_called_within_step = False
        self._last_lr = write(self.optimizer.param_groups, rates)

    def _contents(self) -> list[Any]:
        return [self._schedule_phases, *self._schedule_phases]

    def _keys(self) -> tuple[str, ...]:
        rates = ("initial_lr", "max_lr", "min_lr")
        return (*rates, "max_momentum", "base_momentum") if self.cycle_momentum else rates

    def _span(self) -> tuple[int, int]:
        # Past the end of the last phase PyTorch continues along its line.
        return self.last_epoch, min(self.total_steps, math.floor(self._schedule_phases[-1]["end_step"]))

    def _units(self) -> list[_Rate]:
        return [1.0] * len(self.optimizer.param_groups)

    def _schedule(self, group: int, base: float) -> Schedule:
        return self._curve(self.optimizer.param_groups[group], "lr")

    def _curve(self, group: dict[str, Any], what: str) -> Schedule:
        """The phases as one curve."""
        phases: list[Any] = self._schedule_phases
        points = [(0.0, float(group[phases[0][f"start_{what}"]]))]
        points += [(float(phase["end_step"]), float(group[phase[f"end_{what}"]])) for phase in phases]
        return _made(_knots, tuple(points), "cosine" if self._anneal_func_type == "cos" else "linear")

    def _momenta(self) -> tuple[Curves, str] | None:
        if not self.cycle_momentum:
            return None
        curves = [self._curve(group, "momentum") for group in self.optimizer.param_groups]
        return Curves(curves, [1.0] * len(curves)), "betas" if self.use_beta1 else "momentum"


def _knots(points: tuple[tuple[float, float], ...], interpolation: Any) -> Schedule:
    return peers.one_cycle_curve(list(points), interpolation)


class LambdaLR(_Twin, peer.LambdaLR):
    _endless = "its functions know how long they are; assign others to lr_lambdas"


class MultiplicativeLR(_Twin, peer.MultiplicativeLR):
    _endless = "its functions know how long they are; assign others to lr_lambdas"


class _PlateauNumbers(Numbers):
    def make(self, own: dict[str, Any], rates: list[float]) -> Core:
        if len(own["min_lrs"]) != len(rates):
            raise ValueError  # which PyTorch refuses, or mends, when it is time for a cut
        names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "eps")
        core = Core(rates, None, Plateau("pytorch", min_lr=own["min_lrs"], **{name: own[name] for name in names}))
        if own["best"] != own["mode_worse"]:
            core.step(own["best"])  # so the core knows what is to be beaten
        memory.write(core, memory.PLATEAU, len(rates), {
            "step": own["last_epoch"], "time": own["last_epoch"], "rates": rates, "bad": own["num_bad_epochs"],
            "cooldown": own["cooldown_counter"],
        })  # fmt: skip
        return core

    def read(self, core: Core, kept: dict[str, Any]) -> dict[str, Any]:
        found = memory.read(core, memory.PLATEAU, len(core.lrs))
        best = found["best"] if kept["mode"] == "min" else -found["best"]
        return {
            "best": best, "num_bad_epochs": found["bad"], "cooldown_counter": found["cooldown"],
            "last_epoch": found["step"],
        }  # fmt: skip


class _PlateauStep:
    """PyTorch's step with fewer calls, for where no core makes it (see ``Observer``)."""

    def step(self: Any, metrics: Any, epoch: Any = None) -> None:
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warn(peer.EPOCH_DEPRECATION_WARNING)
        self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            bad = 0
        else:
            bad = self.num_bad_epochs + 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            bad = 0
        self.num_bad_epochs = bad
        if bad > self.patience:
            self._reduce_lr(epoch)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        groups = self.optimizer.param_groups
        self._last_lr = rates = [group["lr"] for group in groups]
        for rate in rates:
            if type(rate) is not float:
                self._last_lr = rates_of(groups)
                break


class ReduceLROnPlateau(Observer, _PlateauStep, State, peer.ReduceLROnPlateau):  # type: ignore[misc]
    """On top of a schedule, and where a loss may not be finite: ``stepsize.torch.Scheduler(optimizer, schedule,
    Plateau())``."""

    _peer = _PlateauStep
    _numbers = _PlateauNumbers()

    def _reduce_lr(self, epoch: int) -> None:
        try:
            super()._reduce_lr(epoch)
        except RuntimeError:
            # A group has come without a bound of its own: the step, which raises, has only counted so far.
            self.last_epoch = epoch - 1
            self.num_bad_epochs -= 1
            raise


class _Composed(State):
    """Schedulers inside a scheduler."""

    _schedulers: Any
    last_epoch: int

    def _update_lr(self, epoch: int | None = None) -> None:
        """Begins where its turn comes in a SequentialLR, which PyTorch's cannot."""
        if epoch is None:
            self.step()  # type: ignore[attr-defined]
        elif epoch == 0:
            groups = self.optimizer.param_groups
            write(groups, [group["initial_lr"] for group in groups])
            self._begin()
        else:
            raise StepsizeError(f"epoch = {epoch}: a {type(self).__name__} can only go step by step")

    def _first(self) -> Sequence[Any]:
        """The schedulers that the first update is for."""
        return self._schedulers  # type: ignore[no-any-return]

    def _begin(self) -> None:
        self.last_epoch = 0
        for scheduler in self._first():
            if isinstance(scheduler, _Composed):
                scheduler._begin()
            else:
                scheduler.last_epoch = -1
                scheduler._initial_step()
        self._last_lr = rates_of(self.optimizer.param_groups)


class SequentialLR(_Composed, peer.SequentialLR):
    def step(self) -> None:  # type: ignore[override]
        before = self.last_epoch
        try:
            super().step()
        except BaseException:
            self.last_epoch = before
            raise

    def extend(self, total: int, policy: str = "continue") -> None:
        """Continues with another length from the current update on, which the last of its schedulers takes: milestones
        stay, and so does what is before it. On an error nothing changes.

        Args:
            total: The new length of the whole, beyond the current update and the last milestone.
            policy: For the last scheduler: "continue" or "rescale", as ``extend`` of that.
        """
        number = convert.to_int64(total, "total")
        last, begins = self._schedulers[-1], self._milestones[-1] if self._milestones else 0
        if not hasattr(last, "extend"):
            raise StepsizeError(
                f"extend: the last of its schedulers is the {type(last).__name__} of {type(last).__module__}, expected"
                f" one of {__name__}"
            )
        check_policy(policy)
        if number <= max(begins, self.last_epoch):
            raise StepsizeError(
                f"total = {number}, expected more than the {self.last_epoch} updates that are done, and than the last"
                f" milestone, {begins}"
            )
        if self.last_epoch >= begins:
            last.extend(number - begins, policy)
            self._last_lr = rates_of(self.optimizer.param_groups)
        elif isinstance(last, Ending):
            last._lengthen(number - begins, False)  # its turn is yet to come
        else:
            last.extend(number - begins, policy)

    def _first(self) -> Sequence[Any]:
        return [self._schedulers[bisect_right(self._milestones, 0)]]


class ChainedScheduler(_Composed, peer.ChainedScheduler):
    _endless = "those inside have lengths; call extend(total) of each that shall be longer, from the first on"

    def step(self) -> None:  # type: ignore[override]
        groups = self.optimizer.param_groups
        kept: list[Any] = []
        for scheduler in self._schedulers:
            _keep(scheduler.__dict__, kept)
        for group in groups:
            kept.append((group, group.copy()))
        tensors = [(rate, rate.clone()) for rate in _tensors(groups)]
        try:
            for scheduler in self._schedulers:
                scheduler.step()
            self._last_lr = rates_of(groups)
        except BaseException:
            for present, before in kept:
                present.clear()
                present.update(before)
            for tensor, value in tensors:
                tensor.copy_(value)
            raise


def _keep(own: dict[str, Any], kept: list[Any]) -> None:
    """Adds the attributes of a scheduler, and of those inside it, with copies of them."""
    kept.append((own, own.copy()))
    if "_schedulers" in own:
        for scheduler in own["_schedulers"]:
            _keep(scheduler.__dict__, kept)


def _tensors(groups: Sequence[dict[str, Any]]) -> list[torch.Tensor]:
    return [group["lr"] for group in groups if type(group["lr"]) is not float and isinstance(group["lr"], torch.Tensor)]
