"""The rates that a scheduler has actually used."""

from __future__ import annotations

from array import array
from ctypes import byref, c_double, c_int64, c_size_t, c_void_p

from .._foreign import convert
from .._foreign.errors import failure
from .._foreign.library import message_of, new_error, quick
from .schedule import adopt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._foreign.stepper import Stepper
    from .schedule import Schedule


class Record:
    """``scheduler.record``: the rates of a scheduler that was made with ``record=True``."""

    __slots__ = ("_stepper",)

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper

    @property
    def start(self) -> int:
        """The first update that is recorded."""
        first = c_int64()
        self._stepper._call(quick.stepsize_scheduler_record_range, byref(first), None)
        return first.value

    @property
    def extended_at(self) -> int:
        """The update from which on the current schedule applies where the record began under another one (``extend``);
        otherwise 0."""
        update: int = self._stepper._ask(quick.stepsize_scheduler_extended_at)
        return update

    def __len__(self) -> int:
        """The number of updates that are recorded."""
        count = c_int64()
        self._stepper._call(quick.stepsize_scheduler_record_range, None, byref(count))
        return count.value

    def rates(self, group: int = 0, *, start: int | None = None, stop: int | None = None) -> array[float]:
        """The rates that were actually used, one for each update: all that are recorded, or those of the updates from
        `start` on and before `stop`, as far as they are recorded. No others are read."""
        group = self._stepper._group(group)
        first, count = c_int64(), c_int64()
        self._stepper._call(quick.stepsize_scheduler_record_range, byref(first), byref(count))
        end = first.value + count.value
        begin = first.value if start is None else max(convert.to_int64(start, "start"), first.value)
        end = end if stop is None else min(convert.to_int64(stop, "stop"), end)
        rates = array("d", (0.0,)) * max(end - begin, 0)
        if rates:
            buffer = (c_double * len(rates)).from_buffer(rates)
            written = c_size_t()
            self._stepper._call(
                quick.stepsize_scheduler_record, group, begin - first.value, buffer, len(rates), byref(written)
            )
        return rates

    def replay(self, group: int = 0) -> Schedule:
        """The same rates as a schedule for a base rate of 1: it gives the same bits again, here or, through its text,
        in any language."""
        handle, error = c_void_p(), new_error()
        status = quick.stepsize_scheduler_replay(
            self._stepper._handle, self._stepper._group(group), byref(handle), byref(error)
        )
        if status or handle.value is None:
            raise failure(f"{message_of(error)} (was it made with record=True?)", status)
        return adopt(handle.value)
