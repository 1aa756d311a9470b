"""What the tests of the frameworks share."""

import os
import random
import socket
import subprocess
import sys

from support import REPOSITORY

EXAMPLES = REPOSITORY / "bindings/python/examples/frameworks"


def run(script, *arguments, timeout=240, **environment):
    """Runs a script of Python in a process of its own and answers what it printed."""
    quiet = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "CUDA_VISIBLE_DEVICES": "", "TQDM_DISABLE": "1"}
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout, env={**os.environ, **quiet, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_with_torchrun(script, size):
    port = free_port()
    return run(
        "-m", "torch.distributed.run", "--nproc_per_node", size, "--master_addr", "127.0.0.1", "--master_port", port,
        script, GLOO_SOCKET_IFNAME="lo",
    )  # fmt: skip


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def noisy_losses(count, seed=0):
    """A loss that falls, stalls and rises, so that a controller has something to do."""
    random_ = random.Random(seed)
    return [2.0 / (1 + i) + 0.5 * random_.random() + (0.02 * i if i > count / 2 else 0) for i in range(count)]
