"""The schedulers of ``timm.scheduler`` (timm 1.0.31).

A schedule's value at t is what ``step(t)`` or ``step_update(t)`` sets, divided by ``base_lr``. timm counts epochs
(``t_in_epochs=True``, its default) or updates; a schedule has the unit of its lengths. One in epochs becomes one
in updates by ``stepsize.Stretch(schedule, factor=updates_per_epoch)``.

``warmup_prefix`` says where the curve starts: after the warm-up (True), or together with it (False), so that its first
``warmup_t`` values are hidden. A warm-up begins at ``warmup_lr_init``, which is 0 by default.

``cycle_mul`` may be any number > 0. timm finds the cycle with a logarithm, which is one cycle off at some restarts
and gives ``lr_min`` there; here it is the restart's peak.

Left out: ``PlateauLRScheduler`` (needs a metric), a callable as ``decay_fn``, and noise, whose numbers only PyTorch's
generator makes (``stepsize.Noise`` has its own).
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from operator import rshift

from .._core.named import (
    Constant,
    Cooldown,
    Cosine,
    Exponential,
    Multistep,
    Polynomial,
    PowerLaw,
    Ramp,
    Repeat,
    Shift,
    Step,
    Stretch,
    Take,
    Tanh,
)
from .._foreign.errors import StepsizeError
from ._rates import as_floor, as_fraction
from ._spans import END, span, updates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from .._core.schedule import Schedule

__all__ = [
    "CosineLRScheduler", "MultiStepLRScheduler", "PolyLRScheduler", "StepLRScheduler", "TanhLRScheduler",
    "WSDLRScheduler",
]  # fmt: skip

# timm's names of the decays, and ours.
_DECAY: dict[str, Literal["linear", "1-sqrt", "cosine", "1-power", "exponential"]] = {
    "linear": "linear", "1-sqrt": "1-sqrt", "cosine": "cosine", "power": "1-power", "exp": "exponential",
}  # fmt: skip


def CosineLRScheduler(
    base_lr: float,
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    *,
    k_decay: float = 1.0,
) -> Schedule:
    """``timm.scheduler.CosineLRScheduler``: cycle_limit cosines, then lr_min.

    Cycle i lasts t_initial · cycle_mul^i, from base_lr · cycle_decay^i to lr_min. A cycle whose peak would lie
    below lr_min stays at lr_min; timm starts below it.
    """
    floor = as_floor("lr_min", lr_min, base_lr)
    curve = _cycles(
        lambda total, floor: Cosine(total, floor=floor, k_decay=k_decay),
        t_initial, cycle_mul, cycle_decay, cycle_limit, floor,
    )  # fmt: skip
    return _warmup(base_lr, warmup_t, warmup_lr_init, warmup_prefix, curve)


def TanhLRScheduler(
    base_lr: float,
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
) -> Schedule:
    """``timm.scheduler.TanhLRScheduler``: cycle_limit falls along a hyperbolic tangent, then lr_min.

    Without warmup_prefix the warm-up leads to the curve's value at its end, not to base_lr. Cycles as in
    CosineLRScheduler.
    """
    if not lb < ub:
        raise StepsizeError(f"lb = {lb!r}, expected less than ub = {ub!r}")
    floor = as_floor("lr_min", lr_min, base_lr)
    curve = _cycles(
        lambda total, floor: Tanh(total, lower=lb, upper=ub, floor=floor),
        t_initial, cycle_mul, cycle_decay, cycle_limit, floor,
    )  # fmt: skip
    curve >>= Constant(0, value=floor)  # the tangent ends slightly above
    end = 1.0 if warmup_prefix else curve.at(warmup_t)
    return _warmup(base_lr, warmup_t, warmup_lr_init, warmup_prefix, curve, end=end)


def PolyLRScheduler(
    base_lr: float,
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    *,
    k_decay: float = 1.0,
) -> Schedule:
    """``timm.scheduler.PolyLRScheduler``: cycle_limit polynomial falls, then lr_min. Cycles as in CosineLRScheduler."""
    floor = as_floor("lr_min", lr_min, base_lr)
    curve = _cycles(
        lambda total, floor: Polynomial(total, power=power, floor=floor, k_decay=k_decay),
        t_initial, cycle_mul, cycle_decay, cycle_limit, floor,
    )  # fmt: skip
    return _warmup(base_lr, warmup_t, warmup_lr_init, warmup_prefix, curve)


def StepLRScheduler(
    base_lr: float,
    decay_t: float,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Schedule:
    """``timm.scheduler.StepLRScheduler``: times decay_rate every decay_t, which may be a fraction such as 2.4.

    The cuts are where timm has them, at multiples of decay_t as a binary number: 2.2 is a little more than that, so
    that the fifth cut is at 12 and not at 11.
    """
    if decay_t == int(decay_t):
        curve: Schedule = Step(int(decay_t), factor=decay_rate)
    else:
        curve = Stretch(Exponential(decay_rate), factor=decay_t)
    return _warmup(base_lr, warmup_t, warmup_lr_init, warmup_prefix, curve)


def MultiStepLRScheduler(
    base_lr: float,
    decay_t: Sequence[int],
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Schedule:
    """``timm.scheduler.MultiStepLRScheduler``: times decay_rate from one *before* each milestone on.

    The milestone m applies at t = m - 1, on purpose (huggingface/pytorch-image-models#2806). PyTorch's MultiStepLR
    of the same milestones is one later.
    """
    milestones = [max(0, milestone - 1) for milestone in sorted(decay_t)]
    return _warmup(base_lr, warmup_t, warmup_lr_init, warmup_prefix, Multistep(milestones, factor=decay_rate))


def WSDLRScheduler(
    base_lr: float,
    t_initial: int,
    decay_t: int,
    lr_min: float = 0.0,
    stable_fn: str = "constant",
    stable_timescale: float | None = None,
    stable_power: float = 0.5,
    decay_fn: str = "1-sqrt",
    decay_power: float = 0.5,
    decay_ratio: float = 0.1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
) -> Schedule:
    """``timm.scheduler.WSDLRScheduler``: warm-up, stable phase, decay in the last decay_t of t_initial.

    t_initial does not contain the warm-up. stable_fn ``rsqrt`` and ``power`` fall in the stable phase and on through
    the decay; with them lr_min must be 0 here.
    """
    if not 0 < decay_t <= t_initial:
        raise StepsizeError(f"decay_t = {decay_t!r}, expected an integer from 1 to t_initial = {t_initial!r}")
    if decay_fn not in _DECAY:
        raise StepsizeError(f"decay_fn = {decay_fn!r}, expected one of {', '.join(map(repr, _DECAY))}")
    floor = as_floor("lr_min", lr_min, base_lr)
    decay = Cooldown(decay_t, shape=_DECAY[decay_fn], floor=floor, power=decay_power, q=decay_ratio)
    curve = Constant(t_initial - decay_t) >> decay if t_initial > decay_t else decay
    if stable_fn in ("rsqrt", "power"):
        if floor > 0:
            raise StepsizeError(f"lr_min = {lr_min!r}, expected 0 with stable_fn = {stable_fn!r}")
        scale = warmup_t if stable_timescale is None else stable_timescale
        if scale <= 0:
            raise StepsizeError(f"stable_fn = {stable_fn!r} needs stable_timescale > 0 where there is no warm-up")
        stable = PowerLaw(scale, power=0.5 if stable_fn == "rsqrt" else stable_power)
        curve = Take(curve * stable, length=t_initial)
    elif stable_fn != "constant":
        raise StepsizeError(f"stable_fn = {stable_fn!r}, expected one of 'constant', 'rsqrt', 'power'")
    return _warmup(base_lr, warmup_t, warmup_lr_init, True, curve)


def _warmup(
    base_lr: float, warmup_t: int, warmup_lr_init: float, warmup_prefix: bool, curve: Schedule, *, end: float = 1.0
) -> Schedule:
    """The linear warm-up from warmup_lr_init to `end`, before the curve or over its beginning."""
    if not warmup_t:
        return curve
    ramp = Ramp(warmup_t, start=as_fraction("warmup_lr_init", warmup_lr_init, base_lr), end=end)
    return ramp >> (curve if warmup_prefix else Shift(curve, by=-warmup_t))


def _cycles(
    curve: Callable[[int, float], Schedule],
    t_initial: int,
    cycle_mul: float,
    cycle_decay: float,
    cycle_limit: int,
    floor: float,
) -> Schedule:
    """cycle_limit times `curve`, which is made from a length and a floor, longer and lower each time."""
    if not t_initial >= 1:
        raise StepsizeError(f"t_initial = {t_initial!r}, expected an integer >= 1")
    if cycle_mul == cycle_decay == 1 and cycle_limit > 1:
        return Repeat(curve(t_initial, floor), count=cycle_limit)
    if not cycle_mul > 0:
        raise StepsizeError(f"cycle_mul = {cycle_mul!r}, expected a number > 0")
    parts: list[Schedule] = []
    start, length = Fraction(0), Fraction(t_initial)
    for i in range(cycle_limit):
        if start + length > END:
            break
        peak = max(cycle_decay**i, floor)
        if peak == floor:
            parts.append(Constant(updates(start, length), value=floor))
        elif updates(start, length) > 0:
            parts.append(_scaled(peak, span(lambda total: curve(total, floor / peak), start, length)))
        start, length = start + length, length * Fraction(cycle_mul)
    return reduce(rshift, parts) if parts else Constant(0, value=floor)


def _scaled(factor: float, schedule: Schedule) -> Schedule:
    return schedule if factor == 1 else factor * schedule
