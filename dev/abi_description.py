#!/usr/bin/env python3
"""Writes include/stepsize/abi.json, the C interface for programs that generate bindings. Run it as `make generate`.

    dev/abi_description.py [--check]

It reads the public headers, which dev/generate.py has written: declarations and comments. docs/bind.md says what the
fields mean; Tests/abi/description.sh holds them to the header and to the libraries.

Exit status: 0, 1 where --check finds the file stale, 2 where the headers have something that it has no rule for.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import abi_outputs
import generate
from abi_comments import Comment, above, beside, comments, parts, plain
from abi_outputs import ABI, base, declarations, enumerators
from abi_sources import Problem
from abi_units import unit_of
from pycparser import c_ast
from pycparser.c_generator import CGenerator

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = Path("include/stepsize/abi.json")
# Name: bytes, which are the alignment too, on machines with pointers of 8 bytes and of 4.
SCALARS = {
    "bool": (1, 1), "char": (1, 1), "uint8_t": (1, 1), "int32_t": (4, 4), "uint32_t": (4, 4), "float": (4, 4),
    "int64_t": (8, 8), "uint64_t": (8, 8), "double": (8, 8), "size_t": (8, 4), "pointer": (8, 4),
}  # fmt: skip
Json = dict[str, Any]


class Reader:
    """One header on top of others."""

    def __init__(self, header: str, abi: ABI):
        self.abi, self.comments = abi, comments(header)
        self.texts = {comment.last: comment.text for comment in self.comments if comment.is_alone}
        self.enums = [header.count("\n", 0, found.start()) + 1 for found in re.finditer(r"^enum ", header, re.M)]
        known = [abi, abi.below] if abi.below else [abi]
        self.handles = [name for one in known for name in one.handles]
        self.structures = [name for one in known for name in one.structures]
        self.numbers = {name: kind for one in known for name, kind in one.numbers.items()}

    # Types.

    def scalar(self, node: c_ast.Node) -> Json:
        """A number: its type, and the name that says what it is, if there is one."""
        name = base(node)
        if name in self.numbers:
            return {"type": self.numbers[name].removeprefix("c_") + "_t", "number": name}
        if name not in SCALARS:
            raise Problem(f"{name} is no number of the C interface")
        return {"type": name}

    def is_const(self, node: c_ast.Node) -> bool:
        return "const" in node.quals

    def pointer(self, owner: str, names: list[str], said: str, node: c_ast.PtrDecl, here: c_ast.Decl,
                after: list[c_ast.Decl]) -> Json:
        """What a parameter or field that is a pointer points to."""
        inner, name = node.type, here.name
        if isinstance(inner, c_ast.FuncDecl):
            return {"role": "callback", "null": False} | self.prototype(inner, owner)
        if isinstance(inner, c_ast.PtrDecl):
            handle = base(inner.type)
            if self.is_const(inner):
                return {"role": "handles", "handle": handle, "direction": "in"} | self.count(names, said, here, after)
            return {"role": "new handle", "handle": handle, "direction": "out", "null": False}
        kind, const = base(inner), self.is_const(inner)
        if kind in self.handles:
            if owner.endswith("_destroy"):
                return {"role": "handle", "handle": kind, "direction": "in", "destroyed": True, "null": True}
            null = "NULL: " in said or "NULL for " in said
            return {"role": "handle", "handle": kind, "direction": "in" if const else "in-out", "null": null}
        if kind == "stepsize_error":
            return {"role": "error", "struct": kind, "direction": "out", "null": True}
        if kind in self.structures:
            direction = "in" if const else "out" if owner.endswith("_defaults") else "in-out"
            following = after[0].name if after else ""
            if following.endswith("count"):
                return {"role": "structs", "struct": kind, "direction": direction, "count": following,
                        "null": f"where {following} is 0"}
            return {"role": "struct", "struct": kind, "direction": direction, "null": "may be NULL" in said}
        if kind == "void":
            return {"role": "data", "direction": "in", "null": True}
        if kind in ("char", "uint8_t"):
            return self.characters(kind, const, after)
        number = self.scalar(inner) | {"unit": unit_of(owner, name), "direction": "in" if const else "out"}
        counted = self.count(names, said, here, after) if kind in ("double", "float") else {}
        if counted:
            return {"role": "numbers"} | number | counted
        return {"role": "number out"} | number | {"null": "may be NULL" in said}

    def characters(self, kind: str, const: bool, after: list[c_ast.Decl]) -> Json:
        following = after[0].name if after else ""
        if not const:
            role = "text buffer" if kind == "char" else "bytes buffer"
            return {"role": role, "direction": "out", "capacity": "capacity", "size": "size",
                    "null": "where capacity is 0"}
        if following == "size":
            return {"role": "text" if kind == "char" else "bytes", "direction": "in", "size": "size", "null": False}
        if kind != "char":
            raise Problem("bytes without a size")
        return {"role": "terminated text", "direction": "in", "null": False}

    def count(self, names: list[str], said: str, here: c_ast.Decl, after: list[c_ast.Decl]) -> Json:
        """How many elements an array has: the next count, if only arrays stand between; else what its comment says.
        Nothing where it is a single number."""
        count = None
        if product := re.search(r"\b\w+\*\w+(?= numbers)", said):
            count = product[0]
        for one in after:
            if not isinstance(one.type, c_ast.PtrDecl):
                count = one.name if one.name.endswith("count") else count
                break
        if count is None and (named := re.search(r"`(\w*count)`", said)) and named[1] in names:
            count = named[1]
        if count is None and "row_stride" in names and here.name == "x":
            count = "rows*row_stride"
        if count is None:
            return {}
        # "may be NULL" alone, not "… where count is 0".
        free = re.search(r"may be NULL( unless [^;.]*)?(?=[;.]|$)", said)
        return {"count": count, "null": free[1].strip() if free and free[1] else True if free else
                f"where {count} is 0" if count in names else False}

    # Declarations.

    def parameters(self, owner: str, given: list[c_ast.Decl], said: dict[str, str]) -> list[Json]:
        names = [one.name for one in given]
        found = []
        for index, one in enumerate(given):
            text = said.get(one.name, "")
            if isinstance(one.type, c_ast.PtrDecl):
                about = self.pointer(owner, names, text, one.type, one, given[index + 1 :])
                if str(about["null"]).startswith("where") and re.match("1 (or|to) ", said.get(about.get("count"), "")):
                    about["null"] = False  # no array has 0 elements
            else:
                about = {"role": "number"} | self.scalar(one.type) | {"unit": unit_of(owner, one.name)}
            found.append({"name": one.name, "c": spelled(one)} | about | ({"doc": text} if text else {}))
        return found

    def prototype(self, node: c_ast.FuncDecl, owner: str) -> Json:
        """A callback; its `context` is the caller's own."""
        given = [one for one in node.args.params if isinstance(one, c_ast.Decl)]
        found = [
            {"name": one.name, "c": spelled(one)}
            | ({"role": "data"} if isinstance(one.type, c_ast.PtrDecl)
               else {"role": "number"} | self.scalar(one.type) | {"unit": unit_of(owner, one.name)})
            for one in given]
        return {"returns": self.result(node.type), "parameters": found}

    def result(self, node: c_ast.Node) -> Json:
        if isinstance(node, c_ast.PtrDecl):
            return {"type": "static text"} if base(node.type) == "char" else {"type": "data"}
        return {"type": "void"} if base(node) == "void" else self.scalar(node)

    def function(self, node: c_ast.Decl, section: str) -> Json:
        given = [one for one in node.type.args.params if isinstance(one, c_ast.Decl)]
        line = node.coord.line
        does, said = parts(self.texts.get(line - 1, ""), [one.name for one in given])
        result = self.result(node.type.type)
        if "Returns" in said:
            result["doc"] = said["Returns"]
        return {"name": node.name, "section": section, "doc": does, "returns": result,
                "parameters": self.parameters(node.name, given, said)}

    def structure(self, node: c_ast.Typedef) -> Json:
        inner = node.type.type
        fields, sizes, alignments = [], [0, 0], [1, 1]
        for one in inner.decls:
            # Also where several fields stand in a row under one comment.
            said = beside(self.comments, one.coord.line)
            about, each = self.field(node.name, one, said, [other.name for other in inner.decls])
            offsets = [-(-size // align) * align for size, (_, align) in zip(sizes, each)]
            sizes = [offset + size for offset, (size, _) in zip(offsets, each)]
            alignments = [max(old, align) for old, (_, align) in zip(alignments, each)]
            fields.append({"name": one.name, "c": spelled(one)} | about
                          | {"offset": offsets[0], "size": each[0][0], "offset_32": offsets[1], "size_32": each[1][0]}
                          | ({"doc": said} if said else {}))
        sizes = [-(-size // align) * align for size, align in zip(sizes, alignments)]
        grows = fields[0]["name"] == "size" and fields[0]["c"] == "uint32_t size"
        # One comment may be for an enum and the struct that follows it.
        doc = above(self.comments, inner.coord.line) or above(self.comments, self.enum_before(inner.coord.line))
        return {"name": node.name, "doc": doc,
                "size": sizes[0], "alignment": alignments[0], "size_32": sizes[1], "alignment_32": alignments[1],
                "grows": grows, "fields": fields}

    def enum_before(self, line: int) -> int:
        """The line of the last enum above a line."""
        return max((one for one in self.enums if one < line), default=0)

    def field(self, owner: str, one: c_ast.Decl, said: str, names: list[str]) -> tuple[Json, list[tuple[int, int]]]:
        """What it is, and (bytes, alignment) for pointers of 8 and 4 bytes."""
        if isinstance(one.type, c_ast.ArrayDecl):
            count = int(one.type.dim.value, 0)
            return {"role": "text field", "count": count}, [(count, 1), (count, 1)]
        if not isinstance(one.type, c_ast.PtrDecl):
            number = self.scalar(one.type)
            sizes = SCALARS[number["type"]]
            return {"role": "number"} | number | {"unit": unit_of(owner, one.name)}, [(size, size) for size in sizes]
        about = self.pointer(owner, names, said, one.type, one, [])
        if about["role"] in ("number out", "handles"):  # an array of the caller's
            count = counter(one.name, names)
            about |= {"role": "handles" if "handle" in about else "numbers",
                      "count": count, "null": f"where {count} is 0"}
        return about, [(size, size) for size in SCALARS["pointer"]]


def counter(name: str, names: list[str]) -> str:
    """The field that counts an array: min_lr_count for min_lr, early_stop_count for early_stops, else group_count."""
    return next((one for one in (f"{name}_count", f"{name[:-1]}_count") if one in names), "group_count")


def spelled(node: c_ast.Decl) -> str:
    return CGenerator().visit(node).replace("* const *", "*const *")


def enums_of(reader: Reader, nodes: list[c_ast.Node]) -> list[Json]:
    """The enums; each with the name of its numbers, which is declared directly after it or directly before."""
    def number(node: c_ast.Node | None) -> str | None:
        return node.name if node is not None and getattr(node, "name", None) in reader.abi.numbers else None

    found, taken = [], set()
    for index, node in enumerate(nodes):
        if not isinstance(node.type, c_ast.Enum):
            continue
        after = number(nodes[index + 1] if index + 1 < len(nodes) else None)
        name = after or next((one for one in [number(nodes[index - 1])] if one not in taken), None)
        taken.add(name)
        first = min(node.coord.line, nodes[index - 1].coord.line if name and not after else node.coord.line)
        values = [{"name": item.name, "value": value, "doc": beside(reader.comments, item.coord.line)}
                  for item, (_, value) in zip(node.type.values.enumerators, enumerators(node.type))]
        if values and len({item.coord.line for item in node.type.values.enumerators}) == 1 < len(values):
            for each in values:  # on one line: there is no comment for each
                each["doc"] = ""
        found.append({"name": name, "doc": above(reader.comments, first),
                      "flags": "sum of these" in above(reader.comments, first), "values": values})
    return found


def handles_of(reader: Reader, nodes: list[c_ast.Node]) -> list[Json]:
    found = []
    for node in nodes:
        if node.name in reader.abi.handles:
            doc = above(reader.comments, node.coord.line)
            found.append({"name": node.name, "destroy": f"{node.name}_destroy",
                          "threads": "one at a time" if "one thread at a time" in doc else "any number", "doc": doc})
    return found


def section_titles(found: list[Comment]) -> list[tuple[int, str]]:
    """(line, title) of the sections: `==== 3. Schedules ====`, with the title of the part `---- Making ----` behind."""
    titles, chapter = [], ""
    for comment in found:
        if match := re.match(r" (=|-)\1{3} (.+?) \1{3,}", comment.text):
            chapter = match[2] if match[1] == "=" else chapter
            titles.append((comment.first, chapter if match[1] == "=" or chapter.endswith(f". {match[2]}")
                           else f"{chapter}: {match[2]}"))
    return titles


def library(name: str, header: Path, text: str, below: ABI | None) -> tuple[Json, ABI]:
    abi = abi_outputs.parse(text, below)
    reader = Reader(text, abi)
    constants, nodes = declarations(text, below)
    titles = section_titles(reader.comments)
    lines = text.split("\n")
    defined = {word: 1 + next(i for i, line in enumerate(lines) if re.match(rf"#define {word}\b", line))
               for word in constants}

    def section(line: int) -> str:
        return [title for first, title in titles if first < line][-1]

    introduction = next(comment for comment in reader.comments if "\n\n" in comment.text)
    structures = [reader.structure(node) for node in nodes if node.name in abi.structures]
    functions = [reader.function(node, section(node.coord.line)) for node in nodes if node.name in abi.functions]
    defaults = {one["name"]: one["parameters"][0]["struct"] for one in functions if one["name"].endswith("_defaults")}
    for one in structures:
        made = [function for function, struct in defaults.items() if struct == one["name"]]
        one["defaults"] = made[0] if made else None
    return {
        "name": name,
        "header": str(header.relative_to("include")),
        "soname": f"lib{name}.so.{(below or abi).constants.get('STEPSIZE_ABI_VERSION')}",
        "introduction": plain(introduction.text),
        "constants": [{"name": word, "value": value, "doc": above(reader.comments, defined[word])}
                      for word, value in constants.items()],
        "enums": enums_of(reader, nodes),
        "numbers": [{"name": word, "type": reader.numbers[word].removeprefix("c_") + "_t"} for word in abi.numbers],
        "handles": handles_of(reader, nodes),
        "structs": structures,
        "functions": functions,
    }, abi


def description(root: Path) -> Json:
    found, below = [], None
    for name, one in generate.LIBRARIES.items():
        about, below = library(name, one.header, (root / one.header).read_text(encoding="utf-8"), below)
        found.append(about)
    return {
        "comment": "Generated by `make generate` (dev/abi_description.py). docs/bind.md says what the fields mean.",
        "schema": 1,
        "libraries": found,
    }


def written(value: Any, indent: int = 0) -> str:
    """JSON with a line for each object that holds no others."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and any(isinstance(one, (dict, list)) for one in value.values()):
        inner = ",\n".join(f"{pad}{json.dumps(key)}: {written(one, indent + 1)}" for key, one in value.items())
        return f"{{\n{inner}\n{' ' * indent}}}"
    if isinstance(value, list) and value:
        inner = ",\n".join(f"{pad}{written(one, indent + 1)}" for one in value)
        return f"[\n{inner}\n{' ' * indent}]"
    return json.dumps(value, ensure_ascii=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")
    options = parser.parse_args()
    try:
        text = written(description(ROOT)) + "\n"
    except (Problem, OSError) as problem:
        print(f"abi_description.py: {problem}", file=sys.stderr)
        return 2
    return generate.finish({ROOT / OUTPUT: text}, ROOT, options.check)


if __name__ == "__main__":
    sys.exit(main())
