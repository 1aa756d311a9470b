"""Linear-decay theory: refine a schedule from the gradient norms of a run, and score one before training.

    log = GradientNormLog()
    for batch in batches:
        loss.backward()
        log.add(gradient_norm(model, optimizer="adam"))
        ...
    schedule = refine(log, optimizer="adam").schedule        # for the next run

The theory is that of arXiv 2310.07831: of all schedules linear decay has the best worst case, and with the gradient
norms of one run known the best one follows from them, with a warm-up and a fast final annealing where these norms
ask for them. It holds for convex functions; elsewhere it is a heuristic. All is computed by the native library.
"""

from __future__ import annotations

import math
import sys
from array import array
from ctypes import POINTER, Array, byref, c_char, c_double, c_size_t, cast, sizeof
from weakref import finalize

from .._foreign import abi, convert
from .._foreign.errors import StepsizeError
from .._foreign.library import create, library, message_of, new_error, quick
from .schedule import Schedule, adopt, as_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Literal

    Optimizer = Literal["sgd", "adam"]

__all__ = [
    "GradientNormLog", "Refinement", "Score", "compare", "gradient_norm", "median_filter", "optimal", "refine", "score",
]  # fmt: skip

_OPTIMIZERS = {"sgd": abi.STEPSIZE_OPTIMIZER_SGD, "adam": abi.STEPSIZE_OPTIMIZER_ADAM}
_add = quick.stepsize_norm_log_add


def median_filter(values: Iterable[float], tau: float = 0.1) -> array[float]:
    """The running median that `refine` smooths with, over a window of ``2 * (floor(tau * n) // 2) + 1`` values.

    The first value is repeated on the left; on the right the values are mirrored, the last one not repeated: what
    ``scipy.ndimage.median_filter(…, mode="nearest")`` answers for values padded on the right with ``numpy.pad(…,
    mode="reflect")``. O(n log n). NaN is refused.
    """
    numbers = _doubles(values, "values")
    out = _zeros(len(numbers))
    _check(library.stepsize_median_filter, numbers, len(numbers), convert.to_float(tau, "tau"), _pointer(out))
    return out


# ---- Refinement -----------------------------------------------------------------------------------------


class Refinement:
    """A schedule made from gradient norms, and what was found on the way. Made by `refine` and `optimal`.

    Attributes:
        values: The multipliers, one for each update, the largest 1 and the last 0: an ``array.array("d")``.
        schedule: The schedule: a table of all values, or knots if a tolerance was given.
        max_error: The largest difference between the two, measured at every update; 0 for a table.
        warmup: Updates before the largest multiplier.
        anneal_start: The update from which the multiplier falls for good: where the curve is farthest above the
            straight line from its largest to its last value; equal to `warmup` where it is nowhere above.
        collapsed: The largest multiplier lies in the last tenth, the last twentieth has more than half of the weight,
            or the first third has less than a tenth of the sum of the multipliers: the norms vanish, and the schedule
            would train only late. ``capped=True`` mends that.
        repaired: Norms that were NaN or infinite, and were interpolated.
        zeros: Norms that were 0, and count as 0.001 of the median.
        raised: Updates whose norm was raised to the floor.
        floor: The floor that was used, as a part of the median.
        suggested_floor: A floor with which the schedule is not collapsed; 0 if it is not anyway.
        median: The median of the norms above 0.
        base_lr: The base rate of the theory for these norms and the distance D; None for Adam.
        bound: Its bound on the last loss above the best one, D/sqrt(sum of norm^-2); None for Adam.
        optimizer: ``"sgd"`` or ``"adam"``.
        tau: The smoothing.
    """

    __slots__ = (
        "anneal_start", "base_lr", "bound", "collapsed", "floor", "max_error", "median", "optimizer", "raised",
        "repaired", "_schedule", "suggested_floor", "tau", "values", "warmup", "zeros",
    )  # fmt: skip

    def __init__(
        self,
        norms: Iterable[float] | float | GradientNormLog,
        optimizer: Optimizer = "sgd",
        tau: float = 0.1,
        total: int | None = None,
        *,
        floor: float = 0.0,
        capped: bool = False,
        tolerance: float | None = None,
        D: float = 1.0,
    ) -> None:
        options = abi.stepsize_refine_options()
        library.stepsize_refine_defaults(byref(options))
        if optimizer not in _OPTIMIZERS:
            raise StepsizeError(f"optimizer = {optimizer!r}, expected {' or '.join(map(repr, _OPTIMIZERS))}")
        if not isinstance(capped, bool):
            raise convert.wrong_type("capped", "True or False", capped)
        if isinstance(norms, GradientNormLog):
            total = total if total is not None or norms.count == 0 else norms.count
            norms = norms.values
        numbers = _doubles(norms, "norms")
        count = len(numbers) if total is None else _total(total)
        options.optimizer = _OPTIMIZERS[optimizer]
        options.tau = convert.to_float(tau, "tau")
        options.total = 0 if total is None else count
        options.floor = convert.to_float(floor, "floor")
        options.capped = int(capped)
        options.distance = convert.to_float(D, "D")
        # What is more than the library takes is not even allocated: it says so.
        self.values = _zeros(count if 0 < count <= _HUGE else 0)
        result = abi.stepsize_refine_result(size=sizeof(abi.stepsize_refine_result))
        _check(
            library.stepsize_refine, byref(options), numbers, len(numbers), _pointer(self.values), len(self.values),
            byref(result),
        )  # fmt: skip
        self.optimizer, self.tau = optimizer, options.tau
        self.warmup, self.anneal_start = int(result.warmup), int(result.anneal_start)
        self.collapsed = bool(result.collapsed)
        self.repaired, self.zeros = int(result.repaired_count), int(result.zero_count)
        self.raised = int(result.raised_count)
        self.floor, self.suggested_floor = float(result.floor), float(result.suggested_floor)
        self.median = float(result.median)
        is_sgd = optimizer == "sgd"
        self.base_lr = float(result.base_lr) if is_sgd else None
        self.bound = float(result.bound) if is_sgd else None
        self._schedule: Schedule | None = None
        self.max_error = 0.0
        if tolerance is not None:
            self._schedule, self.max_error = self._fit(tolerance)

    @property
    def schedule(self) -> Schedule:
        """The schedule: a table of all values, or knots if a tolerance was given."""
        if self._schedule is None:
            self._schedule = adopt(create(library.stepsize_schedule_table, _pointer(self.values), len(self.values)))
        return self._schedule

    def knots(self, tolerance: float = 1e-3) -> Schedule:
        """The schedule as a few knots with straight lines between them, nowhere off by more than `tolerance`."""
        return self._fit(tolerance)[0]

    @property
    def text(self) -> str:
        """The schedule in the text form, for a log or for C. Short where a tolerance was given."""
        return str(self.schedule)

    def _fit(self, tolerance: float) -> tuple[Schedule, float]:
        error = c_double()
        handle = create(
            library.stepsize_schedule_fit, _pointer(self.values), len(self.values),
            convert.to_float(tolerance, "tolerance"), byref(error),
        )  # fmt: skip
        return adopt(handle), error.value

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        notes = [f"{len(self.values)} updates", f"warm-up {self.warmup}", f"annealing from {self.anneal_start}"]
        if self.collapsed:
            cure = f"capped at {self.floor!r}" if self.floor > 0 else "try capped=True"
            notes.append(f"collapsed: {cure}")
        notes += [
            f"{count} {what}"
            for count, what in ((self.repaired, "repaired"), (self.zeros, "zeros"), (self.raised, "raised"))
            if count > 0
        ]
        return f"<Refinement for {self.optimizer}: {', '.join(notes)}>"


def refine(
    norms: Iterable[float] | GradientNormLog,
    optimizer: Optimizer = "sgd",
    tau: float = 0.1,
    total: int | None = None,
    *,
    floor: float = 0.0,
    capped: bool = False,
    tolerance: float | None = None,
) -> Refinement:
    """A schedule from the gradient norms of an earlier run (arXiv 2310.07831, Algorithms 1 and 2).

        w = norm^-p,  value[t] = w[t] (w[t+1] + … + w[T-1]) / the largest

    Constant norms give linear decay. The last multiplier is 0: the last update does nothing. A single norm gives 1.
    The norms times a number give the same schedule. With fewer than 20 norms nothing is smoothed at tau 0.1.

    Args:
        norms: One for each update, or for every k-th: a list, an array, or a `GradientNormLog`. >= 0; those that are
            NaN or infinite are interpolated between their neighbours.
        optimizer: ``"sgd"``: l2 norms, p = 2. ``"adam"``, and whatever else works coordinate by coordinate: l1
            norms, p = 1.
        tau: Width of the running median as a part of the norms, in [0, 1]; 0 for none.
        total: Updates of the schedule; None for as many as norms (as were added, for a log). The smoothed norms are
            interpolated to this number.
        floor: Smoothed norms below this part of the median are raised to it, in [0, 1].
        capped: Raise the floor, through 1/64, 1/32, … of the median, until the schedule is not collapsed.
        tolerance: Answer knots that are nowhere off by more than this, in [1e-9, 1], instead of a table.
    """
    return Refinement(norms, optimizer, tau, total, floor=floor, capped=capped, tolerance=tolerance)


def optimal(norms: Iterable[float] | float, D: float = 1.0, total: int | None = None) -> Refinement:
    """The schedule whose bound is the least for given gradient norms (SGD, nothing smoothed).

    Its base rate is ``base_lr`` and its bound ``bound``, D/sqrt(sum of norm^-2). One norm for all updates gives linear
    decay: D/(G sqrt(T)) (1 - t/T) for t = 1 to T, with the bound D G/sqrt(T), which nothing beats in the worst case.

    Args:
        norms: One for each update, or one for all with `total`.
        D: The distance from the start to the solution.
        total: Updates; None for as many as norms.
    """
    return Refinement(norms, "sgd", 0.0, total, D=D)


# ---- Scoring --------------------------------------------------------------------------------------------


class Score:
    """What theory says about a schedule. Made by `score` and `compare`.

    Attributes:
        schedule: What was scored.
        omega: The bound on the last loss above the best one, at the best base rate.
        gamma: The best base rate.
        bound: The least bound that any schedule can have for these norms; D G/sqrt(total) for constant ones.
        rate: D/sqrt(sum of G^2): D/(G sqrt(total)) for constant norms.
        a, b: The bound at base rate x is a/x + x b.
        updates: Updates up to the last one whose rate is above 0.
    """

    __slots__ = ("a", "b", "bound", "gamma", "omega", "rate", "schedule", "updates")

    def __init__(
        self, schedule: Schedule | str, total: int | None = None, D: float = 1.0, G: Iterable[float] | float = 1.0
    ) -> None:
        self.schedule = as_schedule(schedule, "schedule")
        count = 0 if total is None else _total(total)
        numbers = _doubles(G, "G")
        result = abi.stepsize_score_result(size=sizeof(abi.stepsize_score_result))
        distance = convert.to_float(D, "D")
        _check(
            library.stepsize_score, self.schedule._handle, count, numbers, len(numbers), distance, byref(result)
        )
        self.a, self.b = float(result.a), float(result.b)
        self.gamma, self.omega = float(result.gamma), float(result.omega)
        self.bound, self.rate = float(result.bound), float(result.rate)
        self.updates = int(result.count)

    def omega_at(self, gamma: float) -> float:
        """The bound at another base rate."""
        value: float = library.stepsize_score_at(self.a, self.b, convert.to_float(gamma, "gamma"))
        if math.isnan(value):
            raise StepsizeError(f"gamma = {gamma!r}, expected a number > 0")
        return value

    def __repr__(self) -> str:
        return f"<Score of {str(self.schedule)[:60]}: omega {self.omega:.6g} at gamma {self.gamma:.6g}>"


def score(
    schedule: Schedule | str, total: int | None = None, D: float = 1.0, G: Iterable[float] | float = 1.0
) -> Score:
    """The bound on the last loss above the best one that convex theory gives for a schedule, in O(total).

    Omega of arXiv 2310.07831, Theorem 10. It ranks schedules before anything is trained; the shape alone counts,
    since each is taken at its own best base rate. Good for long runs: below about 100 updates the order changes.

    Args:
        schedule: A schedule or its text.
        total: Updates; None for the length of the schedule.
        D: The distance from the start to the solution, > 0.
        G: A bound on the gradient norms, >= 0: one for all updates, or one for each.
    """
    return Score(schedule, total, D, G)


def compare(
    schedules: Iterable[Schedule | str],
    total: int | None = None,
    D: float = 1.0,
    G: Iterable[float] | float = 1.0,
) -> list[Score]:
    """The scores of several schedules over the same updates, the best first."""
    if isinstance(schedules, (str, Schedule)):
        raise convert.wrong_type("schedules", "a list of schedules", schedules)
    norms = _doubles(G, "G")
    return sorted((Score(schedule, total, D, norms) for schedule in schedules), key=lambda score: score.omega)


# ---- Gradient norms -------------------------------------------------------------------------------------


class GradientNormLog:
    """The gradient norms of a run in bounded memory, one `add` for each update. For one thread at a time.

    It keeps the norms of updates 0, k, 2k, … with a stride k that begins at 1 and doubles each time the log is full.
    ``refine(log)`` makes a schedule of as many updates as were added. A log can be pickled.

    Args:
        capacity: The most norms that are kept, 2 to 16777216.
    """

    __slots__ = ("__weakref__", "_handle")

    def __init__(self, capacity: int = 65_536) -> None:
        # 0 means the default to the library, and is wrong here.
        number = convert.to_int64(capacity, "capacity")
        self._own(create(library.stepsize_norm_log_create, number if number > 0 else 1))

    def add(self, norm: float) -> None:
        """Adds the norm of the next update: >= 0. NaN and infinity are kept, for `refine` to repair."""
        if type(norm) is not float:
            norm = convert.to_float(norm, "norm")
        if _add(self._handle, norm) != abi.STEPSIZE_OK:
            raise StepsizeError(f"norm = {norm!r}, expected a number >= 0")

    @property
    def count(self) -> int:
        """Norms added so far."""
        return int(quick.stepsize_norm_log_count(self._handle))

    @property
    def stride(self) -> int:
        """Updates between two norms that are kept: a power of two."""
        return int(quick.stepsize_norm_log_stride(self._handle))

    @property
    def values(self) -> array[float]:
        """The norms that are kept, of updates 0, stride, 2 stride, …"""
        values = _zeros(len(self))
        quick.stepsize_norm_log_values(self._handle, _pointer(values), len(values))
        return values

    def __len__(self) -> int:
        """How many norms are kept."""
        return int(quick.stepsize_norm_log_length(self._handle))

    def state(self) -> bytes:
        """The log as bytes, for a checkpoint."""
        length = c_size_t()
        quick.stepsize_norm_log_save(self._handle, None, 0, byref(length))
        buffer = (c_char * length.value)()
        quick.stepsize_norm_log_save(self._handle, buffer, length, None)
        return buffer.raw

    @classmethod
    def from_state(cls, state: bytes) -> GradientNormLog:
        """The log that `state` was asked of. Damaged bytes are refused."""
        log = cls.__new__(cls)
        log._own(create(library.stepsize_norm_log_restore, bytes(state), len(state)))
        return log

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_state, (self.state(),)

    def __repr__(self) -> str:
        return f"<GradientNormLog: {len(self)} of {self.count} norms, stride {self.stride}>"

    def _own(self, handle: int) -> None:
        self._handle = handle
        # Not at exit: the memory goes with the process anyway.
        finalize(self, library.stepsize_norm_log_destroy, handle).atexit = False


def adopt_log(handle: int) -> GradientNormLog:
    """The object of a handle that the library gave away."""
    log = GradientNormLog.__new__(GradientNormLog)
    log._own(handle)
    return log


def gradient_norm(gradients: Any, optimizer: Optimizer = "sgd") -> float:
    """The norm of all gradients of a model together: l2 for SGD, l1 for Adam.

    Args:
        gradients: A torch module, optimizer, list of parameters (their ``.grad``) or of gradients; a numpy or JAX
            array; or any nested dict, list or tuple of these. None is skipped. Call it after the backward pass, and
            after gradients of mixed precision have been unscaled.
        optimizer: ``"sgd"`` or ``"adam"``.

    With torch and JAX the numbers of all arrays are put together on the device and fetched once.
    """
    if optimizer not in _OPTIMIZERS:
        raise StepsizeError(f"optimizer = {optimizer!r}, expected {' or '.join(map(repr, _OPTIMIZERS))}")
    power = 2 if optimizer == "sgd" else 1
    groups: dict[str, list[Any]] = {}
    for leaf in _leaves(gradients):
        groups.setdefault(_package(leaf), []).append(leaf)
    if not groups:
        raise StepsizeError("gradients: there is none; call it after the backward pass")
    norms: list[float] = []
    for package, leaves in groups.items():
        norms += _NORMS.get(package, _numpy_norms)(leaves, power)
    return math.hypot(*norms) if power == 2 else math.fsum(norms)


def _package(leaf: Any) -> str:
    for kind in type(leaf).__mro__:
        name = kind.__module__.partition(".")[0].removesuffix("lib")
        if name in _NORMS:
            return name
    return "numpy"


def _leaves(gradients: Any) -> Iterator[Any]:
    """The arrays in a collection; the gradient in place of a torch parameter."""
    if gradients is None:
        return
    if hasattr(gradients, "param_groups"):  # a torch optimizer
        gradients = [parameter for group in gradients.param_groups for parameter in group["params"]]
    elif callable(getattr(gradients, "parameters", None)):  # a torch module
        gradients = gradients.parameters()
    if hasattr(gradients, "requires_grad") and hasattr(gradients, "grad"):
        leaf = gradients.grad if gradients.requires_grad and gradients.is_leaf else gradients
        if leaf is not None:
            yield leaf
    elif hasattr(gradients, "__array__") or isinstance(gradients, (float, int, array, memoryview)):
        yield gradients
    elif hasattr(gradients, "values") and callable(gradients.values):
        for part in gradients.values():
            yield from _leaves(part)
    elif isinstance(gradients, (str, bytes)):
        raise convert.wrong_type("gradients", "arrays of numbers", gradients)
    elif hasattr(gradients, "__iter__"):
        for part in gradients:
            yield from _leaves(part)
    elif "jax" in sys.modules:  # a tree of a type that JAX has been told of
        parts = sys.modules["jax"].tree_util.tree_leaves(gradients)
        if len(parts) == 1 and parts[0] is gradients:
            raise convert.wrong_type("gradients", "arrays of numbers", gradients)
        for part in parts:
            yield from _leaves(part)
    else:
        raise convert.wrong_type("gradients", "arrays of numbers", gradients)


def _torch_norms(leaves: list[Any], power: int) -> list[float]:
    torch = sys.modules["torch"]
    by_kind: dict[tuple[Any, Any], list[Any]] = {}
    for leaf in leaves:
        tensor = leaf.detach()
        if tensor.layout is not torch.strided:
            tensor = tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.to_dense()
        by_kind.setdefault((tensor.device, tensor.dtype), []).append(tensor)
    norms: list[float] = []
    for (_, dtype), tensors in by_kind.items():
        if dtype in (torch.float16, torch.bfloat16):  # their sums would overflow or lose their digits
            parts = [torch.linalg.vector_norm(tensor, power, dtype=torch.float32) for tensor in tensors]
        else:
            parts = list(torch._foreach_norm(tensors, power))
        norms.append(torch.linalg.vector_norm(torch.stack(parts), power).item())
    return norms


def _jax_norms(leaves: list[Any], power: int) -> list[float]:
    jnp = sys.modules["jax"].numpy
    parts = []
    for leaf in leaves:
        numbers = jnp.ravel(leaf)
        if numbers.dtype.itemsize < 4:
            numbers = numbers.astype(jnp.float32)
        parts.append(jnp.linalg.norm(numbers, power))
    return [float(jnp.linalg.norm(jnp.stack(parts), power))]


def _numpy_norms(leaves: list[Any], power: int) -> list[float]:
    norms = []
    for leaf in leaves:
        if isinstance(leaf, (float, int)):
            norms.append(abs(float(leaf)))
            continue
        if "numpy" in sys.modules or hasattr(leaf, "__array__"):
            import numpy

            numbers = numpy.ravel(numpy.asarray(leaf))
            if numbers.dtype != numpy.float32:
                numbers = numbers.astype(numpy.float64, copy=False)
            with numpy.errstate(over="ignore"):
                norm = float(numpy.linalg.norm(numbers, power))
            if power == 2 and (norm == 0 or norm == math.inf):  # the squares may have left the range
                largest = float(numpy.max(numpy.abs(numbers), initial=0))
                if 0 < largest < math.inf:
                    norm = largest * float(numpy.linalg.norm(numbers / largest))
            norms.append(norm)
        else:
            norms.append(math.hypot(*leaf) if power == 2 else math.fsum(map(abs, leaf)))
    return norms


_NORMS: dict[str, Callable[[list[Any], int], list[float]]] = {"torch": _torch_norms, "jax": _jax_norms}


# ---- Numbers on their way into the library --------------------------------------------------------------

_HUGE = 1 << 24


def _total(total: Any) -> int:
    """A number of updates. 0 means the default to the library, and is wrong here."""
    count = convert.to_int64(total, "total")
    if count == 0:
        raise StepsizeError("total = 0, expected an integer >= 1")
    return count


def _zeros(count: int) -> array[float]:
    return array("d", (0.0,)) * count


def _doubles(values: Any, name: str) -> Array[c_double]:
    """Numbers as C doubles; an array of doubles in memory is used where it is, not copied."""
    if isinstance(values, Array) and values._type_ is c_double:
        return values
    if hasattr(values, "__array__") and getattr(values, "ndim", 0) == 1 and "numpy" in sys.modules:
        if hasattr(values, "detach"):
            values = values.detach()
        values = sys.modules["numpy"].ascontiguousarray(values, dtype="f8")
    try:
        view = memoryview(values)
    except TypeError:
        return convert.to_doubles(values, name)
    if view.format == "d" and view.ndim == 1 and view.c_contiguous and not view.readonly and len(view) > 0:
        return (c_double * len(view)).from_buffer(view)
    return convert.to_doubles(values, name)


def _pointer(values: array[float]) -> Any:
    return cast(values.buffer_info()[0], POINTER(c_double)) if len(values) > 0 else None


def _check(function: Callable[..., int], *arguments: Any) -> None:
    error = new_error()
    status = function(*arguments, byref(error))
    if status != abi.STEPSIZE_OK:
        raise StepsizeError(message_of(error), status)
