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
    from collections.abc import Callable, Iterable
    from typing import Any, Literal, NoReturn

_MODES = {"min": _abi.STEPSIZE_MODE_MIN, "max": _abi.STEPSIZE_MODE_MAX}
_THRESHOLD_MODES = {"abs": _abi.STEPSIZE_THRESHOLD_ABS, "rel": _abi.STEPSIZE_THRESHOLD_REL}
_VARIANTS = {
    "default": _abi.STEPSIZE_GREEDY_DEFAULT,
    "huggingface": _abi.STEPSIZE_GREEDY_HUGGINGFACE,
    "paper": _abi.STEPSIZE_GREEDY_PAPER,
}
_COUNTINGS = {
    "pytorch": _abi.STEPSIZE_PLATEAU_PYTORCH,
    "keras": _abi.STEPSIZE_PLATEAU_KERAS,
    "optax": _abi.STEPSIZE_PLATEAU_OPTAX,
}


class Controller:
    """What moves the base rates by the loss: an immutable configuration, for any number of schedulers.

    What is not given has the library's default; the attributes and repr() tell what that is.
    """

    __slots__ = ("__weakref__", "_handle")
    # Of each kind: its name in messages, its fields in the order of the constructor, the first of which chooses the
    # defaults, and what they are in the options of the C interface.
    _name: str
    _fields: tuple[str, ...]
    _words: dict[str, dict[str, int]]
    _reals: tuple[str, ...]
    _counts: tuple[str, ...]
    _bounds: tuple[str, ...]

    _handle: int

    def _own(self, options: Any, defaults: Callable[..., int], make: Callable[..., int], given: dict[str, Any]) -> None:
        first = self._fields[0]
        defaults(byref(options), self._number_of(given[first], first))
        for name in self._words:
            if given[name] is not None:
                setattr(options, name, self._number_of(given[name], name))
        for name in self._reals:
            if given[name] is not None:
                setattr(options, name, _values.to_float(given[name], name))
        for name in self._counts:
            if given[name] is not None:
                setattr(options, name, _values.to_int64(given[name], name))
        bounds = []  # keeps the arrays alive during the call below
        for name in self._bounds:
            numbers = None if given[name] is None else _values.to_doubles(given[name], name)
            if numbers is not None:
                bounds.append(numbers)
                setattr(options, name, cast(numbers, POINTER(c_double)))
                setattr(options, f"{name}_count", len(numbers))
            self._set(name, None if numbers is None else numbers[0] if len(numbers) == 1 else tuple(numbers))
        handle = create(make, byref(options))
        self._set("_handle", handle)
        finalize(self, library.stepsize_controller_destroy, handle).atexit = False
        # The attributes say what the library was told, defaults included.
        for name, words in self._words.items():
            self._set(name, next(word for word, number in words.items() if number == getattr(options, name)))
        for name in self._reals + self._counts:
            self._set(name, getattr(options, name))

    def _number_of(self, word: Any, name: str) -> int:
        words = self._words[name]
        if not isinstance(word, str):
            raise _values.wrong_type(name, "a text", word)
        if word not in words:
            expected = ", ".join(repr(known) for known in words)
            raise StepsizeError(
                f"{self._name}: {name} = {word!r}, expected one of {expected}", _abi.STEPSIZE_ERROR_NAME
            )
        return words[word]

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    # ---- A value: text, equality, copies ----

    def _configuration(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._fields}

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._configuration().items())
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Controller) or type(self) is not type(other):
            return NotImplemented
        return self._configuration() == other._configuration()

    def __hash__(self) -> int:
        return hash((type(self), tuple(self._configuration().values())))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._configuration())

    def __copy__(self) -> Controller:
        return self

    def __deepcopy__(self, memo: object) -> Controller:
        return self


def _restore(kind: type[Controller], configuration: dict[str, Any]) -> Controller:
    return kind(**configuration)


class GreedyLR(Controller):
    """GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` losses in a row
    that improve on the best one, and multiplies them by `factor` after more than `patience` that do not.

    The variant ``"default"`` mends the known defects of the next one: relative bounds, losses that are not
    finite, an exact average. ``"huggingface"`` takes the decisions of transformers' GreedyLR bit for bit.
    ``"paper"`` is the paper's Algorithm 1: it compares with the loss before and acts at once.

    What is not given has the library's default for the variant; the attributes and repr() tell what that is.
    The object is immutable and can be used for any number of schedulers.

    Args:
        variant: ``"default"``, ``"huggingface"`` or ``"paper"``.
        mode: ``"min"`` where a smaller metric is better (a loss), ``"max"`` where a larger one is.
        factor: In (0, 1): rate * factor when worse, rate / factor when better.
        patience: Observations to wait before a change, >= 0: it comes with the next one.
        threshold: Margin by which the metric must improve, >= 0.
        threshold_mode: ``"abs"``: the margin is a difference; ``"rel"``: a fraction of the best metric.
        cooldown: Observations ignored after a cut, >= 0.
        warmup: Observations ignored after a raise, >= 0.
        min_lr, max_lr: Bounds of the base rates: a number, or one for each group. huggingface's own are 0.001 and
            1, those of the others a tenth and ten times the base rate.
        eps: Changes up to this are not made: a fraction of the rate, or a difference (huggingface).
        smooth: Whether the mean of the last `window_size` losses is observed instead of each loss.
        window_size: Losses in that mean, >= 1.
        reset_start: Cuts at the lower bound before everything starts anew; None or math.inf for never.
    """

    __slots__ = (
        "cooldown", "eps", "factor", "max_lr", "min_lr", "mode", "patience", "reset_start", "smooth", "threshold",
        "threshold_mode", "variant", "warmup", "window_size",
    )  # fmt: skip
    _name = "greedy"
    _fields = (
        "variant", "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup", "min_lr",
        "max_lr", "eps", "smooth", "window_size", "reset_start",
    )  # fmt: skip
    _words = {"variant": _VARIANTS, "mode": _MODES, "threshold_mode": _THRESHOLD_MODES}
    _reals = ("factor", "threshold", "eps")
    _counts = ("patience", "cooldown", "warmup", "window_size")
    _bounds = ("min_lr", "max_lr")

    variant: Literal["default", "huggingface", "paper"]
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
        variant: Literal["default", "huggingface", "paper"] = "default",
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

        # What the base class does not know of goes in after the defaults, which come first of all.
        def defaults(pointer: Any, number: int) -> int:
            status: int = library.stepsize_greedy_defaults(pointer, number)
            if smooth is not None:
                if not isinstance(smooth, bool):
                    raise _values.wrong_type("smooth", "True or False", smooth)
                options.smooth = smooth
            if reset_start is None or reset_start == math.inf:
                options.reset_start = _abi.STEPSIZE_NEVER
            elif reset_start is not ...:
                options.reset_start = _values.to_int64(reset_start, "reset_start")
            return status

        self._own(options, defaults, library.stepsize_controller_greedy, given)
        self._set("smooth", bool(options.smooth))
        never = options.reset_start == _abi.STEPSIZE_NEVER
        self._set("reset_start", None if never else options.reset_start)


class Plateau(Controller):
    """Cuts the base rates when the metric has stopped improving, on its own or on top of any schedule.

    Args:
        counting: Whose way of counting, and whose defaults: ``"pytorch"`` (ReduceLROnPlateau: cuts after more than
            `patience` bad observations), ``"keras"`` (ReduceLROnPlateau: at the `patience`-th), ``"optax"``
            (reduce_on_plateau).
        mode: ``"min"`` where a smaller metric is better (a loss), ``"max"`` where a larger one is.
        factor: In (0, 1): what the rates are multiplied by.
        patience: Bad observations to wait, >= 0.
        threshold: Margin by which the metric must improve, >= 0.
        threshold_mode: ``"abs"``: the margin is a difference; ``"rel"``: a fraction of the best metric.
        extra_threshold: A margin besides, always a difference (optax's atol).
        cooldown: Observations after a cut during which nothing is counted, >= 0.
        min_lr: Lowest base rates: a number, or one for each group.
        eps: Smaller cuts are not made.
        accumulation: Observations that are averaged into one (optax's accumulation_size).

    A metric that is not finite is a bad observation, and never the best.
    """

    __slots__ = (
        "accumulation", "cooldown", "counting", "eps", "extra_threshold", "factor", "min_lr", "mode", "patience",
        "threshold", "threshold_mode",
    )  # fmt: skip
    _name = "plateau"
    _fields = (
        "counting", "mode", "factor", "patience", "threshold", "threshold_mode", "extra_threshold", "cooldown",
        "min_lr", "eps", "accumulation",
    )  # fmt: skip
    _words = {"counting": _COUNTINGS, "mode": _MODES, "threshold_mode": _THRESHOLD_MODES}
    _reals = ("factor", "threshold", "extra_threshold", "eps")
    _counts = ("patience", "cooldown", "accumulation")
    _bounds = ("min_lr",)

    counting: Literal["pytorch", "keras", "optax"]
    mode: Literal["min", "max"]
    factor: float
    patience: int
    threshold: float
    threshold_mode: Literal["abs", "rel"]
    extra_threshold: float
    cooldown: int
    min_lr: float | tuple[float, ...] | None
    eps: float
    accumulation: int

    def __init__(
        self,
        counting: Literal["pytorch", "keras", "optax"] = "pytorch",
        *,
        mode: Literal["min", "max"] | None = None,
        factor: float | None = None,
        patience: int | None = None,
        threshold: float | None = None,
        threshold_mode: Literal["abs", "rel"] | None = None,
        extra_threshold: float | None = None,
        cooldown: int | None = None,
        min_lr: float | Iterable[float] | None = None,
        eps: float | None = None,
        accumulation: int | None = None,
    ) -> None:
        given = locals()
        options = _abi.stepsize_plateau_options()
        self._own(options, library.stepsize_plateau_defaults, library.stepsize_controller_plateau, given)
