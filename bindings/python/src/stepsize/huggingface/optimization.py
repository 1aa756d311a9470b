"""``GreedyLR``, ``get_scheduler`` and the schedules of ``transformers.optimization`` under their names, with their
arguments, numbers, attributes and states: ``from stepsize.huggingface import optimization`` is the whole migration.

The schedules are ``LambdaLR``s, as there, and what is said about PyTorch's in ``stepsize.torch.lr_scheduler`` holds for
them; their functions are those of ``stepsize.peers.transformers``. What they have besides: ``schedule``, and ``extend``
for a run that is to be longer. ``GreedyLR`` and ``StreamingAverage`` are there where transformers has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core import memory
from .._core.controllers import GreedyLR as _Greedy
from .._core.scheduler import Scheduler as _Core
from ..peers import transformers as peers
from ..torch import lr_scheduler
from ..torch._observer import Numbers, Observer
from ..torch.lr_scheduler import ClosedForm, ReduceLROnPlateau, State

if TYPE_CHECKING:
    import torch

    from .._core.schedule import Schedule

try:
    from transformers import optimization as peer
except ImportError:
    peer = None  # type: ignore[assignment,unused-ignore]

__all__ = [
    "get_constant_schedule", "get_constant_schedule_with_warmup", "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate", "get_greedy_schedule", "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup", "get_polynomial_decay_schedule_with_warmup", "get_reduce_on_plateau_schedule",
    "get_scheduler", "get_wsd_schedule",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Whatever else the module has is transformers'."""
    if name == "GreedyLR":
        raise ImportError(
            "GreedyLR: it takes the place of transformers' own, and this transformers has none; without it:"
            ' stepsize.torch.Scheduler(optimizer, controller=stepsize.GreedyLR("huggingface"))'
        )
    return getattr(peer, name)


# ---- GreedyLR ----------------------------------------------------------------------------------------------

if hasattr(peer, "GreedyLR"):
    __all__ += ["GreedyLR", "StreamingAverage"]
    StreamingAverage = peer.StreamingAverage

    class _GreedyNumbers(Numbers):
        def make(self, own: dict[str, Any], rates: list[float]) -> _Core:
            average = own["_streaming_avg"] if own["smooth"] else None
            if own["verbose"] or (average is not None and average.window_size != own["window_size"]):
                raise ValueError  # it prints, or averages over something else
            if not len(own["min_lrs"]) == len(own["max_lrs"]) == len(own["_init_lrs"]) == len(rates):
                raise ValueError  # groups have come or gone
            names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup", "eps")
            core = _Core(own["_init_lrs"], None, _Greedy(
                "huggingface", min_lr=own["min_lrs"], max_lr=own["max_lrs"], smooth=average is not None,
                window=own["window_size"], reset_start=own["reset_start_original"],
                **{name: own[name] for name in names},
            ))  # fmt: skip
            if abs(own["best"]) != float("inf"):
                core.step(own["best"])  # so the core knows what is to be beaten
            numbers: dict[str, Any] = {
                "step": own["last_epoch"], "time": own["last_epoch"], "rates": rates, "good": own["num_good_epochs"],
                "bad": own["num_bad_epochs"], "cooldown": own["cooldown_counter"], "warmup": own["warmup_counter"],
                "reset": own["reset_start"],
            }  # fmt: skip
            if average is not None:
                values, window = average.values, average.window_size
                numbers.update(
                    values=values + [0.0] * (window - len(values)), cursor=len(values) % window, count=len(values),
                    sum=average.sum,
                )  # fmt: skip
            memory.write(core, self._fields(own), len(rates), numbers)
            return core

        def read(self, core: _Core, kept: dict[str, Any]) -> dict[str, Any]:
            found = memory.read(core, self._fields(kept), len(core.lrs))
            moved = {
                "best": found["best"] if kept["mode"] == "min" else -found["best"], "last_epoch": found["step"],
                "num_good_epochs": found["good"], "num_bad_epochs": found["bad"],
                "cooldown_counter": found["cooldown"], "warmup_counter": found["warmup"], "reset_start": found["reset"],
            }  # fmt: skip
            if kept["smooth"] and kept["_streaming_avg"] is not None:
                average = moved["_streaming_avg"] = StreamingAverage(kept["window_size"])
                count, cursor = found["count"], found["cursor"]
                oldest = cursor if count == average.window_size else 0
                values = found["values"][:count]
                average.values, average.sum = [*values[oldest:], *values[:oldest]], found["sum"]
            return moved

        def _fields(self, own: dict[str, Any]) -> dict[str, str]:
            return memory.greedy(own["window_size"] if own["smooth"] and own["_streaming_avg"] is not None else 1)

    class GreedyLR(Observer, State, peer.GreedyLR):  # type: ignore[misc,unused-ignore]
        """``transformers.GreedyLR``: the controller ``stepsize.GreedyLR("huggingface")`` while nobody looks."""

        _peer = peer.GreedyLR
        _numbers = _GreedyNumbers()


# ---- Schedules ---------------------------------------------------------------------------------------------


class _Multiplier:
    """A schedule as the function of a ``LambdaLR``, with nothing to save, as transformers' functions."""

    __slots__ = ("__dict__", "schedule")

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, step: int) -> float:
        return self.schedule.at(step)


class LambdaLR(ClosedForm, lr_scheduler.LambdaLR):
    """What transformers' functions return."""

    _names = ("lr_lambdas", "base_lrs")
    lr_lambdas: list[Any]

    def _contents(self) -> list[Any]:
        return [self.lr_lambdas, self.base_lrs]

    def _schedule(self, group: int, base: float) -> Schedule:
        schedule: Schedule = self.lr_lambdas[group].schedule
        return schedule

    @property
    def schedule(self) -> Schedule:
        """The multiplier of the base rates."""
        return self._schedule(0, 1.0)

    def extend(self, total: int, policy: str = "continue") -> None:
        """Continues with another length from the current update on: see ``Schedule.extended``."""
        longer = self.schedule.extended(total, policy, step=self.last_epoch)
        self.lr_lambdas = [_Multiplier(longer)] * len(self.lr_lambdas)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if isinstance(state_dict.get("core"), dict):
            # 0.1 returned a stepsize.torch.Scheduler here; without a controller these are all that it knew.
            known = {name: state_dict[name] for name in ("last_epoch", "base_lrs", "_last_lr")}
            count = known["last_epoch"] + 1
            state_dict = {**known, "_step_count": count, "lr_lambdas": [None] * len(self.lr_lambdas)}
        super().load_state_dict(state_dict)


def _make(optimizer: torch.optim.Optimizer, schedule: Schedule, last_epoch: int = -1) -> LambdaLR:
    return LambdaLR(optimizer, _Multiplier(schedule), last_epoch)


def _default_lr(optimizer: torch.optim.Optimizer) -> float:
    """What arguments that are rates relate to: the optimizer's default, as in transformers, whatever a group's own is.
    """
    return float(optimizer.defaults["lr"])


def get_constant_schedule(optimizer: torch.optim.Optimizer, last_epoch: int = -1) -> LambdaLR:
    def multiplier(step: int) -> int:  # a plain function, which has another state than an object
        return 1

    multiplier.schedule = peers.get_constant_schedule(1.0)  # type: ignore[attr-defined]
    return LambdaLR(optimizer, multiplier, last_epoch)


def get_constant_schedule_with_warmup(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, last_epoch: int = -1
) -> LambdaLR:
    return _make(optimizer, peers.get_constant_schedule_with_warmup(1.0, num_warmup_steps), last_epoch)


def get_linear_schedule_with_warmup(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LambdaLR:
    schedule = peers.get_linear_schedule_with_warmup(1.0, num_warmup_steps, num_training_steps)
    return _make(optimizer, schedule, last_epoch)


def get_cosine_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> LambdaLR:
    schedule = peers.get_cosine_schedule_with_warmup(1.0, num_warmup_steps, num_training_steps, num_cycles)
    return _make(optimizer, schedule, last_epoch)


def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: int = 1,
    last_epoch: int = -1,
) -> LambdaLR:
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
) -> LambdaLR:
    schedule = peers.get_polynomial_decay_schedule_with_warmup(
        _default_lr(optimizer), num_warmup_steps, num_training_steps, lr_end, power
    )
    return _make(optimizer, schedule, last_epoch)


def get_inverse_sqrt_schedule(
    optimizer: torch.optim.Optimizer, num_warmup_steps: int, timescale: int | None = None, last_epoch: int = -1
) -> LambdaLR:
    return _make(optimizer, peers.get_inverse_sqrt_schedule(1.0, num_warmup_steps, timescale), last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup(
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> LambdaLR:
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
) -> LambdaLR:
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
) -> LambdaLR:
    schedule = peers.get_wsd_schedule(
        1.0, num_warmup_steps, num_decay_steps, num_training_steps, num_stable_steps,
        warmup_type,  # type: ignore[arg-type]
        decay_type, min_lr_ratio, num_cycles,  # type: ignore[arg-type]
    )  # fmt: skip
    return _make(optimizer, schedule, last_epoch)


def get_reduce_on_plateau_schedule(optimizer: torch.optim.Optimizer, **kwargs: Any) -> ReduceLROnPlateau:
    return ReduceLROnPlateau(optimizer, **kwargs)


def get_greedy_schedule(optimizer: torch.optim.Optimizer, **kwargs: Any) -> GreedyLR:
    return (GreedyLR if "GreedyLR" in __all__ else __getattr__("GreedyLR"))(optimizer, **kwargs)


def get_scheduler(
    name: Any,
    optimizer: torch.optim.Optimizer,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: dict[str, Any] | None = None,
) -> Any:
    """``transformers.get_scheduler``: the scheduler that TrainingArguments call ``lr_scheduler_type=name``."""
    if hasattr(optimizer, "optimizer_dict"):  # layer-wise: a scheduler for each, stepped by hooks
        return peer.get_scheduler(name, optimizer, num_warmup_steps, num_training_steps, scheduler_specific_kwargs)
    name = str(getattr(name, "value", name))
    arguments = dict(scheduler_specific_kwargs or {})
    if name == "reduce_lr_on_plateau":
        return get_reduce_on_plateau_schedule(optimizer, **arguments)
    if name == "greedy":
        return get_greedy_schedule(optimizer, **arguments)
    if name == "constant":  # the arguments are dropped, as there
        return get_constant_schedule(optimizer)
    if name == "constant_with_warmup":
        arguments = {}
    schedule = peers.get_scheduler(name, _default_lr(optimizer), num_warmup_steps, num_training_steps, arguments)
    return _make(optimizer, schedule)
