"""The state of a scheduler in dictionaries and files."""

from __future__ import annotations

import os
from binascii import Error, a2b_base64, b2a_base64

from .._foreign import convert
from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def checked(state: bytes) -> bytes:
    """The bytes of a state."""
    if not isinstance(state, (bytes, bytearray, memoryview)):
        raise convert.wrong_type("state", "bytes", state)
    return bytes(state)


def pack(state: bytes) -> dict[str, Any]:
    """A state as a number and a text, which any format can hold."""
    return {
        "format": int.from_bytes(state[8:12], "little"), "state": b2a_base64(state, newline=False).decode("ascii"),
    }  # fmt: skip


def unpack(state_dict: Mapping[str, Any]) -> bytes:
    """The state in such a dictionary."""
    state = state_dict.get("state")
    if not isinstance(state, str):
        raise StepsizeError("state_dict: no text under 'state': it is not that of a Scheduler")
    try:
        return a2b_base64(state.encode("ascii"))
    except (Error, UnicodeEncodeError) as error:
        raise StepsizeError(f"state_dict: 'state' is not base 64: {error}") from None


def write(path: str | os.PathLike[str], state: bytes) -> None:
    """Writes a file atomically: whenever the process dies, the file is the old or the new one."""
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    new = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.new")
    try:
        with open(new, "wb") as file:
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.remove(new)
        raise
    # The new name must reach the disk as well.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
