"""The schedule of nanoGPT (karpathy/nanoGPT, train.py), and of the many trainers that began as a copy of it.

`schedule.at(it)` is the multiplier of `learning_rate` for iteration `it`, from 0. Its warm-up is (it + 1)/(W + 1): the
full rate comes with the first iteration after the W of the warm-up, not with the last of them as in ``warmup(W)``, and
it does not begin at 0 as in older copies (those are `litgpt.get_lr`).
"""

from __future__ import annotations

from .._core.named import Constant, Cosine, Ramp
from .._foreign.errors import StepsizeError
from ._rates import as_floor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = ["get_lr"]


def get_lr(learning_rate: float, warmup_iters: int, lr_decay_iters: int, min_lr: float) -> Schedule:
    """nanoGPT get_lr: warm-up, a cosine to `min_lr` at `lr_decay_iters`, and `min_lr` from then on.

    Of iteration `lr_decay_iters` = `warmup_iters` nanoGPT divides 0 by 0; here it has `min_lr`.
    """
    fall = decay(learning_rate, warmup_iters, lr_decay_iters, min_lr)
    return Ramp(warmup_iters, start=1 / (warmup_iters + 1)) >> fall if warmup_iters else fall


def decay(learning_rate: float, warmup_iters: int, end: int, min_lr: float) -> Schedule:
    """The cosine from the end of the warm-up to `min_lr` at `end`."""
    if not 0 <= warmup_iters <= end:
        raise StepsizeError(f"warmup_iters = {warmup_iters}, expected an integer from 0 to {end}, the end of the decay")
    floor = as_floor("min_lr", min_lr, learning_rate)
    return Cosine(end - warmup_iters, floor=floor) if end > warmup_iters else Constant(value=floor)
