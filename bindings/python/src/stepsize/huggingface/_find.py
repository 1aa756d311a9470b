"""A range test with what transformers' ``Trainer`` trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._foreign.errors import StepsizeError
from ..torch import _find

if TYPE_CHECKING:
    from .._core.finder import Finder


def find(trainer: Any, **options: Any) -> Finder:
    """Trains the Trainer's model on its data with a rising rate until the loss diverges, and takes it back::

        trainer = Trainer(model, args, train_dataset=data)
        args.learning_rate = find(trainer).suggest()
        trainer.train()

    An update is one batch of the Trainer's loader, by its optimizer, its loss, its precision and its limit of the
    gradient norm; no callback is called, and nothing is logged or saved. Afterwards, also where an error ends the test,
    everything is as before. For one process.

    Args:
        trainer: A ``transformers.Trainer`` that has not begun.
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    args, accelerator = trainer.args, trainer.accelerator
    if args.world_size > 1 or trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled:
        raise StepsizeError("find: expected a Trainer of one process, without DeepSpeed or FSDP")

    def loss(batch: Any) -> Any:
        trainer.model.train()
        with accelerator.autocast(), trainer.compute_loss_context_manager():
            value = trainer.compute_loss(trainer.model, trainer._prepare_inputs(batch))
        return value.mean()

    own, loaders = trainer.optimizer, list(accelerator._dataloaders)
    try:
        return _find.find(
            trainer.model, own or trainer.create_optimizer(), loss, trainer.get_train_dataloader(),
            scaler=accelerator.scaler, clip=args.max_grad_norm or None, **options,
        )  # fmt: skip
    finally:
        trainer.optimizer = own
        accelerator._dataloaders[:] = loaders
