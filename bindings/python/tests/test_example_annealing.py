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


# Says when a signal no longer ends the program.
TELLING = """
import runpy, signal, sys
install = signal.signal
def tell(*words):
    install(*words)
    print("ready", flush=True)
signal.signal = tell
sys.argv.pop(0)
sys.path[0] = sys.argv[0].rpartition("/")[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.processes
def test_interrupt_and_resume(tmp_path):
    options = ("--updates", "2000", "--seeds", "1")
    start = time.monotonic()
    whole = run(*options, cwd=tmp_path).stdout
    tenth = (time.monotonic() - start) / 10
    assert "early_stop" in whole
    for interrupted in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", TELLING, EXAMPLE, *options, "--state", "run.state"], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        time.sleep(tenth)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=100)
        if out:  # it was done before, and perhaps about to end
            break
        assert "interrupted; run the same command to resume" in error and (tmp_path / "run.state").exists()
    else:
        out = run(*options, "--state", "run.state", cwd=tmp_path).stdout
    assert out == whole and interrupted > 0
