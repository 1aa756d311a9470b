"""What transformers' ``Trainer`` needs: the callback that gives losses to its scheduler, and the text form in its
arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from transformers import TrainerCallback

from .._foreign.caller import warn
from .._foreign.errors import StepsizeError
from .._metric import check
from ..torch._fed import Scheduler

if TYPE_CHECKING:
    from .._metric import Mode

Trainer = TypeVar("Trainer", bound=type)

# Of `lr_scheduler_kwargs`.
_KEY = "stepsize"


class LossCallback(TrainerCallback):  # type: ignore[misc,unused-ignore]
    """Gives losses to the controller of the Trainer's scheduler, and the total to texts that give shares of it.

    Args:
        metric: "loss" for the training loss, each time it is logged (``logging_steps=1`` for every update); "eval_loss"
            or another metric of the evaluation, each time there is one.
        mode: "min" if a smaller value of it is better, or "max". None where its name tells, or the Trainer's
            ``greater_is_better``. A controller of a metric that is better when larger is made with ``mode=max``.
    """

    def __init__(self, metric: str = "loss", *, mode: Mode | None = None) -> None:
        self.metric, self.mode = metric, mode
        # Whether the metric came, or the reason was given why it does not.
        self._has_said = False
        # What evaluations had instead.
        self._others: list[str] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        scheduler = given.get("lr_scheduler")
        if not isinstance(scheduler, Scheduler):
            raise StepsizeError(
                f"LossCallback: the Trainer has a {type(scheduler).__name__}; pass optimizers=(optimizer,"
                " stepsize.huggingface.Scheduler(optimizer, ...))"
            )
        scheduler._is_fed = True
        scheduler.bind(state.max_steps)
        self._has_said = not scheduler.needs_loss
        if scheduler.needs_loss:
            check(scheduler.core, self.metric, self.mode or self._better(args))
            reason = self._silence(args, state)
            if reason:
                self._say(reason)

    def _better(self, args: Any) -> Mode | None:
        """What the arguments say of the metric by which they choose the best model."""
        best = args.metric_for_best_model
        if args.greater_is_better is None or best is None or self.metric not in (best, f"eval_{best}"):
            return None
        return "max" if args.greater_is_better else "min"

    def _silence(self, args: Any, state: Any) -> str:
        """Why the metric cannot come before the end; "" if it can."""
        word = "eval" if self.metric.startswith("eval_") else "logging"
        strategy = getattr(args, f"{word}_strategy")
        steps = getattr(state, f"{word}_steps") or 0
        if strategy == "no":
            return f"{word}_strategy is 'no'"
        first = args.eval_on_start if word == "eval" else args.logging_first_step
        if strategy == "steps" and steps > state.max_steps and not first:
            return f"{word}_steps is {steps}, and the run has {state.max_steps} updates"
        return ""

    def _say(self, reason: str) -> None:
        self._has_said = True
        warn(f"LossCallback: the controller observes no {self.metric!r}, and moves no rate: {reason}")

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if not self._has_said:
            self._say(f"it was never {'evaluated' if self.metric.startswith('eval_') else 'logged'}")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        # What an evaluation logs comes through on_evaluate.
        if logs and self.metric in logs and not self.metric.startswith("eval_"):
            self._observe(given, logs[self.metric])

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **given: Any) -> None:
        if self.metric in (metrics or {}):
            self._observe(given, metrics[self.metric])
        elif self.metric.startswith("eval_"):
            self._others += metrics or ()  # there may be several sets, evaluated one after the other

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        others, self._others = self._others, []
        if others and not self._has_said:
            raise StepsizeError(f"metric = {self.metric!r}, expected one of {', '.join(map(repr, others))}")

    def _observe(self, given: Any, value: float) -> None:
        scheduler = given.get("lr_scheduler")
        # An evaluation by itself, outside of a training, has none.
        if isinstance(scheduler, Scheduler):
            self._has_said = True
            scheduler.observe(value)


def configured(trainer: Trainer) -> Trainer:
    """A class of Trainers whose arguments hold the text form::

        import transformers

        Trainer = configured(transformers.Trainer)

    ``lr_scheduler_kwargs={"stepsize": "greedy(patience=10) * linear(1000)", "metric": "eval_loss"}`` then makes the
    scheduler, and the callback where it needs a loss; so do the same arguments in YAML, JSON or on the command line.
    What else is there are arguments of ``stepsize.torch.Scheduler``; "metric" and "mode" are those of ``LossCallback``.
    The text may give shares of the Trainer's updates: ``"warmup(10%) >> cosine(90%)"``.
    Without "stepsize" it is the Trainer's own scheduler.
    """

    class Configured(trainer):  # type: ignore[misc,valid-type]
        lr_scheduler: Any

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            options = dict(self.args.lr_scheduler_kwargs or {})
            if self.lr_scheduler is not None or _KEY not in options:
                return super().create_scheduler(num_training_steps, optimizer)
            metric = {name: options.pop(name) for name in ("metric", "mode") if name in options}
            options.setdefault("total", num_training_steps)
            scheduler = Scheduler(self.optimizer if optimizer is None else optimizer, options.pop(_KEY), **options)
            if scheduler.needs_loss and not any(
                isinstance(each, LossCallback) for each in self.callback_handler.callbacks
            ):
                self.add_callback(LossCallback(**metric))
            self.lr_scheduler = scheduler
            self._created_lr_scheduler = True
            return scheduler

    Configured.__name__ = Configured.__qualname__ = trainer.__name__
    Configured.__doc__ = trainer.__doc__
    return Configured  # type: ignore[return-value]
