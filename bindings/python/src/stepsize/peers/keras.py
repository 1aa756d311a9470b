"""Keras' learning rate schedules by name (keras 3.15): absolute rates, to be used with a base rate of 1.

`schedule.at(step)` is what the schedule of keras.optimizers.schedules returns for `step`, in double precision;
Keras counts updates from 0 as we do, and computes in its default float type, single precision.

`name` is accepted, as in Keras, and has no effect on the rate. Rates are >= 0, and counts are integers. A custom
schedule (a subclass of LearningRateSchedule) has no counterpart here, except its values in a `Table`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import floor
from operator import rshift

from .._core.controllers import Plateau
from .._core.named import Constant, Exponential, InverseTime, Piecewise, Polynomial, Ramp, Restarts, Step
from .._foreign.errors import StepsizeError
from ._spans import END, span, updates
from .optax import cosine_decay_schedule, polynomial_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from .._core.schedule import Schedule

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay",
    "PolynomialDecay", "ReduceLROnPlateau",
]  # fmt: skip


def ExponentialDecay(
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: str = "ExponentialDecay",
) -> Schedule:
    """keras ExponentialDecay: initial decay_rate^(t / decay_steps), with whole powers if `staircase`."""
    if staircase:
        return initial_learning_rate * Step(decay_steps, factor=decay_rate)
    return initial_learning_rate * Exponential(decay_rate, every=decay_steps)


def PiecewiseConstantDecay(
    boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"
) -> Schedule:
    """keras PiecewiseConstantDecay: values[i] up to and including update boundaries[i], the next one after it.

    The boundaries must ascend: where they do not, Keras returns sums of values.
    """
    if len(boundaries) != len(values) - 1:
        raise StepsizeError(
            f"boundaries: {len(boundaries)} of them, expected {len(values) - 1}: one fewer than values"
        )
    first = [floor(boundary) + 1 for boundary in boundaries]  # the first update with the next value
    values = list(values)
    while first and first[0] <= 0:
        del first[0], values[0]
    return Piecewise(first, values=values) if first else Constant(value=values[0])


def PolynomialDecay(
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    name: str = "PolynomialDecay",
) -> Schedule:
    """keras PolynomialDecay: (initial - end)(1 - x)^power + end, x = min(t, decay_steps) / decay_steps.

    With `cycle` the span is the first multiple of `decay_steps` that is not less than t, so that the rate jumps up
    after each end; a rate that rises cannot cycle here.
    """
    if cycle:
        end = end_learning_rate / initial_learning_rate if initial_learning_rate else 0.0
        return initial_learning_rate * Polynomial(decay_steps, power=power, floor=end, cycle=True)
    if decay_steps <= 0:
        raise StepsizeError(f"decay_steps = {decay_steps}, expected an integer >= 1")
    return polynomial_schedule(initial_learning_rate, end_learning_rate, power, decay_steps)


def InverseTimeDecay(
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: str = "InverseTimeDecay",
) -> Schedule:
    """keras InverseTimeDecay: initial / (1 + decay_rate t / decay_steps), the quotient rounded down if `staircase`."""
    return initial_learning_rate * InverseTime(decay_rate, every=decay_steps, staircase=staircase)


def CosineDecay(
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    name: str = "CosineDecay",
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Schedule:
    """keras CosineDecay: a cosine to the fraction `alpha`, after a ramp to `warmup_target` if that is given.

    The ramp comes before the `decay_steps`, not out of them. `warmup_steps` without a `warmup_target` is an
    error; Keras then does not warm up.
    """
    if warmup_target is None:
        if warmup_steps != 0:
            raise TypeError("warmup_steps has no effect without warmup_target")
        return cosine_decay_schedule(initial_learning_rate, decay_steps, alpha)
    ramp = Ramp(warmup_steps, start=initial_learning_rate, end=warmup_target)
    return ramp >> cosine_decay_schedule(warmup_target, decay_steps, alpha)


def CosineDecayRestarts(
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str = "SGDRDecay",
) -> Schedule:
    """keras CosineDecayRestarts: cosine cycles, each `t_mul` times as long and `m_mul` times as high.

    The height is above the floor: alpha + (1 - alpha) m_mul^i c. Restarts are found in whole numbers; Keras finds them
    with logarithms in floating point, and misses some. With a `t_mul` that is not whole, cycles end between two
    updates, as in Keras; they are listed up to 2^62 updates.
    """
    if t_mul == int(t_mul):
        cycles: Schedule = Restarts(first_decay_steps, growth=t_mul, decay=m_mul, floor=alpha, shrink="range")
        return initial_learning_rate * cycles
    if not t_mul >= 1.05:
        raise StepsizeError(f"t_mul = {t_mul}, expected 1 or a number >= 1.05")
    parts: list[Schedule] = []
    start, length, height = Fraction(0), Fraction(first_decay_steps), 1.0
    while start + length <= END:
        peak = alpha + (1 - alpha) * height
        if updates(start, length) > 0:
            parts.append(span(lambda total: Ramp(total, start=peak, end=alpha, shape="cosine"), start, length))
        start, length, height = start + length, length * Fraction(t_mul), height * m_mul
    return initial_learning_rate * reduce(rshift, parts)


def ReduceLROnPlateau(
    monitor: str = "val_loss",
    factor: float = 0.1,
    patience: int = 10,
    verbose: int = 0,
    mode: Literal["auto", "min", "max"] = "auto",
    min_delta: float = 1e-4,
    cooldown: int = 0,
    min_lr: float = 0.0,
) -> Plateau:
    """keras.callbacks.ReduceLROnPlateau: times factor at the patience-th bad metric in a row.

    ``mode="auto"`` is "min" for a loss; other metrics, which Keras asks for their direction, need a ``mode``.
    """
    if mode == "auto":
        if not monitor.endswith("loss"):
            raise StepsizeError(f"mode = 'auto', expected 'min' or 'max' for monitor = {monitor!r}")
        mode = "min"
    return Plateau(
        "keras", mode=mode, factor=factor, patience=patience, threshold=min_delta, threshold_mode="abs",
        cooldown=cooldown, min_lr=min_lr or None,
    )  # fmt: skip
