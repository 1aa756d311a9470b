"""The numbers of the C interface as named vectors of R; its C code reads the functions from the header itself."""

from __future__ import annotations

import textwrap

from bindings import NOTICE, Json, title, words_of


def files(library: Json) -> dict[str, str]:
    return {"r/R/constants.R": constants(library)}


def vector(name: str, items: list[str]) -> str:
    lines = textwrap.wrap(", ".join(item.replace(" ", "\0") for item in items), 114)
    inside = "".join(f"  {line}\n" for line in lines).replace("\0", " ")
    return f"{name} <- c(\n{inside})\n"


def constants(library: Json) -> str:
    out = [f"# {NOTICE}\n"]
    for enum in library["enums"]:
        if title(enum) in ("Status", "Decision", "Trial", "Stop", "Needs"):
            out.append(vector(title(enum).upper(), [f"{word} = {value}L" for word, value in words_of(enum).items()]))
    observation = next(one for one in library["structs"] if one["name"] == "stepsize_observation")
    numbers = [f'"{field["name"]}"' for field in observation["fields"] if field["type"] == "double"]
    out.append("# The numbers of an observation, in the order of C.\n" + vector("SCALARS", numbers))
    return "\n".join(out)
