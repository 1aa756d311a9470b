"""The low-level layer of the Rust crate: ffi.rs has the C interface, constants.rs its numbers as types."""

from __future__ import annotations

import re
import textwrap

from bindings import NOTICE, Json, prefix_of, result_in_c, summary, title

SCALARS = {
    "int32_t": "i32", "uint32_t": "u32", "int64_t": "i64", "uint64_t": "u64", "uint8_t": "u8", "size_t": "usize",
    "float": "f32", "double": "f64", "bool": "bool", "char": "c_char", "void": "c_void",
}  # fmt: skip


def files(library: Json) -> dict[str, str]:
    return {"rust/src/ffi.rs": ffi(library), "rust/src/constants.rs": constants(library)}


def comment(doc: str, indent: str = "") -> str:
    if not doc:
        return ""
    text = summary(doc).replace("[", "\\[").replace("]", "\\]").replace("<", "\\<")
    return "".join(f"{indent}/// {line}\n" for line in textwrap.wrap(text, 116 - len(indent)))


def rust_type(declared: str, name: str) -> str:
    """The type of `const double *const *name` and the like."""
    if array := re.fullmatch(rf"(\w+) {name}\[(\d+)\]", declared):
        return f"[{rust_type(array[1] + ' x', 'x')}; {array[2]}]"
    const, base, stars = re.fullmatch(rf"(const )?(\w+) ?([*const ]*){name}", declared).groups()
    rust, is_const = SCALARS.get(base, base), bool(const)
    for star in stars.replace("*const", "c").replace("* const", "c").replace(" ", ""):
        rust, is_const = f"{'*const' if is_const else '*mut'} {rust}", star == "c"
    return rust


def field_type(field: Json) -> str:
    if field["role"] != "callback":
        return rust_type(field["c"], field["name"])
    parameters = ", ".join(f"{one['name']}: {rust_type(one['c'], one['name'])}" for one in field["parameters"])
    result = " -> *mut c_void" if field["returns"]["type"] == "data" else ""
    return f'Option<unsafe extern "C" fn({parameters}){result}>'


def ffi(library: Json) -> str:
    out = [f"// {NOTICE}\n//! The C interface as it is: `stepsize.h` says what each function does.\n"
           "#![allow(non_camel_case_types)]\n\nuse std::os::raw::{c_char, c_void};\n"]
    out += [f"pub type {one['name']} = {SCALARS[one['type']]};" for one in library["numbers"]]
    for one in library["constants"]:
        out.append(f"pub const {one['name']}: {'i64' if one['value'] > 2**31 else 'i32'} = {one['value']};")
    for enum in library["enums"]:
        kind = enum["name"] or "i32"
        out += [f"pub const {value['name']}: {kind} = {value['value']};" for value in enum["values"]]
    out.append("")
    for handle in library["handles"]:
        out.append(f"{comment(handle['doc'])}#[repr(C)]\npub struct {handle['name']} {{\n    _private: [u8; 0],\n}}\n")
    for struct in library["structs"]:
        fields = "".join(f"    pub {one['name']}: {field_type(one)},\n" for one in struct["fields"])
        out.append(f"{comment(struct['doc'])}#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {struct['name']} {{\n"
                   f"{fields}}}\n")
    functions = []
    for function in library["functions"]:
        parameters = [f"{one['name']}: {rust_type(one['c'], one['name'])}" for one in function["parameters"]]
        result = result_in_c(function)
        arrow = "" if result == "void" else f" -> {rust_type(f'{result} x'.replace('* x', '*x'), 'x')}"
        line = f"    pub fn {function['name']}({', '.join(parameters)}){arrow};\n"
        if len(line) > 121:  # as rustfmt has it
            inside = "".join(f"        {one},\n" for one in parameters)
            line = f"    pub fn {function['name']}(\n{inside}    ){arrow};\n"
        functions.append(comment(function["doc"], "    ") + line)
    body = "\n".join(functions)
    out.append(f'#[link(name = "{library["name"]}")]\nextern "C" {{\n{body}}}')
    return "\n".join(out) + "\n"


def constants(library: Json) -> str:
    """Numbers that may be unknown to this version: types with named constants, not enums."""
    out = [f"// {NOTICE}\n//! What the library's numbers mean. A number of a newer library has no name here.\n"]
    for enum in library["enums"]:
        name, prefix = title(enum), prefix_of(enum)
        if not name:
            continue
        out.append(f"{comment(enum['doc'])}#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]\n"
                   f"pub struct {name}(pub i32);\n")
        out.append(f"impl {name} {{")
        for value in enum["values"]:
            out.append(f"{comment(value['doc'], '    ')}    pub const {value['name'].removeprefix(prefix)}: {name} = "
                       f"{name}({value['value']});")
        if enum["flags"]:
            out.append("\n    /// Whether all bits of `other` are set.\n"
                       "    pub fn contains(self, other: Self) -> bool {\n"
                       "        self.0 & other.0 == other.0\n    }\n}\n")
            continue
        if name == "Status":  # the library names them
            out.append("}\n")
            continue
        names = "".join(f'            {value["value"]} => "{value["name"].removeprefix(prefix).lower()}",\n'
                        for value in enum["values"])
        out.append(f"\n    /// The name of the constant in lower case.\n    pub fn name(self) -> &'static str {{\n"
                   f"        match self.0 {{\n{names}            _ => \"unknown\",\n        }}\n    }}\n}}\n")
    return "\n".join(out).rstrip("\n") + "\n"
