"""The arguments of a scheduler as the options of the library."""

from __future__ import annotations

from ctypes import POINTER, byref, c_double, c_void_p, cast, sizeof

from .._foreign import abi, convert
from .._foreign.errors import StepsizeError, parse_error
from .._foreign.library import create, message_of, new_error, quick
from .controller import Controller
from .controllers import EarlyStop
from .schedule import Schedule, as_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def new_scheduler(
    base_lr: float | Iterable[float],
    schedule: Schedule | str | Iterable[Schedule | str] | None,
    controller: Controller | Iterable[Controller] | None,
    min_lr: float | Iterable[float] | None,
    max_lr: float | Iterable[float] | None,
    record: bool,
    norm_capacity: int,
    total: int | None,
) -> int:
    """The handle of a new scheduler, from the arguments of ``Scheduler``."""
    controllers = as_controllers(controller)
    options = abi.stepsize_scheduler_options()
    quick.stepsize_scheduler_defaults(byref(options), sizeof(options))
    kept: list[Any] = []  # keeps alive what the options point to

    def point(name: str, count: str, values: Any) -> None:
        numbers = convert.to_doubles(values, name)
        kept.append(numbers)
        setattr(options, name, cast(numbers, POINTER(c_double)))
        setattr(options, count, len(numbers))

    point("base_lr", "group_count", base_lr)
    if min_lr is not None:
        point("min_lr", "min_lr_count", min_lr)
    if max_lr is not None:
        point("max_lr", "max_lr_count", max_lr)
    if not isinstance(record, bool):
        raise convert.wrong_type("record", "True or False", record)
    options.record = record
    options.norm_capacity = convert.to_int64(norm_capacity, "norm_capacity")

    if isinstance(schedule, str) and not controllers:  # it may begin with some
        if total is not None:
            options.total = convert.to_total(total)
        return _parse(schedule, options)
    schedules = as_schedules(schedule, total)
    if isinstance(schedule, (str, Schedule)):
        options.schedule = schedules[0]._handle
    elif schedule is not None:
        kept.append(handles_of(schedules))
        options.schedules, options.schedule_count = cast(kept[-1], POINTER(c_void_p)), len(schedules)
    moving = [each for each in controllers if not isinstance(each, EarlyStop)]
    if len(moving) > 1:
        raise StepsizeError("controller: more than one that moves the rates, expected at most one")
    if moving:
        options.controller = moving[0]._handle
    handles = [each._handle for each in controllers if isinstance(each, EarlyStop)]
    early_stops = (c_void_p * len(handles))(*handles)
    options.early_stops, options.early_stop_count = cast(early_stops, POINTER(c_void_p)), len(handles)
    return create(quick.stepsize_scheduler_create, byref(options))


def as_schedules(
    given: Schedule | str | Iterable[Schedule | str] | None, total: int | None = None
) -> list[Schedule]:
    """One schedule, one for each group, or none."""
    if given is None:
        return []
    if isinstance(given, (str, Schedule)):
        return [as_schedule(given, "schedule", total)]
    try:
        each = list(given)
    except TypeError:
        return [as_schedule(given, "schedule")]  # type: ignore[arg-type]  # which raises
    if not each:
        raise StepsizeError("schedule: an empty list, expected a schedule for each group")
    return [as_schedule(one, f"schedule[{number}]", total) for number, one in enumerate(each)]


def handles_of(schedules: Iterable[Schedule]) -> Any:
    """Their handles, in an array as C takes it."""
    handles = [each._handle for each in schedules]
    return (c_void_p * len(handles))(*handles)


def as_controllers(given: Controller | Iterable[Controller] | None) -> list[Controller]:
    """One controller, several or none, as a list."""
    if given is None:
        return []
    controllers = [given] if isinstance(given, Controller) else given
    try:
        controllers = list(controllers)
    except TypeError:
        raise convert.wrong_type("controller", "a controller such as GreedyLR()", given) from None
    for controller in controllers:
        if not isinstance(controller, Controller):
            raise convert.wrong_type("controller", "a controller such as GreedyLR()", controller)
    return controllers


def _parse(text: str, options: abi.stepsize_scheduler_options) -> int:
    encoded = text.encode("utf-8", "surrogatepass")
    handle, error = c_void_p(), new_error()
    status = quick.stepsize_scheduler_parse(encoded, len(encoded), byref(options), byref(handle), byref(error))
    if status or handle.value is None:
        raise parse_error(message_of(error), status, text, error.offset)
    return handle.value
