"""The processes of the range tests under gloo: `find_worker.py SIZE FOLDER`. Each prints what it found as JSON."""

import json
import os
import sys
from pathlib import Path

import stepsize as st
import torch
from frameworks import join_group, leave_group, run_ranks
from stepsize.torch import find


def make(rank):
    """The same model on each, and batches of its own."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    x = torch.randn(160, 3, generator=torch.Generator().manual_seed(rank))
    return model, list(zip(x.split(32), x.sum(1, keepdim=True).split(32)))


def frozen(*states):
    return [[value.tolist() for value in state.values() if isinstance(value, torch.Tensor)] for state in states]


def process(rank, size, folder):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1",
                      ACCELERATE_USE_CPU="true", GLOO_SOCKET_IFNAME="lo")  # fmt: skip
    torch.set_num_threads(1)
    join_group(rank, size, folder)
    found = {"rank": rank, **in_torch(rank), **in_the_trainer(rank, folder)}
    os.write(1, (json.dumps(found) + "\n").encode())
    leave_group()


def in_torch(rank):
    model, batches = make(rank)
    wrapped = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.1, momentum=0.9)
    own = []

    def loss(batch):
        value = (wrapped(batch[0]) - batch[1]).square().mean()
        own.append(value.item())
        return value

    before = frozen(model.state_dict()), optimizer.state_dict()
    finder = find(wrapped, optimizer, loss, batches, count=100)
    found = {
        "own": own, "losses": list(finder.losses), "suggestions": finder.suggestions, "stop": finder.stop_reason,
        "restored": (frozen(model.state_dict()), optimizer.state_dict()) == before,
    }  # fmt: skip
    # One process alone has no batch left, and none waits for it.
    refused = []
    for given, options in ((iter(batches) if rank else batches, {}), (batches, {"start": 1e-5 * (1 + rank)})):
        try:
            find(wrapped, optimizer, loss, given, **options)
        except st.StepsizeError as error:
            refused.append(str(error))
    return {**found, "refused": refused}


def in_the_trainer(rank, folder):
    import stepsize.huggingface
    from transformers import Trainer, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = make(0)[0]

        def forward(self, x, labels):
            return {"loss": (self.layers(x) - labels).square().mean()}

    model = Model()
    rows = [{"x": x, "labels": y} for x, y in zip(*(torch.cat(each) for each in zip(*make(7)[1])))]
    arguments = TrainingArguments(
        str(folder / "out"), per_device_train_batch_size=4, use_cpu=True, report_to=[], remove_unused_columns=False,
        ddp_backend="gloo",
    )  # fmt: skip
    trainer = Trainer(model, arguments, train_dataset=rows)
    weights = []
    hook = model.layers[0].register_forward_pre_hook(lambda module, _: weights.append(module.weight.detach().clone()))
    before = frozen(model.state_dict())
    finder = stepsize.huggingface.find(trainer, count=40)
    hook.remove()
    return {
        "world": arguments.world_size, "weights": [each.tolist() for each in weights],
        "trainer_losses": list(finder.losses), "trainer_suggestions": finder.suggestions,
        "trainer_restored": frozen(model.state_dict()) == before,
    }  # fmt: skip


if __name__ == "__main__":
    run_ranks(int(sys.argv[1]), process, Path(sys.argv[2]))
