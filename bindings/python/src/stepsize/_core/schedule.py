"""Schedules: pure functions of the step, made from text, from the catalogue's classes, or from one another."""

from __future__ import annotations

from array import array
from ctypes import byref, c_double, c_int64, c_void_p

from .._foreign import abi, convert, textform
from .._foreign.errors import StepsizeError
from .._foreign.library import create, library, quick
from .phase import walk
from .structure import Part, Structure, part_count
from .textual import Textual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from matplotlib.axes import Axes

    from .phase import Phase

# For callers that know that the step is an int of 64 bits.
value_at = quick.stepsize_schedule_at
_INT64_MIN, _INT64_MAX = convert.INT64_MIN, convert.INT64_MAX


_POLICIES = {
    "continue": abi.STEPSIZE_EXTEND_CONTINUE,
    "rescale": abi.STEPSIZE_EXTEND_RESCALE,
    "hold": abi.STEPSIZE_EXTEND_HOLD,
}


class Schedule(Textual):
    """A multiplier for every update: 1 is the base rate. Immutable, and safe to share between threads.

    ``Schedule(text)`` reads the text form, such as ``"warmup(500) >> cosine(9500, floor=0.1)"``. The classes
    ``Linear``, ``Cosine``, … make the named ones.

    ``a >> b`` runs a for its length, then b from its own step 0. ``a * b`` multiplies the values at the same step;
    a factor may be a number. Two schedules are equal if their canonical texts are. The parameters of a named one are
    attributes: ``Linear(1000).total``.
    """

    __slots__ = ("_given",)
    _library_parse = library.stepsize_schedule_parse
    _library_print = library.stepsize_schedule_print
    _library_destroy = library.stepsize_schedule_destroy

    # numpy would take `np.float64(0.5) * schedule` to be an operation on arrays.
    __array_ufunc__ = None

    # The arguments that are not the default; None for a table, whose numbers are in the library alone.
    _given: dict[str, object] | None

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise convert.wrong_type("Schedule", "a text", text)
        self._keep(self._parse(text), {})

    def at(self, step: int) -> float:
        """The multiplier for update number `step`, which counts from 0. Before 0 it has its value at 0; after its
        end it keeps its last value."""
        if type(step) is not int or not _INT64_MIN <= step <= _INT64_MAX:
            step = convert.to_int64(step, "step")
        value: float = value_at(self._handle, step)
        return value

    def curve(self, count: int, start: int = 0, base_lr: float = 1.0, *, stride: int = 1) -> array[float]:
        """The rates for `count` updates from `start` on, every `stride`-th, times `base_lr`.

        An ``array.array("d")``: a sequence of floats, which ``numpy.asarray`` and ``memoryview`` take as it is,
        without copying.
        """
        count = convert.to_int64(count, "count")
        if count < 0:
            raise StepsizeError(f"count = {count}, expected an integer >= 0")
        start = convert.to_int64(start, "start")
        stride = convert.to_int64(stride, "stride")
        base_lr = convert.to_float(base_lr, "base_lr")
        rates = array("d", (0.0,)) * count
        buffer = (c_double * count).from_buffer(rates) if count > 0 else None
        status = library.stepsize_schedule_fill(self._handle, start, stride, base_lr, buffer, count)
        if status != abi.STEPSIZE_OK:  # all else is right by now
            raise StepsizeError(f"base_lr = {base_lr!r}, expected a finite number >= 0", status)
        return rates

    @property
    def length(self) -> int | None:
        """How many updates the schedule describes; None if it has no end."""
        length: int = library.stepsize_schedule_length(self._handle)
        return None if length == abi.STEPSIZE_NEVER else length

    @property
    def horizon(self) -> int:
        """How many updates a picture shows where nobody says it: the length, or a good part where there is no end."""
        horizon: int = library.stepsize_schedule_horizon(self._handle)
        return horizon

    # ---- What it is made of ----

    @property
    def structure(self) -> Structure:
        """How it is put together: its form, and the name and parameters of a named schedule."""
        return Structure(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is made of: the parts of a sequence, the factors of a product, the schedule inside another one, or
        what a composition such as ``wsd`` stands for; nothing where it is a closed form."""
        return tuple(map(self._part, range(part_count(self))))

    def _part(self, index: int) -> Part:
        start, handle = c_int64(), c_void_p()
        library.stepsize_schedule_part(self._handle, index, byref(start), byref(handle))
        assert handle.value is not None
        return Part(adopt(handle.value), start.value)

    def phases(self, steps: int | None = None, *, start: int = 0) -> Iterator[Phase]:
        """The named phases in order, from update `start` on, that are in force before update `steps` (None: all).

        One that another phase inside it interrupts comes again after that. They are looked up one by one, in a time
        that does not depend on how many there are.
        """

        def look(step: int, found: Any) -> None:
            library.stepsize_schedule_phase(self._handle, step, found)

        stop = None if steps is None else convert.to_int64(steps, "steps")
        return walk(look, convert.to_int64(start, "start"), stop)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        steps: int | None = None,
        base_lr: float = 1.0,
        log: bool = False,
        label: str | None = None,
        phases: bool = True,
    ) -> Axes:
        """Draws it with matplotlib and returns the axes.

        Args:
            ax: Where; None for new axes.
            steps: Updates (an integer >= 1); None for the length, or for a good part where there is no end.
            base_lr: The base rate.
            log: Whether the scale is logarithmic.
            label: For a legend.
            phases: Whether the named phases are shaded.
        """
        from .._plots.figures import plot_schedule

        return plot_schedule(self, ax, steps=steps, base_lr=base_lr, log=log, label=label, phases=phases)

    # ---- Combining ----

    def __rshift__(self, then: Schedule) -> Schedule:
        if not isinstance(then, Schedule):
            return NotImplemented
        return adopt(create(library.stepsize_schedule_sequence, self._handle, then._handle))

    def __mul__(self, factor: Schedule | float) -> Schedule:
        if isinstance(factor, Schedule):
            return adopt(create(library.stepsize_schedule_product, self._handle, factor._handle))
        if isinstance(factor, (str, bool)) or not (hasattr(factor, "__float__") or hasattr(factor, "__index__")):
            return NotImplemented
        return adopt(create(library.stepsize_schedule_scale, self._handle, convert.to_float(factor, "factor")))

    def __rmul__(self, factor: float) -> Schedule:
        return self * factor

    def extended(self, total: int, policy: str = "continue", *, step: int = 0) -> Schedule:
        """The schedule with another length, for a run that is to end earlier or later than planned.

        Args:
            total: The new length in updates (an integer >= 1).
            policy: "continue": as it was up to `step`, then what is left of the curve over what is left of the new
                length, so that the rate goes on from where it is; "rescale": the whole curve over the new length;
                "hold": as it was, cut off, or its last value held.
            step: The present update, which "continue" starts from.
        """
        if policy not in _POLICIES:
            raise StepsizeError(f"policy = {policy!r}, expected one of {', '.join(map(repr, _POLICIES))}")
        total, step = convert.to_int64(total, "total"), convert.to_int64(step, "step")
        return adopt(create(library.stepsize_schedule_extend, self._handle, total, _POLICIES[policy], step))

    # ---- A value ----

    def _values(self) -> Mapping[str, Any]:
        if self._given is None:
            return {"values": tuple(self.curve(self.length or 0))}
        defaults = {name: default for name, _, default in self._parameters if default is not ...}
        return {**defaults, **self._given}

    def __repr__(self) -> str:
        if type(self) is Schedule:
            return f"Schedule({str(self)!r})"
        if self._given is None:  # a table: its text is Python as it is
            return type(self).__name__ + str(self)[len(self._name) :]
        return self._repr(self._given)

    def _repr_html_(self) -> str:
        """What a notebook shows: a small curve and the text."""
        from .._plots.svg import schedule_html

        return schedule_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # By text, which newer versions read too; the copy is a plain Schedule that equals this one.
        return Schedule, (str(self),)

    # ---- Making ----

    def _keep(self, handle: int, given: dict[str, object] | None) -> None:
        self._own(handle)
        object.__setattr__(self, "_given", given)

    def _write(self, kind: str, value: Any, name: str) -> tuple[str, object]:
        if kind == "schedule":
            schedule = as_schedule(value, name)
            return str(schedule), schedule
        return textform.write(kind, value, name)

    def _make(self, values: tuple[Any, ...], phase: str | None) -> None:
        """Makes a schedule of the catalogue by way of its text."""
        written, given = self._compose(values)
        if phase is not None:
            written.append(f"phase={textform.write('word', phase, 'phase')[0]}")
            given["phase"] = phase
        self._keep(self._parse(f"{self._name}({', '.join(written)})", written_by_user=False), given)

    def _make_table(self, values: Iterable[float], phase: str | None) -> None:
        """Makes a table from numbers in memory: a million of them would be slow as text."""
        numbers = convert.to_doubles(values, "values")
        handle = create(library.stepsize_schedule_table, numbers, len(numbers))
        if phase is not None:
            name = textform.write("word", phase, "phase")[0]
            handle = self._parse(f"{str(adopt(handle))[:-1]}, phase={name})", written_by_user=False)
        self._keep(handle, None)


def parse(text: str) -> Schedule:
    """Reads a schedule from its text form. StepsizeError says where it is wrong."""
    return Schedule(text)


def as_schedule(value: Schedule | str, name: str) -> Schedule:
    """A schedule as it is, a text parsed."""
    if isinstance(value, Schedule):
        return value
    if isinstance(value, str):
        return Schedule(value)
    raise convert.wrong_type(name, "a schedule or its text", value)


def held_rates(schedule: Schedule, base_lr: float, length: int | None) -> array[float]:
    """A table in which the last rate is held: `length` updates (an integer >= 1); None for the schedule's own, and the
    value after its end."""
    if length is None:
        if schedule.length is None:
            raise StepsizeError(f"length: {schedule} has no end; give the number of updates of the run")
        count = schedule.length + 1
    else:
        count = convert.to_int64(length, "length")
        if count < 1:
            raise StepsizeError(f"length = {count}, expected an integer >= 1")
    return schedule.curve(count, base_lr=base_lr)


def adopt(handle: int) -> Schedule:
    """The object of a handle that the library gave away."""
    schedule = Schedule.__new__(Schedule)
    schedule._keep(handle, {})
    return schedule
