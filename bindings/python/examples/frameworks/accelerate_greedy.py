#!/usr/bin/env python3
"""accelerate with gradient accumulation and GreedyLR over linear decay, on scikit-learn's digits: the scheduler steps
once per update, whatever the number of processes and of batches in an update. Needs accelerate and scikit-learn.

    accelerate launch --cpu --num_processes 2 accelerate_greedy.py
"""

import torch
import torch.distributed.nn  # noqa: F401  imported later, its functions would keep the process group as a default argument
from accelerate import Accelerator
from sklearn.datasets import load_digits
from stepsize.huggingface import prepare
from stepsize.torch import Scheduler

EPOCHS, BATCH, PARTS = 12, 32, 4


def train(accelerator):
    torch.manual_seed(0)
    inputs, labels = load_digits(return_X_y=True)
    inputs, labels = torch.tensor(inputs / 16, dtype=torch.float32), torch.tensor(labels)
    data = torch.utils.data.TensorDataset(inputs[:1280], labels[:1280])
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model, optimizer, loader = accelerator.prepare(
        model, optimizer, torch.utils.data.DataLoader(data, BATCH, shuffle=True)
    )
    updates = EPOCHS * len(loader) // PARTS
    scheduler = Scheduler(optimizer.optimizer, f"greedy(patience=3, factor=0.9) * linear({updates})")
    stepper = prepare(accelerator, scheduler)
    for _ in range(EPOCHS):
        for batch, target in loader:
            with accelerator.accumulate(model):
                loss = torch.nn.functional.cross_entropy(model(batch), target)
                accelerator.backward(loss)
                optimizer.step()
                stepper.step(loss)
                optimizer.zero_grad()
    with torch.no_grad():
        accuracy = (model(inputs[1280:]).argmax(1) == labels[1280:]).double().mean()
    accelerator.print(f"{scheduler.current_step} of {updates} updates, accuracy {accuracy:.3f}")


accelerator = Accelerator(cpu=True, gradient_accumulation_steps=PARTS)
train(accelerator)
# The model holds the process group and went with `train` and `free_memory`: so gloo's threads end here. One that was
# left could ask for the interpreter while that shuts down, which aborts the process.
accelerator.free_memory()
accelerator.wait_for_everyone()
accelerator.end_training()
