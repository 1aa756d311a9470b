"""What a controller observes of an update before it is made."""

from __future__ import annotations

from ctypes import byref, sizeof

from .._foreign import abi
from .._foreign.errors import StepsizeError
from .._foreign.library import message_of, new_error, quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .._foreign.stepper import Stepper

# The numbers, in the order of their bits in stepsize_needs.
NAMES: tuple[str, ...] = tuple(field[0] for field in abi.stepsize_observation._fields_[2:])
_SIZE = sizeof(abi.stepsize_observation)


def names_in(needs: int) -> tuple[str, ...]:
    """The numbers that a controller reads."""
    return tuple(name for i, name in enumerate(NAMES) if needs & abi.STEPSIZE_SCALAR_LOSS << i)


def observe(stepper: Stepper, given: Mapping[str, Any]) -> float:
    """Shows the numbers to the controller and returns the rate of this update. What is None is not given."""
    numbers = {
        name: stepper._numbers(value, name, one_for_all=True) for name, value in given.items() if value is not None
    }
    # The loss may stand for all groups, which have it in common.
    counts = {len(values) for name, values in numbers.items() if name != "loss" or len(values) > 1} or {1}
    if len(counts) > 1:
        raise StepsizeError(f"observe: some numbers are for all groups, some for each of {stepper._count}")
    count = counts.pop()
    bits = sum(abi.STEPSIZE_SCALAR_LOSS << i for i, name in enumerate(NAMES) if name in numbers)
    observations = (abi.stepsize_observation * count)()
    for i, one in enumerate(observations):
        one.size, one.given = _SIZE, bits
        for name, values in numbers.items():
            setattr(one, name, values[i if len(values) > 1 else 0])
    before, update = stepper._rates[0], quick.stepsize_scheduler_get_step(stepper._handle)
    error = new_error()
    status = quick.stepsize_scheduler_observe(
        stepper._handle, observations, count, stepper._pointer, stepper._count, byref(error)
    )
    if status:
        stepper._failed(status, message_of(error))
    stepper._changed(before, update)
    return stepper._rates[0]
