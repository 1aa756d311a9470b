"""The C interface for JavaScript: its constants and the layouts of its structs, and the types of its functions."""

from __future__ import annotations

import os
import textwrap

from bindings import NOTICE, Json, summary

# Addresses are numbers there, and integers of 64 bits are BigInt.
SCALARS = {"int64_t": "bigint", "uint64_t": "bigint", "void": "void", "bool": "number"}


def files(library: Json) -> dict[str, str]:
    return {"wasm/src/interface.js": interface(library), "wasm/src/interface.d.ts": types(library)}


def enums(library: Json) -> dict[str, dict[str, int]]:
    """{"Decision": {"NONE": 0, …}, …}, also of those that have no type in C."""
    found: dict[str, dict[str, int]] = {}
    for enum in library["enums"]:
        names = [value["name"] for value in enum["values"]]
        prefix = os.path.commonprefix(names)
        prefix = prefix[: prefix.rindex("_") + 1]
        title = (enum["name"] or prefix.rstrip("_").lower()).removeprefix("stepsize_").capitalize()
        found[title] = {value["name"].removeprefix(prefix): value["value"] for value in enum["values"]}
    return found


def constants(library: Json) -> dict[str, str]:
    return {
        one["name"].removeprefix("STEPSIZE_"): f"{one['value']}{'n' if one['value'] > 2**53 else ''}"
        for one in library["constants"]
    }


def field(one: Json) -> str:
    if one["role"] == "number":
        return f'["{one["type"]}", {one["offset_32"]}]'
    if one["role"] == "text field":
        return f'["text", {one["offset_32"]}, {one["count"]}]'
    return f'["pointer", {one["offset_32"]}]'


def interface(library: Json) -> str:
    out = [f"// {NOTICE}"]
    out += [f"export const {name} = {value};" for name, value in constants(library).items()]
    for title, values in enums(library).items():
        inside = ", ".join(f"{name}: {value}" for name, value in values.items())
        out.append(f"export const {title} = Object.freeze({{ {inside} }});")
    out.append("\n// Structs as they lie in memory: the type of each field, where it is, and the bytes of a text.")
    out.append("export const layouts = {")
    for struct in library["structs"]:
        fields = ", ".join(f"{one['name']}: {field(one)}" for one in struct["fields"])
        out.append(f"  {struct['name']}: {{ size: {struct['size_32']}, fields: {{ {fields} }} }},")
    return "\n".join([*out, "};", ""])


def comment(doc: str, indent: str) -> str:
    lines = textwrap.wrap(summary(doc), 116 - len(indent))
    return f"{indent}/** {f'{chr(10)}{indent} *  '.join(lines)} */\n" if lines else ""


def types(library: Json) -> str:
    out = [f"// {NOTICE}\n\n/** An address in the memory of the module. */\nexport type Pointer = number;\n"]
    out += [f"export const {name}: {value};" for name, value in constants(library).items()]
    for title, values in enums(library).items():
        inside = "; ".join(f"readonly {name}: {value}" for name, value in values.items())
        out.append(f"export const {title}: {{ {inside} }};")
    fields = "{ readonly [field: string]: readonly [type: string, offset: number, size?: number] }"
    layout = f"{{ readonly size: number; readonly fields: {fields} }}"
    out.append(f"export const layouts: {{ readonly [struct: string]: {layout} }};")
    out.append("\n/** What stepsize.wasm exports: include/stepsize/stepsize.h says what each function does. */")
    out.append("export interface Functions {\n  readonly memory: WebAssembly.Memory;")
    out.append("  malloc(size: number): Pointer;\n  free(block: Pointer): void;")
    for function in library["functions"]:
        parameters = ", ".join(
            f"{one['name']}: {SCALARS.get(one['type'], 'number') if one['role'] == 'number' else 'Pointer'}"
            for one in function["parameters"])  # fmt: skip
        result = SCALARS.get(function["returns"]["type"], "number")
        out.append(f"{comment(function['doc'], '  ')}  {function['name']}({parameters}): {result};")
    return "\n".join([*out, "}", ""])
