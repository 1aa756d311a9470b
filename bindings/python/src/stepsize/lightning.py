"""Stepsize in Lightning: the dictionary for ``configure_optimizers``, and a callback that passes on the loss.

    class Model(lightning.LightningModule):
        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
            return configure(optimizer, "greedy(patience=10) * linear(10000)")

    lightning.Trainer(callbacks=[LossCallback()])

Lightning steps the scheduler once per update, gradients accumulated or not, and keeps its state in its checkpoints.
"""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Callback

from ._foreign.errors import StepsizeError
from .distributed import mean_loss
from .torch._fed import Scheduler

__all__ = ["LossCallback", "configure"]


def configure(optimizer: torch.optim.Optimizer, *arguments: Any, **options: Any) -> dict[str, Any]:
    """What ``configure_optimizers`` returns for an optimizer and the arguments of ``stepsize.torch.Scheduler``."""
    scheduler = Scheduler(optimizer, *arguments, **options)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1}}


class LossCallback(Callback):  # type: ignore[misc,unused-ignore]
    """Gives losses to the controllers of all schedulers made by ``configure``.

    Args:
        metric: None for the loss that ``training_step`` returns: the mean over the batches of an update, and over all
            processes, observed at the step of that update. Otherwise a name in ``trainer.callback_metrics``, such as
            "val_loss", observed at the first step after each validation (log it with ``sync_dist=True`` with several
            processes).
    """

    def __init__(self, metric: str | None = None) -> None:
        self.metric = metric
        self._losses: list[torch.Tensor] = []

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        self._losses = []

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        for scheduler in self._schedulers(trainer):
            scheduler._is_fed = True

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: torch.Tensor) -> None:
        # Lightning has divided it by the number of batches of an update.
        if self.metric is None:
            self._losses.append(loss.detach() * trainer.accumulate_grad_batches)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        # Now, since Lightning steps the scheduler before it calls `on_train_batch_end`.
        if self.metric is None and self._losses:
            mean = float(torch.stack(self._losses).double().mean())
            self._losses = []
            self._observe(trainer, mean_loss(mean) if trainer.world_size > 1 else mean)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if self.metric is None or trainer.sanity_checking:
            return
        if self.metric not in trainer.callback_metrics:
            known = ", ".join(map(repr, trainer.callback_metrics))
            raise StepsizeError(f"metric = {self.metric!r}, expected one of {known}: log it in validation_step")
        self._observe(trainer, float(trainer.callback_metrics[self.metric]))

    def _observe(self, trainer: Any, loss: float) -> None:
        for scheduler in self._schedulers(trainer):
            scheduler.observe(loss)

    def _schedulers(self, trainer: Any) -> list[Scheduler]:
        found = [each.scheduler for each in trainer.lr_scheduler_configs if isinstance(each.scheduler, Scheduler)]
        if not found:
            raise StepsizeError("LossCallback: no scheduler found: return stepsize.lightning.configure(optimizer, ...)")
        return found
