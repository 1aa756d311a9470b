"""The C interface as pages of the site: the introduction with an index of everything, and a page for each section.

From include/stepsize/abi.json, which has functions, structs and constants, and the headers, which have their
declarations.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.compile(r"^/\* ==== (.*?) =*(?: \*/)?$", re.MULTILINE)


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.;:])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(";:")


def escaped(text: str) -> str:
    """Names with underscores, and what Markdown would take for markup, in a text of the header."""
    names = re.sub(r"(?<![`\w])((?:STEPSIZE|stepsize)_\w*…?)", r"`\1`", text)
    # Not inside backticks.
    parts = names.replace("|", r"\|").split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("*", r"\*").replace("_", r"\_") for part in parts[::2]]
    return "`".join(parts)


def prose(text: str) -> str:
    """The paragraphs of a comment; what is indented is a program, what stands in capitals alone a heading."""
    parts = []
    for block in text.split("\n\n"):
        if block.startswith("    "):
            parts.append("```c\n" + re.sub(r"^ {4}", "", block, flags=re.MULTILINE) + "\n```")
        elif re.fullmatch(r"[A-Z ]+", block.strip()):
            parts.append("### " + block.strip().capitalize())
        else:
            parts.append(escaped(block))
    return "\n\n".join(parts)


class Header:
    """A header's declarations by name, and the numbered section that each is in."""

    def __init__(self, library: dict[str, Any]) -> None:
        self.library = library
        self.text = (ROOT / "include" / library["header"]).read_text(encoding="utf-8")
        places = [(match.start(), match[1].strip()) for match in SECTION.finditer(self.text)]
        self.sections = [title for _, title in places]
        self.places = places

    def section(self, declaration: str) -> str:
        at = self.text.find(declaration)
        return next((title for place, title in reversed(self.places) if place < at), self.sections[0])

    def declaration(self, name: str) -> str:
        """Of a function, as the header has it."""
        found = re.search(rf"^[^\n/#]*\b{name}\((?:[^;]*)\);", self.text, re.MULTILINE)
        return found[0] if found else name

    def type_text(self, kind: str, name: str) -> str:
        """Of a struct, or of the constants of which `name` is one."""
        struct, constants = rf"^typedef struct {name} \{{.*?^\}} {name};", rf"^enum \{{[^}}]*?\b{name}\b.*?^\}};"
        found = re.search(struct if kind == "struct" else constants, self.text, re.MULTILINE | re.DOTALL)
        return found[0] if found else ""


def function(header: Header, one: dict[str, Any]) -> str:
    lines = [f"### {one['name']}", "", f"```c\n{header.declaration(one['name'])}\n```", "", prose(one["doc"]), ""]
    lines += [f"- `{each['name']}`: {escaped(each['doc'])}" for each in one["parameters"] if each.get("doc")]
    if one["returns"].get("doc"):
        lines.append(f"- Returns: {escaped(one['returns']['doc'])}")
    return "\n".join(lines)


def pages(library: dict[str, Any]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """{file name: text}, and (title, file name) for each page after the first."""
    header = Header(library)
    prefix = "" if library["name"] == "stepsize" else library["name"].removeprefix("stepsize-") + "-"
    by_section: dict[str, list[str]] = {title: [] for title in header.sections}
    index: list[tuple[str, str, str]] = []
    file_of = {title: f"{prefix}{slug(title)}.md" for title in header.sections}

    def add(title: str, name: str, text: str, about: str) -> None:
        by_section[title].append(text)
        index.append((name, f"{file_of[title]}#{slug_of(name)}", about))

    for kind in ("structs", "enums", "handles"):
        for one in library[kind]:
            name, doc = one["name"] or prefix_of(one["values"]), one.get("doc", "")
            first = one["values"][0]["name"] if kind == "enums" else name
            code = header.type_text("struct" if kind == "structs" else "enum", first) if kind != "handles" else ""
            title = header.section(code or f"typedef struct {name} {name};")
            text = f"### {name}\n\n{prose(doc)}\n" + (f"\n```c\n{code}\n```\n" if code else "")
            if not by_section[title] and title != "Types":
                by_section[title].append("## Types")
            add(title, name, text, first_sentence(doc))
    group = ""
    for one in library["functions"]:
        title, _, part = one["section"].partition(": ")
        if part and part != group:
            by_section[title].append(f"## {part}")
            group = part
        add(title, one["name"], function(header, one), first_sentence(one["doc"]))

    result = {}
    for title, texts in by_section.items():
        if texts:
            body = "\n\n".join(texts)
            result[file_of[title]] = f"# {title}\n\n`#include <{library['header']}>`\n\n{body}\n"
    rows = [f"| [`{name}`]({target}) | {escaped(about)} |" for name, target, about in sorted(index)]
    sections = [f"- [{title}]({file_of[title]})" for title in header.sections if by_section[title]]
    name = "The C interface" if not prefix else "C: factorizations and agents"
    result[f"{prefix}index.md"] = "\n".join([
        f"# {name}", "", f"`#include <{library['header']}>`, `-l{library['name']}`.",
        "The header is the reference; these pages are made of it.", "", "## Sections", "", *sections, "",
        "## Introduction", "", prose(library["introduction"]), "",
        "## Index", "", "| name | |", "|---|---|", *rows, "",
    ])  # fmt: skip
    return result, [(title, file_of[title]) for title in header.sections if by_section[title]]


def prefix_of(values: list[dict[str, Any]]) -> str:
    """What names constants whose type has no name of its own."""
    return os.path.commonprefix([each["name"] for each in values]).rstrip("_")


def slug_of(name: str) -> str:
    """The anchor that the site gives a heading."""
    return name.lower()


def write(folder: Path) -> list[tuple[str, str]]:
    """Writes all pages and returns the navigation."""
    folder.mkdir(parents=True, exist_ok=True)
    navigation = []
    for library in json.loads((ROOT / "include/stepsize/abi.json").read_text(encoding="utf-8"))["libraries"]:
        texts, listed = pages(library)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        first = next(name for name in texts if name.endswith("index.md"))
        title = "Introduction and index" if first == "index.md" else "Factorizations and agents"
        if first != "index.md":
            listed = [(f"{section} ({library['name']})", name) for section, name in listed]
        navigation += [(title, first), *listed]
    return navigation
