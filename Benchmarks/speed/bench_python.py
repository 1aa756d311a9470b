"""A step of a training loop in Python, the write into the optimizer's groups included, against its peers.

stepsize.torch.Scheduler's `step(loss)` against transformers' GreedyLR.step(loss) (the same decisions), and its `step()`
with a cosine against torch's CosineAnnealingLR.step(); our drop-in of that class as well, and all with the accelerated
module and without. The two sides of a ratio are measured by turns in one process, so that a busy machine slows down
both; it is the median of the ratios of the turns. It says where a target is missed.
"""

import os
import statistics
import subprocess
import sys
import time
import warnings

TURNS, STEPS = 41, 2000
TARGETS = {"greedy": 5.0, "cosine": 20.0}


def measure():
    import stepsize as st
    import torch
    from stepsize.torch import Scheduler, lr_scheduler
    from torch.optim.lr_scheduler import CosineAnnealingLR

    try:
        from transformers.optimization import GreedyLR
    except ImportError:
        GreedyLR = None
    warnings.simplefilter("ignore")

    def optimizer(groups):
        return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.1} for _ in range(groups)])

    def timed(step, *arguments):
        start = time.perf_counter_ns()
        for _ in range(STEPS):
            step(*arguments)
        return (time.perf_counter_ns() - start) / STEPS

    def compare(ours, theirs, *arguments):
        """(ours in ns, theirs in ns, theirs/ours): medians."""
        timed(ours, *arguments), timed(theirs, *arguments)
        pairs = [(timed(ours, *arguments), timed(theirs, *arguments)) for _ in range(TURNS)]
        return (
            statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
            statistics.median(b / a for a, b in pairs),
        )  # fmt: skip

    def settled(scheduler, *arguments):
        scheduler.step(*arguments)  # the first step checks the order of the calls
        return scheduler.step

    for groups in (1, 8):
        if GreedyLR is not None:
            ours = settled(Scheduler(optimizer(groups), controller=st.GreedyLR("huggingface")), 0.5)
            yield "greedy", groups, "transformers' GreedyLR", compare(ours, GreedyLR(optimizer(groups)).step, 0.5)
        theirs = CosineAnnealingLR(optimizer(groups), 1_000_000).step
        ours = settled(Scheduler(optimizer(groups), "cosine(1000000)"))
        yield "cosine", groups, "torch's CosineAnnealingLR", compare(ours, theirs)
        ours = lr_scheduler.CosineAnnealingLR(optimizer(groups), 1_000_000).step
        yield "drop-in", groups, "torch's CosineAnnealingLR", compare(ours, theirs)


def main():
    from stepsize._foreign import stepper

    by = "ctypes" if stepper.accelerated is None else "the accelerated module"
    print(f"bench_python: a step in Python by {by}, ns (medians), and theirs/ours")
    for name, groups, peer, (ours, theirs, ratio) in measure():
        target = TARGETS.get(name) if stepper.accelerated is not None else None
        verdict = "" if target is None else f"  (target {target:g}{'' if ratio >= target else ': MISSED'})"
        count = f"{groups} group{'s' if groups > 1 else ' '}"
        print(f"  {name:8} {count} {ours:8.0f} {theirs:8.0f} {ratio:6.1f}  {peer}{verdict}")
    if by != "ctypes":
        sys.stdout.flush()
        without = {**os.environ, "STEPSIZE_ACCELERATED": "0"}
        subprocess.run([sys.executable, __file__], env=without, check=True)


if __name__ == "__main__":
    main()
