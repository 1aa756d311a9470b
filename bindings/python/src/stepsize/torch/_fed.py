"""A scheduler for trainers that call `step` themselves, without the loss, and know the total."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import _totals as totals
from .._foreign.abi import STEPSIZE_NEEDS_LOSS
from .._foreign.errors import StepsizeError
from ._scheduler import Scheduler as TorchScheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from .._core.controller import Controller
    from .._core.schedule import Schedule
    from .._core.scheduler import Scheduler as Core
    from ._fields import Field


class Scheduler(TorchScheduler):
    """A ``stepsize.torch.Scheduler`` whose ``step()`` takes no loss: the controller observes the last one that was
    given to ``observe`` since the last step, if any.

    Where its texts give shares of a total that it is made without, ``bind`` takes the total before the first update, as
    the adapters do with that of the trainer.
    """

    _pending: float | None = None
    _is_fed = False
    # What it is made from as long as the total is unknown, and the state that it was to continue from meanwhile.
    _unbound: tuple[Any, ...] | None = None
    _waiting: dict[str, Any] | None = None

    def _made(
        self,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule | str | Iterable[Schedule | str] | None,
        controller: Controller | Iterable[Controller] | None,
        fields: Mapping[str, Schedule | str],
        total: int | None,
    ) -> tuple[Core, list[Field]]:
        # They are taken several times.
        if isinstance(schedule, Iterable) and not isinstance(schedule, str):
            schedule = list(schedule)
        if isinstance(controller, Iterable):
            controller = list(controller)
        make = super()._made
        found, lacks = totals.made(lambda number: make(optimizer, schedule, controller, fields, number), total)
        if lacks:
            self._unbound = schedule, controller, dict(fields)
        return found

    @property
    def needs_total(self) -> bool:
        """Whether its texts give shares of a total that is unknown."""
        return self._unbound is not None

    def bind(self, total: int) -> None:
        """Takes the updates of the run where ``needs_total``; otherwise the total that it has stays."""
        if self._unbound is None:
            return
        schedule, controller, fields = self._unbound
        core, bound = super()._made(self.optimizer, schedule, controller, fields, total)
        self._unbound, self.fields = None, bound
        self._replace(core)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.load_state_dict(waiting)

    def _check_total(self) -> None:
        if self._unbound is not None:
            raise StepsizeError(
                "total: the schedule has shares of it, and it is unknown: pass total= to the scheduler, or"
                " callbacks=[LossCallback()] to the trainer, which knows it; in Lightning module=self to configure"
            )

    def _is_ordinary(self) -> bool:
        return self._unbound is None and super()._is_ordinary()

    def _step(self, loss: Any = None) -> float:
        self._check_total()
        return super()._step(loss)

    def _advance(self, updates: int = 1) -> float:
        self._check_total()
        return super()._advance(updates)

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
        if self._waiting is not None:
            return dict(self._waiting)
        self._check_total()
        return {**super().state_dict(), "pending": self._pending}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        if self._unbound is not None:
            self._waiting = dict(state_dict)
            return
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "pending"})
        self._pending = state_dict.get("pending")
