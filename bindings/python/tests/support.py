"""What several test files use."""

import re
import struct
from pathlib import Path

import stepsize
from stepsize._core import named
from stepsize._foreign import abi
from stepsize._foreign.library import library, read_text

REPOSITORY = Path(__file__).resolve().parents[3]
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
CLASSES = {getattr(named, name)._name: getattr(named, name) for name in named.__all__}


def bits(x):
    return struct.pack("<d", x)


def ulps(a, b):
    """How many doubles apart two doubles >= 0 are."""
    return abs(struct.unpack("<q", bits(a))[0] - struct.unpack("<q", bits(b))[0])


def catalogue_names():
    count = library.stepsize_catalogue_count(abi.STEPSIZE_CATALOGUE_SCHEDULES)
    text = library.stepsize_catalogue_text
    return [read_text(text, abi.STEPSIZE_CATALOGUE_SCHEDULES, i, abi.STEPSIZE_TEXT_NAME) for i in range(count)]


def catalogue_ranges(name):
    """{parameter: (kind, range, default)} as the library has them."""
    place = abi.STEPSIZE_CATALOGUE_SCHEDULES, catalogue_names().index(name)
    ranges = {}
    for j in range(library.stepsize_catalogue_parameter_count(*place)):
        key, *rest = (
            read_text(library.stepsize_catalogue_parameter_text, *place, j, what)
            for what in (
                abi.STEPSIZE_TEXT_NAME,
                abi.STEPSIZE_TEXT_KIND,
                abi.STEPSIZE_TEXT_RANGE,
                abi.STEPSIZE_TEXT_DEFAULT,
            )
        )
        ranges[key] = tuple(rest)
    return ranges


def gallery_texts():
    """The texts of docs/schedules.md, every named schedule among them."""
    page = (REPOSITORY / "docs/schedules.md").read_text(encoding="utf-8")
    return [text for block in re.findall(r"^```\n(.*?)^```$", page, re.M | re.S) for text in block.splitlines()]


def run_scheduler(base, losses, **options):
    """The rates of the first group after each loss, GreedyLR alone."""
    scheduler = stepsize.Scheduler(base, controller=stepsize.GreedyLR(**options))
    return [scheduler.step(loss) for loss in losses]
