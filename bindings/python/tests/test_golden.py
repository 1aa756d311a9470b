"""Every value of Tests/golden, which was computed by code that shares nothing with the library."""

import re
import struct

import pytest
import stepsize as st
from support import CLASSES, INT64_MAX, REPOSITORY, ulps

TOLERANCE = 3  # units in the last place, where the file does not say otherwise


def cases():
    """A pytest parameter (text, length, tolerance, rows) for each case of each file."""
    for path in sorted((REPOSITORY / "Tests/golden").glob("*.tsv")):
        # What stands before the first case is the file's comment.
        for block in re.split(r"^= ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            text, *lines = block.splitlines()
            length, tolerance, rows = "?", TOLERANCE, []
            for line in lines:
                if line.startswith("# length "):
                    length = line[9:]
                elif line.startswith("# ulp "):
                    tolerance = int(line[6:])
                elif line and not line.startswith("#"):
                    step, bits, _ = line.split("\t")
                    rows.append((int(step), struct.unpack(">d", bytes.fromhex(bits))[0]))
            yield pytest.param(text, length, tolerance, rows, id=f"{path.stem}: {text}")


@pytest.mark.parametrize("text, length, tolerance, rows", list(cases()))
def test_golden(text, length, tolerance, rows):
    unknown = {name for name in re.findall(r"(\w+)\(", text)} - set(CLASSES)
    if unknown:
        pytest.skip(f"not in the catalogue yet: {', '.join(sorted(unknown))}")
    schedule = st.parse(text)
    # The C interface has one number for "no end" and for the longest length that there is.
    assert schedule.length == (None if length in ("inf", str(INT64_MAX)) else int(length))
    assert rows
    wrong = [
        (step, schedule.at(step), value, ulps(schedule.at(step), value))
        for step, value in rows
        if not ulps(schedule.at(step), value) <= tolerance
    ]
    assert not wrong, "step, value, expected, ulps apart"


def test_bits():
    """What every language has to return: the nearest double, unless bits.txt, which is read last, has other bits."""
    folder = REPOSITORY / "Tests/golden"
    expected = {}
    for path in [*sorted(folder.glob("*.tsv")), folder / "bits.txt"]:
        for block in re.split(r"^= ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            text, *lines = block.splitlines()
            rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
            expected.setdefault(text, {}).update((int(step), digits) for step, digits, *_ in rows)
    assert len(expected) > 1300
    for text, rows in expected.items():
        schedule = st.parse(text)
        assert {step: struct.pack(">d", schedule.at(step)).hex() for step in rows} == rows, text
