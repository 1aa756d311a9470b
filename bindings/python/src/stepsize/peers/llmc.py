"""The learning rate schedules of llm.c by name (karpathy/llm.c, llmc/schedulers.h).

`schedule.at(step)` is the multiplier of llm.c's `learning_rate` for `step`, in double precision; llm.c computes in
single precision and counts updates from 0 as we do. The warm-up is (t+1)/W, so that no update has rate 0, and lies
inside `train_num_batches`. Past `train_num_batches`, where llm.c stops with a failed assertion, the last value holds.
"""

from __future__ import annotations

from struct import pack, unpack

from .._core.named import Constant, Cooldown, Cosine, Linear, Shift, Warmup
from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule

__all__ = ["constant", "cosine", "linear", "lr_scheduler_init", "wsd"]


def lr_scheduler_init(
    scheduler_type: str, warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float
) -> Schedule:
    """llm.c lr_scheduler_init: the schedule named "cosine", "linear", "constant" or "wsd".

    As in llm.c, "constant" ignores the numbers and has no warm-up.
    """
    if scheduler_type == "constant":
        return constant()
    named = {"cosine": cosine, "linear": linear, "wsd": wsd}
    if scheduler_type not in named:
        raise StepsizeError(
            f'scheduler_type = {scheduler_type!r}, expected "cosine", "linear", "constant" or "wsd"'
        )
    return named[scheduler_type](warmup_iterations, train_num_batches, final_learning_rate_frac)


def cosine(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_cosine: warm-up, then a cosine to the final fraction at `train_num_batches`."""
    warmup = Warmup(warmup_iterations)
    if warmup_iterations >= train_num_batches:  # the run ends in the warm-up
        return warmup
    return warmup >> Cosine(train_num_batches - warmup_iterations, floor=final_learning_rate_frac)


def linear(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_linear: warm-up, then a line to the final fraction at `train_num_batches`."""
    warmup = Warmup(warmup_iterations)
    if warmup_iterations >= train_num_batches:
        return warmup
    return warmup >> Linear(train_num_batches - warmup_iterations, floor=final_learning_rate_frac)


def constant() -> Schedule:
    """llm.c get_learning_rate_constant: no warm-up, no decay."""
    return Constant()


def wsd(warmup_iterations: int, train_num_batches: int, final_learning_rate_frac: float) -> Schedule:
    """llm.c get_learning_rate_wsd: warm-up, hold, and 1 - sqrt(x) over the last fifth.

    A warm-up that ends inside the last fifth jumps into the decay, as in llm.c.
    """
    warmup = Warmup(warmup_iterations)
    # (int)(0.8f * train_num_batches), in single precision
    decay_point = int(_single(_single(0.8) * _single(train_num_batches)))
    decay = Cooldown(train_num_batches - decay_point, shape="1-sqrt", floor=final_learning_rate_frac)
    if warmup_iterations > decay_point:
        return warmup >> Shift(decay, by=decay_point - warmup_iterations)
    return warmup >> Constant(decay_point - warmup_iterations) >> decay


def _single(number: float) -> float:
    """The number rounded to single precision."""
    rounded: float = unpack("f", pack("f", number))[0]
    return rounded
