"""Controllers: what listens to the training. Here is their configuration only; the state belongs to the scheduler
that is made with one."""

from __future__ import annotations

import math
from ctypes import byref, c_void_p
from types import EllipsisType
from weakref import finalize

from .._foreign import abi, convert
from .._foreign.errors import parse_error
from .._foreign.library import library, message_of, new_error, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar, Literal, NoReturn

    PerGroup = float | tuple[float, ...] | None


class Controller:
    """What moves the base rates, or ends phases: an immutable configuration, for any number of schedulers.

    The classes ``GreedyLR``, ``Plateau``, ``Hypergradient``, ``LineSearch`` and ``Settle`` make them from values,
    ``Controller.parse`` from their text form, such as ``"greedy(patience=5, factor=0.9)"``. What is not given has the
    library's default; the attributes and repr() tell what that is. Two controllers are equal if their texts are.
    """

    __slots__ = ("__weakref__", "_handle", "_text", "_values")
    # The name in the text form, and the kind of each parameter.
    _name: ClassVar[str] = ""
    _parameters: ClassVar[dict[str, str]] = {}

    _handle: int
    _text: str
    _values: dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("make a controller by its class, such as GreedyLR(), or by Controller.parse(text)")

    @staticmethod
    def parse(text: str) -> Controller:
        """Reads a controller from its text form. StepsizeError says where it is wrong."""
        if not isinstance(text, str):
            raise convert.wrong_type("Controller.parse", "a text", text)
        return adopt(_parse(text, written_by_user=True))

    def _make(self, given: dict[str, Any]) -> None:
        """Makes it by way of its text: the numbers survive exactly."""
        written = []
        for name, kind in self._parameters.items():
            value = given[name]
            if isinstance(value, _Text):
                written.append(f"{name}={value.text}")
            elif value is not None and value is not ...:
                written.append(f"{name}={convert.write(kind, value, name)[0]}")
        self._own(_parse(f"{self._name}({', '.join(written)})", written_by_user=False))

    def _own(self, handle: int) -> None:
        object.__setattr__(self, "_handle", handle)
        finalize(self, library.stepsize_controller_destroy, handle).atexit = False
        object.__setattr__(self, "_text", read_text(library.stepsize_controller_print, handle))
        values = {}
        for i, (name, kind) in enumerate(self._parameters.items()):
            text = read_text(library.stepsize_controller_parameter, handle, i, abi.STEPSIZE_TEXT_VALUE)
            values[name] = convert.read(kind, text)
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        # Not for what is missing while the object is being made.
        if not name.startswith("_") and name in self._values:
            return self._values[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a {type(self).__name__} cannot be changed; make a new one")

    # ---- A value: text, equality, copies ----

    def __str__(self) -> str:
        """The canonical text form. Parsing it gives the same controller again."""
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Controller) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        return Controller.parse, (self._text,)

    def __copy__(self) -> Controller:
        return self

    def __deepcopy__(self, memo: object) -> Controller:
        return self


class _Text:
    """A value that is written as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


def adopt(handle: int) -> Controller:
    """The object of a handle that the library gave away."""
    name = read_text(library.stepsize_controller_print, handle).partition("(")[0]
    kind = next(kind for kind in Controller.__subclasses__() if kind._name == name)
    controller = object.__new__(kind)
    controller._own(handle)
    return controller


def _parse(text: str, *, written_by_user: bool) -> int:
    encoded = text.encode("utf-8", "surrogatepass")
    handle, error = c_void_p(), new_error()
    status = library.stepsize_controller_parse(encoded, len(encoded), byref(handle), byref(error))
    if status != abi.STEPSIZE_OK or handle.value is None:
        # A place in a text that the user has not seen would only confuse.
        raise parse_error(message_of(error), status, text, error.offset if written_by_user else -1)
    return handle.value


class GreedyLR(Controller):
    """GreedyLR (arXiv 2512.14527): raises the base rates by 1/factor after more than `patience` losses in a row
    that improve on the best one, and multiplies them by `factor` after more than `patience` that do not.

    The variant ``"default"`` mends the known defects of the next one: relative bounds, losses that are not
    finite, an exact average. ``"huggingface"`` takes the decisions of transformers' GreedyLR bit for bit.
    ``"paper"`` is the paper's Algorithm 1: it compares with the loss before and acts at once.

    A loss that is not finite is one bad observation; it enters neither the average nor the best (in the variant
    ``"huggingface"`` it does, as there).

    Args:
        variant: ``"default"``, ``"huggingface"`` or ``"paper"``; it chooses the other defaults.
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
        smooth: Whether the mean of the last `window` losses is observed instead of each loss.
        window: Losses in that mean, >= 1.
        reset_start: Cuts at the lower bound before everything starts anew; None or math.inf for never.
    """

    __slots__ = ()
    _name = "greedy"
    _parameters = {
        "variant": "word", "mode": "word", "factor": "real", "patience": "count", "threshold": "real",
        "threshold_mode": "word", "cooldown": "count", "warmup": "count", "min_lr": "per_group",
        "max_lr": "per_group", "eps": "real", "smooth": "flag", "window": "count", "reset_start": "count",
    }  # fmt: skip

    if TYPE_CHECKING:
        variant: Literal["default", "huggingface", "paper"]
        mode: Literal["min", "max"]
        factor: float
        patience: int
        threshold: float
        threshold_mode: Literal["abs", "rel"]
        cooldown: int
        warmup: int
        min_lr: PerGroup
        max_lr: PerGroup
        eps: float
        smooth: bool
        window: int
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
        window: int | None = None,
        reset_start: float | None | EllipsisType = ...,
    ) -> None:
        given = locals()
        if reset_start is None or reset_start == math.inf:
            given["reset_start"] = _Text("none")
        self._make(given)


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

    __slots__ = ()
    _name = "plateau"
    _parameters = {
        "counting": "word", "mode": "word", "factor": "real", "patience": "count", "threshold": "real",
        "threshold_mode": "word", "extra_threshold": "real", "cooldown": "count", "min_lr": "per_group",
        "eps": "real", "accumulation": "count",
    }  # fmt: skip

    if TYPE_CHECKING:
        counting: Literal["pytorch", "keras", "optax"]
        mode: Literal["min", "max"]
        factor: float
        patience: int
        threshold: float
        threshold_mode: Literal["abs", "rel"]
        extra_threshold: float
        cooldown: int
        min_lr: PerGroup
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
        self._make(locals())


class Hypergradient(Controller):
    """Hypergradient descent (arXiv 1703.04783): moves the base rates along the derivative of the loss with respect
    to them. Before each update, give the scheduler the dot product of the gradient with the update direction before
    it: ``scheduler.observe_gradient(dot, norm)``.

    Args:
        variant: ``"sgd"`` (SGD-HD) and ``"adam"`` (Adam-HD) as published: base + beta * dot; ``"multiplicative"``:
            base * (1 + beta * dot / norm), which no change of scale disturbs.
        beta: The rate of the rate, > 0, below 1 in the multiplicative form. Published: 1e-6 for SGD, 1e-8 for Adam.
        min_lr, max_lr: Bounds of the base rates: a number, or one for each group; a thousandth and a thousand times
            the base rate if not given. The published rule has none: its rates can become negative or infinite.

    A dot product that is not finite changes nothing.
    """

    __slots__ = ()
    _name = "hypergradient"
    _parameters = {"variant": "word", "beta": "real", "min_lr": "per_group", "max_lr": "per_group"}

    if TYPE_CHECKING:
        variant: Literal["sgd", "adam", "multiplicative"]
        beta: float
        min_lr: PerGroup
        max_lr: PerGroup

    def __init__(
        self,
        variant: Literal["sgd", "adam", "multiplicative"] = "sgd",
        *,
        beta: float | None = None,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
    ) -> None:
        self._make(locals())


class LineSearch(Controller):
    """Stochastic line search (arXiv 1905.09997): for each update the largest tried rate at which the loss of the
    batch falls enough (Armijo). By ask and tell: ``scheduler.propose(loss, squared_norm)``, make the step,
    ``scheduler.report(loss)``; or ``scheduler.search(loss, squared_norm, trial)``.

    Args:
        c: Part of the expected decrease that must be reached, in (0, 1).
        backtrack: In (0, 1): the rate over that of the trial before.
        reset: Where a search starts: ``"previous"`` (the last accepted rate), ``"grow"`` (that times
            gamma ** (1 / batches_per_epoch)) or ``"initial"`` (the base rate).
        gamma: Growth of the first trial in an epoch, >= 1.
        batches_per_epoch: Updates in which it grows by gamma.
        max_trials: Trials in one update; after the last one a step with the lowest rate is made.
        tolerance: A gradient whose norm is below this is accepted without a test.
        projected: Whether steps are projected on a constraint: report(loss, squared_distance) then judges by the
            distance that was really moved.
        min_lr, max_lr: Bounds of the base rates: a number, or one for each group; a millionth and ten times the base
            rate if not given.

    A trial whose loss is not finite is rejected; where the loss before the step is not finite, the search fails at
    once and the next one begins as if this had not been.
    """

    __slots__ = ()
    _name = "line_search"
    _parameters = {
        "c": "real", "backtrack": "real", "reset": "word", "gamma": "real", "batches_per_epoch": "count",
        "max_trials": "count", "tolerance": "real", "projected": "flag", "min_lr": "per_group",
        "max_lr": "per_group",
    }  # fmt: skip

    if TYPE_CHECKING:
        c: float
        backtrack: float
        reset: Literal["previous", "grow", "initial"]
        gamma: float
        batches_per_epoch: int
        max_trials: int
        tolerance: float
        projected: bool
        min_lr: PerGroup
        max_lr: PerGroup

    def __init__(
        self,
        *,
        c: float | None = None,
        backtrack: float | None = None,
        reset: Literal["previous", "grow", "initial"] | None = None,
        gamma: float | None = None,
        batches_per_epoch: int | None = None,
        max_trials: int | None = None,
        tolerance: float | None = None,
        projected: bool | None = None,
        min_lr: float | Iterable[float] | None = None,
        max_lr: float | Iterable[float] | None = None,
    ) -> None:
        self._make(locals())


class Settle(Controller):
    """Ends a phase when the metric has settled: when it has not improved on the best of the phase by the threshold
    for `patience` losses in a row. The schedule goes on with the next phase; after the last one
    ``scheduler.stop_reason`` says ``"settled"``.

    Args:
        phase: The phase to end; None for the whole training.
        mode: ``"min"`` where a smaller metric is better (a loss), ``"max"`` where a larger one is.
        patience: Observations without an improvement, >= 1.
        threshold: Margin by which the metric must improve, >= 0.
        threshold_mode: ``"abs"``: the margin is a difference; ``"rel"``: a fraction of the best metric.
        window: Losses in the mean that is looked at, >= 1.

    A metric that is not finite is a bad observation; it enters neither the mean nor the best.
    """

    __slots__ = ()
    _name = "settle"
    _parameters = {
        "phase": "name", "mode": "word", "patience": "count", "threshold": "real", "threshold_mode": "word",
        "window": "count",
    }  # fmt: skip

    if TYPE_CHECKING:
        phase: str | None
        mode: Literal["min", "max"]
        patience: int
        threshold: float
        threshold_mode: Literal["abs", "rel"]
        window: int

    def __init__(
        self,
        phase: str | None = None,
        *,
        mode: Literal["min", "max"] | None = None,
        patience: int | None = None,
        threshold: float | None = None,
        threshold_mode: Literal["abs", "rel"] | None = None,
        window: int | None = None,
    ) -> None:
        self._make(locals())


class Learned(Controller):
    """Moves the base rates as a policy learned by reinforcement says: every few updates by a factor, from what it sees
    of the losses. For policies of one's own see ``stepsize.learned``.

    Args:
        policy: ``"nmf"``: learned on stochastic non-negative matrix factorization, for rates relative to the stability
            bound; ``"mlp"``: learned on small perceptrons, for a constant rate near an ordinary one of the optimizer;
            ``"custom"``: the one in `parameters`.
        total: Updates of the training, where they are known.
        adapt: Rate at which it goes on learning while it works, in [0, 1]; 0: it does not.
        parameters: A policy of one's own: updates between decisions, limit, hidden units, weights.

    A loss that is <= 0 or not finite is left out.
    """

    __slots__ = ()
    _name = "learned"
    _parameters = {"policy": "word", "total": "count", "adapt": "real", "parameters": "reals"}

    if TYPE_CHECKING:
        policy: str
        total: int
        adapt: float
        parameters: tuple[float, ...]

    def __init__(
        self,
        policy: str = "nmf",
        *,
        total: int | None = None,
        adapt: float | None = None,
        parameters: Iterable[float] | None = None,
    ) -> None:
        self._make(locals())
