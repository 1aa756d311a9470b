"""A scheduler in a loop with accelerate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .._foreign.errors import StepsizeError
from ..distributed import mean_loss

if TYPE_CHECKING:
    from ..torch import Scheduler as TorchScheduler


def prepare(accelerator: Any, scheduler: TorchScheduler) -> Any:
    """The scheduler for a loop with accelerate, in place of ``accelerator.prepare(scheduler)``; after the optimizer is
    prepared. ``save_state`` and ``load_state`` of the accelerator keep its state.

    Call its ``step(loss)`` after each ``optimizer.step()``. It steps once per update, however many processes there are
    (accelerate's own steps once for each), not while gradients are accumulated, and not if the update was skipped. A
    controller observes the mean of the losses since the last update, over all processes.
    """
    from accelerate.scheduler import AcceleratedScheduler

    class Once(AcceleratedScheduler):  # type: ignore[misc,unused-ignore]
        _is_accelerate_prepared = True
        _losses: list[Any] = []

        def step(self, loss: Any = None) -> None:
            if scheduler.core.needs_loss:
                self._losses = [*self._losses, loss.detach() if hasattr(loss, "detach") else loss]
            if not self.gradient_state.sync_gradients:
                return
            losses, self._losses = self._losses, []
            if any(optimizer.step_was_skipped for optimizer in self.optimizers):
                return
            if not losses:
                scheduler.step()
                return
            if any(each is None for each in losses):
                if accelerator.num_processes > 1:
                    mean_loss(None)  # raises on all processes
                raise StepsizeError("the scheduler needs a loss: call step(loss) after each optimizer.step()")
            values = [float(each) for each in losses]
            mean = math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan
            scheduler.step(mean_loss(mean) if accelerator.num_processes > 1 else mean)

    optimizers = [each for each in accelerator._optimizers if each.optimizer is scheduler.optimizer]
    if not optimizers:
        raise StepsizeError("scheduler: its optimizer is not prepared: call accelerator.prepare(optimizer) first")
    return accelerator.prepare_scheduler(Once(scheduler, optimizers))
