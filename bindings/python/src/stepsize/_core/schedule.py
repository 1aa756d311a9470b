"""Schedules: pure functions of the step, made from text, from the catalogue's classes, or from each other."""

from __future__ import annotations

from array import array
from ctypes import byref, c_double, c_int64, c_void_p

from .._foreign import abi, convert, textform
from .._foreign.errors import StepsizeError, parse_error
from .._foreign.library import create, library, quick
from .controller import kinds as controllers
from .phase import walk
from .structure import Part, Structure, part_count
from .textual import Textual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from matplotlib.axes import Axes

    from .phase import Phase

# For callers that know that the step is a 64-bit int.
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
    ``Linear``, ``Cosine``, … make the named ones. Where `total`, the updates of the run, is given, numbers of updates
    may be shares of it: ``Schedule("warmup(10%) >> cosine(90%)", total=10_000)``, ``"warmup(500) >> cosine(rest)"``;
    the schedule has absolute numbers then.

    ``a >> b`` runs a for its length, then b from its own step 0. ``a * b`` multiplies the values at the same step;
    a factor may be a number. Two schedules are equal if their canonical texts are. The parameters of a named one are
    attributes: ``Linear(1000).total``.
    """

    __slots__ = ("_given",)
    _library_parse = library.stepsize_schedule_parse
    _library_bind = library.stepsize_schedule_bind
    _library_print = library.stepsize_schedule_print
    _library_destroy = library.stepsize_schedule_destroy

    # numpy would treat `np.float64(0.5) * schedule` as an operation on arrays.
    __array_ufunc__ = None

    # The arguments that are not the default; None for a table, whose numbers are only in the library.
    _given: dict[str, object] | None

    def __init__(self, text: str, *, total: int | None = None) -> None:
        if not isinstance(text, str):
            raise convert.wrong_type("Schedule", "a text", text)
        try:
            handle = self._parse(text, *(() if total is None else (convert.to_int64(total, "total"),)))
        except StepsizeError as error:
            name = text.partition("(")[0].strip()
            if error.offset == len(text) - len(text.lstrip()) and name in controllers:
                message = f'"{name}" makes a scheduler, not a schedule: use stepsize.Scheduler(base_lr, text)'
                raise parse_error(message, error.status, text, error.offset) from None
            raise
        self._keep(handle, {})

    def at(self, step: int) -> float:
        """The multiplier for update number `step`, from 0. Before 0 it is the value at 0; after the end it is the last
        value."""
        if type(step) is not int or not _INT64_MIN <= step <= _INT64_MAX:
            step = convert.to_int64(step, "step")
        value: float = value_at(self._handle, step)
        return value

    def curve(self, count: int, start: int = 0, base_lr: float = 1.0, *, stride: int = 1) -> array[float]:
        """The rates for `count` updates from `start` on, every `stride`-th, times `base_lr`.

        An ``array.array("d")``: a sequence of floats, which ``numpy.asarray`` and ``memoryview`` take without copying.
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
        if status != abi.STEPSIZE_OK:  # everything else has been checked
            raise StepsizeError(f"base_lr = {base_lr!r}, expected a finite number >= 0", status)
        return rates

    @property
    def length(self) -> int | None:
        """The number of updates that the schedule describes; None if it has no end."""
        length: int = library.stepsize_schedule_length(self._handle)
        return None if length == abi.STEPSIZE_NEVER else length

    @property
    def horizon(self) -> int:
        """How many updates a picture shows by default: the length, or a suitable number if there is no end."""
        horizon: int = library.stepsize_schedule_horizon(self._handle)
        return horizon

    # ---- Structure ----

    @property
    def structure(self) -> Structure:
        """How it is composed: its form, and the name and parameters of a named schedule."""
        return Structure(self)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts: those of a sequence, the factors of a product, the schedule inside another one, or the one that a
        composition such as ``wsd`` stands for; none for a closed form."""
        return tuple(map(self._part, range(part_count(self))))

    def _part(self, index: int) -> Part:
        start, handle = c_int64(), c_void_p()
        library.stepsize_schedule_part(self._handle, index, byref(start), byref(handle))
        assert handle.value is not None
        return Part(adopt(handle.value), start.value)

    def phases(self, steps: int | None = None, *, start: int = 0) -> Iterator[Phase]:
        """The named phases in order, from update `start` on, that are in force before update `steps` (None: all).

        A phase that another one inside it interrupts comes again after that. They are looked up one by one, in a time
        that does not depend on their number.
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
            ax: The axes; None for new ones.
            steps: Updates (an integer >= 1); None for the length, or for a suitable number if there is no end.
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
            policy: "continue": the same curve up to `step`, then the rest of it over the rest of the new length, so
                that the rate does not jump; "rescale": the whole curve over the new length; "hold": the same curve, cut
                off or with its last value held.
            step: The current update, which "continue" starts from.
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
        if self._given is None:  # a table: its text is valid Python
            return type(self).__name__ + str(self)[len(self._name) :]
        return self._repr(self._given)

    def _repr_html_(self) -> str:
        """For notebooks: a small curve and the text."""
        from .._plots.svg import schedule_html

        return schedule_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # As text, which newer versions read too; the copy is a plain Schedule that equals this one.
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
        """Makes a schedule of the catalogue through its text."""
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


def parse(text: str, *, total: int | None = None) -> Schedule:
    """Parses a schedule from its text form. StepsizeError has the position of an error.

    Args:
        text: The text form.
        total: Updates of the run, of which the text may give shares: see ``Schedule``.
    """
    return Schedule(text, total=total)


def as_schedule(value: Schedule | str, name: str, total: int | None = None) -> Schedule:
    """A schedule, or a text parsed."""
    if isinstance(value, Schedule):
        return value
    if isinstance(value, str):
        return Schedule(value, total=total)
    raise convert.wrong_type(name, "a schedule or its text", value)


def adopt(handle: int) -> Schedule:
    """The object for a handle returned by the library."""
    schedule = Schedule.__new__(Schedule)
    schedule._keep(handle, {})
    return schedule
