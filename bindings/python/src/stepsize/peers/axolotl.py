"""The schedules of axolotl (axolotl-ai-cloud/axolotl, axolotl/utils/schedulers.py) that transformers does not have.

All others that axolotl's ``lr_scheduler`` names, and all of TRL's, are those of transformers: `get_scheduler`.

Left out: the restarts of ReLoRA, which depend on the training.
"""

from __future__ import annotations

from .._core.named import REX, Constant, Cosine, Ramp, Warmup
from .._foreign.errors import StepsizeError
from ._rates import as_fraction
from .transformers import _after_warmup, _waves, get_cosine_with_min_lr_schedule_with_warmup, get_scheduler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = [
    "InterpolatingLogScheduler", "RexLR", "get_cosine_schedule_with_min_lr",
    "get_cosine_schedule_with_quadratic_warmup", "get_cosine_schedule_with_warmup_decay_constant", "get_scheduler",
]  # fmt: skip


def get_cosine_schedule_with_quadratic_warmup(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Schedule:
    """axolotl get_cosine_schedule_with_quadratic_warmup (``lr_quadratic_warmup``): (t/W)^2, then the cosine."""
    waves = _waves(num_training_steps - num_warmup_steps, num_cycles)
    return Warmup(num_warmup_steps, start=0.0, shape="square") >> waves if num_warmup_steps else waves


def get_cosine_schedule_with_min_lr(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, min_lr_ratio: float = 0.0
) -> Schedule:
    """axolotl get_cosine_schedule_with_min_lr (``cosine_min_lr_ratio``): transformers', with the floor as a ratio."""
    return get_cosine_with_min_lr_schedule_with_warmup(
        base_lr, num_warmup_steps, num_training_steps, min_lr_rate=min_lr_ratio
    )


def get_cosine_schedule_with_warmup_decay_constant(
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    constant_lr_ratio: float,
    min_lr_ratio: float,
    num_cycles: float = 0.5,
) -> Schedule:
    """axolotl get_cosine_schedule_with_warmup_decay_constant (``cosine_constant_lr_ratio``): the cosine ends at that
    ratio of the training, and the floor is held."""
    end = int(num_training_steps * constant_lr_ratio)
    if end <= num_warmup_steps:
        raise StepsizeError(
            f"num_warmup_steps = {num_warmup_steps}, expected less than constant_lr_ratio of the training, {end}"
        )
    return _after_warmup(num_warmup_steps, Cosine(end - num_warmup_steps, floor=min_lr_ratio, cycles=num_cycles))


def InterpolatingLogScheduler(base_lr: float, num_steps: int, min_lr: float, max_lr: float) -> Schedule:
    """axolotl InterpolatingLogScheduler (``lr_scheduler: log_sweep``): a range test from `min_lr` to `max_lr`.

    The first two steps have `min_lr`, as there; `max_lr` comes with step `num_steps`.
    """
    if num_steps < 2:
        raise StepsizeError(f"num_steps = {num_steps}, expected an integer >= 2")
    low, high = as_fraction("min_lr", min_lr, base_lr), as_fraction("max_lr", max_lr, base_lr)
    return Constant(1, value=low) >> Ramp(num_steps - 1, start=low, end=high, shape="geometric")


def RexLR(base_lr: float, max_lr: float, min_lr: float, total_steps: int = 0, num_warmup_steps: int = 0) -> Schedule:
    """axolotl RexLR (``lr_scheduler: rex``): linear warm-up, then ``rex`` with beta 0.9.

    As there, step 0 of a warm-up has not the rate 0 but one of the decay (`min_lr` where the warm-up has one step, or
    is as long as the training), and the run ends at `min_lr` whatever the base rate is.
    """
    if min_lr > max_lr:
        raise StepsizeError(f"min_lr = {min_lr}, expected at most max_lr, {max_lr}")
    if num_warmup_steps > total_steps:
        raise StepsizeError(f"num_warmup_steps = {num_warmup_steps}, expected at most total_steps, {total_steps}")
    length = total_steps - num_warmup_steps
    lowest = Constant(value=as_fraction("min_lr", min_lr, base_lr))
    decay = REX(length, floor=min_lr / max_lr, beta=0.9) >> lowest if length else lowest
    if num_warmup_steps == 0:
        return decay
    first = (lowest if num_warmup_steps == 1 else decay).at(-num_warmup_steps % length if length else 0)
    warmup: Schedule = Constant(1, value=first)
    if num_warmup_steps > 1:
        warmup >>= Ramp(num_warmup_steps - 1, start=1 / num_warmup_steps, end=1.0)
    return warmup >> (decay if length else Constant(1) >> lowest)
