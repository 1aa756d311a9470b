"""Stepsize in transformers' ``Trainer`` and in accelerate.

    scheduler = Scheduler(optimizer, "greedy(patience=10) * linear(10000)")
    Trainer(model, args, optimizers=(optimizer, scheduler), callbacks=[LossCallback("loss")], ...)

The Trainer steps a scheduler once per update without a loss; ``LossCallback`` gives the scheduler what the Trainer
logs or evaluates, and the controller observes it with the next step. Both survive a checkpoint. For the same rates
after a resume, save at multiples of ``logging_steps``: the Trainer forgets the losses since the last log.

A loop with accelerate: ``prepare(accelerator, scheduler)``.

``find(trainer)`` runs a learning-rate range test with the Trainer's model and data, and leaves both as they were.

``stepsize.huggingface.optimization`` has the names of ``transformers.optimization``: to migrate, change the import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..torch._fed import Scheduler
from ._accelerate import prepare

if TYPE_CHECKING:
    from . import optimization
    from ._find import find
    from ._trainer import LossCallback, configured

__all__ = ["LossCallback", "Scheduler", "configured", "find", "optimization", "prepare"]


def __getattr__(name: str) -> object:
    """The names that need transformers, or look for it: imported on first use."""
    if name in ("LossCallback", "configured"):
        from . import _trainer

        return getattr(_trainer, name)
    if name == "find":
        from ._find import find

        return find
    if name == "optimization":
        from importlib import import_module

        return import_module(".optimization", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
