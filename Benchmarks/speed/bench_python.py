"""A step of a training loop in Python, the write into the optimizer's groups included, against its peers.

stepsize.torch.Scheduler's `step(loss)` against transformers' GreedyLR.step(loss) (the same decisions), and its `step()`
with a cosine against torch's CosineAnnealingLR.step(); every drop-in against its original, called as a script calls it,
`scheduler.step()`; and all with the accelerated module and without.

The two sides of a ratio are measured by turns in one process, so that a busy machine slows down
both; it is the median of the ratios of the turns. It says where a target is missed.
"""

import os
import statistics
import subprocess
import sys
import time
import warnings

TURNS, STEPS, CALLS = 41, 2000, 200
TARGETS = {"greedy": 5.0, "cosine": 20.0}
# Theirs over ours, with the accelerated module and without.
DROP_INS = {
    "CosineAnnealingLR": (5.0, 1.0), "GreedyLR": (3.0, 0.6), "StepLR": (1.0, 1.0), "MultiStepLR": (1.0, 1.0),
    "ConstantLR": (1.0, 1.0), "LinearLR": (1.0, 1.0), "ExponentialLR": (1.0, 1.0), "PolynomialLR": (1.0, 1.0),
    "CosineAnnealingWarmRestarts": (1.0, 1.0), "CyclicLR": (1.0, 1.0), "OneCycleLR": (1.0, 1.0), "LambdaLR": (1.0, 1.0),
    "MultiplicativeLR": (1.0, 1.0), "ReduceLROnPlateau": (1.0, 1.0), "SequentialLR": (1.0, 1.0),
    "ChainedScheduler": (1.0, 1.0),
}  # fmt: skip
ARGUMENTS = {
    "CosineAnnealingLR": (10**6,), "StepLR": (1000,), "MultiStepLR": ([500, 900],), "ConstantLR": (0.5, 10**6),
    "LinearLR": (0.5, 1.0, 10**6), "ExponentialLR": (0.999999,), "PolynomialLR": (10**6, 2.0),
    "CosineAnnealingWarmRestarts": (100,), "CyclicLR": (0.01, 0.1), "OneCycleLR": (0.1, 10**6),
    "LambdaLR": (lambda step: 0.99,), "MultiplicativeLR": (lambda step: 0.999999,),
}  # fmt: skip


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

    def make(module, name, groups):
        chosen = optimizer(groups)
        if name in ("SequentialLR", "ChainedScheduler"):
            parts = [module.ConstantLR(chosen, 0.5, 10**6), module.ExponentialLR(chosen, 0.999999)]
            return module.ChainedScheduler(parts) if name[0] == "C" else module.SequentialLR(chosen, parts, [10])
        return getattr(module, name)(chosen, *ARGUMENTS.get(name, ()))

    def called(scheduler, observes):
        """A loop as a script has it, the look-up of `step` included."""

        def loop():
            start = time.perf_counter_ns()
            if observes:
                for _ in range(CALLS):
                    scheduler.step(0.5)
            else:
                for _ in range(CALLS):
                    scheduler.step()
            return (time.perf_counter_ns() - start) / CALLS

        return loop

    def least(ours, theirs):
        """(ours in ns, theirs in ns, theirs/ours): the least of many short loops by turns: the quiet moments."""
        pairs = [(ours(), theirs()) for _ in range(4 * TURNS)]
        a, b = min(a for a, _ in pairs), min(b for _, b in pairs)
        return a, b, b / a

    for name in DROP_INS:
        modules = [lr_scheduler, torch.optim.lr_scheduler]
        if name == "GreedyLR":
            if GreedyLR is None:
                continue
            from stepsize.huggingface import optimization
            from transformers import optimization as peer

            modules = [optimization, peer]
        for groups in (1, 8):
            observes = name in ("GreedyLR", "ReduceLROnPlateau")
            yield name, groups, "the original", least(*(called(make(each, name, groups), observes) for each in modules))


def main():
    from stepsize._foreign import stepper

    by = "ctypes" if stepper.accelerated is None else "the accelerated module"
    print(f"bench_python: a step in Python by {by}, ns (medians), and theirs/ours")
    for name, groups, peer, (ours, theirs, ratio) in measure():
        without = stepper.accelerated is None
        target = DROP_INS[name][without] if name in DROP_INS else None if without else TARGETS.get(name)
        verdict = "" if target is None else f"  (target {target:g}{'' if ratio >= target else ': MISSED'})"
        count = f"{groups} group{'s' if groups > 1 else ' '}"
        print(f"  {name:27} {count} {ours:8.0f} {theirs:8.0f} {ratio:6.1f}  {peer}{verdict}")
    if by != "ctypes":
        sys.stdout.flush()
        without = {**os.environ, "STEPSIZE_ACCELERATED": "0"}
        subprocess.run([sys.executable, __file__], env=without, check=True)


if __name__ == "__main__":
    main()
