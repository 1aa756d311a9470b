"""A learning-rate finder: a range test, ask and tell, and what its losses suggest.

    finder = stepsize.Finder()
    for lr in finder:
        finder.tell(train(next(batches), lr))
    lr = finder.suggest()

The model is the caller's, to be restored afterwards: ``stepsize.torch.find`` and those of the other frameworks do so.
"""

from __future__ import annotations

from ctypes import byref, c_double, sizeof
from weakref import finalize

from .._foreign import abi, arrays, convert
from .._foreign.errors import StepsizeError, failure
from .._foreign.library import check, create, library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator
    from typing import Any, Literal

    from matplotlib.axes import Axes

    Method = Literal["halfway", "steepest", "valley", "minimum"]
    Spacing = Literal["geometric", "linear"]

METHODS = {
    "halfway": abi.STEPSIZE_SUGGEST_HALFWAY, "steepest": abi.STEPSIZE_SUGGEST_STEEPEST,
    "valley": abi.STEPSIZE_SUGGEST_VALLEY, "minimum": abi.STEPSIZE_SUGGEST_MINIMUM,
}  # fmt: skip
_SPACINGS = {"geometric": abi.STEPSIZE_SPACING_GEOMETRIC, "linear": abi.STEPSIZE_SPACING_LINEAR}
_STOPS = {abi.STEPSIZE_STOP_NONE: None, abi.STEPSIZE_STOP_END: "end", abi.STEPSIZE_STOP_DIVERGED: "diverged"}
_DEFAULTS = abi.stepsize_finder_options()
library.stepsize_finder_defaults(byref(_DEFAULTS), sizeof(_DEFAULTS))


class Finder:
    """The range test: the rate rises from update to update, until the loss diverges. For one thread at a time.

    Iterating over a finder gives the rate of each update, as long as there is one; `tell` takes its loss.

    Args:
        start, end: The first and the last rate, > 0.
        count: Updates, 2 to 1048576.
        spacing: "geometric", or "linear".
        smoothing: What a smoothed loss keeps of those before, in [0, 1); 0 for no smoothing.
        divergence: The test stops where the smoothed loss exceeds so many times its best, > 1; ``math.inf`` for never.
            Of a best loss below 0 it is the same distance above it.
    """

    __slots__ = ("__weakref__", "_handle", "_options")

    def __init__(
        self,
        start: float = _DEFAULTS.start,
        end: float = _DEFAULTS.end,
        count: int = _DEFAULTS.count,
        *,
        spacing: Spacing = "geometric",
        smoothing: float = _DEFAULTS.smoothing,
        divergence: float = _DEFAULTS.divergence,
    ) -> None:
        if spacing not in _SPACINGS:
            raise StepsizeError(f"spacing = {spacing!r}, expected {' or '.join(map(repr, _SPACINGS))}")
        self._options = {
            "start": convert.to_float(start, "start"), "end": convert.to_float(end, "end"),
            "count": convert.to_int64(count, "count"), "spacing": spacing,
            "smoothing": convert.to_float(smoothing, "smoothing"),
            "divergence": convert.to_float(divergence, "divergence"),
        }  # fmt: skip
        given: dict[str, Any] = {**self._options, "spacing": _SPACINGS[spacing]}
        options = abi.stepsize_finder_options(size=sizeof(abi.stepsize_finder_options), **given)
        self._handle = create(library.stepsize_finder_create, byref(options))
        # Not at exit: the process frees the memory anyway.
        finalize(self, library.stepsize_finder_destroy, self._handle).atexit = False

    @property
    def rate(self) -> float | None:
        """The rate of the next update; None where the test has stopped."""
        rate: float = library.stepsize_finder_rate(self._handle)
        return rate if rate == rate else None

    def tell(self, loss: float, rate: float | None = None) -> None:
        """Takes the loss of the update that was made with `rate`; None for the one that was asked for.

        A loss that is not finite stops the test, and does not count.
        """
        if rate is not None:
            number = convert.to_float(rate, "rate")
            check(library.stepsize_finder_tell_at, self._handle, number, convert.to_loss(loss))
            return
        status = library.stepsize_finder_tell(self._handle, convert.to_loss(loss))
        if status != abi.STEPSIZE_OK:
            raise failure("finder: it has stopped, and takes no further loss", status)

    def __iter__(self) -> Iterator[float]:
        """The rates that are left, each as often as it takes until its loss is told."""
        while (rate := self.rate) is not None:
            yield rate

    def __len__(self) -> int:
        """Losses that were told and are finite."""
        return int(library.stepsize_finder_count(self._handle))

    @property
    def stop_reason(self) -> Literal["end", "diverged"] | None:
        """Why the test has stopped: "end" after the last rate, or "diverged"; None where it has not."""
        return _STOPS[library.stepsize_finder_stop_reason(self._handle)]  # type: ignore[return-value]

    @property
    def rates(self) -> array[float]:
        """The rates so far."""
        return self._curve(0)

    @property
    def losses(self) -> array[float]:
        """The losses so far."""
        return self._curve(1)

    @property
    def smoothed(self) -> array[float]:
        """The smoothed losses so far."""
        return self._curve(2)

    def _curve(self, which: int) -> array[float]:
        values = arrays.zeros(len(self))
        out: list[Any] = [None, None, None]
        out[which] = arrays.pointer(values)
        status = library.stepsize_finder_curve(self._handle, *out, len(values))
        if status != abi.STEPSIZE_OK:
            raise failure("finder: the curve cannot be read", status)
        return values

    def suggest(self, method: Method = "halfway") -> float:
        """The rate that the losses suggest. StepsizeError, which says why, where they suggest none.

        Args:
            method: "halfway": where half of the fall is done, of a falling sequence that is fitted to the running
                median of the losses. It moves little with noise and outliers. "steepest": where the smoothed loss falls
                fastest with the logarithm of the rate. "valley": in the middle of its longest fall, as fastai's.
                "minimum": a tenth of the rate where it is lowest.
        """
        if method not in METHODS:
            raise StepsizeError(f"method = {method!r}, expected one of {', '.join(map(repr, METHODS))}")
        rate = c_double()
        check(library.stepsize_finder_suggest, self._handle, METHODS[method], byref(rate))
        return rate.value

    @property
    def suggestions(self) -> dict[str, float | None]:
        """What each method suggests; None for nothing."""
        found: dict[str, float | None] = {}
        for method in METHODS:
            try:
                found[method] = self.suggest(method)  # type: ignore[arg-type]
            except StepsizeError:
                found[method] = None
        return found

    def plot(self, ax: Axes | None = None, *, method: Method | None = "halfway") -> Axes:
        """Draws the losses over the rates with matplotlib, and what `method` suggests; returns the axes."""
        from .._plots.finder import plot_finder

        return plot_finder(self, ax, method)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._options, self.rates, self.losses, self.stop_reason == "diverged")

    def __repr__(self) -> str:
        state = {None: "running", "end": "complete"}.get(self.stop_reason, self.stop_reason)
        return f"<Finder: {len(self)} of {self._options['count']} losses, {state}>"


def _again(options: dict[str, Any], rates: Iterable[float], losses: Iterable[float], diverged: bool) -> Finder:
    finder = Finder(**options)
    for rate, loss in zip(rates, losses):
        finder.tell(loss, rate)
    if diverged and finder.stop_reason is None:
        finder.tell(float("nan"))
    return finder


def suggest(
    rates: Iterable[float],
    losses: Iterable[float],
    method: Method = "halfway",
    *,
    smoothing: float = _DEFAULTS.smoothing,
) -> float:
    """The rate that the losses of a range test suggest, such as one from a log: see `Finder.suggest`.

    Args:
        rates: Rising, > 0.
        losses: One for each; those from the first on that is not finite do not count.
        method: "halfway", "steepest", "valley" or "minimum".
        smoothing: What a smoothed loss keeps of those before; 0 for losses that are already smoothed.
    """
    return told(rates, losses, smoothing=smoothing).suggest(method)


def told(rates: Iterable[float], losses: Iterable[float], **options: Any) -> Finder:
    """A finder that was told these."""
    numbers, of = arrays.doubles(rates, "rates"), arrays.doubles(losses, "losses")
    if len(numbers) != len(of):
        raise StepsizeError(f"losses: {len(of)} numbers, expected {len(numbers)}, one for each rate")
    finder = Finder(count=max(2, len(numbers)), divergence=float("inf"), **options)
    for rate, loss in zip(numbers, of):
        if finder.stop_reason is not None:
            break
        finder.tell(loss, rate)
    return finder


def endless(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches, from the beginning again where they end."""
    while True:
        is_empty = True
        for batch in batches:
            is_empty = False
            yield batch
        if is_empty:
            raise StepsizeError("find: the data has no batch left")
