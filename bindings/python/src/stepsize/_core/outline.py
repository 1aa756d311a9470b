"""What a schedule consists of: its parts, its named phases, and how long a picture of it should be."""

from __future__ import annotations

import re
from ctypes import byref, sizeof
from functools import lru_cache

from .._foreign import abi
from .._foreign.library import library
from .catalogue import entries
from .phase import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schedule import Schedule

# Of a schedule without an end this many updates are shown at least.
_AT_LEAST = 1000
# How many places are asked for the phase that is there; a shorter phase is found by where the parts begin.
_PLACES = 512
# A table of a million numbers is one part: nothing in it is looked at.
_LONGEST_TEXT = 100_000

_TOKEN = re.compile(r""">>|"[^"]*"|'[^']*'|\[[^\]]*\]|[A-Za-z_]\w*|[-+]?[0-9.][0-9.eE+-]*|[()*,=]""")


class Node:
    """A piece of a schedule's canonical text.

    Attributes:
        kind: "sequence" (of parts), "product" (of factors), "number", or "call" of a named schedule.
        text: The piece itself.
        name: The name of a named schedule.
        values: Its parameters as they are written, numbers and words.
        parts: The parts, the factors, or the schedules among the parameters.
        phase: The name that is given to it, in quotes.
    """

    __slots__ = ("kind", "name", "parts", "phase", "text", "values")

    def __init__(self, kind: str, text: str, parts: list[Node], name: str = "") -> None:
        self.kind, self.text, self.parts, self.name = kind, text, parts, name
        self.values: dict[str, str] = {}
        self.phase = ""

    def number(self, name: str) -> float | None:
        """A parameter that is a number: as it is written, or its default."""
        try:
            return float(self.values.get(name, _parameters(self.name).get(name, "")))
        except ValueError:
            return None

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()


class _Reader:
    """Reads a canonical text, which the library wrote: it is right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        self.tokens.append(("", len(text), len(text)))
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place][0]

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def since(self, first: int) -> str:
        return self.text[self.tokens[first][1] : self.tokens[self.place - 1][2]]

    def chain(self) -> Node:
        return self.joined("sequence", ">>", self.product)

    def product(self) -> Node:
        return self.joined("product", "*", self.factor)

    def joined(self, kind: str, operator: str, operand: object) -> Node:
        assert callable(operand)
        first = self.place
        parts = [operand()]
        while self.peek() == operator:
            self.take()
            parts.append(operand())
        return parts[0] if len(parts) == 1 else Node(kind, self.since(first), parts)

    def factor(self) -> Node:
        first = self.place
        token = self.take()
        if token == "(":
            node = self.chain()
            while self.peek() == ",":
                self.place += 3  # , phase =
                node.phase = self.take()
            self.take()
            # With its brackets the text can be parsed alone.
            node.text = self.since(first)
            return node
        if self.peek() != "(":
            return Node("number", token, [])
        node = Node("call", "", [], token)
        names = list(_parameters(token))
        self.take()
        while self.peek() != ")":
            if self.peek() == ",":
                self.take()
            name = names[len(node.values) + len(node.parts)] if self.tokens[self.place + 1][0] != "=" else ""
            if not name:
                name = self.take()
                self.take()
            if self.peek() == "(" or self.tokens[self.place + 1][0] in ("(", "*"):
                node.parts.append(self.chain())
            else:
                node.values[name] = self.take()
        self.take()
        node.phase = node.values.pop("phase", "")
        node.text = self.since(first)
        return node


@lru_cache(maxsize=None)
def _parameters(name: str) -> dict[str, str]:
    """The parameters of a named schedule, and their defaults."""
    entry = next(each for each in entries() if each.name == name)
    return {each.name: each.default for each in entry.parameters}


def tree(schedule: Schedule) -> Node:
    """The structure of a schedule."""
    text = str(schedule)
    if len(text) > _LONGEST_TEXT:
        return Node("call", text, [], text.partition("(")[0])
    return _Reader(text).chain()


class Part:
    """A stretch of a schedule: from update `start` on for `length` updates; None for no end."""

    __slots__ = ("length", "node", "start")

    def __init__(self, node: Node, start: int, length: int | None) -> None:
        self.node, self.start, self.length = node, start, length

    @property
    def end(self) -> int | None:
        return None if self.length is None else self.start + self.length


def _length(schedule: Schedule, text: str) -> int | None:
    handle = schedule._parse(text)
    length: int = library.stepsize_schedule_length(handle)
    library.stepsize_schedule_destroy(handle)
    return None if length == abi.STEPSIZE_NEVER else length


def parts(schedule: Schedule) -> list[Part]:
    """What comes one after the other."""
    whole = tree(schedule)
    if whole.kind != "sequence":
        return [Part(whole, 0, schedule.length)]
    found: list[Part] = []
    start: int | None = 0
    for node in whole.parts:
        if start is None:  # the one before has no end: this one never comes
            break
        part = Part(node, start, _length(schedule, node.text))
        found.append(part)
        start = part.end
    return found


def phases(schedule: Schedule, steps: int) -> list[Phase]:
    """The named phases that begin before update `steps`, in order."""
    places = {steps * i // _PLACES for i in range(_PLACES)} | {part.start for part in parts(schedule)}
    found: dict[tuple[int, int | None, str], Phase] = {}
    for place in sorted(places):
        answer = abi.stepsize_phase(size=sizeof(abi.stepsize_phase))
        library.stepsize_schedule_phase(schedule._handle, place, byref(answer))
        if answer.name:
            phase = Phase(answer)
            if phase.start < steps:
                found.setdefault((phase.start, phase.length, phase.name), phase)
    return list(found.values())


def shown(schedule: Schedule) -> int:
    """How many updates a picture shows where nobody says it: the length; without an end four times what the
    parameters speak of."""
    length = schedule.length
    if length is not None:
        return max(1, length)
    longest = 0
    for node in tree(schedule).walk():
        for name, text in node.values.items():
            if name not in ("seed", "count") and not text.startswith(('"', "'")):
                numbers = [float(word) for word in re.findall(r"[0-9][0-9.eE+]*", text)]
                longest = max([longest, *(int(min(number, 1e15)) for number in numbers)])
    return max(_AT_LEAST, 4 * longest)
