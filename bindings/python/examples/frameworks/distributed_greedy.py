#!/usr/bin/env python3
"""torch.distributed: every process trains on its part of scikit-learn's digits, and all have the same bits of rate
although their losses differ. Needs torch and scikit-learn.

    torchrun --nproc_per_node 2 distributed_greedy.py
"""

import torch
import torch.distributed as dist
import torch.distributed.nn  # noqa: F401  imported later, its functions would keep the process group as a default argument
from sklearn.datasets import load_digits
from stepsize.distributed import Shared, same
from stepsize.torch import Scheduler
from torch.nn.parallel import DistributedDataParallel

UPDATES = 150


def train(rank, size):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    inputs, labels = load_digits(return_X_y=True)
    inputs, labels = torch.tensor(inputs / 16, dtype=torch.float32), torch.tensor(labels)
    model = DistributedDataParallel(
        torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = Shared(Scheduler(optimizer, f"greedy(patience=3, factor=0.9) * linear({UPDATES})"))
    generator = torch.Generator().manual_seed(rank)
    for _ in range(UPDATES):
        rows = torch.randint(0, 1300 // size, (32,), generator=generator) * size + rank
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        scheduler.step(loss)
    same(scheduler)  # raises where it is not so
    with torch.no_grad():
        accuracy = (model(inputs[1300:]).argmax(1) == labels[1300:]).double().mean()
    if rank == 0:
        print(f"{size} processes in the same state after {scheduler.current_step} updates, accuracy {accuracy:.3f}")


dist.init_process_group("gloo")
train(dist.get_rank(), dist.get_world_size())
# The model holds the process group and went with `train`: so gloo's threads end here. One that was left could ask for
# the interpreter while that shuts down, which aborts the process.
dist.barrier()
dist.destroy_process_group()
