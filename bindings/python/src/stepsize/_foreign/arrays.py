"""Arrays of doubles that the library reads or writes in place."""

from __future__ import annotations

import sys
from array import array
from ctypes import POINTER, Array, c_double, cast

from . import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def zeros(count: int) -> array[float]:
    return array("d", (0.0,)) * count


def doubles(values: Any, name: str) -> Array[c_double]:
    """Numbers as C doubles; an array of doubles in memory is used in place, without copying."""
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


def pointer(values: array[float]) -> Any:
    return cast(values.buffer_info()[0], POINTER(c_double)) if len(values) > 0 else None
