#!/usr/bin/env python3
"""check_abi.py OLD NEW: whether a program compiled with the headers in the folder OLD works with a library that has
those in NEW, by the rules of docs/abi.md. Prints the structs that have grown, one a line.

Exit status: 0; 1, standard error says what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import abi_outputs

# These tell of the version itself.
CHANGING = ("STEPSIZE_VERSION_MAJOR", "STEPSIZE_VERSION_MINOR", "STEPSIZE_VERSION_PATCH")


def read(folder: Path) -> list[abi_outputs.ABI]:
    first = abi_outputs.parse((folder / "stepsize/stepsize.h").read_text(encoding="utf-8"))
    return [first, abi_outputs.parse((folder / "stepsize/learn.h").read_text(encoding="utf-8"), first)]


def can_grow(fields: list[tuple[str, str]]) -> bool:
    return fields[0] == ("size", "c_uint32")


def compare(old: abi_outputs.ABI, new: abi_outputs.ABI) -> tuple[list[str], list[str]]:
    """What has changed and must not, and the structs that have grown."""
    faults, grown = [], []
    for kind in ("functions", "constants", "numbers"):
        now = getattr(new, kind)
        for name, was in getattr(old, kind).items():
            if name not in CHANGING and now.get(name) != was:
                faults.append(f"{name} was {was}, is {now.get(name, 'gone')}")
    faults += [f"the handle {name} is gone" for name in old.handles if name not in new.handles]
    for name, was in old.structures.items():
        now = new.structures.get(name, [])
        if now[: len(was)] != was or (len(now) > len(was) and not can_grow(was)):
            faults.append(f"{name} was {was}, is {now or 'gone'}")
        elif len(now) > len(was):
            grown.append(name)
    return faults, grown


def main() -> int:
    old, new = (read(Path(word)) for word in sys.argv[1:3])
    faults: list[str] = []
    for each in zip(old, new):
        found, grown = compare(*each)
        faults += found
        print(*grown, sep="\n", end="\n" if grown else "")
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
