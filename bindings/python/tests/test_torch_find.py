"""stepsize.torch.find: a range test that leaves nothing behind."""

import math
import random

import pytest
import stepsize as st

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")
from stepsize.torch import Scheduler, find, restoring  # noqa: E402


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.drop = torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.1)
        self.last = torch.nn.Linear(8, 1)
        self.calls = 0

    def forward(self, x):
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))

    def get_extra_state(self):
        return {"calls": self.calls}

    def set_extra_state(self, state):
        self.calls = state["calls"]


def data(count=64):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, 4, generator=generator)
    rows = torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True))
    return torch.utils.data.DataLoader(rows, batch_size=16, shuffle=True)


def frozen(value):
    """The same for the same values, to the last bit."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.detach().numpy().tobytes()
    if isinstance(value, numpy.ndarray):
        return value.tobytes()
    if isinstance(value, dict):
        return {key: frozen(each) for key, each in value.items()}
    return [frozen(each) for each in value] if isinstance(value, (list, tuple)) else value


def everything(model, optimizer):
    """All that a test could leave behind."""
    states = [model.state_dict(), optimizer.state_dict(), [each.grad for each in model.parameters()]]
    modes = [module.training for module in model.modules()]
    return frozen([states, modes, torch.get_rng_state(), random.getstate(), numpy.random.get_state()])


def loss_of(model):
    def loss(batch):
        model.calls += 1
        random.random()
        numpy.random.rand()
        return (model(batch[0]) - batch[1]).square().mean()

    return loss


OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.1),
    "tensor": lambda parameters: torch.optim.Adam(parameters, lr=torch.tensor(0.1)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("has_trained", [False, True])
def test_leaves_nothing(name, has_trained):
    torch.manual_seed(0)
    model, loader = Model(), data()
    optimizer = OPTIMIZERS[name](model.parameters())
    if has_trained:
        for batch in loader:
            optimizer.zero_grad()
            loss_of(model)(batch).backward()
            optimizer.step()
    held = [each for each in model.parameters()]
    rate, group = optimizer.param_groups[0]["lr"], optimizer.param_groups[0]
    before = everything(model, optimizer)
    finder = find(model, optimizer, loss_of(model), loader, end=100.0)
    assert everything(model, optimizer) == before
    assert all(a is b for a, b in zip(held, model.parameters()))
    assert optimizer.param_groups[0] is group and group["lr"] is rate
    assert len(finder) > 50
    # The same again, since the random numbers are the same.
    again = find(model, optimizer, loss_of(model), loader, end=100.0)
    assert list(again.losses) == list(finder.losses)


def test_training_goes_on_as_without():
    def trained(with_test):
        torch.manual_seed(3)
        model, loader = Model(), data()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        scheduler = Scheduler(optimizer, "warmup(4) >> linear(8)")
        losses = []
        for epoch in range(3):
            for batch in loader:
                optimizer.zero_grad()
                loss = loss_of(model)(batch)
                loss.backward()
                optimizer.step()
                scheduler.step()
                losses.append(loss.item())
            if with_test and epoch < 2:
                find(model, optimizer, loss_of(model), loader, count=30)
        return losses, scheduler.lr

    assert trained(True) == trained(False)


def test_after_an_error():
    model, loader = Model(), data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = everything(model, optimizer)
    calls = []

    def loss(batch):
        calls.append(1)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return loss_of(model)(batch)

    with pytest.raises(KeyboardInterrupt):
        find(model, optimizer, loss, loader)
    assert len(calls) == 20 and everything(model, optimizer) == before


def test_no_warning_of_order():
    """torch warns where a scheduler steps before the optimizer has; the test's updates do not count."""
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    find(model, optimizer, loss_of(model), data(), count=12)
    with pytest.warns(UserWarning, match="lr_scheduler.step"):
        scheduler.step()


def test_groups_keep_their_ratio():
    model = Model()
    groups = [{"params": model.first.parameters(), "lr": 0.01}, {"params": model.last.parameters(), "lr": 0.1}]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    seen = []

    def loss(batch):
        seen.append([group["lr"] for group in optimizer.param_groups])
        return loss_of(model)(batch)

    finder = find(model, optimizer, loss, data())
    assert [high for _, high in seen] == pytest.approx(list(finder.rates))
    assert all(low == pytest.approx(high / 10) for low, high in seen)


def test_scaler_and_others():
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=5)
    average = torch.optim.swa_utils.AveragedModel(model)

    def loss(batch):
        average.update_parameters(model)
        return loss_of(model)(batch)

    before = [scaler.state_dict(), frozen(average.state_dict()), everything(model, optimizer)]
    finder = find(model, optimizer, loss, data(), scaler=scaler, clip=1.0, restore=[average])
    assert [scaler.state_dict(), frozen(average.state_dict()), everything(model, optimizer)] == before
    assert len(finder) > 20


def test_data_with_a_state():
    class Loader:
        position = 0

        def __iter__(self):
            for x, y in data():
                self.position += 1
                yield x, y

        def state_dict(self):
            return {"position": self.position}

        def load_state_dict(self, state):
            self.position = state["position"]

    model, loader = Model(), Loader()
    loader.position = 7
    find(model, torch.optim.SGD(model.parameters(), lr=0.1), loss_of(model), loader, count=20)
    assert loader.position == 7


def test_data_that_ends():
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(st.StepsizeError, match="the data has no batch left"):
        find(model, optimizer, loss_of(model), iter(data()))
    with pytest.raises(st.StepsizeError, match="the data has no batch left"):
        find(model, optimizer, loss_of(model), [])


def test_divergence_stops():
    weight = torch.nn.Parameter(torch.ones(2))
    model = torch.nn.ParameterList([weight])
    optimizer = torch.optim.SGD([weight], lr=1.0)
    batches = [torch.tensor([1.0, 30.0])]
    finder = find(model, optimizer, lambda batch: (weight * batch).square().sum(), batches, smoothing=0)
    # Above 2/1800 the second weight diverges.
    assert finder.stop_reason == "diverged" and 1e-3 < finder.rates[-1] < 1
    assert weight.tolist() == [1, 1]


def test_restoring_by_itself():
    model = Model().eval()
    optimizer = torch.optim.Adam(model.parameters())
    before = everything(model, optimizer)
    with pytest.raises(ZeroDivisionError), restoring(model, optimizer):
        model.train()
        loss_of(model)(next(iter(data()))).backward()
        optimizer.step()
        optimizer.param_groups[0]["new"] = 1
        torch.manual_seed(9)
        1 / 0  # noqa: B018
    assert everything(model, optimizer) == before
    assert math.isclose(optimizer.param_groups[0]["lr"], 1e-3)


def test_suggests_a_rate_that_trains():
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

    def loss(batch):
        return (model(batch[0]) - batch[1]).square().mean()

    lr = find(model, optimizer, loss, data(), start=1e-5).suggest()
    optimizer.param_groups[0]["lr"] = lr
    losses = []
    for _ in range(10):
        for batch in data():
            optimizer.zero_grad()
            value = loss(batch)
            value.backward()
            optimizer.step()
            losses.append(value.item())
    assert losses[-1] < losses[0] / 20
