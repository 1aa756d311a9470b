"""The C interface as Ruby's Fiddle calls it: types of functions, layouts of structs, words of numbers."""

from __future__ import annotations

from bindings import NOTICE, Json, title, words_of

TYPES = {
    "int32_t": "INT", "int64_t": "LONG_LONG", "size_t": "SIZE_T", "uint32_t": "UINT", "float": "FLOAT",
    "double": "DOUBLE", "bool": "BOOL", "void": "VOID", "static text": "VOIDP",
}  # fmt: skip
# How Ruby packs a field.
PACKED = {"int32_t": "l", "uint32_t": "L", "int64_t": "q", "size_t": "J", "double": "d", "float": "f"}


def files(library: Json) -> dict[str, str]:
    return {"ruby/lib/stepsize/interface.rb": interface(library)}


def interface(library: Json) -> str:
    functions = ""
    for function in library["functions"]:
        types = [TYPES[one["type"]] if one["role"] == "number" else "VOIDP" for one in function["parameters"]]
        functions += f"      {function['name']}: [{TYPES[function['returns']['type']]}, [{', '.join(types)}]],\n"
    structs = ""
    for struct in library["structs"]:
        fields = ", ".join(
            f"{one['name']}: [{one['offset']}, \"{packed(one)}\"]" for one in struct["fields"])
        structs += f"      {struct['name']}: [{struct['size']}, {{ {fields} }}],\n"
    words = ""
    for enum in library["enums"]:
        if title(enum):
            inside = ", ".join(f"{value} => :{word}" for word, value in words_of(enum).items())
            words += f"    {title(enum).upper()} = {{ {inside} }}.freeze\n"
    abi = next(one["value"] for one in library["constants"] if one["name"] == "STEPSIZE_ABI_VERSION")
    never = next(one["value"] for one in library["constants"] if one["name"] == "STEPSIZE_NEVER")
    return (
        f"# frozen_string_literal: true\n\n# {NOTICE}\nrequire \"fiddle\"\n\nmodule Stepsize\n"
        "  # The C interface: stepsize.h says what each function does.\n  module Interface\n"
        f"    ABI_VERSION = {abi}\n    NEVER = {never}\n\n"
        "    VOID = Fiddle::TYPE_VOID\n    VOIDP = Fiddle::TYPE_VOIDP\n    INT = Fiddle::TYPE_INT\n"
        "    UINT = -Fiddle::TYPE_INT\n    LONG_LONG = Fiddle::TYPE_LONG_LONG\n    SIZE_T = Fiddle::TYPE_SIZE_T\n"
        "    FLOAT = Fiddle::TYPE_FLOAT\n    DOUBLE = Fiddle::TYPE_DOUBLE\n    BOOL = -Fiddle::TYPE_CHAR\n\n"
        f"    # name: [result, [parameters]]\n    FUNCTIONS = {{\n{functions}    }}.freeze\n\n"
        "    # name: [bytes, { field: [offset, as String#unpack has it] }]\n"
        f"    STRUCTS = {{\n{structs}    }}.freeze\n\n"
        f"    # What numbers mean.\n{words}  end\nend\n"
    )


def packed(field: Json) -> str:
    if field["role"] == "text field":
        return f"Z{field['count']}"
    return PACKED[field["type"]] if field["role"] == "number" else "J"
