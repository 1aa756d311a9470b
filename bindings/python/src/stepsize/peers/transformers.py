"""The schedules of Hugging Face ``transformers.optimization`` (transformers 5.23).

A schedule's value at t is the factor that transformers' LambdaLR applies after t calls of ``step``. All of its
warm-ups but one begin at exactly 0, and lie inside ``num_training_steps``.

Past ``num_training_steps`` the cosines that have no guard in transformers rise again, also here, as long as
2 · num_cycles is an integer (it is 1 by default); with any other number of cycles the value at ``num_training_steps``
is kept.

Left out, because they need a metric: ``reduce_lr_on_plateau`` and ``greedy`` (see ``stepsize.GreedyLR``).
"""

from __future__ import annotations

import math
from fractions import Fraction

from .._core.named import (
    Constant,
    Cooldown,
    Cosine,
    InverseSqrt,
    Linear,
    Polynomial,
    Ramp,
    Repeat,
    Shift,
    Stretch,
    Warmup,
)
from .._foreign.errors import StepsizeError
from ._rates import as_floor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    from .._core.schedule import Schedule

__all__ = [
    "get_constant_schedule", "get_constant_schedule_with_warmup", "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate", "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup", "get_polynomial_decay_schedule_with_warmup", "get_scheduler",
    "get_wsd_schedule",
]  # fmt: skip


def get_constant_schedule(base_lr: float) -> Schedule:
    """``transformers.get_constant_schedule``."""
    return Constant()


def get_constant_schedule_with_warmup(base_lr: float, num_warmup_steps: int) -> Schedule:
    """``transformers.get_constant_schedule_with_warmup``: from 0 to the full rate, which is kept."""
    return _after_warmup(num_warmup_steps, Constant())


def get_linear_schedule_with_warmup(base_lr: float, num_warmup_steps: int, num_training_steps: int) -> Schedule:
    """``transformers.get_linear_schedule_with_warmup``: from 0 to the full rate and back to 0."""
    steps = num_training_steps - num_warmup_steps
    return _after_warmup(num_warmup_steps, Linear(steps) if steps > 0 else Constant(value=0.0))


def get_cosine_schedule_with_warmup(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Schedule:
    """``transformers.get_cosine_schedule_with_warmup``: num_cycles waves of a cosine; one half falls to 0."""
    return _after_warmup(num_warmup_steps, _waves(num_training_steps - num_warmup_steps, num_cycles))


def get_cosine_with_hard_restarts_schedule_with_warmup(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1
) -> Schedule:
    """``transformers.get_cosine_with_hard_restarts_schedule_with_warmup``: num_cycles falls to 0, of equal length.

    A cycle's length need not be an integer. Where a restart falls on an update, transformers' arithmetic may
    land just below it and give 0, as for the first of 49 cycles; here it is the full rate, always.
    """
    if num_cycles < 1:
        raise StepsizeError(f"num_cycles = {num_cycles!r}, expected an integer >= 1")
    steps = max(1, num_training_steps - num_warmup_steps)
    if steps % num_cycles == 0:
        cycles: Schedule = Repeat(Cosine(steps // num_cycles), count=num_cycles)
    else:
        # Cycles of `steps` each at num_cycles times the speed. 1/num_cycles is rounded down, so that no whole number
        # of steps falls just below itself.
        factor = 1 / num_cycles
        if Fraction(factor) * num_cycles > 1:
            factor = math.nextafter(factor, 0)
        cycles = Stretch(Repeat(Cosine(steps), count=num_cycles), factor=factor)
    return _after_warmup(num_warmup_steps, cycles)


def get_polynomial_decay_schedule_with_warmup(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, lr_end: float = 1e-7, power: float = 1.0
) -> Schedule:
    """``transformers.get_polynomial_decay_schedule_with_warmup``: falls to the rate lr_end.

    transformers relates lr_end to the optimizer's default rate, whatever the group's own is; here it is base_lr.
    Where the warm-up fills the whole run, transformers divides by zero; here lr_end follows.
    """
    floor = as_floor("lr_end", lr_end, base_lr)
    if floor == 1:
        raise StepsizeError(f"lr_end = {lr_end!r}, expected less than base_lr = {base_lr!r}")
    steps = num_training_steps - num_warmup_steps
    fall = Polynomial(steps, power=power, floor=floor) if steps > 0 else Constant(value=floor)
    return _after_warmup(num_warmup_steps, fall)


def get_inverse_sqrt_schedule(base_lr: float, num_warmup_steps: int, timescale: int | None = None) -> Schedule:
    """``transformers.get_inverse_sqrt_schedule``: falls with the square root of the time since the warm-up.

    timescale is num_warmup_steps if absent, and 10 000 if that is 0.
    """
    if timescale is None:
        timescale = num_warmup_steps or 10_000
    return _after_warmup(num_warmup_steps, InverseSqrt(timescale))


def get_cosine_with_min_lr_schedule_with_warmup(
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    *,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Schedule:
    """``transformers.get_cosine_with_min_lr_schedule_with_warmup``: the cosine over a floor.

    The floor is given either as a rate (min_lr) or as a fraction of base_lr (min_lr_rate).
    """
    floor = _min_lr_rate(min_lr, min_lr_rate, base_lr)
    return _after_warmup(num_warmup_steps, _waves(num_training_steps - num_warmup_steps, num_cycles, floor))


def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    *,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Schedule:
    """``transformers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate``: the same, with a warm-up above 0.

    The warm-up begins at 1/num_warmup_steps, or at warmup_lr_rate if given, and is at the full rate in its last
    update. The cosine is one update ahead: its floor is reached at num_training_steps - 1, and at
    num_training_steps the default half wave rises again.
    """
    floor = _min_lr_rate(min_lr, min_lr_rate, base_lr)
    waves = Shift(_waves(num_training_steps - num_warmup_steps, num_cycles, floor), by=-1)
    if num_warmup_steps == 0:
        return waves
    if warmup_lr_rate is None:
        return Warmup(num_warmup_steps) >> waves
    if num_warmup_steps == 1:
        return Constant(1, value=warmup_lr_rate) >> waves
    return Ramp(num_warmup_steps - 1, start=warmup_lr_rate, end=1.0) >> Constant(1) >> waves


def get_wsd_schedule(
    base_lr: float,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: Literal["linear", "cosine", "1-sqrt"] = "linear",
    decay_type: Literal["linear", "cosine", "1-sqrt"] = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Schedule:
    """``transformers.get_wsd_schedule``: warm-up from min_lr_ratio, full rate, decay to min_lr_ratio.

    As in transformers num_stable_steps takes precedence over num_training_steps. Phases that do not fit into
    num_training_steps are an error here; transformers begins in the middle of the decay.
    """
    if num_stable_steps is None:
        if num_training_steps is None:
            raise StepsizeError("expected num_training_steps or num_stable_steps")
        num_stable_steps = num_training_steps - num_warmup_steps - num_decay_steps
        if num_stable_steps < 0:
            raise StepsizeError(
                f"num_warmup_steps + num_decay_steps = {num_warmup_steps + num_decay_steps}, expected at most"
                f" num_training_steps = {num_training_steps}"
            )
    for name, shape in (("warmup_type", warmup_type), ("decay_type", decay_type)):
        if shape not in ("linear", "cosine", "1-sqrt"):
            raise StepsizeError(f"{name} = {shape!r}, expected one of 'linear', 'cosine', '1-sqrt'")
    schedule = Warmup(num_warmup_steps, start=min_lr_ratio, shape=warmup_type) >> Constant(num_stable_steps)
    if num_decay_steps > 0:
        if decay_type == "cosine":
            schedule >>= Cosine(num_decay_steps, floor=min_lr_ratio, cycles=num_cycles)
        else:
            schedule >>= Cooldown(num_decay_steps, shape=decay_type, floor=min_lr_ratio)
    return schedule >> Constant(0, value=min_lr_ratio)


_BY_NAME: dict[str, Callable[..., Schedule]] = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "cosine_with_restarts": get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": get_polynomial_decay_schedule_with_warmup,
    "constant": get_constant_schedule,
    "constant_with_warmup": get_constant_schedule_with_warmup,
    "inverse_sqrt": get_inverse_sqrt_schedule,
    "cosine_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup,
    "cosine_warmup_with_min_lr": get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    "warmup_stable_decay": get_wsd_schedule,
}


def get_scheduler(
    name: str,
    base_lr: float,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> Schedule:
    """``transformers.get_scheduler``: the schedule that TrainingArguments call ``lr_scheduler_type=name``.

    An argument that the schedule does not have is a TypeError; transformers silently drops those of ``constant`` and
    ``constant_with_warmup``. num_warmup_steps and num_training_steps may be given to every one.
    """
    if name in ("reduce_lr_on_plateau", "greedy"):
        raise StepsizeError(f"name = {name!r} needs a metric and is not a schedule")
    if name not in _BY_NAME:
        raise StepsizeError(f"name = {name!r}, expected one of {', '.join(map(repr, _BY_NAME))}")
    arguments: dict[str, Any] = dict(scheduler_specific_kwargs or {})
    if name != "constant":
        if num_warmup_steps is None:
            raise StepsizeError(f"name = {name!r} requires num_warmup_steps")
        arguments["num_warmup_steps"] = num_warmup_steps
    if name not in ("constant", "constant_with_warmup", "inverse_sqrt"):
        if num_training_steps is None and name != "warmup_stable_decay":
            raise StepsizeError(f"name = {name!r} requires num_training_steps")
        arguments["num_training_steps"] = num_training_steps
    return _BY_NAME[name](base_lr, **arguments)


def _after_warmup(num_warmup_steps: int, schedule: Schedule) -> Schedule:
    """The linear warm-up of most of these schedules, and what follows it."""
    return Warmup(num_warmup_steps, start=0.0) >> schedule if num_warmup_steps else schedule


def _waves(steps: int, num_cycles: float, floor: float = 0.0) -> Schedule:
    """num_cycles waves of a cosine in `steps` updates, which continue after them."""
    steps = max(1, steps)
    whole = 2 * num_cycles
    if whole == int(whole):
        return Repeat(Cosine(2 * steps, floor=floor, cycles=whole))
    return Cosine(steps, floor=floor, cycles=num_cycles)


def _min_lr_rate(min_lr: float | None, min_lr_rate: float | None, base_lr: float) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise StepsizeError("expected exactly one of min_lr and min_lr_rate")
    if min_lr_rate is not None:
        return min_lr_rate
    assert min_lr is not None
    return as_floor("min_lr", min_lr, base_lr)
