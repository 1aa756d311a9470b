"""The example train_annealing: interrupted and resumed, recorded and replayed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("numpy")
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "train_annealing.py"


def run(*options, cwd):
    return subprocess.run([sys.executable, EXAMPLE, *options], cwd=cwd, capture_output=True, text=True, timeout=100)


def test_record_and_replay(tmp_path):
    recorded = run("--updates", "900", "--record", "run.txt", cwd=tmp_path)
    assert recorded.returncode == 0, recorded.stderr
    assert 'phase="anneal"' in (tmp_path / "run.txt").read_text()
    assert run("--replay", "run.txt", cwd=tmp_path).stdout == recorded.stdout != ""


@pytest.mark.processes
def test_interrupt_and_resume(tmp_path):
    options = ("--updates", "2000", "--seeds", "1")
    whole = run(*options, cwd=tmp_path).stdout
    assert "early_stop" in whole
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, EXAMPLE, *options, "--state", "run.state"], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        time.sleep(1.2)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=100)
        # It may be interrupted before its signal handler is installed, or be done.
        if process.returncode == 0:
            break
        if (tmp_path / "run.state").exists():
            assert "interrupted; run the same command to resume" in error
    else:
        out = run(*options, "--state", "run.state", cwd=tmp_path).stdout
    assert out == whole
