"""What a controller remembers, by name: read from the state of a scheduler, and written into one.

For schedulers that have these numbers as attributes, as their peers do. The layout is that of the state's fields in the
core (``transfer`` of each controller and of the scheduler), which is fixed by the state's format.
"""

from __future__ import annotations

import struct
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .scheduler import Scheduler

_HEADER = 24
# After the text: three numbers, three for each group, the step and the time.
_BEFORE_STEP, _FOR_GROUP = 24, 24

PLATEAU = {"best": "d", "target": "d", "bad": "q", "cooldown": "q", "sum": "d", "summed": "q", "decision": "q"}


def greedy(window: int) -> dict[str, str]:
    """The fields of the variant "huggingface", of which the window is 1 where losses are not averaged."""
    return {
        "average": "dqdd", "values": f"{window}d", "cursor": "q", "count": "q", "sum": "d", "best": "d", "target": "d",
        "good": "q", "bad": "q", "cooldown": "q", "warmup": "q", "reset": "q", "action": "q",
    }  # fmt: skip


def _places(scheduler: Scheduler, fields: Mapping[str, str], groups: int) -> dict[str, tuple[int, str]]:
    """Where each field is, and what it is."""
    offset = _HEADER + 8 + len(str(scheduler).encode()) + _BEFORE_STEP + _FOR_GROUP * groups
    places = {}
    for name, form in {"step": "q", "time": "q", "rates": f"{groups}d", **fields}.items():
        places[name] = offset, f"<{form}"
        offset += struct.calcsize(f"<{form}")
    return places


def read(scheduler: Scheduler, fields: Mapping[str, str], groups: int) -> dict[str, Any]:
    """The numbers of these fields: one, or a tuple where there are several."""
    state, found = scheduler.state(), {}
    for name, (offset, form) in _places(scheduler, fields, groups).items():
        numbers = struct.unpack_from(form, state, offset)
        found[name] = numbers if form[1:] not in ("d", "q") else numbers[0]
    return found


def write(scheduler: Scheduler, fields: Mapping[str, str], groups: int, numbers: Mapping[str, Any]) -> None:
    """Puts numbers into these fields; StepsizeError, and nothing changed, where the library refuses one."""
    state = bytearray(scheduler.state())
    places = _places(scheduler, fields, groups)
    for name, value in numbers.items():
        offset, form = places[name]
        struct.pack_into(form, state, offset, *(value if isinstance(value, (list, tuple)) else (value,)))
    struct.pack_into("<I", state, 12, crc32(state[:12] + state[16:]))
    scheduler.load_state(bytes(state))
