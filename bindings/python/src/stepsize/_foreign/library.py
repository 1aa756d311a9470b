"""Finds, loads and binds libstepsize; `load` does the same for libstepsize-learn (`_learn`)."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_char, c_size_t, c_void_p

from . import abi
from .errors import failure

TYPE_CHECKING = False  # importing `typing` takes longer than the rest of this package
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ENVIRONMENT = "STEPSIZE_LIBRARY"
_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_lib")
PACKAGED = os.path.join(_FOLDER, f"libstepsize.so.{abi.STEPSIZE_ABI_VERSION}")

_CAUSES = """\
Likely causes:
  - the package is imported from its source folder: install it with `pip install ./bindings/python`
  - it was installed for another platform or processor: build it on this machine
  - STEPSIZE_LIBRARY or STEPSIZE_LEARN_LIBRARY names a file that does not exist or is not this library"""


def load(name: str, path: str, origin: str, table: Any, abi_version: str) -> ctypes.CDLL:
    """The library `name` at `path`, found by `origin`, with the types of its functions set from `table`."""
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"stepsize: the native library {name} could not be loaded.\n"
            f"Tried:\n  {path} ({origin}): {error}\n{_CAUSES}"
        ) from None
    try:
        function = getattr(library, abi_version)
        function.restype = ctypes.c_int32
        number = function()
        if number != abi.STEPSIZE_ABI_VERSION:
            raise ImportError(
                f"stepsize: {path} ({origin}) has interface number {number}, this package needs"
                f" {abi.STEPSIZE_ABI_VERSION}: install the package and the library from the same source"
            )
        table.bind(library)
    except AttributeError as error:  # a function is missing
        raise ImportError(
            f"stepsize: {path} ({origin}) is not {name}, or is older than this package: {error}"
        ) from None
    return library


_QUICK = ("stepsize_scheduler_", "stepsize_norm_log_", "stepsize_schedule_at", "stepsize_schedule_rates")


def _holding_the_lock(library: ctypes.CDLL) -> ctypes.PyDLL:
    """The same library, called without releasing the interpreter lock.

    For calls that take nanoseconds: releasing the lock would cost more than the work, and while it is held two threads
    that share a scheduler cannot be inside it at once.
    """
    quick = ctypes.PyDLL(None, handle=library._handle)
    for name, (restype, argtypes) in abi.SIGNATURES.items():
        if name.startswith(_QUICK):
            function = getattr(quick, name)
            function.restype, function.argtypes = restype, argtypes
    return quick


def _find() -> tuple[str, str]:
    """The library that STEPSIZE_LIBRARY names, otherwise the one in the package."""
    named = os.environ.get(ENVIRONMENT)
    return (named, ENVIRONMENT) if named else (PACKAGED, "in the package")


library = load("libstepsize", *_find(), abi, "stepsize_abi_version")
quick = _holding_the_lock(library)

_number = library.stepsize_version()
VERSION = f"{_number // 1_000_000}.{_number // 1000 % 1000}.{_number % 1000}"


def new_error() -> abi.stepsize_error:
    return abi.stepsize_error(offset=-1)


def message_of(error: abi.stepsize_error) -> str:
    return bytes(error.text).decode("utf-8", "replace")


def create(function: Callable[..., int], *arguments: Any) -> int:
    """Calls a constructor `function(*arguments, out, error)` and returns the handle, or raises StepsizeError."""
    handle, error = c_void_p(), new_error()
    status = function(*arguments, byref(handle), byref(error))
    if status != abi.STEPSIZE_OK or handle.value is None:
        raise failure(message_of(error), status)
    return handle.value


def read_text(function: Callable[..., int], *arguments: Any) -> str:
    """Calls `function(*arguments, buffer, capacity, length)` twice: for the length, then for the text."""
    length = c_size_t()
    status = function(*arguments, None, 0, byref(length))
    if status == abi.STEPSIZE_OK:
        buffer = (c_char * (length.value + 1))()
        status = function(*arguments, buffer, len(buffer), None)
    if status != abi.STEPSIZE_OK:
        raise failure(library.stepsize_status_name(status).decode(), status)
    return buffer.raw[: length.value].decode("utf-8")


def check(function: Callable[..., int], *arguments: Any) -> None:
    """Calls `function(*arguments, error)` and raises StepsizeError where it fails."""
    error = new_error()
    status = function(*arguments, byref(error))
    if status != abi.STEPSIZE_OK:
        raise failure(message_of(error), status)
