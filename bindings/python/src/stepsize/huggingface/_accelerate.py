"""A scheduler in a loop with accelerate."""

from __future__ import annotations

import math
from inspect import signature
from typing import TYPE_CHECKING, Any

from .._core.schedule import Schedule
from .._foreign import convert
from .._foreign.errors import StepsizeError
from ..distributed import mean_loss
from ..torch import Scheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch.optim.lr_scheduler import LRScheduler


def prepare(
    accelerator: Any,
    scheduler: LRScheduler | Schedule | str | Mapping[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
    *,
    epochs: int | None = None,
) -> Any:
    """The scheduler for a loop with accelerate, in place of ``accelerator.prepare(scheduler)``; after the optimizer is
    prepared. ``save_state`` and ``load_state`` of the accelerator keep its state.

    Call its ``step(loss)`` after each ``optimizer.step()``. It steps once per update, however many processes there are
    (accelerate's own steps once for each), not while gradients are accumulated, and not if the update was skipped. A
    controller observes the mean of the losses since the last update, over all processes.

    Args:
        accelerator: The ``accelerate.Accelerator``.
        scheduler: A scheduler of any library, such as a drop-in, whose ``step`` takes a loss or none. Or what a
            configuration file holds: a schedule or its text, or a dictionary of the arguments of
            ``stepsize.torch.Scheduler``.
        optimizer: For a configuration: the optimizer, prepared or not.
        epochs: For a configuration whose text gives shares of the total without one: how often the training goes
            through the prepared loader, whose length in each process, with the accumulation of gradients, then gives
            the updates. It has to be the only loader that is prepared so far, and to know its length.
    """
    from accelerate.scheduler import AcceleratedScheduler

    inner = _made(accelerator, scheduler, optimizer, epochs)
    needs_loss = _needs_loss(inner)

    class Once(AcceleratedScheduler):  # type: ignore[misc,unused-ignore]
        _is_accelerate_prepared = True
        _losses: list[Any] = []

        def step(self, loss: Any = None) -> None:
            if needs_loss:
                self._losses = [*self._losses, loss.detach() if hasattr(loss, "detach") else loss]
            if not self.gradient_state.sync_gradients:
                return
            losses, self._losses = self._losses, []
            if any(optimizer.step_was_skipped for optimizer in self.optimizers):
                return
            if not losses:
                inner.step()
                return
            if any(each is None for each in losses):
                if accelerator.num_processes > 1:
                    mean_loss(None)  # raises on all processes
                raise StepsizeError("the scheduler needs a loss: call step(loss) after each optimizer.step()")
            values = [float(each) for each in losses]
            mean = math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan
            inner.step(mean_loss(mean) if accelerator.num_processes > 1 else mean)

    wanted = inner.optimizer, getattr(inner.optimizer, "optimizer", None)
    optimizers = [each for each in accelerator._optimizers if each in wanted or each.optimizer in wanted]
    if not optimizers:
        raise StepsizeError("scheduler: its optimizer is not prepared: call accelerator.prepare(optimizer) first")
    return accelerator.prepare_scheduler(Once(inner, optimizers))


def _made(accelerator: Any, scheduler: Any, optimizer: Any, epochs: int | None) -> Any:
    """The scheduler itself, or the one of a configuration."""
    if not isinstance(scheduler, (str, Schedule)) and hasattr(scheduler, "step"):
        if epochs is not None:
            raise StepsizeError("epochs: the scheduler is made, expected a text or a dictionary of arguments with them")
        return scheduler
    if optimizer is None:
        raise StepsizeError("optimizer: a text or a dictionary needs it: call prepare(accelerator, text, optimizer)")
    options = {"schedule": scheduler} if isinstance(scheduler, (str, Schedule)) else dict(scheduler)
    if epochs is not None and options.get("total") is None:
        options["total"] = _updates(accelerator, convert.to_int64(epochs, "epochs"))
    # The optimizer that accelerate has wrapped, and whose step it calls.
    return Scheduler(getattr(optimizer, "optimizer", optimizer), **options)


def _updates(accelerator: Any, epochs: int) -> int:
    """The updates of so many epochs, in each process the same."""
    loaders = accelerator._dataloaders
    if len(loaders) != 1:
        raise StepsizeError(
            f"epochs: {len(loaders)} loaders are prepared, expected one, the training's, before the scheduler: or give"
            " total"
        )
    try:
        batches: int = len(loaders[0])
    except TypeError:
        raise StepsizeError("epochs: the prepared loader does not know its length: give total") from None
    accumulated: int = accelerator.gradient_accumulation_steps
    if accelerator.gradient_state.plugin_kwargs.get("sync_with_dataloader", True):
        return epochs * math.ceil(batches / accumulated)  # an epoch ends with an update
    return epochs * batches // accumulated


def _needs_loss(scheduler: Any) -> bool:
    """What a scheduler says, or else whether its step cannot be called without."""
    known = getattr(scheduler, "needs_loss", None)
    if known is not None:
        return bool(known)
    return any(
        each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        for each in signature(scheduler.step).parameters.values()
    )
