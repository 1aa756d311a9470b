"""``stepsize table``: the values as CSV, JSON or a NumPy array."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext

from .._foreign.errors import StepsizeError
from ._inputs import Plan, add_plan
from ._output import is_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from array import array
    from collections.abc import Iterator

_FORMATS = ("csv", "json", "npy")
_CHUNK = 1 << 14


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "table", help="print the values as CSV, JSON or a NumPy array",
        description="Writes update, multiplier and rate (CSV, JSON), or only the rates as float64 (npy). The numbers"
        " are written so that reading them gives the same bits.",
    )  # fmt: skip
    add_plan(parser)
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only every K-th update (default: 1)")
    parser.add_argument("--format", choices=_FORMATS, help="default: by the suffix of the output, otherwise csv")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    plan = Plan(arguments)
    if arguments.every < 1:
        raise StepsizeError(f"every = {arguments.every}, expected an integer >= 1")
    suffix = os.path.splitext(arguments.output or "")[1][1:].lower()
    form = arguments.format or (suffix if suffix in _FORMATS else "csv")
    if form == "npy" and arguments.output is None and is_terminal():
        raise StepsizeError("format = 'npy', expected a file (-o) or a pipe as output, not a terminal")
    count = -(-plan.steps // arguments.every)
    write = {"csv": _csv, "json": _json, "npy": _npy}[form]
    with open(arguments.output, "wb") if arguments.output else nullcontext(sys.stdout.buffer) as file:
        for piece in write(plan, count, arguments.every):
            file.write(piece)
    return 0


def _rows(plan: Plan, count: int, every: int) -> Iterator[tuple[int, array[float], array[float]]]:
    for first in range(0, count, _CHUNK):
        number = min(_CHUNK, count - first)
        start = first * every
        yield (
            start, plan.schedule.curve(number, start, stride=every),
            plan.schedule.curve(number, start, plan.base_lr, stride=every),
        )  # fmt: skip


def _csv(plan: Plan, count: int, every: int) -> Iterator[bytes]:
    yield b"update,multiplier,lr\n"
    for start, values, rates in _rows(plan, count, every):
        lines = (f"{start + i * every},{value!r},{rate!r}\n" for i, (value, rate) in enumerate(zip(values, rates)))
        yield "".join(lines).encode("ascii")


def _json(plan: Plan, count: int, every: int) -> Iterator[bytes]:
    import json

    head = {"schedule": str(plan.schedule), "controllers": list(map(str, plan.controllers)), "base_lr": plan.base_lr}
    yield json.dumps(head)[:-1].encode("ascii")
    for name, column in (("update", 0), ("multiplier", 1), ("lr", 2)):
        before = f', "{name}": ['
        for start, values, rates in _rows(plan, count, every):
            numbers = ([start + i * every for i in range(len(values))], values, rates)[column]
            yield (before + ", ".join(map(repr, numbers))).encode("ascii")
            before = ", "
        yield b"]"
    yield b"}\n"


def _npy(plan: Plan, count: int, every: int) -> Iterator[bytes]:
    # Version 1.0 of NumPy's format: magic, length of the header, header up to a multiple of 64, numbers.
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({count},), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    yield b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("ascii")
    for _, _, rates in _rows(plan, count, every):
        if sys.byteorder == "big":
            rates.byteswap()
        yield rates.tobytes()
