"""Docstrings for the site: what reStructuredText marks, as Markdown marks it. An extension of griffe, which reads the
package.

In the sources an example follows `::` and is indented, as `help()` shows it best.
"""

from __future__ import annotations

import re
from typing import Any

import griffe


def as_markdown(text: str) -> str:
    # A block after `::` becomes one of Python. Nothing else in a docstring is touched but roles.
    lines, result, index = text.split("\n"), [], 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not line.rstrip().endswith("::"):
            result.append(line)
            continue
        result.append(line.rstrip()[:-1])
        indent = len(line) - len(line.lstrip())
        block: list[str] = []
        while index < len(lines) and (not lines[index].strip() or indent_of(lines[index]) > indent):
            block.append(lines[index])
            index += 1
        while block and not block[-1].strip():
            block.pop()
        inner = min((indent_of(each) for each in block if each.strip()), default=0)
        margin = " " * indent
        code = [margin + each[inner:] if each.strip() else "" for each in block]
        result += ["", f"{margin}```python", *code[1 if code and not code[0] else 0 :], f"{margin}```", ""]
    return re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", "\n".join(result))


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


class Markdown(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
