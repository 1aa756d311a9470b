"""A small network to train, for the tests of the schedulers that see each update by themselves."""

import io

import torch


def problem(seed=0, dtype=torch.float64):
    """A network whose last bias is 0, and a function that computes the gradient of the batch of an update."""
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).to(dtype)
    torch.nn.init.zeros_(model[2].bias)
    inputs, labels = torch.randn(64, 6, dtype=dtype), torch.randint(0, 3, (64,))

    def backward(update):
        batch = slice(16 * (update % 4), 16 * (update % 4) + 16)
        model.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
        loss.backward()
        return loss

    return model, backward


def flat(model):
    return torch.cat([each.detach().flatten() for each in model.parameters()])


def halves(model):
    return [
        {"params": list(model[0].parameters()), "weight_decay": 0.1},
        {"params": list(model[2].parameters()), "weight_decay": 0.0},
    ]


def whole_and_resumed(make, first, updates=40, stop=17):
    """Trains with the scheduler that `make` makes of a model; and the same, saved after `stop` updates and continued in
    another model, where the state of the `first` is loaded first: "optimizer" or "scheduler". Asserts the same bits of
    weights and states, and returns both schedulers."""

    def run(begin, end, checkpoint=None):
        model, backward = problem()
        scheduler = make(model)
        parts = {"model": model, "optimizer": scheduler.optimizer, "scheduler": scheduler}
        if checkpoint is not None:
            saved = torch.load(io.BytesIO(checkpoint), weights_only=True)
            for name in sorted(parts, key=lambda name: (name != "model", name != first)):
                parts[name].load_state_dict(saved[name])
            assert scheduler.current_step == begin
        for update in range(begin, end):
            loss = backward(update)
            scheduler.optimizer.step()
            scheduler.step(loss)
        buffer = io.BytesIO()
        torch.save({name: part.state_dict() for name, part in parts.items()}, buffer)
        return model, scheduler, buffer.getvalue()

    (model, whole, _), (_, _, checkpoint) = run(0, updates), run(0, stop)
    other, resumed, _ = run(stop, updates, checkpoint)
    assert torch.equal(flat(model), flat(other)) and whole.core.state() == resumed.core.state()
    return whole, resumed
