"""The schedulers of ``torch.optim.lr_scheduler`` and ``torch.optim.swa_utils`` (PyTorch 2.13).

A schedule's value at t is what the optimizer's rate is, divided by ``base_lr``, after t calls of the scheduler's
``step``. It is PyTorch's closed form; PyTorch itself multiplies the previous rate instead, which differs by
rounding, and in the cases that the functions here name. ``ReduceLROnPlateau`` is a controller, which observes a metric.

Left out, because they are functions in Python: ``LambdaLR``, ``MultiplicativeLR`` and ``CyclicLR``'s ``scale_fn``
(tabulate them with ``stepsize.Table``).
"""

from __future__ import annotations

import math
from functools import reduce
from operator import mul, rshift

from .._core.controllers import Plateau
from .._core.named import (
    Constant,
    Cyclic,
    Exponential,
    Knots,
    Multistep,
    Polynomial,
    Ramp,
    Repeat,
    Restarts,
    Shift,
    Step,
    Take,
)
from .._foreign.errors import StepsizeError
from ._rates import as_floor, as_fraction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from .._core.schedule import Schedule

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LinearLR", "MultiStepLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SWALR", "SequentialLR",
    "StepLR",
]  # fmt: skip

# PyTorch's names of the curves between two rates.
_ANNEAL: dict[str, Literal["cosine", "linear"]] = {"cos": "cosine", "linear": "linear"}


def StepLR(base_lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """``torch.optim.lr_scheduler.StepLR``: times gamma every step_size updates."""
    return Step(step_size, factor=gamma)


def MultiStepLR(base_lr: float, milestones: Iterable[int], gamma: float = 0.1) -> Schedule:
    """``torch.optim.lr_scheduler.MultiStepLR``: times gamma from each milestone on.

    Milestones in any order; one that is given twice counts twice.
    """
    return Multistep(sorted(milestones), factor=gamma)


def ConstantLR(base_lr: float, factor: float = 1.0 / 3, total_iters: int = 5) -> Schedule:
    """``torch.optim.lr_scheduler.ConstantLR``: times factor for total_iters updates, then the full rate.

    With ``total_iters=0`` PyTorch keeps the factor forever, and with ``factor=0`` it divides by zero at the end;
    here both follow its own closed form.
    """
    return Constant(total_iters, value=factor) >> Constant()


def LinearLR(
    base_lr: float, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> Schedule:
    """``torch.optim.lr_scheduler.LinearLR``: linear between two factors of the rate.

    With ``total_iters=0`` PyTorch keeps start_factor forever; here it is end_factor.
    """
    return Ramp(total_iters, start=start_factor, end=end_factor)


def ExponentialLR(base_lr: float, gamma: float) -> Schedule:
    """``torch.optim.lr_scheduler.ExponentialLR``: times gamma at every update."""
    return Exponential(gamma)


def PolynomialLR(base_lr: float, total_iters: int = 5, power: float = 1.0) -> Schedule:
    """``torch.optim.lr_scheduler.PolynomialLR``: (1 - t/total_iters)^power, then 0."""
    return Polynomial(total_iters, power=power)


def CosineAnnealingLR(base_lr: float, T_max: int, eta_min: float = 0.0) -> Schedule:
    """``torch.optim.lr_scheduler.CosineAnnealingLR``: a cosine from base_lr to eta_min at T_max.

    As in PyTorch it does not stay there: it rises again to base_lr at 2 T_max, and so on. For a decay that keeps its
    end value use ``stepsize.Cosine``.
    """
    end = as_fraction("eta_min", eta_min, base_lr)
    fall = Ramp(T_max, start=1.0, end=end, shape="cosine")
    rise = Ramp(T_max, start=end, end=1.0, shape="cosine")
    return Repeat(fall >> rise)


def CosineAnnealingWarmRestarts(base_lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Schedule:
    """``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``: cosines of T_0 · T_mult^i updates, without end.

    PyTorch's ``step(epoch)`` finds the cycle with a logarithm and is one cycle off at some restarts; these numbers
    are those of its plain ``step()``.
    """
    return Restarts(T_0, growth=T_mult, floor=as_floor("eta_min", eta_min, base_lr))


def CyclicLR(
    optimizer_lr: float,
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    """``torch.optim.lr_scheduler.CyclicLR``: up and down between base_lr and max_lr.

    base_lr is PyTorch's argument of that name, the lower bound. PyTorch ignores the optimizer's own rate; here
    the schedule is divided by it (optimizer_lr), as in all of this module. Momentum is left alone: PyTorch's
    ``cycle_momentum=False``.
    """
    peak = as_fraction("max_lr", max_lr, optimizer_lr)
    floor = as_floor("base_lr", base_lr, max_lr)
    return peak * Cyclic(step_size_up, down=step_size_down, floor=floor, mode=mode, gamma=gamma)


def OneCycleLR(
    base_lr: float,
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: Literal["cos", "linear"] = "cos",
    *,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """``torch.optim.lr_scheduler.OneCycleLR``: up to max_lr and down to (nearly) nothing.

    As in PyTorch the first part ends at pct_start · total_steps - 1, which need not be an update. PyTorch ignores
    the optimizer's own rate; here the schedule is divided by it (base_lr). Momentum is left alone: PyTorch's
    ``cycle_momentum=False``.

    Past the last update, total_steps - 1, the end is kept; PyTorch jumps up at total_steps and raises after it.
    With pct_start · total_steps = 1 PyTorch divides by zero; here the curve begins at max_lr.
    """
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise StepsizeError("expected total_steps, or both of epochs and steps_per_epoch")
        total_steps = epochs * steps_per_epoch
    if total_steps < 1:
        raise StepsizeError(f"total_steps = {total_steps!r}, expected an integer >= 1")
    if not 0 <= pct_start <= 1:
        raise StepsizeError(f"pct_start = {pct_start!r}, expected a number in [0, 1]")
    peak = as_fraction("max_lr", max_lr, base_lr)
    initial = peak / div_factor
    points = [(0.0, initial), (pct_start * total_steps - 1, peak)]
    if three_phase:
        points.append((2 * pct_start * total_steps - 2, initial))
    points.append((total_steps - 1.0, initial / final_div_factor))
    return one_cycle_curve(points, _anneal("anneal_strategy", anneal_strategy))


def one_cycle_curve(points: list[tuple[float, float]], interpolation: Literal["linear", "cosine"]) -> Schedule:
    """The curve through (update, multiplier), as OneCycleLR goes through its phases."""
    # A part that would begin after the last update is never reached, …
    if points[-2][0] >= points[-1][0] > 0:
        del points[-1]
    # … and where one ends before the first update, the next one is in progress from the start.
    while len(points) > 1 and points[1][0] <= 0:
        del points[0]
    before = math.ceil(-points[0][0])
    knots = Knots(
        [step + before for step, _ in points],
        values=[value for _, value in points],
        interpolation=interpolation,
    )
    return Shift(knots, by=-before) if before > 0 else knots


def SWALR(
    base_lr: float, swa_lr: float, anneal_epochs: int = 10, anneal_strategy: Literal["cos", "linear"] = "cos"
) -> Schedule:
    """``torch.optim.swa_utils.SWALR``: from base_lr to swa_lr in anneal_epochs calls, then swa_lr.

    PyTorch starts from whatever rate the optimizer has when SWALR begins to step: that is base_lr here.
    """
    shape = _anneal("anneal_strategy", anneal_strategy)
    return Ramp(anneal_epochs, start=1.0, end=as_fraction("swa_lr", swa_lr, base_lr), shape=shape)


def SequentialLR(base_lr: float, schedulers: Sequence[Schedule], milestones: Sequence[int]) -> Schedule:
    """``torch.optim.lr_scheduler.SequentialLR``: the next schedule from each milestone on, from its own update 0.

    The schedules are made with the same base_lr. Any may be nested, at any position; PyTorch raises if a
    SequentialLR or ChainedScheduler is not the first.
    """
    if len(milestones) != len(schedulers) - 1:
        raise StepsizeError(f"milestones: expected {len(schedulers) - 1} for {len(schedulers)} schedulers")
    starts = [0, *milestones]
    if starts != sorted(starts):
        raise StepsizeError(f"milestones = {list(milestones)}, expected ascending integers >= 0")
    parts: list[Schedule] = [
        Take(schedule, length=end - start)
        for schedule, start, end in zip(schedulers, starts, milestones)
        if end > start
    ]
    return reduce(rshift, [*parts, schedulers[-1]])


def ChainedScheduler(schedulers: Sequence[Schedule]) -> Schedule:
    """``torch.optim.lr_scheduler.ChainedScheduler``: the product of the schedules.

    PyTorch lets each of them change the rate that the previous one has set, which is the product as long as all of
    them only multiply. CosineAnnealingLR with ``eta_min`` does not, and CosineAnnealingWarmRestarts, CyclicLR and
    OneCycleLR overwrite what came before them.
    """
    if not schedulers:
        raise StepsizeError("schedulers = [], expected one or more schedules")
    return reduce(mul, schedulers)


def _anneal(name: str, strategy: str) -> Literal["cosine", "linear"]:
    if strategy not in _ANNEAL:
        raise StepsizeError(f"{name} = {strategy!r}, expected one of 'cos', 'linear'")
    return _ANNEAL[strategy]


def ReduceLROnPlateau(
    mode: Literal["min", "max"] = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: int = 0,
    min_lr: float | list[float] = 0.0,
    eps: float = 1e-8,
) -> Plateau:
    """``torch.optim.lr_scheduler.ReduceLROnPlateau``: times factor after more than patience bad metrics in a row."""
    return Plateau(
        "pytorch", mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode,
        cooldown=cooldown, min_lr=min_lr or None, eps=eps,
    )  # fmt: skip
