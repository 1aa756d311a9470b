"""Stepsize in Lightning: the dictionary for ``configure_optimizers``, and a callback that passes on the loss.

    class Model(lightning.LightningModule):
        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
            return configure(optimizer, "greedy(patience=10) * linear(10000)")
            # or shares of the trainer's updates: configure(optimizer, "warmup(10%) >> cosine(90%)", module=self)

    lightning.Trainer(callbacks=[LossCallback()])

Lightning steps the scheduler once per update, gradients accumulated or not, and keeps its state in its checkpoints.
With several optimizers, in manual optimization, return a list of such dictionaries, and step each scheduler after its
optimizer.

``find(model, loader)`` runs a learning-rate range test on a copy of the model.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import Callback, Trainer

from . import _generators
from ._core.finder import Finder
from ._foreign import convert
from ._foreign.caller import warn
from ._foreign.errors import StepsizeError
from ._metric import check
from .distributed import mean_loss
from .torch._fed import Scheduler
from .torch._find import ratios_of
from .torch._groups import write
from .torch._scheduler import Scheduler as AnyScheduler

if TYPE_CHECKING:
    from ._metric import Mode

__all__ = ["LossCallback", "Scheduler", "configure", "configure_optimizers", "find"]


def configure(optimizer: torch.optim.Optimizer, *arguments: Any, module: Any = None, **options: Any) -> dict[str, Any]:
    """What ``configure_optimizers`` returns for an optimizer and the arguments of ``stepsize.torch.Scheduler``.

    Shares of the total are those of ``total``, where it is given, or of the trainer's ``estimated_stepping_batches``:
    from now on with the argument `module`, the ``LightningModule``, or from the start of the training on, where there
    is a ``LossCallback``. Lightning counts the batches, accumulated, over all epochs; give ``total`` in manual
    optimization with other updates than one a batch.
    """
    scheduler = Scheduler(optimizer, *arguments, **options)
    if module is not None:
        _bind(scheduler, module.trainer)
    return _by_update(optimizer, scheduler)


def _bind(scheduler: Scheduler, trainer: Any) -> None:
    """Only for a scheduler that needs it, since the trainer has to load its data for the total."""
    if not scheduler.needs_total:
        return
    total = trainer.estimated_stepping_batches
    if not 0 < total < math.inf:
        raise StepsizeError(
            f"total: the schedule has shares of it, and the trainer expects {total} updates: give total, or the trainer"
            " max_steps or max_epochs"
        )
    scheduler.bind(int(total))


def configure_optimizers(module: Any, optimizer: torch.optim.Optimizer, lr_scheduler: Any = None) -> Any:
    """For ``LightningCLI``, whose own steps every scheduler once an epoch::

        class CLI(LightningCLI):
            configure_optimizers = staticmethod(stepsize.lightning.configure_optimizers)

    The configuration names ``stepsize.lightning.Scheduler`` then, whose text may give shares of the trainer's updates;
    other schedulers are treated as by Lightning.
    """
    if isinstance(lr_scheduler, AnyScheduler):
        if isinstance(lr_scheduler, Scheduler):
            _bind(lr_scheduler, module.trainer)
        return _by_update(optimizer, lr_scheduler)
    from lightning.pytorch.cli import LightningCLI

    return LightningCLI.configure_optimizers(module, optimizer, lr_scheduler)


def _by_update(optimizer: torch.optim.Optimizer, scheduler: AnyScheduler) -> dict[str, Any]:
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1}}


class LossCallback(Callback):  # type: ignore[misc,unused-ignore]
    """Gives losses to the controllers of all schedulers made by ``configure``.

    With precision "16-mixed" it also tells the schedulers of updates that were skipped, which do not count.

    Args:
        metric: None for the loss that ``training_step`` returns, or that is given to ``manual_backward``: the mean over
            the batches of an update, and over all processes, observed at the step of that update; with several
            optimizers the losses since the last update of any of them. Otherwise a name in
            ``trainer.callback_metrics``, such as "val_loss", observed at the first step after each validation, or after
            each epoch if it is logged in training alone (log it with ``sync_dist=True`` with several processes).
        mode: "min" if a smaller value of the metric is better, or "max". None where its name tells, or a callback of
            the trainer that monitors it. A controller of a metric that is better when larger is made with ``mode=max``.
        optimizer: The number of the optimizer whose schedulers get it; None for all. So each of several can have a
            metric, and a callback, of its own.
    """

    def __init__(self, metric: str | None = None, *, mode: Mode | None = None, optimizer: int | None = None) -> None:
        self.metric, self.mode = metric, mode
        self.optimizer = None if optimizer is None else convert.to_int64(optimizer, "optimizer")
        self._losses: list[torch.Tensor] = []
        self._was_told = False
        # Where the metric came from first: it stays in `callback_metrics` when the other stage ends.
        self._stage = ""
        self._is_due = self._has_trained = False

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        self._losses = []
        self._was_told, self._stage = False, ""
        self._is_due = self._has_trained = False

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        found = self._schedulers(trainer)
        if not found:
            raise StepsizeError("LossCallback: no scheduler found: return stepsize.lightning.configure(optimizer, ...)")
        for each in found:
            _bind(each, trainer)
            if each.needs_loss:
                check(each.core, self.metric or "loss", self.mode or self._better(trainer))

    def _better(self, trainer: Any) -> Mode | None:
        """What another callback, such as EarlyStopping, says of the metric."""
        for each in trainer.callbacks:
            if self.metric is not None and getattr(each, "monitor", None) == self.metric:
                mode: Mode = each.mode
                return mode
        return None

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self._has_trained = True
        # Each time, since other callbacks may replace schedulers and optimizers.
        scaler = _scaler(trainer)
        for each in self._schedulers(trainer):
            each._is_fed = True
            if scaler is not None:
                each.skip_with(scaler)

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: torch.Tensor) -> None:
        if self.metric is None:
            # Lightning has divided it by the number of batches of an update, and multiplied it by the scale of AMP.
            loss = loss.detach() * trainer.accumulate_grad_batches
            scaler = _scaler(trainer)
            self._losses.append(loss if scaler is None else loss / scaler.scale(torch.ones_like(loss)))

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        # Now, since Lightning steps the scheduler before it calls `on_train_batch_end`.
        if self.metric is None and self._losses:
            mean = float(torch.stack(self._losses).double().mean())
            self._losses = []
            self._observe(trainer, mean_loss(mean) if trainer.world_size > 1 else mean, optimizer)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            self._is_due = True
            self._look(trainer, "validation")

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self._look(trainer, "training")
        # Not in an epoch without a validation, nor in the one that a training is resumed at the end of.
        is_due = self._is_due or (self._has_trained and not trainer.enable_validation)
        is_missing = self.metric is not None and not self._stage and is_due and not trainer.fit_loop.done
        if is_missing and self._needs_loss(trainer):
            known = ", ".join(map(repr, trainer.callback_metrics)) or "none, since nothing is logged"
            raise StepsizeError(f"metric = {self.metric!r}, expected one of {known}: log it in validation_step")

    def _look(self, trainer: Any, stage: str) -> None:
        if self.metric in trainer.callback_metrics and self._stage in ("", stage):
            self._stage = stage
            self._observe(trainer, float(trainer.callback_metrics[self.metric]))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        if not self._was_told and self._needs_loss(trainer):
            warn(f"LossCallback: the controller observed no {self.metric or 'loss'!r}, and has moved no rate")

    def _needs_loss(self, trainer: Any) -> bool:
        return any(each.needs_loss for each in self._schedulers(trainer))

    def _observe(self, trainer: Any, loss: float, optimizer: Any = None) -> None:
        for each in self._schedulers(trainer):
            if optimizer is None or len(trainer.optimizers) < 2 or _drives(each, optimizer):
                self._was_told = True
                each.observe(loss)

    def _schedulers(self, trainer: Any) -> list[Scheduler]:
        """Those that are there now."""
        found = [each.scheduler for each in trainer.lr_scheduler_configs if isinstance(each.scheduler, Scheduler)]
        if self.optimizer is None:
            return found
        optimizers = trainer.optimizers
        if not 0 <= self.optimizer < len(optimizers):
            raise StepsizeError(f"optimizer = {self.optimizer}, expected an integer from 0 to {len(optimizers) - 1}")
        return [each for each in found if _drives(each, optimizers[self.optimizer])]


def _scaler(trainer: Any) -> Any:
    """The scaler of mixed precision with 16 bits; None without."""
    return getattr(trainer.precision_plugin, "scaler", None)


def _drives(scheduler: Scheduler, optimizer: Any) -> bool:
    """Whether it is the optimizer of the scheduler, or one of several."""
    return optimizer is scheduler.optimizer or optimizer in getattr(scheduler.optimizer, "optimizers", ())


def find(
    model: Any, train_dataloaders: Any = None, datamodule: Any = None, *, trainer: dict[str, Any] | None = None,
    **options: Any,
) -> Finder:  # fmt: skip
    """Trains a copy of the model with a rising rate until the loss diverges::

        model.learning_rate = find(model, loader).suggest()

    The model itself is not touched, nor are the generators of random numbers; nothing is validated, logged or saved. It
    takes the first optimizer of ``configure_optimizers``, whose groups keep the ratios of their rates, in automatic
    optimization.

    Args:
        model: A ``LightningModule``, which ``copy.deepcopy`` copies.
        train_dataloaders, datamodule: As for ``Trainer.fit``.
        trainer: Arguments for the ``Trainer`` of the test, such as ``accelerator``, ``precision``,
            ``accumulate_grad_batches`` or ``gradient_clip_val``.
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    finder = Finder(**options)
    arguments: dict[str, Any] = {
        "logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False,
        "num_sanity_val_steps": 0, "limit_val_batches": 0, "max_epochs": -1, **(trainer or {}),
    }  # fmt: skip
    arguments["callbacks"] = [*arguments.get("callbacks", ()), _RangeTest(finder)]
    with _generators.kept():
        Trainer(**arguments).fit(copy.deepcopy(model), train_dataloaders, datamodule=datamodule)
    return finder


class _RangeTest(Callback):  # type: ignore[misc,unused-ignore]
    """Sets the rate before each update, and tells its loss: the mean over its batches."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._losses: list[torch.Tensor] = []
        self._updates = 0
        self._ratios: list[float] = []

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if not pl_module.automatic_optimization:
            raise StepsizeError("find: expected automatic optimization; with a manual one use stepsize.Finder in it")
        self._ratios = ratios_of(trainer.optimizers[0])
        trainer.strategy.lr_scheduler_configs = []

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        rate = self.finder.rate
        if rate is not None:
            write(optimizer.param_groups, [rate * ratio for ratio in self._ratios])

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        # Lightning has divided it by the number of batches of an update.
        self._losses.append(outputs["loss"].detach() * trainer.accumulate_grad_batches)
        if trainer.global_step == self._updates or self.finder.rate is None:
            return
        self._updates = trainer.global_step
        mean = float(torch.stack(self._losses).double().mean())
        self.finder.tell(mean_loss(mean) if trainer.world_size > 1 else mean)
        self._losses = []
        trainer.should_stop = self.finder.rate is None
