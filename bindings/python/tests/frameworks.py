"""What the tests of the frameworks share."""

import multiprocessing
import os
import random
import subprocess
import sys

import preloaded
from support import REPOSITORY

EXAMPLES = REPOSITORY / "bindings/python/examples/frameworks"


# The same for all of them, so that they are forked from one process.
QUIET = {
    "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "CUDA_VISIBLE_DEVICES": "", "TQDM_DISABLE": "1",
    "GLOO_SOCKET_IFNAME": "lo",
}  # fmt: skip


def run(script, *arguments, timeout=240, **environment):
    """Runs a script of Python in a process of its own and returns what it printed."""
    words, environment = [script, *arguments], {**os.environ, **QUIET, **environment}
    if script == "-m":
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
    else:
        done = preloaded.run(words, timeout=timeout, environment=environment, is_one_of_many=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_with_torchrun(script, size):
    return run(
        "-m", "torch.distributed.run", "--standalone", "--local_addr", "127.0.0.1", "--nproc_per_node", size,
        REPOSITORY / "bindings/python/tests/ending_worker.py", script,
    )  # fmt: skip


def run_ranks(size, process, *arguments):
    """Runs process(rank, size, *arguments) in `size` processes, and fails where one of them does."""
    # What torch would import in each of them when it first has to: it takes seconds, and they are forked.
    import torch._dynamo  # noqa: F401
    import torch.distributed.fsdp  # noqa: F401

    context = multiprocessing.get_context("fork")
    ranks = [context.Process(target=process, args=(rank, size, *arguments)) for rank in range(size)]
    for each in ranks:
        each.start()
    for each in ranks:
        each.join()
    if any(each.exitcode for each in ranks):
        raise SystemExit(f"{process.__name__}{arguments}: a process failed")


def join_group(rank, size, folder):
    """The group meets in a file of `folder`: a port that was free a moment ago may be taken now."""
    import torch.distributed

    store = torch.distributed.FileStore(str(folder / "group"), size)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=size)


def leave_group():
    """None leaves while another still exchanges."""
    import torch.distributed

    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def noisy_losses(count, seed=0):
    """A loss that falls, stalls and rises, so that a controller has something to do."""
    random_ = random.Random(seed)
    return [2.0 / (1 + i) + 0.5 * random_.random() + (0.02 * i if i > count / 2 else 0) for i in range(count)]
