"""For tests: a run that is killed in the middle."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from engine.store import Store


def kill_after(count: int, process: subprocess.Popen[bytes], path: Path) -> int:
    """Kills the process as soon as so many cells are stored there; returns how many there are then."""
    store = Store(path)
    while process.poll() is None and len(store) < count:
        time.sleep(0.005)
    process.kill()
    process.wait()
    return len(store)
