"""The line search of a scheduler."""

from __future__ import annotations

from ctypes import byref, c_int32

from .._foreign import abi, convert
from .._foreign.library import quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal, SupportsFloat

    from .._foreign.stepper import Stepper

    Verdict = Literal["accepted", "retry", "failed"]

_VERDICTS: dict[int, Verdict] = {
    abi.STEPSIZE_TRIAL_ACCEPTED: "accepted",
    abi.STEPSIZE_TRIAL_RETRY: "retry",
    abi.STEPSIZE_TRIAL_FAILED: "failed",
}


class Search:
    """``scheduler.line_search``: the calls of a scheduler with ``LineSearch``. In each update ``propose`` a rate,
    ``report`` its loss until it is accepted, then ``scheduler.step()``."""

    __slots__ = ("_stepper", "_written")

    def __init__(self, stepper: Stepper, written: Callable[[], None] | None = None) -> None:
        self._stepper = stepper
        self._written = written  # called when the rates change

    def propose(self, loss: SupportsFloat, squared_norm: float | Iterable[float]) -> float:
        """Begins the search on a batch and returns the rate of the first trial.

        Make the step with it, compute the loss of the same batch there, and call ``report``.

        Args:
            loss: Loss of the batch before the step.
            squared_norm: Squared norm of its gradient, one for each group.
        """
        number = convert.to_float(loss, "loss")
        norms = self._stepper._numbers(squared_norm, "squared_norm")
        return self._move(
            quick.stepsize_scheduler_propose, number, norms, len(norms),
            hint="line_search needs a scheduler with LineSearch, and squared_norm is >= 0",
        )  # fmt: skip

    def report(self, loss: SupportsFloat, squared_distance: float | Iterable[float] | None = None) -> Verdict:
        """Judges a trial by the loss of the batch after the step.

        "accepted": the step is accepted, call ``step()``. "retry": undo it and try ``lr``, which is smaller now.
        "failed": no trials left; undo it and make one with ``lr``, the lowest rate, then ``step()``.

        Args:
            loss: Loss of the batch after the step; one that is not finite is rejected.
            squared_distance: |x+ - x|^2 of the step after the projection, one for each group; for the projected form.
        """
        number = convert.to_float(loss, "loss")
        distances = None
        if squared_distance is not None:
            distances = self._stepper._numbers(squared_distance, "squared_distance")
        trial = c_int32()
        self._move(
            quick.stepsize_scheduler_report, number, distances, 0 if distances is None else len(distances),
            byref(trial), hint="report needs a propose for this update before it; the projected form needs"
            " squared_distance, which is >= 0",
        )  # fmt: skip
        return _VERDICTS[trial.value]

    def search(
        self,
        loss: SupportsFloat,
        squared_norm: float | Iterable[float],
        trial: Callable[[float], SupportsFloat | tuple[SupportsFloat, float]],
    ) -> float:
        """The whole search for one update; returns the rate of the step to make.

        Args:
            loss: Loss of the batch before the step.
            squared_norm: Squared norm of its gradient, one for each group.
            trial: A function of the rate that returns the loss of the batch after a step with it (``lrs`` has it, too);
                for the projected form the loss and the squared distance.
        """
        rate = self.propose(loss, squared_norm)
        verdict: str = "retry"
        while verdict == "retry":
            found = trial(rate)
            verdict = self.report(*found) if isinstance(found, tuple) else self.report(found)
            rate = self._stepper._rates[0]
        return rate

    @property
    def trial_count(self) -> int:
        """The number of losses that it has requested: its cost."""
        count: int = quick.stepsize_scheduler_trial_count(self._stepper._handle)
        return count

    def _move(self, function: Callable[..., int], *arguments: object, hint: str) -> float:
        rate = self._stepper._move(function, *arguments, hint=hint)
        if self._written is not None:
            self._written()
        return rate
