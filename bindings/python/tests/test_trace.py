"""The rates of the digits trainers, in C and in Python, from the losses in their traces."""

import shutil
import subprocess
import sys

import pytest
import stepsize as st
from support import REPOSITORY, bits

EPOCHS, UPDATES = 2, 2 * (1347 // 32)
ARGUMENTS = ["--epochs", str(EPOCHS), "--seeds", "1", "--data", REPOSITORY / "Examples/data/digits.csv", "--trace"]
SCHEDULES = {
    "constant": "constant()",
    "linear": f"linear({UPDATES})",
    "cosine": f"cosine({UPDATES})",
    "warmup+cosine": f"warmup({UPDATES // 20}) >> cosine({UPDATES - UPDATES // 20})",
    "greedy": "constant()",
    "greedy*linear": f"linear({UPDATES})",
}


def replay(path):
    runs = {}
    for line in path.read_text().splitlines()[1:]:
        setting, base, update, loss, lr = line.split(",")
        runs.setdefault((setting, float(base)), []).append((int(update), float.fromhex(loss), float.fromhex(lr)))
    assert len(runs) == 3 * len(SCHEDULES)
    for (setting, base), rows in runs.items():
        controller = st.GreedyLR() if setting.startswith("greedy") else None
        assert [update for update, _, _ in rows] == list(range(UPDATES))
        with st.Scheduler(base, SCHEDULES[setting], controller) as scheduler:
            for update, loss, lr in rows:
                assert bits(scheduler.lr) == bits(lr), (setting, base, update)
                scheduler.step(loss)


def test_the_trace_that_swift_replays_too():
    replay(REPOSITORY / "Tests/golden/digits_trace.csv")


def test_c(tmp_path):
    library = REPOSITORY / "build/lib"
    if shutil.which("gcc") is None or not (library / "libstepsize.so").exists():
        pytest.skip("needs gcc and build/lib/libstepsize.so (dev/build_library.sh)")
    source, program = REPOSITORY / "bindings/c/examples/train_digits.c", tmp_path / "train_digits"
    options = ["-O2", f"-I{REPOSITORY}/include", source, f"-L{library}", f"-Wl,-rpath,{library}", "-lstepsize", "-lm"]
    subprocess.run(["gcc", *options, "-o", program], check=True)
    subprocess.run([program, *ARGUMENTS, tmp_path / "trace.csv"], check=True, capture_output=True)
    replay(tmp_path / "trace.csv")


def test_python(tmp_path):
    pytest.importorskip("numpy")
    script = REPOSITORY / "bindings/python/examples/train_digits.py"
    subprocess.run([sys.executable, script, *ARGUMENTS, tmp_path / "trace.csv"], check=True, capture_output=True)
    replay(tmp_path / "trace.csv")
