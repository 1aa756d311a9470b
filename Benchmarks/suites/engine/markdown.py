"""Tables and paragraphs of the reports."""

from __future__ import annotations

import re
import textwrap


def rows(header: list[str], lines: list[list[str]]) -> str:
    body = ["| " + " | ".join(line) + " |" for line in [header, *lines]]
    return "\n".join([body[0], "|" + "---|" * len(header), *body[1:]])


def filled(text: str) -> str:
    """Paragraphs and list items broken into lines of at most 120 characters; tables and headings as they are."""
    blocks = []
    for block in text.split("\n\n"):
        if block.lstrip()[:1] in ("|", "#", "!", "<"):
            blocks.append(block)
            continue
        items = re.split(r"\n(?=- )", block)
        broken = [textwrap.fill(" ".join(item.split()), 120, subsequent_indent="  " * item.startswith("- "),
                                break_long_words=False, break_on_hyphens=False) for item in items]  # fmt: skip
        blocks.append("\n".join(broken))
    return "\n\n".join(blocks)


def listed(names: list[str]) -> str:
    return ", ".join(names) if names else "none"


def p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
