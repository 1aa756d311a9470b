"""A scheduler for trainers that call `step` themselves, without the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._foreign.abi import STEPSIZE_NEEDS_LOSS
from .._foreign.errors import StepsizeError
from ._scheduler import Scheduler as TorchScheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.scheduler import Scheduler as Core


class Scheduler(TorchScheduler):
    """A ``stepsize.torch.Scheduler`` whose ``step()`` takes no loss: the controller observes the last one that was
    given to ``observe`` since the last step, if any."""

    _pending: float | None = None
    _is_fed = False

    def _own(self, core: Core) -> None:
        if core._needs & ~STEPSIZE_NEEDS_LOSS:
            raise StepsizeError(
                f"controller: {core.controller} needs more than a loss, which a trainer cannot give it: write the loop"
                " yourself, with stepsize.torch.Scheduler"
            )
        super()._own(core)

    def observe(self, loss: float) -> None:  # type: ignore[override]
        """Sets the loss for the next step."""
        self._pending, self._is_fed = float(loss), True

    def step(self, loss: Any = None) -> float:  # type: ignore[override]
        if self._is_skipped():
            self._pending = None
            return self.core.lr
        if not self.core.needs_loss or loss is not None:
            return super().step(loss)
        if not self._is_fed:
            raise StepsizeError("the scheduler needs a loss: pass callbacks=[LossCallback()] to the trainer")
        if self._pending is None:
            return self.advance()
        pending, self._pending = self._pending, None
        return super().step(pending)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "pending": self._pending}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "pending"})
        self._pending = state_dict.get("pending")
