"""The callback that gives losses to the scheduler of transformers' ``Trainer``."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from .._foreign.errors import StepsizeError
from ..torch._fed import Scheduler


class LossCallback(TrainerCallback):  # type: ignore[misc,unused-ignore]
    """Gives losses to the controller of the Trainer's scheduler.

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
        # What an evaluation logs comes through on_evaluate.
        if logs and self.metric in logs and not self.metric.startswith("eval_"):
            given["lr_scheduler"].observe(logs[self.metric])

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **given: Any) -> None:
        if self.metric.startswith("eval_"):
            if self.metric not in (metrics or {}):
                raise StepsizeError(f"metric = {self.metric!r}, expected one of {', '.join(map(repr, metrics or ()))}")
            given["lr_scheduler"].observe(metrics[self.metric])
