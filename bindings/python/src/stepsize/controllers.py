"""Controllers: what moves the base rates while the training runs. Here is their configuration only; the state
belongs to the scheduler that is made with one."""

from __future__ import annotations

import math
from ctypes import POINTER, byref, c_double, cast
from types import EllipsisType
from weakref import finalize

from . import _abi, _values
from ._lib import create, library
from .errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, NoReturn

_VARIANTS = {"default": _abi.STEPSIZE_GREEDY_DEFAULT, "huggingface": _abi.STEPSIZE_GREEDY_HUGGINGFACE}
_MODES = {"min": _abi.STEPSIZE_MODE_MIN, "max": _abi.STEPSIZE_MODE_MAX}
_THRESHOLD_MODES = {"abs": _abi.STEPSIZE_THRESHOLD_ABS, "rel": _abi.STEPSIZE_THRESHOLD_REL}
_WORDS = {"mode": _MODES, "threshold_mode": _THRESHOLD_MODES}
_REALS = ("factor", "threshold", "eps")
_COUNTS = ("patience", "cooldown", "warmup", "window_size")


class GreedyLR:
    """GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` losses in a row
    that improve on the best one, and multiplies them by `factor` after more than `patience` that do not.

    The variant ``"default"`` mends the known defects of the other one: relative bounds, losses that are not
    finite, an exact average. ``"huggingface"`` takes the decisions of transformers' GreedyLR bit for bit.

    What is not given has the library's default for the variant; the attributes and repr() tell what that is.
    The object is immutable and can be used for any number of schedulers.

    Args:
        variant: ``"default"`` or ``"huggingface"``.
        mode: ``"min"`` where a smaller metric is better (a loss), ``"max"`` where a larger one is.
        factor: In (0, 1): rate * factor when worse, rate / factor when better.
        patience: Observations to wait before a change, >= 0: it comes with the next one.
        threshold: Margin by which the metric must improve, >= 0.
        threshold_mode: ``"abs"``: the margin is a difference; ``"rel"``: a fraction of the best metric.
        cooldown: Observations ignored after a cut, >= 0.
        warmup: Observations ignored after a raise, >= 0.
        min_lr, max_lr: Bounds of the base rates: a number, or one for each group. The default variant's own are
            a tenth and ten times the base rate, huggingface's are 0.001 and 1.
        eps: Changes up to this are not made: a fraction of the rate (default), or a difference (huggingface).
        smooth: Whether the mean of the last `window_size` losses is observed instead of each loss.
        window_size: Losses in that mean, >= 1.
        reset_start: Cuts at the lower bound before everything starts anew; None or math.inf for never.
    """

    __slots__ = (
        "__weakref__", "_handle", "cooldown", "eps", "factor", "max_lr", "min_lr", "mode", "patience", "reset_start",
        "smooth", "threshold", "threshold_mode", "variant", "warmup", "window_size",
    )  # fmt: skip
    # In the order of the constructor.
    _FIELDS = (
        "variant", "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup", "min_lr",
        "max_lr", "eps", "smooth", "window_size", "reset_start",
    )  # fmt: skip

    variant: Literal["default", "huggingface"]
    mode: Literal["min", "max"]
    factor: float
    patience: int
    threshold: float
    threshold_mode: Literal["abs", "rel"]
    cooldown: int
    warmup: int
    min_lr: float | tuple[float, ...] | None
    max_lr: float | tuple[float, ...] | None
    eps: float
    smooth: bool
    window_size: int
    reset_start: int | None

    def __init__(
        self,
        variant: Literal["default", "huggingface"] = "default",
        *,
        mode: Literal["min", "max"] | None = None,
        factor: float | None = None,
        patience: int | None = None,
        threshold: float | None = None,
        threshold_mode: Literal["abs", "rel"] | None = None,
        cooldown: int | None = None,
        warmup: int | None = None,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
        eps: float | None = None,
        smooth: bool | None = None,
        window_size: int | None = None,
        reset_start: float | None | EllipsisType = ...,
    ) -> None:
        given = locals()
        options = _abi.stepsize_greedy_options()
        library.stepsize_greedy_defaults(byref(options), _number_of(variant, _VARIANTS, "variant"))
        for name, words in _WORDS.items():
            if given[name] is not None:
                setattr(options, name, _number_of(given[name], words, name))
        for name in _REALS:
            if given[name] is not None:
                setattr(options, name, _values.to_float(given[name], name))
        for name in _COUNTS:
            if given[name] is not None:
                setattr(options, name, _values.to_int64(given[name], name))
        if smooth is not None:
            if not isinstance(smooth, bool):
                raise _values.wrong_type("smooth", "True or False", smooth)
            options.smooth = smooth
        if reset_start is None or reset_start == math.inf:
            options.reset_start = _abi.STEPSIZE_NEVER
        elif reset_start is not ...:
            options.reset_start = _values.to_int64(reset_start, "reset_start")
        bounds = []  # keeps the arrays alive during the call below
        for name in ("min_lr", "max_lr"):
            numbers = None if given[name] is None else _values.to_doubles(given[name], name)
            if numbers is not None:
                bounds.append(numbers)
                setattr(options, name, cast(numbers, POINTER(c_double)))
                setattr(options, f"{name}_count", len(numbers))
            self._set(name, None if numbers is None else numbers[0] if len(numbers) == 1 else tuple(numbers))
        handle = create(library.stepsize_controller_greedy, byref(options))
        self._set("_handle", handle)
        finalize(self, library.stepsize_controller_destroy, handle).atexit = False
        # The attributes say what the library was told, defaults included.
        self._set("variant", variant)
        for name, words in _WORDS.items():
            self._set(name, next(word for word, number in words.items() if number == getattr(options, name)))
        for name in _REALS + _COUNTS:
            self._set(name, getattr(options, name))
        self._set("smooth", bool(options.smooth))
        never = options.reset_start == _abi.STEPSIZE_NEVER
        self._set("reset_start", None if never else options.reset_start)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a GreedyLR cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a GreedyLR cannot be changed; make a new one")

    # ---- A value: text, equality, copies ----

    def _configuration(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._FIELDS}

    def __repr__(self) -> str:
        return f"GreedyLR({', '.join(f'{name}={value!r}' for name, value in self._configuration().items())})"

    def __eq__(self, other: object) -> bool:
        return self._configuration() == other._configuration() if isinstance(other, GreedyLR) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._configuration().values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._configuration(),)

    def __copy__(self) -> GreedyLR:
        return self

    def __deepcopy__(self, memo: object) -> GreedyLR:
        return self


def _restore(configuration: dict[str, Any]) -> GreedyLR:
    return GreedyLR(**configuration)


def _number_of(word: Any, words: dict[str, int], name: str) -> int:
    if not isinstance(word, str):
        raise _values.wrong_type(name, "a text", word)
    if word not in words:
        expected = ", ".join(repr(known) for known in words)
        raise StepsizeError(f"greedy: {name} = {word!r}, expected one of {expected}", _abi.STEPSIZE_ERROR_NAME)
    return words[word]
