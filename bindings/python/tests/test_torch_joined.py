"""Several optimizers under one scheduler."""

import copy
import pickle
import warnings

import pytest
import stepsize as st

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
from stepsize.torch import Joined, Scheduler, lr_scheduler  # noqa: E402


def make():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))
    first = torch.optim.SGD(model[0].parameters(), lr=0.02, momentum=0.9)
    second = torch.optim.AdamW(
        [{"params": [model[1].weight]}, {"params": [model[1].bias], "lr": 5e-3}], lr=1e-3
    )
    return model, first, second


def train(model, steppers, scheduler, count=8, start=0):
    rates = []
    for t in range(start, start + count):
        inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(t))
        loss = (model(inputs) - inputs.sum(1, keepdim=True)).square().mean()
        for each in steppers:
            each.zero_grad()
        loss.backward()
        for each in steppers:
            each.step()
        rates.append(scheduler.lrs)
        scheduler.step(loss)
    return rates


TEXT = "greedy(patience=0, factor=0.8) * linear(20)"


@pytest.mark.parametrize("together", [True, False])
def test_every_group_follows_one_schedule_and_one_controller(together):
    model, first, second = make()
    joined = Joined(first, second)
    scheduler = Scheduler(joined, TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates = train(model, [joined] if together else [first, second], scheduler)
    assert [group["lr"] for group in [*first.param_groups, *second.param_groups]] == list(scheduler.lrs)
    assert scheduler.core.base_lrs == (0.02, 1e-3, 5e-3)

    # The weights are those of a loop with two schedulers.
    other, one, two = make()
    pair = Scheduler(one, TEXT), Scheduler(two, TEXT)
    for t in range(8):
        inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(t))
        loss = (other(inputs) - inputs.sum(1, keepdim=True)).square().mean()
        for each in (one, two):
            each.zero_grad()
        loss.backward()
        assert (*pair[0].lrs, *pair[1].lrs) == rates[t]
        for each, scheduler in zip((one, two), pair):
            each.step()
            scheduler.step(loss)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters()))


def test_saved_and_resumed():
    model, first, second = make()
    joined = Joined(first, second)
    scheduler = Scheduler(joined, TEXT)
    train(model, [joined], scheduler, 4)
    saved = copy.deepcopy((model.state_dict(), joined.state_dict(), scheduler.state_dict()))
    expected = train(model, [joined], scheduler, 4, 4)

    fresh, one, two = make()
    again = Joined(one, two)
    resumed = Scheduler(again, TEXT)
    for each, state in zip((fresh, again, resumed), saved):
        each.load_state_dict(state)
    assert train(fresh, [again], resumed, 4, 4) == expected
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters()))
    with pytest.raises(st.StepsizeError, match="state_dict: it is of 2 optimizers, expected 1"):
        Joined(one).load_state_dict(saved[1])
    assert len(pickle.loads(pickle.dumps(again)).param_groups) == 3


def test_it_is_an_optimizer():
    model, first, second = make()
    joined = Joined(first, second)
    (model(torch.ones(2, 3)).sum()).backward()
    before = [each.detach().clone() for each in model.parameters()]

    def closure():
        assert torch.is_grad_enabled()
        return torch.tensor(3.0)

    assert joined.step(closure) == 3.0 and len(joined.state) == 4
    weight = next(iter(second.state))
    joined.state[weight] = {**joined.state[weight], "mine": 1}
    assert second.state[weight]["mine"] == 1 and list(joined.state) == [*first.state, *second.state]
    del joined.state[weight]["mine"]
    assert not any(torch.equal(old, new) for old, new in zip(before, model.parameters()))
    joined.zero_grad()
    assert all(each.grad is None for each in model.parameters())
    first.add_param_group({"params": [torch.zeros(1, requires_grad=True)]})
    assert len(joined.param_groups) == 4 and repr(joined).startswith("Joined(SGD")
    drop_in = lr_scheduler.ExponentialLR(Joined(second), 0.5)
    second.step()
    drop_in.step()
    assert [group["lr"] for group in second.param_groups] == [5e-4, 2.5e-3]


def test_what_is_refused():
    with pytest.raises(st.StepsizeError, match="expected at least one optimizer"):
        Joined()
    with pytest.raises(TypeError, match="Joined: expected optimizers of PyTorch, not list"):
        Joined([])
    with pytest.raises(st.StepsizeError, match="add the group to one of its optimizers"):
        Joined(make()[1]).add_param_group({})
