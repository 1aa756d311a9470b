"""`ending_worker.py SCRIPT` runs a script under torchrun and fails where it leaves a thread of gloo behind.

Such a thread may ask for the interpreter while that shuts down, which aborts the process, once in many runs. What keeps
it is a model that still holds the process group, or torch.distributed.nn, imported when there was a group already: its
functions have it as a default argument. (Processes of multiprocessing end without shutting the interpreter down.)
"""

import os
import sys
from pathlib import Path

sys.argv = sys.argv[1:]
exec(compile(Path(sys.argv[0]).read_text(), sys.argv[0], "exec"), globals())
TASKS = Path("/proc/self/task")
names = [(task / "comm").read_text().strip() for task in TASKS.iterdir()] if TASKS.is_dir() else []
left = sorted(name for name in names if "gloo" in name)
if left:
    sys.stdout.flush()
    os.write(2, f"threads are left: {left}\n".encode())
    os._exit(1)
