"""A range test with what transformers' ``Trainer`` trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._foreign.errors import StepsizeError
from ..distributed import process_count
from ..torch import _find

if TYPE_CHECKING:
    from .._core.finder import Finder


def find(trainer: Any, **options: Any) -> Finder:
    """Trains the Trainer's model on its data with a rising rate until the loss diverges, and takes it back.

    ``args.learning_rate = find(trainer).suggest()`` sets the rate before ``trainer.train()``.

    An update is one batch of the Trainer's loader, by its optimizer, its loss, its precision and its limit of the
    gradient norm; no callback is called, and nothing is logged or saved. Afterwards, also where an error ends the test,
    everything is as before. With several processes, each of which calls it, gradients and losses are averaged over
    them, and all suggest the same.

    Args:
        trainer: A ``transformers.Trainer`` that has not begun.
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    args, accelerator = trainer.args, trainer.accelerator
    if trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled:
        raise StepsizeError("find: expected a Trainer without DeepSpeed or FSDP, which make the model only in train()")
    size = process_count(None)

    def average() -> None:
        # The Trainer wraps its model, so that this happens by itself, only in train().
        for each in trainer.model.parameters():
            if each.requires_grad:
                each.grad = torch.zeros_like(each) if each.grad is None else each.grad
                torch.distributed.all_reduce(each.grad)
                each.grad /= size

    def loss(batch: Any) -> Any:
        trainer.model.train()
        with accelerator.autocast(), trainer.compute_loss_context_manager():
            value = trainer.compute_loss(trainer.model, trainer._prepare_inputs(batch))
        return value.mean()

    own, loaders = trainer.optimizer, list(accelerator._dataloaders)
    try:
        return _find.find(
            trainer.model, own or trainer.create_optimizer(), loss, trainer.get_train_dataloader(),
            scaler=accelerator.scaler, clip=args.max_grad_norm or None,
            synchronize=average if size > 1 else None, **options,
        )  # fmt: skip
    finally:
        trainer.optimizer = own
        accelerator._dataloaders[:] = loaders
