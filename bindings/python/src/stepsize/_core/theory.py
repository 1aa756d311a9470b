"""Linear-decay theory: refine a schedule from the gradient norms of a run, and score one before training.

    log = GradientNormLog()
    for batch in batches:
        loss.backward()
        log.add(gradient_norm(model, optimizer="adam"))
        ...
    schedule = refine(log, optimizer="adam").schedule        # for the next run

The theory is that of arXiv 2310.07831: of all schedules linear decay has the best worst case, and with the gradient
norms of one run known the best one follows from them, with a warm-up and a fast final annealing where these norms
require them. It holds for convex functions; elsewhere it is a heuristic. Everything is computed by the native library.
"""

from __future__ import annotations

import math
import warnings
from array import array
from ctypes import byref, c_double, sizeof

from .._foreign import abi, arrays, convert
from .._foreign.errors import StepsizeError
from .._foreign.library import check, create, library
from .norms import OPTIMIZERS, GradientNormLog
from .schedule import Schedule, adopt, as_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .norms import Optimizer

__all__ = [
    "Refinement", "Score", "compare", "median_filter", "optimal", "refine", "score",
]  # fmt: skip



def median_filter(values: Iterable[float], tau: float = 0.1) -> array[float]:
    """The running median that `refine` smooths with, over a window of ``2 * (floor(tau * n) // 2) + 1`` values.

    The first value is repeated on the left; on the right the values are mirrored without repeating the last one: the
    result of ``scipy.ndimage.median_filter(…, mode="nearest")`` for values padded on the right with ``numpy.pad(…,
    mode="reflect")``. O(n log n). NaN is an error.
    """
    numbers = arrays.doubles(values, "values")
    out = arrays.zeros(len(numbers))
    check(library.stepsize_median_filter, numbers, len(numbers), convert.to_float(tau, "tau"), arrays.pointer(out))
    return out


# ---- Refinement -----------------------------------------------------------------------------------------


class Refinement:
    """A schedule made from gradient norms, and the findings on the way. Made by `refine` and `optimal`.

    Attributes:
        values: The multipliers, one for each update, the largest 1 and the last 0: an ``array.array("d")``.
        schedule: The schedule: a table of all values, or knots if a tolerance was given.
        max_error: The largest difference between the two, measured at every update; 0 for a table.
        warmup: Updates before the largest multiplier.
        anneal_start: The update from which the multiplier falls until the end: where the curve is farthest above the
            straight line from its largest to its last value; equal to `warmup` where it is nowhere above.
        collapsed: The largest multiplier lies in the last tenth, the last twentieth has more than half of the weight,
            or the first third has less than a tenth of the sum of the multipliers: the norms vanish, and the schedule
            would train only late. ``capped=True`` corrects that.
        repaired: Norms that were NaN or infinite, and were interpolated.
        zeros: Norms that were 0, and count as 0.001 of the median.
        raised: Updates whose norm was raised to the floor.
        floor: The floor that was used, as a fraction of the median.
        suggested_floor: A floor with which the schedule is not collapsed; 0 if it needs none.
        median: The median of the norms above 0.
        base_lr: The theory's base rate for these norms and the distance D; None for Adam.
        bound: Its bound on the last loss minus the best one, D/sqrt(sum of norm^-2); None for Adam.
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
        library.stepsize_refine_defaults(byref(options), sizeof(options))
        if optimizer not in OPTIMIZERS:
            raise StepsizeError(f"optimizer = {optimizer!r}, expected {' or '.join(map(repr, OPTIMIZERS))}")
        if not isinstance(capped, bool):
            raise convert.wrong_type("capped", "True or False", capped)
        if isinstance(norms, GradientNormLog):
            total = total if total is not None or norms.count == 0 else norms.count
            norms = norms.values
        numbers = arrays.doubles(norms, "norms")
        count = len(numbers) if total is None else convert.to_total(total)
        options.optimizer = OPTIMIZERS[optimizer]
        options.tau = convert.to_float(tau, "tau")
        options.total = 0 if total is None else count
        options.floor = convert.to_float(floor, "floor")
        options.capped = int(capped)
        options.distance = convert.to_float(D, "D")
        # More than the library takes is not even allocated: the library reports it.
        self.values = arrays.zeros(count if 0 < count <= _HUGE else 0)
        result = abi.stepsize_refine_result(size=sizeof(abi.stepsize_refine_result))
        check(
            library.stepsize_refine, byref(options), numbers, len(numbers), arrays.pointer(self.values),
            len(self.values), byref(result),
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
            values = arrays.pointer(self.values)
            self._schedule = adopt(create(library.stepsize_schedule_table, values, len(self.values)))
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
            library.stepsize_schedule_fit, arrays.pointer(self.values), len(self.values),
            convert.to_float(tolerance, "tolerance"), byref(error),
        )  # fmt: skip
        return adopt(handle), error.value

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        notes = [f"{len(self.values)} updates", f"warm-up {self.warmup}", f"annealing from {self.anneal_start}"]
        if self.collapsed:
            cure = f"capped at {self.floor!r}" if self.floor > 0 else "try capped=True"
            notes.append(f"collapsed, since the norms vanish: {cure}")
        else:
            notes.append("the norms do not vanish")
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
    The norms times a constant give the same schedule. With fewer than 20 norms nothing is smoothed at tau 0.1.

    Args:
        norms: One for each update, or for every k-th: a list, an array, or a `GradientNormLog`. >= 0; those that are
            NaN or infinite are interpolated between their neighbours.
        optimizer: ``"sgd"``: l2 norms, p = 2. ``"adam"``, also for other coordinate-wise optimizers: l1 norms, p = 1.
        tau: Width of the running median as a fraction of the norms, in [0, 1]; 0 for none.
        total: Updates of the schedule; None for as many as norms (as were added, for a log). The smoothed norms are
            interpolated to this number.
        floor: Smoothed norms below this fraction of the median are raised to it, in [0, 1].
        capped: Raise the floor, through 1/64, 1/32, … of the median, until the schedule is not collapsed.
        tolerance: Makes knots that are nowhere off by more than this, in [1e-9, 1], instead of a table.
    """
    return Refinement(norms, optimizer, tau, total, floor=floor, capped=capped, tolerance=tolerance)


def optimal(norms: Iterable[float] | float, D: float = 1.0, total: int | None = None) -> Refinement:
    """The schedule with the smallest bound for given gradient norms (SGD, without smoothing).

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
    """The score of a schedule. Made by `score` and `compare`.

    Attributes:
        schedule: The schedule.
        omega: The bound on the last loss minus the best one, at the best base rate.
        gamma: The best base rate.
        bound: The smallest bound that any schedule can have for these norms; D G/sqrt(total) for constant ones.
        rate: D/sqrt(sum of G^2): D/(G sqrt(total)) for constant norms.
        a, b: The bound at base rate x is a/x + x b.
        updates: Updates up to the last one whose rate is above 0.
    """

    __slots__ = ("a", "b", "bound", "gamma", "omega", "rate", "schedule", "updates")

    def __init__(
        self, schedule: Schedule | str, total: int | None = None, D: float = 1.0, G: Iterable[float] | float = 1.0
    ) -> None:
        count = 0 if total is None else convert.to_total(total)
        self.schedule = as_schedule(schedule, "schedule", total)
        numbers = arrays.doubles(G, "G")
        result = abi.stepsize_score_result(size=sizeof(abi.stepsize_score_result))
        distance = convert.to_float(D, "D")
        check(
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
    """The bound on the last loss minus the best one that convex theory gives for a schedule, in O(total).

    Omega of arXiv 2310.07831, Theorem 10. It ranks schedules before any training; only the shape counts, since each
    is taken at its own best base rate. Good for long runs: below about 100 updates the order changes.

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
    """The scores of several schedules, the best first; over `total` updates, or each over its own length.

    Over more updates the bound is lower, whatever the schedule: lengths that differ are a UserWarning.
    """
    if isinstance(schedules, (str, Schedule)):
        raise convert.wrong_type("schedules", "a list of schedules", schedules)
    norms = arrays.doubles(G, "G")
    scores = sorted((Score(schedule, total, D, norms) for schedule in schedules), key=lambda score: score.omega)
    lengths = sorted({score.updates for score in scores})
    if len(lengths) > 1:
        warnings.warn(
            f"the schedules have from {lengths[0]} to {lengths[-1]} updates, and each is scored over its own: give the"
            " number for all of them to compare their shapes",
            stacklevel=2,
        )
    return scores


_HUGE = 1 << 24
