"""The learning-rate schedules of other libraries, by their own names.

One module for each peer: ``pytorch``, ``transformers``, ``timm``, ``optax``, ``keras``, ``llmc``, ``megatron``,
``deepspeed``. A function has the name and the arguments that its peer gives it, and answers a stepsize schedule
with the peer's numbers. The peer itself is not needed and never imported.

    from stepsize.peers import transformers

    schedule = transformers.get_cosine_schedule_with_warmup(1e-3, 500, 10_000)
    scheduler = stepsize.Scheduler(1e-3, schedule)

Where the peer takes an optimizer, these functions take its learning rate, ``base_lr``, in the same place: the
schedule is the peer's rate divided by it. It matters only where an argument is a rate itself (``eta_min``,
``lr_min``, ``max_lr`` …).

An argument that cannot be honoured is not there: ``last_epoch`` (ask any update, or set the scheduler's step), the
momentum of cyclic schedules, noise, functions written in Python.
"""

from __future__ import annotations

import math

from .._foreign import convert
from .._foreign.errors import StepsizeError


def _fraction(name: str, rate: float, base_lr: float) -> float:
    """The argument `name`, a rate, as a multiplier of base_lr."""
    base_lr = convert.to_float(base_lr, "base_lr")
    if not 0 < base_lr < math.inf:
        raise StepsizeError(f"base_lr = {base_lr!r}, expected a finite number > 0")
    rate = convert.to_float(rate, name)
    if not 0 <= rate < math.inf:
        raise StepsizeError(f"{name} = {rate!r}, expected a finite number >= 0")
    return rate / base_lr


def _floor(name: str, rate: float, base_lr: float) -> float:
    """The same for the end of a decay, which lies at or below base_lr."""
    fraction = _fraction(name, rate, base_lr)
    if fraction > 1:
        raise StepsizeError(f"{name} = {rate!r}, expected at most base_lr = {base_lr!r}")
    return fraction


_PEERS = ("deepspeed", "keras", "llmc", "megatron", "optax", "pytorch", "timm", "transformers")


def __getattr__(name: str) -> object:
    """A peer's module, imported when it is first asked for."""
    if name in _PEERS:
        from importlib import import_module

        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
