"""What `stepsize.torch.Scheduler.observe` takes of a step of a small transformer on the CPU, by controller and
optimizer.

    python bench_observe.py [ROUNDS]

Each round is a training step with `observe` in it; its processor time is compared with that of the rest of the step,
so that
whatever else runs on the machine counts little. Printed: the least time of each, and the median over the rounds of
their ratio.
"""

import statistics
import sys
import time

import torch
from stepsize.torch import Scheduler

CASES = [
    ("sgd", "polyak(c=10)"), ("sgd", "dog()"), ("sgd", "dadapt()"), ("sgd", 'polyak("sps")'),
    ("adamw", 'polyak(norm="l1")'), ("adamw", "dog()"), ("adamw", "auto(1000)"),
]  # fmt: skip
WIDTH, LAYERS, WORDS, BATCH, LENGTH = 128, 4, 512, 32, 128


def transformer():
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.0, batch_first=True)
    return torch.nn.Sequential(
        torch.nn.Embedding(WORDS, WIDTH), torch.nn.TransformerEncoder(layer, LAYERS), torch.nn.Linear(WIDTH, WORDS)
    )


def measure(name, text, rounds):
    model = transformer()
    if name == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = Scheduler(optimizer, f"{text} * constant()", max_lr=1e-3)
    tokens = torch.randint(0, WORDS, (BATCH, LENGTH + 1))
    alone, observed = [], []
    for round_ in range(rounds + 2):
        begin = time.thread_time()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        before = time.thread_time()
        scheduler.observe(loss)
        after = time.thread_time()
        optimizer.step()
        scheduler.step()
        end = time.thread_time()
        if round_ >= 2:
            alone.append(end - begin - (after - before))
            observed.append(after - before)
    return alone, observed


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    torch.set_num_threads(1)
    parameters = sum(each.numel() for each in transformer().parameters())
    print(f"transformer of {parameters:,} parameters, {BATCH} x {LENGTH} tokens, one thread, {rounds} rounds")
    for name, text in CASES:
        alone, observed = measure(name, text, rounds)
        ratio = statistics.median(each / step for each, step in zip(observed, alone))
        times = f"step {1e3 * min(alone):7.2f} ms  observe {1e3 * min(observed):6.3f} ms"
        print(f"{name:6} {text:20} {times}  {100 * ratio:5.2f} %")


if __name__ == "__main__":
    main()
