"""A run that is to be longer or shorter, for the drop-ins whose attributes say how long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._foreign import convert
from .._foreign.caller import warn
from .._foreign.errors import StepsizeError
from ._groups import write

if TYPE_CHECKING:
    from collections.abc import Callable


def check_policy(policy: str) -> None:
    if policy not in ("continue", "rescale"):
        raise StepsizeError(f"policy = {policy!r}, expected 'continue' or 'rescale'")


class Ending:
    """Adds ``extend``, and the warning where a state brings another length than the scheduler was made with."""

    _length = ""  # the attribute

    if TYPE_CHECKING:
        last_epoch: int
        optimizer: Any
        base_lrs: list[Any]

    def extend(self, total: int, policy: str = "continue") -> None:
        """Continues with another length from the current update on; on an error nothing changes.

        Args:
            total: The new length, beyond the current update.
            policy: "continue": from the current rate to the end, with no jump; "rescale": the whole curve over the new
                length, so that the rate of the current update jumps.
        """
        number = convert.to_int64(total, "total")
        check_policy(policy)
        if number <= self.last_epoch:
            raise StepsizeError(f"total = {number}, expected more than the {self.last_epoch} updates that are done")
        if policy == "continue" and self.last_epoch >= getattr(self, self._length):
            raise StepsizeError(
                f"extend: the curve has ended at {self._length} = {getattr(self, self._length)}: there is nothing to"
                " continue; policy='rescale' takes the rates of the longer curve"
            )
        self._lengthen(number, policy == "continue")
        if policy == "rescale":
            self._take(self.last_epoch)

    def _lengthen(self, total: int, keeps_rate: bool) -> None:
        """Sets the attributes. PyTorch's recursion goes from the rate that is there to where the curve ends."""
        setattr(self, self._length, total)

    def _take(self, update: int) -> None:
        """The rates of the curve in place of those that the recursion has come to."""
        closed_form: Callable[[], list[Any]] = self._get_closed_form_lr  # type: ignore[attr-defined]
        self._last_lr = write(self.optimizer.param_groups, closed_form())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        made = getattr(self, self._length)
        super().load_state_dict(state_dict)  # type: ignore[misc]
        loaded = getattr(self, self._length)
        if loaded != made:
            warn(
                f"load_state_dict: {self._length} is {loaded} from now on, as in the state and in PyTorch, and not"
                f" {made}, with which this {type(self).__name__} was made: extend({made}) continues to that length"
            )
