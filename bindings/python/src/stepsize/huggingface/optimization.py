"""``GreedyLR``, ``get_scheduler`` and the schedules of ``transformers.optimization`` under their names, with their
arguments and numbers: to migrate, use ``from stepsize.huggingface import optimization``.

Differences from transformers:

- All are instances of ``stepsize.torch.Scheduler`` (``reduce_lr_on_plateau`` is PyTorch's): a state that
  ``torch.load(weights_only=True)`` takes, ``extend`` for a longer run, the optimizer's own state restored
  before or after.
- ``GreedyLR`` moves its own rates: rates that other code writes into the groups are overwritten.
- Those that ``stepsize.peers.transformers`` lists for its schedules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.controllers import GreedyLR as _Greedy
from .._foreign import convert
from .._foreign.errors import StepsizeError
from ..peers import transformers as peers
from ..torch import Scheduler
from ..torch.lr_scheduler import ReduceLROnPlateau

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from .._core.schedule import Schedule

    _Peer: Any = object
else:
    # transformers' Trainer checks with isinstance whether a scheduler takes the metric.
    try:
        from transformers.optimization import GreedyLR as _Peer
    except ImportError:
        _Peer = object

__all__ = [
    "GreedyLR", "get_constant_schedule", "get_constant_schedule_with_warmup", "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate", "get_greedy_schedule", "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup", "get_polynomial_decay_schedule_with_warmup", "get_reduce_on_plateau_schedule",
    "get_scheduler", "get_wsd_schedule",
]  # fmt: skip


class GreedyLR(Scheduler, _Peer):  # type: ignore[misc]
    """``transformers.GreedyLR``, bit for bit: the controller ``stepsize.GreedyLR("huggingface")``."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        mode: str = "min",
        factor: float = 0.95,
        patience: int = 10,
        threshold: float = 1e-6,
        threshold_mode: str = "abs",
        cooldown: int = 0,
        warmup: int = 0,
        min_lr: float | list[float] = 1e-3,
        max_lr: float | list[float] = 1.0,
        eps: float = 1e-8,
        verbose: bool = False,
        smooth: bool = False,
        window_size: int = 50,
        reset_start: int = 500,
    ) -> None:
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.warmup, self.eps = threshold_mode, cooldown, warmup, eps
        self.verbose, self.smooth, self.window_size = verbose, smooth, window_size
        controller = _Greedy(
            "huggingface", mode=mode, factor=factor, patience=patience, threshold=threshold,  # type: ignore[arg-type]
            threshold_mode=threshold_mode,  # type: ignore[arg-type]
            cooldown=cooldown, warmup=warmup, min_lr=min_lr, max_lr=max_lr,
            eps=eps, smooth=smooth, window=window_size, reset_start=reset_start,
        )  # fmt: skip
        if not hasattr(optimizer, "param_groups"):
            raise convert.wrong_type("optimizer", "a torch.optim.Optimizer", optimizer)
        for bound, given in (("min_lr", min_lr), ("max_lr", max_lr)):
            if isinstance(given, (list, tuple)) and len(given) != len(optimizer.param_groups):
                raise StepsizeError(f"{bound}: {len(given)} numbers, expected {len(optimizer.param_groups)}")
        # As in transformers, the current rate counts, whatever another scheduler began with.
        for group in optimizer.param_groups:
            group.pop("initial_lr", None)
        super().__init__(optimizer, None, controller)

    def step(self, metrics: Any, epoch: int | None = None) -> float:  # type: ignore[override]
        """Observes the metric and moves the rates. The epoch, if given, is only stored."""
        before = self.core.lrs if self.verbose else ()
        if epoch is not None:
            self.core.current_step = max(0, convert.to_int64(epoch, "epoch") - 1)
        rate = super().step(metrics)
        for group, (old, new) in enumerate(zip(before, self.core.lrs)):
            if old != new:
                print(
                    f"GreedyLR: update {self.last_epoch}: {self.decision}, lr of group {group} {old:.4e} -> {new:.4e}"
                )
        return rate

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        if "num_bad_epochs" in state_dict:
            raise StepsizeError(
                "state_dict: it is that of transformers' GreedyLR, which cannot be converted; to keep its rates,"
                " load the optimizer's state first and then make this scheduler"
            )
        super().load_state_dict(state_dict)


def _make(optimizer: torch.optim.Optimizer, schedule: Schedule, last_epoch: int = -1) -> Scheduler:
    return Scheduler(optimizer, schedule, last_epoch=last_epoch)


def _default_lr(optimizer: torch.optim.Optimizer) -> float:
    """What arguments that are rates relate to: the optimizer's default, as in transformers, whatever a group's own is.
    """
    return float(optimizer.defaults["lr"])


def get_constant_schedule(optimizer: torch.optim.Optimizer, last_epoch: int = -1) -> Scheduler:
    return _make(optimizer, peers.get_constant_schedule(1.0), last_epoch)


def get_constant_schedule_with_warmup(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, last_epoch: int = -1
) -> Scheduler:
    return _make(optimizer, peers.get_constant_schedule_with_warmup(1.0, num_warmup_steps), last_epoch)


def get_linear_schedule_with_warmup(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> Scheduler:
    schedule = peers.get_linear_schedule_with_warmup(1.0, num_warmup_steps, num_training_steps)
    return _make(optimizer, schedule, last_epoch)


def get_cosine_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> Scheduler:
    schedule = peers.get_cosine_schedule_with_warmup(1.0, num_warmup_steps, num_training_steps, num_cycles)
    return _make(optimizer, schedule, last_epoch)


def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: int = 1,
    last_epoch: int = -1,
) -> Scheduler:
    schedule = peers.get_cosine_with_hard_restarts_schedule_with_warmup(
        1.0, num_warmup_steps, num_training_steps, num_cycles
    )
    return _make(optimizer, schedule, last_epoch)


def get_polynomial_decay_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
    last_epoch: int = -1,
) -> Scheduler:
    schedule = peers.get_polynomial_decay_schedule_with_warmup(
        _default_lr(optimizer), num_warmup_steps, num_training_steps, lr_end, power
    )
    return _make(optimizer, schedule, last_epoch)


def get_inverse_sqrt_schedule(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, timescale: int | None = None, last_epoch: int = -1
) -> Scheduler:
    return _make(optimizer, peers.get_inverse_sqrt_schedule(1.0, num_warmup_steps, timescale), last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Scheduler:
    schedule = peers.get_cosine_with_min_lr_schedule_with_warmup(
        _default_lr(optimizer), num_warmup_steps, num_training_steps, num_cycles, min_lr=min_lr, min_lr_rate=min_lr_rate
    )
    return _make(optimizer, schedule, last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Scheduler:
    schedule = peers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
        _default_lr(optimizer), num_warmup_steps, num_training_steps, num_cycles, min_lr=min_lr,
        min_lr_rate=min_lr_rate, warmup_lr_rate=warmup_lr_rate,
    )  # fmt: skip
    return _make(optimizer, schedule, last_epoch)


def get_wsd_schedule(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> Scheduler:
    schedule = peers.get_wsd_schedule(
        1.0, num_warmup_steps, num_decay_steps, num_training_steps, num_stable_steps,
        warmup_type,  # type: ignore[arg-type]
        decay_type, min_lr_ratio, num_cycles,  # type: ignore[arg-type]
    )  # fmt: skip
    return _make(optimizer, schedule, last_epoch)


def get_reduce_on_plateau_schedule(optimizer: torch.optim.Optimizer, **kwargs: Any) -> ReduceLROnPlateau:
    return ReduceLROnPlateau(optimizer, **kwargs)


def get_greedy_schedule(optimizer: torch.optim.Optimizer, **kwargs: Any) -> GreedyLR:
    return GreedyLR(optimizer, **kwargs)


def get_scheduler(
    name: Any,
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: dict[str, Any] | None = None,
) -> Any:
    """``transformers.get_scheduler``: the scheduler that TrainingArguments call ``lr_scheduler_type=name``."""
    name = str(getattr(name, "value", name))
    arguments = dict(scheduler_specific_kwargs or {})
    if hasattr(optimizer, "optimizer_dict"):
        raise StepsizeError(
            "optimizer: layer-wise optimizers are not supported: make a scheduler for each of its optimizers"
        )
    if name == "reduce_lr_on_plateau":
        return ReduceLROnPlateau(optimizer, **arguments)
    if name == "greedy":
        return GreedyLR(optimizer, **arguments)
    if name in ("constant", "constant_with_warmup"):
        arguments = {}  # which transformers drops as well
    schedule = peers.get_scheduler(name, _default_lr(optimizer), num_warmup_steps, num_training_steps, arguments)
    return _make(optimizer, schedule)
