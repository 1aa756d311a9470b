"""Under a locale with a decimal comma everything is written and read as under any other."""

import os
import shutil
import subprocess
import sys

import pytest

# What a program prints that has set the locale of its user.
PROGRAM = """
import locale, sys
locale.setlocale(locale.LC_ALL, "")
print(locale.localeconv()["decimal_point"], file=sys.stderr)
import stepsize
from stepsize.cli import main

schedule = stepsize.parse("warmup(5) >> 0.25 * cosine(95, floor=0.125)")
print(schedule, repr(schedule), [schedule.at(t) for t in (0, 3, 50, 1234567)])
scheduler = stepsize.Scheduler(0.1, "greedy(factor=0.75, patience=1) * linear(10000)", record=True)
for t in range(20):
    scheduler.step(1.5 + t % 3)
print(scheduler, scheduler.metrics(), scheduler.record.replay())
for text in ("linear(10, floor=1.5)", "linear(10, floor=0,5)"):
    try:
        stepsize.parse(text)
    except stepsize.StepsizeError as error:
        print(error)
for arguments in (["table", "warmup(5) >> cosine(95, floor=0.125)", "--steps", "9"], ["show", "noam(5, 2)"],
                  ["check", "linear(10, floor=1.5)"], ["list"]):
    print(main(arguments))
"""


@pytest.fixture(scope="module")
def comma(tmp_path_factory):
    """The environment for a locale with a decimal comma."""
    name = "de_DE.UTF-8"
    folder = tmp_path_factory.mktemp("locale")
    if shutil.which("localedef") is None:
        pytest.skip("no localedef: a locale with a decimal comma cannot be made")
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder / name], capture_output=True, text=True)
    if made.returncode > 1 or not (folder / name).exists():
        pytest.skip(f"localedef cannot make {name}: {made.stderr.strip()}")
    return {"LOCPATH": str(folder), "LC_ALL": name}


def test_a_decimal_comma_changes_nothing(comma):
    def run(**locale):
        environment = {**os.environ, **locale, "PYTHONUTF8": "1"}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
        point, _, rest = done.stderr.partition("\n")
        assert done.returncode == 0, done.stderr
        return point, done.stdout, rest

    plain, foreign = run(LC_ALL="C.UTF-8"), run(**comma)
    assert (plain[0], foreign[0]) == (".", ",")
    assert plain[1:] == foreign[1:] and "0.125" in plain[1]
