"""The comments of a generated header: which declaration each belongs to, and its text without the wrapping."""

import re
from dataclasses import dataclass


@dataclass
class Comment:
    first: int  # lines, from 1
    last: int
    text: str
    is_alone: bool  # nothing but space before it on its first line


def comments(header: str) -> list[Comment]:
    found = []
    for match in re.finditer(r"/\*(.*?)\*/", header, re.S):
        first = header.count("\n", 0, match.start()) + 1
        before = header[header.rfind("\n", 0, match.start()) + 1 : match.start()]
        found.append(Comment(first, first + match[0].count("\n"), match[1], not before.strip()))
    return found


def above(found: list[Comment], line: int) -> str:
    """What stands directly above a declaration."""
    return next((plain(one.text) for one in found if one.last == line - 1 and one.is_alone), "")


def beside(found: list[Comment], line: int) -> str:
    """What is said of a field or constant: behind it, else directly above it."""
    behind = next((plain(one.text) for one in found if one.first == line and not one.is_alone), None)
    return above(found, line) if behind is None else behind


def plain(text: str) -> str:
    """Paragraphs as one line each; what is indented, such as code, stays as it is."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        deep = all(line.startswith("       ") for line in lines)
        out.append("\n".join(line[3:].rstrip() for line in lines) if deep else " ".join(block.split()))
    return "\n\n".join(out).strip()


def parts(text: str, names: list[str]) -> tuple[str, dict[str, str]]:
    """The comment of a function: what it does, and what is said of each parameter and of `Returns`."""
    field = re.compile(rf"^   ({'|'.join([*names, 'Returns'])}): ", re.M)
    start = re.search(rf"(?:\n\n|\A){field.pattern[1:]}", text)
    if not start:
        return plain(text), {}
    pieces = field.split("\n" + text[start.start() :].lstrip("\n"))
    return plain(text[: start.start()]), {name: plain(said) for name, said in zip(pieces[1::2], pieces[2::2])}
