"""The C interface as LuaJIT's ffi.cdef reads it, and the words of its numbers."""

from __future__ import annotations

from bindings import NOTICE, Json, result_in_c, title, words_of


def files(library: Json) -> dict[str, str]:
    return {"lua/stepsize/interface.lua": interface(library)}


def interface(library: Json) -> str:
    lines = [f"typedef {one['type']} {one['name']};" for one in library["numbers"]]
    for enum in library["enums"]:
        values = ", ".join(f"{value['name']} = {value['value']}" for value in enum["values"])
        lines.append(f"enum {{ {values} }};")
    lines += [f"typedef struct {one['name']} {one['name']};" for one in library["handles"]]
    for struct in library["structs"]:
        fields = " ".join(f"{one['c']};" for one in struct["fields"])
        lines.append(f"typedef struct {struct['name']} {{ {fields} }} {struct['name']};")
    for function in library["functions"]:
        parameters = ", ".join(one["c"] for one in function["parameters"]) or "void"
        lines.append(f"{result_in_c(function)} {function['name']}({parameters});".replace("* step", "*step"))
    declarations = "\n".join(lines)
    words = ""
    for enum in library["enums"]:
        if title(enum):
            inside = ", ".join(f'[{value}] = "{word}"' for word, value in words_of(enum).items())
            words += f"  {title(enum).lower()} = {{ {inside} }},\n"
    numbers = {one["name"]: one["value"] for one in library["constants"]}
    return (f"-- {NOTICE}\nlocal ffi = require(\"ffi\")\n\nffi.cdef [[\n{declarations}\n]]\n\n"
            "-- What numbers mean, by their name in C.\n"
            f"return {{\n  abi_version = {numbers['STEPSIZE_ABI_VERSION']},\n"
            f"  never = {numbers['STEPSIZE_NEVER']}LL,\n{words}}}\n")
