"""The processes of test_huggingface.py's runs with accelerate: `accelerate_worker.py SIZE FOLDER`."""

import json
import os
import sys
from pathlib import Path

import torch
from accelerate import Accelerator
from frameworks import join_group, run_ranks
from stepsize.huggingface import Scheduler, prepare


def process(rank, size, folder):
    if size > 1:
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1",
                          ACCELERATE_USE_CPU="true", GLOO_SOCKET_IFNAME="lo")  # fmt: skip
        join_group(rank, size, folder)
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=3)
    train(accelerator, rank, folder)
    accelerator.free_memory()
    accelerator.wait_for_everyone()
    accelerator.end_training()


def train(accelerator, rank, folder):
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = Scheduler(optimizer, "greedy(patience=0, factor=0.5, cooldown=0) * linear(20)")
    model, optimizer = accelerator.prepare(model, optimizer)
    stepper = prepare(accelerator, scheduler)
    generator = torch.Generator().manual_seed(rank)
    rates, first, loss = [], scheduler.lr, None

    def update():
        nonlocal loss
        for _ in range(3):
            with accelerator.accumulate(model):
                inputs = torch.randn(4, 2, generator=generator)
                loss = ((model(inputs) - 3.0) ** 2).mean()
                accelerator.backward(loss)
                optimizer.step()
                stepper.step(loss)
                optimizer.zero_grad()
        rates.append(scheduler.lr)

    update()
    update()
    accelerator.save_state(folder / "state")
    state = generator.get_state()
    update()
    update()
    steps, used = scheduler.current_step, rates.copy()
    accelerator.wait_for_everyone()
    accelerator.load_state(folder / "state")
    generator.set_state(state)
    rates.clear()
    update()
    update()
    found = {"updates": len(used), "steps": steps, "first": first, "rates": used, "resumed": rates, "loss": loss.item()}
    os.write(1, (json.dumps(found) + "\n").encode())


if __name__ == "__main__":
    run_ranks(int(sys.argv[1]), process, Path(sys.argv[2]))
