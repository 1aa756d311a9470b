"""The bits that the library returns where they are not those of the nearest double: bits.txt.

The other files have the values of the formulas, which the library may miss by a few units in the last place. Whoever
reads bits.txt after them has the bits that each processor and each language has to return:

    = TEXT
    STEP <tab> 16 hex digits

Also the schedules that have no formula, since their numbers are drawn. Other tests hold the values to the formulas;
this file says that they are the same everywhere. It needs build/lib; --check writes nothing and compares.
"""

import ctypes
import struct
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "dev"))
from foreign import opened  # noqa: E402

OUTPUT = FOLDER / "bits.txt"
DRAWN = [
    "noise(std=0.3)", "noise(std=3, limit=0.5, seed=7)", "random()", "random(power=0.7, seed=3)",
    "noise(std=0.1) * (warmup(10) >> cosine(90))",
]  # fmt: skip
DRAWN_STEPS = [-1, *range(40), 1000, 2**40, 2**63 - 1]
HEADER = "# The bits that the library returns where they are not those of the nearest double. Written by bits.py.\n"


def golden() -> dict[str, dict[int, str | None]]:
    """{text: {step: the bits of the nearest double, or None where there is no formula}}"""
    cases: dict[str, dict[int, str | None]] = {}
    for path in sorted(FOLDER.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("= "):
                rows = cases.setdefault(line[2:], {})
            elif line and not line.startswith("#"):
                step, bits, _ = line.split("\t")
                rows[int(step)] = bits
    return cases | {text: dict.fromkeys(DRAWN_STEPS) for text in DRAWN}


def returned(library: ctypes.CDLL, text: str, steps: list[int]) -> list[str]:
    schedule, data = ctypes.c_void_p(), text.encode()
    if status := library.stepsize_schedule_parse(data, len(data), ctypes.byref(schedule), None):
        sys.exit(f"{text}: status {status}")
    values = [struct.pack(">d", library.stepsize_schedule_at(schedule, step)).hex() for step in steps]
    library.stepsize_schedule_destroy(schedule)
    return values


def written() -> str:
    library, out = opened(), [HEADER]
    for text, rows in golden().items():
        bits = zip(rows, returned(library, text, list(rows)))
        if others := [f"{step}\t{value}" for step, value in bits if value != rows[step]]:
            out.append("\n".join([f"= {text}", *others]) + "\n")
    return "\n".join(out)


def main() -> int:
    text = written()
    if "--check" not in sys.argv:
        OUTPUT.write_text(text, encoding="utf-8")
    elif text != OUTPUT.read_text(encoding="utf-8"):
        print("bits.txt is not what the library returns: python3 bits.py, if it may differ", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
