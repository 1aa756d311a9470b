"""DeepSpeed's learning rate schedules by name (deepspeed 0.19.8, deepspeed/runtime/lr_schedules.py).

`schedule.at(u)` is the rate of update u as a multiple of `base_lr`, which replaces DeepSpeed's `optimizer` argument;
give 1.0 for the rates themselves.

DeepSpeed's counter lags: for update u the warm-ups return the value of their formula at u - 1, so that updates 0 and 1
have the same rate. That is kept here. LRRangeTest and OneCycle add 1 and do not lag.

One rate per call: for lists of parameter groups make one call each. Left out: `last_batch_iteration`, which a schedule
without state does not need, and OneCycle's momentum.
"""

from __future__ import annotations

from .._core.named import Constant, Cosine, InverseTime, Piecewise, Ramp, RangeTest, Shift, Take, Warmup
from .._foreign.errors import StepsizeError
from ._rates import as_fraction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = ["LRRangeTest", "OneCycle", "WarmupCosineLR", "WarmupDecayLR", "WarmupLR"]


def LRRangeTest(
    base_lr: float,
    lr_range_test_min_lr: float = 1e-3,
    lr_range_test_step_size: int = 2000,
    lr_range_test_step_rate: float = 1.0,
    lr_range_test_staircase: bool = False,
) -> Schedule:
    """deepspeed LRRangeTest: min_lr (1 + step_rate u / step_size), the quotient rounded down if staircase."""
    rise = RangeTest(lr_range_test_step_size, rate=lr_range_test_step_rate, staircase=lr_range_test_staircase)
    return as_fraction("lr_range_test_min_lr", lr_range_test_min_lr, base_lr) * rise


def OneCycle(
    base_lr: float,
    cycle_min_lr: float,
    cycle_max_lr: float,
    decay_lr_rate: float = 0.0,
    cycle_first_step_size: int = 2000,
    cycle_second_step_size: int | None = None,
    cycle_first_stair_count: int = 0,
    cycle_second_stair_count: int | None = None,
    decay_step_size: int = 0,
) -> Schedule:
    """deepspeed OneCycle: up and down once, then min / (1 + decay_lr_rate k / decay_step_size).

    A stair count moves that half in so many stairs; the second half's is the first's unless it is given. The decay
    needs both numbers: with one of them 0, as by default, `cycle_min_lr` holds.
    """
    low = as_fraction("cycle_min_lr", cycle_min_lr, base_lr)
    high = as_fraction("cycle_max_lr", cycle_max_lr, base_lr)
    first = cycle_first_step_size
    second = first if cycle_second_step_size is None else cycle_second_step_size
    up_stairs = cycle_first_stair_count
    down_stairs = up_stairs if cycle_second_stair_count is None else cycle_second_stair_count
    if first < 1:
        raise StepsizeError(f"cycle_first_step_size = {first}, expected an integer >= 1")
    if min(up_stairs, down_stairs) < 0:
        raise StepsizeError(f"stair counts = {up_stairs}, {down_stairs}, expected integers >= 0")

    up: Schedule = Ramp(first, start=low, end=high)
    if up_stairs > 0:
        # Stair j begins at update ceil(j first / stairs).
        begin = {-(-j * first // up_stairs): j / up_stairs for j in range(up_stairs + 1)}
        up = _stairs(first, begin, low, high)
    down: Schedule = Ramp(second, start=high, end=low)
    if down_stairs > 0 and second > 0:
        # Seen from the end the same, but a stair still has its last update: the next one down begins after it.
        begin = {0: 1.0}
        for j in range(down_stairs, 0, -1):
            begin[second - -(-j * second // down_stairs) + 1] = (j - 1) / down_stairs
        down = _stairs(second, begin, low, high)
    tail: Schedule = Constant(value=low)
    if decay_lr_rate != 0 and decay_step_size != 0:
        tail = low * InverseTime(decay_lr_rate, every=decay_step_size)
    return up >> down >> tail


def WarmupLR(
    base_lr: float,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float | None = None,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Schedule:
    """deepspeed WarmupLR: a "log" or "linear" rise from `warmup_min_lr` to `warmup_max_lr`, by default base_lr.

    "log" is ln(1 + t) / ln(W). As in DeepSpeed, W = 1 counts as 2, and the counter lags. Other types are errors;
    DeepSpeed treats them as "log".
    """
    low = as_fraction("warmup_min_lr", warmup_min_lr, base_lr)
    high = 1.0 if warmup_max_lr is None else as_fraction("warmup_max_lr", warmup_max_lr, base_lr)
    return _lagging(_warmup(low, high, warmup_num_steps, warmup_type) >> Constant(value=high))


def WarmupDecayLR(
    base_lr: float,
    total_num_steps: int,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Schedule:
    """deepspeed WarmupDecayLR: WarmupLR, then a line back to `warmup_min_lr` at `total_num_steps`, plus the lag."""
    low = as_fraction("warmup_min_lr", warmup_min_lr, base_lr)
    high = as_fraction("warmup_max_lr", warmup_max_lr, base_lr)
    warmup = _warmup(low, high, warmup_num_steps, warmup_type)
    return _lagging(warmup >> Ramp(max(0, total_num_steps - max(2, warmup_num_steps)), start=high, end=low))


def WarmupCosineLR(
    base_lr: float,
    total_num_steps: int,
    warmup_min_ratio: float = 0.0,
    warmup_num_steps: int = 1000,
    cos_min_ratio: float = 0.0001,
    warmup_type: str = "log",
) -> Schedule:
    """deepspeed WarmupCosineLR: a rise from `warmup_min_ratio` to 1, then a cosine down to `cos_min_ratio`.

    The arguments are ratios of the optimizer's rate, so that `base_lr` makes no difference. The cosine begins one step
    in, and the counter lags. Update 0 has `warmup_min_ratio`; DeepSpeed gives it rate 0 whatever that is.
    """
    warmup = _warmup(warmup_min_ratio, 1.0, warmup_num_steps, warmup_type)
    decay_steps = max(1, total_num_steps - max(2, warmup_num_steps))
    return _lagging(warmup >> Shift(Cosine(decay_steps, floor=cos_min_ratio), by=-1))


def _warmup(low: float, high: float, steps: int, warmup_type: str) -> Schedule:
    """The rise over max(2, steps) updates, before the lag."""
    if steps < 1:
        raise StepsizeError(f"warmup_num_steps = {steps}, expected an integer >= 1")
    steps = max(2, steps)
    if warmup_type == "linear":
        return Ramp(steps, start=low, end=high)
    if warmup_type == "log":
        # ln(1 + t) / ln(steps) reaches 1 one step before the end.
        rise = Warmup(steps - 1, start=low / high if high else 0.0, shape="log")
        return high * Take(rise, length=steps)
    raise StepsizeError(f'warmup_type = {warmup_type!r}, expected "log" or "linear"')


def _lagging(schedule: Schedule) -> Schedule:
    return Shift(schedule, by=1)


def _stairs(length: int, begin: dict[int, float], low: float, high: float) -> Schedule:
    """From each update in `begin` on, so much of the way from low to high; for `length` updates."""
    values = [low + (high - low) * part for part in begin.values()]
    return Take(Piecewise([update for update in begin if update > 0], values=values), length=length)
