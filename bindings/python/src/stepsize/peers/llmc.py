"""The learning rate schedules of llm.c by name (karpathy/llm.c, llmc/schedulers.h).

`schedule.at(step)` is the multiplier of llm.c's `learning_rate` for `step`, in double precision; llm.c computes in
single precision and counts updates from 0 as we do. The warm-up is (t+1)/W, so that no update has rate 0, and lies
inside `train_num_batches`. Past `train_num_batches`, where llm.c stops with a failed assertion, the last value holds.

C programs call `stepsize_schedule_llmc`.
"""

from __future__ import annotations

from .._core.named import LLMC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from .._core.schedule import Schedule

__all__ = ["constant", "cosine", "linear", "lr_scheduler_init", "wsd"]


def lr_scheduler_init(
    scheduler_type: Literal["cosine", "linear", "constant", "wsd"],
    warmup_iterations: int,
    train_num_batches: int,
    final_learning_rate_frac: float,
) -> Schedule:
    """llm.c lr_scheduler_init: the schedule named "cosine", "linear", "constant" or "wsd".

    As in llm.c, "constant" ignores the numbers and has no warm-up.
    """
    return LLMC(scheduler_type, warmup_iterations, train_num_batches, final_learning_rate_frac)


def cosine(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_cosine: warm-up, then a cosine to the final fraction at `train_num_batches`."""
    return LLMC("cosine", warmup_iterations, train_num_batches, final_learning_rate_frac)


def linear(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_linear: warm-up, then a line to the final fraction at `train_num_batches`."""
    return LLMC("linear", warmup_iterations, train_num_batches, final_learning_rate_frac)


def constant() -> Schedule:
    """llm.c get_learning_rate_constant: no warm-up, no decay."""
    return LLMC("constant", 0, 1, 1)


def wsd(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_wsd: warm-up, hold, and 1 - sqrt(x) over the last fifth.

    A warm-up that ends inside the last fifth jumps into the decay, as in llm.c.
    """
    return LLMC("wsd", warmup_iterations, train_num_batches, final_learning_rate_frac)
