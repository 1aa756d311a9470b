"""The schedules of modded-nanogpt (KellerJordan/modded-nanogpt), the speedrun of nanoGPT.

Multipliers of each group's rate for step `it`, from 0, and Muon's momentum.
"""

from __future__ import annotations

import math
from fractions import Fraction

from .._core.named import Constant, Linear, Ramp, Shift, Warmup
from .._foreign import convert
from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = ["get_lr", "get_lr_warmdown", "get_muon_momentum"]


def get_lr(num_iterations: int, cooldown_frac: float = 0.4, final: float = 0.1) -> Schedule:
    """modded-nanogpt get_lr since 2025: the full rate, then a line to `final` at the end of the last `cooldown_frac`.

    The speedrun's own last step stays at 0.9999 of the way; here it continues to the end.
    """
    num_iterations = _count("num_iterations", num_iterations, 1)
    cooldown_frac = convert.to_float(cooldown_frac, "cooldown_frac")
    if not 0 < cooldown_frac <= 1:
        raise StepsizeError(f"cooldown_frac = {cooldown_frac!r}, expected a number in (0, 1]")
    # The cooldown need not begin at a whole number of steps: the line through the last one and the corner before it.
    begin = num_iterations * (1 - Fraction(cooldown_frac))
    first = math.ceil(begin)
    if first == num_iterations:
        return Constant(num_iterations) >> Constant(value=final)
    done = float((first - begin) / (num_iterations - begin))
    ramp = Ramp(num_iterations - first, start=1 - done * (1 - final), end=final)
    return Constant(first) >> ramp if first else ramp


def get_lr_warmdown(num_iterations: int, warmup_iters: int, warmdown_iters: int) -> Schedule:
    """modded-nanogpt get_lr of 2024: (it + 1)/warmup_iters, the full rate, and a line to 0 at `num_iterations` over the
    last `warmdown_iters`.

    A warm-up that reaches into the warm-down comes first, as there.
    """
    total = _count("num_iterations", num_iterations, 1)
    rise, fall = _count("warmup_iters", warmup_iters, 0), _count("warmdown_iters", warmdown_iters, 0)
    if rise > total or fall > total:
        raise StepsizeError(f"warmup_iters = {rise}, warmdown_iters = {fall}, expected at most {total}")
    hold = total - rise - fall
    down: Schedule = Linear(fall) if fall else Constant(value=0.0)
    if hold < 0:
        down, hold = Shift(down, by=hold), 0
    schedule = Constant(hold) >> down if hold else down
    return Warmup(rise) >> schedule if rise else schedule


def get_muon_momentum(
    num_iterations: int,
    muon_warmup_steps: int = 300,
    muon_cooldown_steps: int = 50,
    momentum_min: float = 0.85,
    momentum_max: float = 0.95,
) -> Schedule:
    """modded-nanogpt get_muon_momentum: the momentum itself, up over the first and down over the last steps.

    For ``fields={"momentum": …}`` of `stepsize.torch.Scheduler` with an optimizer made with momentum 1; or scaled by
    ``1 / momentum`` for another.
    """
    total = _count("num_iterations", num_iterations, 1)
    rise = _count("muon_warmup_steps", muon_warmup_steps, 0)
    fall = _count("muon_cooldown_steps", muon_cooldown_steps, 0)
    if rise + fall > total:
        raise StepsizeError(f"muon_warmup_steps + muon_cooldown_steps = {rise + fall}, expected at most {total}")
    up = Ramp(rise, start=momentum_min, end=momentum_max) if rise else None
    down = Ramp(fall, start=momentum_max, end=momentum_min) if fall else Constant(value=momentum_max)
    held = Constant(total - rise - fall, value=momentum_max) >> down if total > rise + fall else down
    return held if up is None else up >> held


def _count(name: str, value: int, lowest: int) -> int:
    number = convert.to_int64(value, name)
    if number < lowest:
        raise StepsizeError(f"{name} = {number}, expected an integer >= {lowest}")
    return number
