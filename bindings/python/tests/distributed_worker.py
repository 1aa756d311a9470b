"""The processes of test_distributed.py: `distributed_worker.py SIZE FOLDER SCENARIO...` starts SIZE of them for each
scenario, under gloo; `distributed_worker.py mpi SCENARIO` is one under mpiexec. Each prints what it found as one line
of JSON."""

import json
import math
import os
import sys
import warnings
from pathlib import Path

import stepsize as st
from frameworks import join_group, leave_group, run_ranks
from stepsize.distributed import Shared, mean_loss, same, synchronize

TEXT = "greedy(patience=1, factor=0.8) * (warmup(4) >> linear(56))"
UPDATES = 30


def report(**found):
    # One write, so that the lines of several processes do not mix under mpiexec.
    os.write(1, (json.dumps({"scenario": sys._getframe(1).f_code.co_name, "rank": rank, **found}) + "\n").encode())


def refused(call):
    try:
        call()
    except st.StepsizeError as error:
        return str(error)
    return ""


def local_loss(update, rank):
    return 2.0 / (1 + update) + (0.02 * update if update > 12 else 0.0) + 0.3 * math.sin(17 * update + rank)


# ---- With torch: a real training ----


def make_training(seed, sharded=False):
    import torch
    from stepsize.torch import Scheduler

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    first, last = model[0], model[2]
    if sharded:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        mesh = init_device_mesh("cpu", (size,))
        for part in (first, last, model):
            fully_shard(part, mesh=mesh)
    else:
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD([{"params": first.parameters()}, {"params": last.parameters(), "lr": 0.01}], lr=0.1)
    return model, optimizer, Scheduler(optimizer, TEXT), torch.Generator().manual_seed(100 + seed)


def train(model, optimizer, scheduler, generator, updates):
    import torch

    rates, losses = [], []
    for _ in range(updates):
        inputs = torch.randn(16, 4, generator=generator)
        targets = inputs.sum(1, keepdim=True) + torch.randn(16, 1, generator=generator)
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.zero_grad()
        loss = ((model(inputs) - targets) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        scheduler.step(loss)
    return rates, losses


def ddp():
    model, optimizer, scheduler, generator = make_training(rank)
    rates, losses = train(model, optimizer, Shared(scheduler), generator, UPDATES)
    same(scheduler)
    report(rates=rates, losses=losses)


def fsdp():
    model, optimizer, scheduler, generator = make_training(rank, sharded=True)
    rates, losses = train(model, optimizer, Shared(scheduler), generator, UPDATES)
    same(scheduler)
    report(rates=rates, losses=losses)


OBSERVING = ["dog(r=0.01)", "dadapt(d0=0.1)", "polyak(c=10)", 'polyak("sps", max_lr=2)']


def observing():
    """The rates that controllers find by the gradient: with DDP, with sharded weights, and in one process alone on the
    batches of all."""
    import torch
    from stepsize.torch import Scheduler

    found = {}
    for text in OBSERVING:
        for kind in ("alone", "ddp", "fsdp"):
            model, optimizer, _, _ = make_training(rank, sharded=kind == "fsdp")
            model = model.module if kind == "alone" else model
            shards = torch.distributed.group.WORLD if kind == "fsdp" else None
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] = 1.0
                group["momentum"] = 0.9
            scheduler = Shared(Scheduler(optimizer, text, shards=shards))
            random, rates = torch.Generator().manual_seed(7), []
            for _ in range(8):
                inputs = torch.randn(16 * size, 4, generator=random)
                part = slice(None) if kind == "alone" else slice(16 * rank, 16 * rank + 16)
                loss = ((model(inputs[part]) - inputs[part].sum(1, keepdim=True)) ** 2).mean()
                optimizer.zero_grad()
                loss.backward()
                rates.append(scheduler.observe(loss))
                optimizer.step()
                scheduler.step()
            same(scheduler)
            found[f"{kind} {text}"] = rates
    report(found=found)


def interrupted():
    """Stops after 11 updates; rank 0 alone writes the checkpoint."""
    import torch

    model, optimizer, scheduler, generator = make_training(rank)
    rates, losses = train(model, optimizer, Shared(scheduler), generator, 11)
    if rank == 0:
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        torch.save(state, folder / "checkpoint.pt")
    torch.save(generator.get_state(), folder / f"data{rank}.pt")
    report(rates=rates, losses=losses)


def resumed():
    """Every rank reads weights and optimizer, rank 0 alone the scheduler: the others get it by `synchronize`."""
    import torch

    model, optimizer, scheduler, generator = make_training(rank)
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(torch.load(folder / f"data{rank}.pt", weights_only=True))
    shared = Shared(scheduler)
    if rank == 0:
        scheduler.load_state_dict(state["scheduler"])
    assert shared.synchronize() == 0
    rates, losses = train(model, optimizer, shared, generator, UPDATES - 11)
    report(rates=rates, losses=losses)


# ---- With any network ----


def states(group=None):
    """Joining, restarting, and what does not fit."""
    found = {}
    scheduler = st.Scheduler([0.1, 0.01], TEXT)
    last = size - 1
    if rank == last:  # this one is further than the others, which have just begun
        for update in range(9):
            scheduler.step(local_loss(update, 0))
    found["unequal"] = refused(lambda: same(scheduler, group))
    found["source"] = synchronize(scheduler, group)
    same(scheduler, group)
    found["step"], found["lrs"] = scheduler.current_step, scheduler.lrs
    if rank == last:
        scheduler.step(5.0)
    found["chosen"] = synchronize(scheduler, group, source=0)
    same(scheduler, group)
    found["rejoined"] = scheduler.current_step
    other = st.Scheduler(0.1, TEXT if rank != last else "linear(5)")
    found["misfit"] = refused(lambda: synchronize(other, group, source=0))
    found["rank"] = refused(lambda: synchronize(scheduler, group, source=size))
    report(found=found)


def losses(group=None):
    """Means, weights, and what is not finite."""
    found = {}
    cases = {
        "plain": ([0.1 * (r + 1) for r in range(size)], [1.0] * size),
        "equal": ([0.1] * size, [1.0] * size),
        "weighted": ([float(r) for r in range(size)], [float(r) for r in range(size)]),
        "nan": ([math.nan if r == size - 1 else 1.0 + r for r in range(size)], [1.0] * size),
        "inf": ([math.inf if r == 0 else -math.inf for r in range(size)], [1.0] * size),
        "ended": ([math.nan if r == 0 else 3.0 for r in range(size)], [0.0 if r == 0 else 1.0 for r in range(size)]),
        "nobody": ([1.0] * size, [0.0] * size),
        "huge": ([1.7e308] * size, [1.0] * size),
    }
    for name, (values, counts) in cases.items():
        for policy in ("spread", "skip"):
            mean = mean_loss(values[rank], group, weight=counts[rank], nonfinite=policy)
            found[f"{name} {policy}"] = mean.hex()
    rates = {}
    for policy in ("spread", "skip"):
        shared = Shared(st.Scheduler(0.1, TEXT), group, nonfinite=policy)
        rates[policy] = [
            shared.step(math.nan if rank == 1 and 5 <= update < 9 else local_loss(update, rank)).hex()
            for update in range(UPDATES)
        ]
        same(shared, group)
    found["rates"] = rates
    found["none"] = refused(lambda: Shared(st.Scheduler(0.1, TEXT), group).step())
    report(found=found)


def wrongly(group=None):
    """One process alone does it wrongly: it is told to all, nobody waits, and the scheduler continues afterwards."""
    found = {}
    shared = Shared(st.Scheduler(0.1, TEXT), group)
    for name, loss, weight in (("missing", None, 1.0), ("wrong", "high", 1.0), ("weight", 1.0, -3.0)):
        mine = (loss, weight) if rank == size - 1 else (1.0, 1.0)
        try:
            shared.step(mine[0], weight=mine[1])
        except (st.StepsizeError, TypeError) as error:
            found[name] = f"{type(error).__name__}: {error}"
    found["after"] = shared.current_step, shared.step(1.0)
    same(shared, group)
    report(found=found)


def process(number, count, scenario, where):
    """One rank of a scenario, in a process of its own."""
    global rank, size, folder
    import torch

    rank, size, folder = number, count, where
    torch.set_num_threads(1)
    (folder / scenario).mkdir(exist_ok=True)
    join_group(rank, size, folder / scenario)
    globals()[scenario]()
    leave_group()


def main(arguments):
    global rank, size
    if arguments[0] == "mpi":
        from mpi4py import MPI

        rank, size = MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size
        globals()[arguments[1]](MPI.COMM_WORLD)
        return
    import stepsize.torch  # noqa: F401  once, since it takes seconds: the processes are forked

    warnings.simplefilter("ignore")
    for scenario in arguments[2:]:
        run_ranks(int(arguments[0]), process, scenario, Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
