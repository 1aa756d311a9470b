"""Optax's schedules by name (optax 0.2.8): absolute rates, to be used with a base rate of 1.

`schedule.at(count)` is what Optax's function returns for `count`, in double precision; Optax counts updates from 0
as we do. Its default is single precision.

Rates are >= 0. Counts are integers, and an invalid one is an error where Optax silently uses a constant.
`contrib.reduce_on_plateau` is a controller, which observes a loss. Left out: `inject_hyperparams`, no schedule.
"""

from __future__ import annotations

from itertools import accumulate
from operator import mul

from .._core.controllers import Plateau
from .._core.named import Clamp, Constant, Cosine, Exponential, Piecewise, Polynomial, Ramp, Shift, Step, Take, Warmup
from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Literal

    from .._core.schedule import Schedule

__all__ = [
    "constant_schedule", "cosine_decay_schedule", "cosine_onecycle_schedule", "exponential_decay", "join_schedules",
    "linear_onecycle_schedule", "linear_schedule", "piecewise_constant_schedule", "piecewise_interpolate_schedule",
    "polynomial_schedule", "reduce_on_plateau", "sgdr_schedule", "warmup_constant_schedule",
    "warmup_cosine_decay_schedule", "warmup_exponential_decay_schedule",
]  # fmt: skip


def constant_schedule(value: float) -> Schedule:
    """optax.constant_schedule: the same value forever."""
    return Constant(value=value)


def linear_schedule(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """optax.linear_schedule: from `init_value` to `end_value`, beginning after `transition_begin` updates.

    As documented there, `transition_steps` <= 0 holds `init_value`, and `transition_begin` < 0 counts as 0.
    """
    if transition_steps <= 0:
        return Constant(value=init_value)
    return _delayed(Ramp(transition_steps, start=init_value, end=end_value), transition_begin)


def polynomial_schedule(
    init_value: float, end_value: float, power: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """optax.polynomial_schedule: (init - end)(1 - x)^power + end, falling or rising.

    As documented there, `transition_steps` <= 0 holds `init_value`, and `transition_begin` < 0 counts as 0.
    """
    if transition_steps <= 0 or power == 0 or init_value == end_value:
        return Constant(value=init_value)
    if init_value > end_value:
        curve = init_value * Polynomial(transition_steps, power=power, floor=end_value / init_value)
    else:
        # end (1 - (1 - init/end)(1 - x)^power): a rise whose slope is steepest at its beginning.
        rise = Warmup(transition_steps, start=init_value / end_value, shape="1-power", power=power)
        curve = end_value * rise
    return _delayed(curve, transition_begin)


def piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """optax.piecewise_constant_schedule: each boundary multiplies the value from that update on (t >= boundary).

    The dictionary holds factors of the value before, not of `init_value`.
    """
    points = sorted((boundaries_and_scales or {}).items())
    values = list(accumulate((scale for _, scale in points), mul, initial=init_value))
    boundaries = [boundary for boundary, _ in points]
    while boundaries and boundaries[0] <= 0:  # passed before the first update
        del boundaries[0], values[0]
    return Piecewise(boundaries, values=values) if boundaries else Constant(value=values[0])


def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """optax.exponential_decay: init_value decay_rate^(t / transition_steps), with whole powers if `staircase`.

    `end_value` bounds from below where `decay_rate` < 1, otherwise from above. As documented there,
    `transition_steps` <= 0 and `decay_rate` = 0 hold `init_value`, and `transition_begin` < 0 counts as 0.
    """
    if transition_steps <= 0 or decay_rate == 0:
        return Constant(value=init_value)
    curve: Schedule
    if staircase:
        curve = Step(transition_steps, factor=decay_rate)
    else:
        curve = Exponential(decay_rate, every=transition_steps)
    curve = _delayed(init_value * curve, transition_begin)
    if end_value is None:
        return curve
    return Clamp(curve, min=end_value) if decay_rate < 1 else Clamp(curve, max=end_value)


def cosine_decay_schedule(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    """optax.cosine_decay_schedule: init_value ((1 - alpha) c^exponent + alpha), c = (1 + cos(pi x)) / 2.

    `alpha` > 1, a rise, is taken where `exponent` is 1.
    """
    if exponent == 1:
        if decay_steps <= 0:
            raise StepsizeError(f"decay_steps = {decay_steps}, expected an integer >= 1")
        return Ramp(decay_steps, start=init_value, end=init_value * alpha, shape="cosine")
    return init_value * Cosine(decay_steps, floor=alpha, power=exponent)


def piecewise_interpolate_schedule(
    interpolate_type: str, init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """optax.piecewise_interpolate_schedule: "linear" or "cosine" between the values at the boundaries.

    The dictionary holds factors of the value at the boundary before, as in piecewise_constant_schedule.
    """
    return _interpolated(interpolate_type, init_value, sorted((boundaries_and_scales or {}).items()))


def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """optax.linear_onecycle_schedule: up, down to where it began, then down to 1/final_div_factor of that.

    The corners are whole updates, rounded down. Where two of them fall on one update, as with one update in all or
    `pct_final` = 1, Optax loses one factor (its dictionary has one key for both); here both apply.
    """
    _need_steps(transition_steps)
    points = [
        (int(pct_start * transition_steps), div_factor),
        (int(pct_final * transition_steps), 1.0 / div_factor),
        (transition_steps, 1.0 / final_div_factor),
    ]
    return _interpolated("linear", peak_value / div_factor, points)


def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """optax.cosine_onecycle_schedule: peak/div_factor up to the peak, then down to 1/final_div_factor of the start.

    The corner is a whole update, rounded down. With `pct_start` = 1 Optax loses the peak (its dictionary has one
    key for both corners); here the rate rises to it.
    """
    _need_steps(transition_steps)
    points = [
        (int(pct_start * transition_steps), div_factor),
        (transition_steps, 1.0 / (div_factor * final_div_factor)),
    ]
    return _interpolated("cosine", peak_value / div_factor, points)


def warmup_constant_schedule(init_value: float, peak_value: float, warmup_steps: int) -> Schedule:
    """optax.warmup_constant_schedule: from `init_value` to `peak_value`, which is then held.

    Without warm-up steps Optax holds `init_value` forever, often 0; here `peak_value` is held.
    """
    return Ramp(warmup_steps, start=init_value, end=peak_value)


def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """optax.warmup_cosine_decay_schedule: a ramp, then a cosine that ends after `decay_steps` updates in all."""
    alpha = 0.0 if peak_value == 0 else end_value / peak_value
    decay = cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent)
    return Ramp(warmup_steps, start=init_value, end=peak_value) >> decay


def warmup_exponential_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """optax.warmup_exponential_decay_schedule: a ramp, then exponential_decay, which counts from the ramp's end."""
    decay = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return Ramp(warmup_steps, start=init_value, end=peak_value) >> decay


def sgdr_schedule(cosine_kwargs: Iterable[Mapping[str, Any]]) -> Schedule:
    """optax.sgdr_schedule: the given warm-ups and cosines in sequence; the last one's end value is held."""
    return _sequence([warmup_cosine_decay_schedule(**arguments) for arguments in cosine_kwargs])


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """optax.join_schedules: schedule i + 1 takes over at update boundaries[i] (t >= boundary), from its own step 0.

    The boundaries must ascend, and be one fewer than the schedules: Optax silently drops the rest.
    """
    if len(boundaries) != len(schedules) - 1:
        raise StepsizeError(
            f"boundaries: {len(boundaries)} of them, expected {len(schedules) - 1}: one fewer than the schedules"
        )
    lengths = [end - begin for begin, end in zip([0, *boundaries], boundaries)]
    if any(length < 0 for length in lengths):
        raise StepsizeError(f"boundaries = {list(boundaries)}, expected ascending integers >= 0")
    parts = [Take(schedule, length=length) for schedule, length in zip(schedules, lengths) if length > 0]
    return _sequence([*parts, schedules[-1]])


def _need_steps(transition_steps: int) -> None:
    if transition_steps <= 0:
        raise StepsizeError(f"transition_steps = {transition_steps}, expected an integer >= 1")


def _delayed(schedule: Schedule, begin: int) -> Schedule:
    return Shift(schedule, by=begin) if begin > 0 else schedule


def _interpolated(interpolate_type: str, init_value: float, points: Sequence[tuple[int, float]]) -> Schedule:
    """Ramps of the given shape from one point to the next; a point is an update and a factor of the value before."""
    if interpolate_type not in ("linear", "cosine"):
        raise StepsizeError(f'interpolate_type = {interpolate_type!r}, expected "linear" or "cosine"')
    shape: Literal["linear", "cosine"] = "linear" if interpolate_type == "linear" else "cosine"
    parts: list[Schedule] = []
    begin, value = 0, init_value
    for end, factor in points:
        if end > begin:
            parts.append(Ramp(end - begin, start=value, end=value * factor, shape=shape))
        elif end < begin:
            raise StepsizeError(f"boundary = {end}, expected an integer >= {begin}")
        begin, value = end, value * factor
    return _sequence([*parts, Constant(value=value)])


def _sequence(parts: Sequence[Schedule]) -> Schedule:
    if not parts:
        raise StepsizeError("no schedules, expected at least one")
    whole = parts[0]
    for part in parts[1:]:
        whole = whole >> part
    return whole


def reduce_on_plateau(
    base_lr: float,
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: float = 0.0,
) -> Plateau:
    """optax.contrib.reduce_on_plateau: times factor at the patience-th bad mean of accumulation_size losses in a row.

    ``base_lr`` is the rate that optax's scale multiplies: ``min_scale`` is a fraction of it.
    """
    return Plateau(
        "optax", factor=factor, patience=patience, threshold=rtol, extra_threshold=atol, cooldown=cooldown,
        accumulation=accumulation_size, min_lr=min_scale * base_lr or None,
    )  # fmt: skip
