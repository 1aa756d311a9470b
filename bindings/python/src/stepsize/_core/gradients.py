"""The gradients that a scheduler with ``Hypergradient`` observes."""

from __future__ import annotations

from .._foreign.errors import StepsizeError
from .._foreign.library import quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .._foreign.stepper import Stepper


class Gradients:
    """``scheduler.hypergradient``: the calls of a scheduler with ``Hypergradient``."""

    __slots__ = ("_stepper", "_written")

    def __init__(self, stepper: Stepper, written: Callable[[], None] | None = None) -> None:
        self._stepper = stepper
        self._written = written  # called when the rates change

    def observe(self, dot: float | Iterable[float], norm: float | Iterable[float] | None = None) -> float:
        """Before an update: shows the controller the gradient g of this update and the previous update direction u,
        where x -= lr * u was made. Returns the rate of this update, which may have changed.

        Args:
            dot: The dot product g.u, one for all groups together or one for each; 0 for the first update.
            norm: The product of the norms |g||u|, as many as dot; only the multiplicative variant needs it.
        """
        dots = self._stepper._numbers(dot, "dot", one_for_all=True)
        norms = None if norm is None else self._stepper._numbers(norm, "norm", one_for_all=True)
        if norms is not None and len(norms) != len(dots):
            raise StepsizeError(f"norm: {len(norms)} numbers, expected as many as dot has ({len(dots)})")
        rate = self._stepper._move(
            quick.stepsize_scheduler_observe_gradient, dots, norms, len(dots),
            hint="hypergradient needs a scheduler with Hypergradient; the multiplicative variant needs the norm,"
            " which is >= 0",
        )  # fmt: skip
        if self._written is not None:
            self._written()
        return rate
