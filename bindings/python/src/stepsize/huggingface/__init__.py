"""Stepsize in transformers' ``Trainer`` and in accelerate.

    scheduler = Scheduler(optimizer, "greedy(patience=10) * linear(10000)")
    Trainer(model, args, optimizers=(optimizer, scheduler), callbacks=[LossCallback("loss")], ...)

The Trainer steps a scheduler once per update without a loss; ``LossCallback`` gives the scheduler what the Trainer
logs or evaluates, and the controller hears it with the next step. Both survive a checkpoint. For the same rates after
a resume, save at multiples of ``logging_steps``: the Trainer forgets the losses since the last log.

A loop with accelerate: ``prepare(accelerator, scheduler)``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from .._foreign.errors import StepsizeError
from ..torch._fed import Scheduler

if TYPE_CHECKING:
    from ..torch import Scheduler as TorchScheduler

__all__ = ["LossCallback", "Scheduler", "prepare"]


class LossCallback(TrainerCallback):  # type: ignore[misc,unused-ignore]
    """Feeds a controller of the Trainer's scheduler.

    Args:
        metric: "loss" for the training loss, each time it is logged (``logging_steps=1`` for every update); "eval_loss"
            or another metric of the evaluation, each time there is one.
    """

    def __init__(self, metric: str = "loss") -> None:
        self.metric = metric

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        scheduler = given.get("lr_scheduler")
        if not isinstance(scheduler, Scheduler):
            raise StepsizeError(
                f"LossCallback: the Trainer has a {type(scheduler).__name__}; pass optimizers=(optimizer,"
                " stepsize.huggingface.Scheduler(optimizer, ...))"
            )
        scheduler._is_fed = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        # What an evaluation logs comes by on_evaluate.
        if logs and self.metric in logs and not self.metric.startswith("eval_"):
            given["lr_scheduler"].observe(logs[self.metric])

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **given: Any) -> None:
        if self.metric.startswith("eval_"):
            if self.metric not in (metrics or {}):
                raise StepsizeError(f"metric = {self.metric!r}, expected one of {', '.join(map(repr, metrics or ()))}")
            given["lr_scheduler"].observe(metrics[self.metric])


def prepare(accelerator: Any, scheduler: TorchScheduler) -> Any:
    """The scheduler for a loop with accelerate, in place of ``accelerator.prepare(scheduler)``; after the optimizer is
    prepared. ``save_state`` and ``load_state`` of the accelerator keep its state.

    Call its ``step(loss)`` after each ``optimizer.step()``. It goes on once per update, however many processes there
    are (accelerate's own goes on once for each), not where gradients are accumulated, and not where the update was
    skipped. A controller hears the mean of the losses since the last update, over all processes.
    """
    from accelerate.scheduler import AcceleratedScheduler

    from ..distributed import mean_loss

    class Once(AcceleratedScheduler):  # type: ignore[misc,unused-ignore]
        _is_accelerate_prepared = True
        _losses: list[Any] = []

        def step(self, loss: Any = None) -> None:
            if scheduler.core._listens:
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
                raise StepsizeError("loss: the controller needs it; call step(loss) after each optimizer.step()")
            values = [float(each) for each in losses]
            mean = math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan
            scheduler.step(mean_loss(mean) if accelerator.num_processes > 1 else mean)

    optimizers = [each for each in accelerator._optimizers if each.optimizer is scheduler.optimizer]
    if not optimizers:
        raise StepsizeError("scheduler: its optimizer is not prepared; call accelerator.prepare(optimizer) first")
    return accelerator.prepare_scheduler(Once(scheduler, optimizers))
