"""The worked example on a network, on a tiny setting, as a user runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "refine_digits.py"


def run(*options):
    return subprocess.run([sys.executable, EXAMPLE, *options], capture_output=True, text=True)


def test_the_table_compares_all_schedules():
    first = run("--epochs", "2", "--seeds", "2")
    assert first.returncode == 0, first.stderr
    assert "From the gradient norms of its seed 1:\n<Refinement for sgd: 84 updates" in first.stdout
    rows = re.findall(r"^(linear|refined|cosine) +\S+(?: \*)? +(\S+) ±", first.stdout, re.MULTILINE)
    found = {name: float(loss) for name, loss in rows}
    assert found.keys() == {"linear", "refined", "cosine"}
    assert all(0 < loss < 2.4 for loss in found.values())
    assert run("--epochs", "2", "--seeds", "2").stdout == first.stdout


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "refine.png"
    assert run("--epochs", "1", "--seeds", "1", "--picture", str(picture)).returncode == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
