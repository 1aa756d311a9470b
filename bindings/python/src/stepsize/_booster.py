"""What the callbacks of XGBoost and LightGBM share: a scheduler whose update is a boosting round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.scheduler import Scheduler
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core.controller import Controller
    from ._core.schedule import Schedule


class Rounds:
    """A scheduler, and the name of the metric that its controller observes."""

    def __init__(
        self,
        learning_rate: float,
        schedule: Schedule | str | None,
        controller: Controller | Iterable[Controller] | None,
        metric: str | None,
        options: dict[str, Any],
    ) -> None:
        self.scheduler = Scheduler(learning_rate, schedule, controller, **options)
        self.metric = metric

    def next(self, metrics: dict[str, float]) -> float:
        """Goes to the next round. `metrics` is "data set-metric": value of the completed round."""
        if not self.scheduler.needs_loss:
            return self.scheduler.step()
        if not metrics:
            raise StepsizeError("metric: the controller needs an evaluation set; pass evals=, valid_sets= or eval_set=")
        name = self.metric or list(metrics)[-1]
        if name not in metrics:
            raise StepsizeError(f"metric = {name!r}, expected one of {', '.join(map(repr, metrics))}")
        return self.scheduler.step(metrics[name])

    def save(self) -> str:
        from binascii import b2a_base64

        return b2a_base64(self.scheduler.state(), newline=False).decode("ascii")

    def load(self, text: str) -> None:
        from binascii import a2b_base64

        self.scheduler.load_state(a2b_base64(text))
