"""The schedules of LitGPT (Lightning-AI/litgpt): of `pretrain` and of the finetuning scripts.

`get_lr` counts as nanoGPT's first versions did, with a warm-up from 0. LitGPT asks it for iteration 1 first, and counts
micro-batches as iterations: update u with A of them has `schedule.at(u * A + A)`. `get_lr_scheduler` counts updates
from 0.
"""

from __future__ import annotations

from .._core.named import Ramp
from .._foreign.errors import StepsizeError
from .nanogpt import decay
from .transformers import _after_warmup, _waves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = ["get_lr", "get_lr_scheduler"]


def get_lr(learning_rate: float, warmup_iters: int, max_iters: int, min_lr: float) -> Schedule:
    """litgpt.pretrain get_lr: it/warmup_iters, then a cosine to `min_lr` at `max_iters`, and `min_lr` from then on."""
    fall = decay(learning_rate, warmup_iters, max_iters, min_lr)
    return Ramp(warmup_iters) >> fall if warmup_iters else fall


def get_lr_scheduler(warmup_steps: int, max_steps: int) -> Schedule:
    """litgpt.finetune get_lr_scheduler: a warm-up from 0, then PyTorch's cosine to 0 at `max_steps`.

    As PyTorch's, the cosine rises again after `max_steps`, which LitGPT does not reach.
    """
    if not 0 <= warmup_steps < max_steps:
        raise StepsizeError(f"warmup_steps = {warmup_steps}, expected an integer from 0 to max_steps - 1")
    return _after_warmup(warmup_steps, _waves(max_steps - warmup_steps, 0.5))
