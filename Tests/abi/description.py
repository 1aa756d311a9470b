"""description.py FOLDER: C code from include/stepsize/abi.json, which description.sh compiles.

    FOLDER/layout.c   what the description says of types, as assertions for the compiler, which knows the headers
    FOLDER/calls.h    each function as a table for libffi.c, and as a call that a C compiler makes
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = {"static text": "const char *", "data": "void *"}
ROLES = ["number", "text", "terminated text", "bytes", "handle", "handles", "new handle", "struct", "structs",
         "numbers", "number out", "text buffer", "bytes buffer", "error"]  # fmt: skip


def result(function):
    returns = function["returns"]
    return returns.get("number") or RESULTS.get(returns["type"], returns["type"])


def layout(libraries):
    """Assertions for pointers of 8 bytes or, with -DBITS_32, of 4."""
    yield '#include "stepsize/learn.h"\n'
    yield "#define IS(condition) _Static_assert(condition, #condition)"
    for library in libraries:
        yield f'_Static_assert(sizeof "{library["soname"]}" > 1, "");'
        values = library["constants"] + [value for enum in library["enums"] for value in enum["values"]]
        for constant in values:
            yield f"IS({constant['name']} == {constant['value']});"
        for number in library["numbers"]:
            yield f"IS(_Generic(({number['name']})0, {number['type']}: 1, default: 0));"
        for bits, suffix in ("!defined(BITS_32)", ""), ("defined(BITS_32)", "_32"):
            yield f"#if {bits}"
            for struct in library["structs"]:
                name = struct["name"]
                yield f"IS(sizeof({name}) == {struct['size' + suffix]});"
                yield f"IS(_Alignof({name}) == {struct['alignment' + suffix]});"
                for field in struct["fields"]:
                    yield f"IS(offsetof({name}, {field['name']}) == {field['offset' + suffix]});"
                    yield f"IS(sizeof(((({name} *)0)->{field['name']})) == {field['size' + suffix]});"
            yield "#endif"
        for struct in library["structs"]:
            # A struct with these fields is that struct: initialised in their order, each with its type.
            fields = "; ".join(field["c"] for field in struct["fields"])
            yield f"struct described_{struct['name']} {{ {fields}; }};"
            yield f"IS(sizeof(struct described_{struct['name']}) == sizeof({struct['name']}));"
            for field in struct["fields"]:
                yield (f"IS(_Generic(&(({struct['name']} *)0)->{field['name']}, "
                       f"__typeof__(&((struct described_{struct['name']} *)0)->{field['name']}): 1, default: 0));")
        for function in library["functions"]:
            parameters = ", ".join(parameter["c"] for parameter in function["parameters"]) or "void"
            yield (f"IS(_Generic(&{function['name']}, {result(function)} (*)({parameters}): 1, default: 0));")


def null_of(parameter, names):
    """ALWAYS, NEVER, or the index of the count that has to be 0."""
    null = parameter.get("null")
    if isinstance(null, str):
        words = null.split()
        return names.index(words[1]) if words[0] == "where" else "ALWAYS" if words[0] == "unless" else "NEVER"
    return "ALWAYS" if null else "NEVER"


def enumerator(role):
    return role.upper().replace(" ", "_")


def type_of(parameter):
    return "POINTER" if parameter["role"] != "number" else parameter["type"].upper()


def calls(libraries):
    yield "/* Made by description.py. */"
    yield "enum role { " + ", ".join(enumerator(role) for role in ROLES) + " };"
    yield "enum { NEVER = -1, ALWAYS = -2 };"
    yield ("struct parameter { const char *name, *kind; enum role role; enum type type; int null, is_out; };\n"
           "struct function { const char *name; int library; enum type result; int is_checked; unsigned count;\n"
           "  struct parameter parameters[9]; void (*direct)(void **values, void *result); };\n")
    table = []
    for number, library in enumerate(libraries):
        for function in library["functions"]:
            name, parameters = function["name"], function["parameters"]
            names = [parameter["name"] for parameter in parameters]
            values = ", ".join(
                f"*({cast(parameter)} *)values[{index}]" for index, parameter in enumerate(parameters))
            kept = "" if result(function) == "void" else f"*({result(function)} *)result = "
            unused = "" if parameters else "(void)values; "
            unused += "" if kept else "(void)result; "
            yield f"static void direct_{name}(void **values, void *result) {{ {unused}{kept}{name}({values}); }}"
            rows = ", ".join(
                f'{{"{parameter["name"]}", "{parameter.get("handle") or parameter.get("struct") or ""}", '
                f"{enumerator(parameter['role'])}, {type_of(parameter)}, {null_of(parameter, names)}, "
                f"{int('out' in parameter.get('direction', ''))}}}" for parameter in parameters) or "{0}"
            kind = function["returns"]["type"]
            is_status = int(function["returns"].get("number") == "stepsize_status")
            kind = "POINTER" if kind in RESULTS else kind.upper()
            head = f'"{name}", {number}, {kind}, {is_status}, {len(parameters)}'
            table.append(f"  {{{head}, {{{rows}}}, direct_{name}}},")
    yield "static const struct function functions[] = {"
    yield from table
    yield "};"


def cast(parameter):
    """The type of a parameter, without its name."""
    return parameter["c"].removesuffix(parameter["name"]).strip()


def main():
    folder = Path(sys.argv[1])
    libraries = json.loads((ROOT / "include/stepsize/abi.json").read_text(encoding="utf-8"))["libraries"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layout.c").write_text("\n".join(layout(libraries)) + "\n", encoding="utf-8")
    (folder / "calls.h").write_text("\n".join(calls(libraries)) + "\n", encoding="utf-8")
    for library, symbols in zip(libraries, ("symbols.txt", "symbols_learn.txt")):
        exported = (ROOT / "Tests/abi" / symbols).read_text(encoding="utf-8").split()
        described = [function["name"] for function in library["functions"]]
        if sorted(described) != sorted(exported):
            sys.exit(f"abi.json does not describe {sorted(set(exported) ^ set(described))}")
    # Nothing of the headers is left out.
    headers = "".join((ROOT / "include" / library["header"]).read_text(encoding="utf-8") for library in libraries)
    declared = set(re.findall(r"\b(STEPSIZE_\w+) = -?\d|^#define (STEPSIZE_\w+) +(?:\d+|INT64_MAX)$", headers, re.M))
    declared |= set(re.findall(r"^typedef (?:struct )?\w+ (stepsize_\w+)();|^\} (stepsize_\w+);", headers, re.M))
    words = {value["name"] for library in libraries for kind in ("constants", "numbers", "handles", "structs")
             for value in library[kind]}  # fmt: skip
    words |= {value["name"] for library in libraries for enum in library["enums"] for value in enum["values"]}
    if missing := {word for found in declared for word in found if word} ^ words:
        sys.exit(f"abi.json and the headers differ in {sorted(missing)}")
    count = sum(len(library["functions"]) for library in libraries)
    print(f"abi.json: {count} functions and {len(words)} other names are those of the headers")


if __name__ == "__main__":
    main()
