"""Updates that a GradScaler skips do not count."""

import pytest
import stepsize as st

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
from stepsize.torch import Joined, Scheduler  # noqa: E402

TEXT = "greedy(patience=0, factor=0.5) * linear(20)"
BAD = {0, 1, 5, 6, 11}


def train(scaled=True, enabled=True, optimizers=1, count=12, resume_at=None, text=TEXT, **options):
    """Twelve batches, some with a gradient that is not finite; the losses of the others, and the rates after each."""
    weights = [torch.ones(1, requires_grad=True) for _ in range(optimizers)]
    members = [torch.optim.SGD([weight], lr=0.1) for weight in weights]
    optimizer = members[0] if optimizers == 1 else Joined(*members)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=enabled)
    scheduler = Scheduler(optimizer, text, scaler=scaler if scaled else None, **options)
    good, rates = [], []
    for t in range(count):
        optimizer.zero_grad()
        loss = sum(weight.sum() * (2.0 + t % 3) for weight in weights) * (float("inf") if t in BAD else 1.0)
        scaler.scale(loss).backward()
        for each in members:
            scaler.step(each)
        scaler.update()
        if t not in BAD:
            good.append(loss.item())
        scheduler.step(loss)
        rates.append(scheduler.lr)
    return scheduler, good, rates


@pytest.mark.parametrize("optimizers", [1, 2])
@pytest.mark.parametrize("text", [TEXT, "linear(20)"])
def test_they_do_not_count(optimizers, text):
    scheduler, good, rates = train(optimizers=optimizers, text=text)
    reference = st.Scheduler(0.1, text)
    expected, losses = [], iter(good)
    for t in range(12):
        if t not in BAD:
            reference.step(next(losses))
        expected.append(reference.lr)
    assert rates == expected and scheduler.current_step == 7


def test_without_the_scaler_every_call_counts():
    with pytest.warns(UserWarning, match="before `optimizer.step\\(\\)`"):  # PyTorch's own warning of the first
        scheduler, _, _ = train(scaled=False)
    assert scheduler.current_step == 12


def test_a_scaler_that_is_turned_off():
    assert train(enabled=False)[0].current_step == 12


def test_a_fused_optimizer_skips_by_itself():
    """It is called all the same."""
    weight = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.AdamW([weight], lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scheduler = Scheduler(optimizer, "linear(20)", scaler=scaler)
    for t in range(6):
        optimizer.zero_grad()
        before = weight.item()
        scaler.scale(weight.sum() * (float("inf") if t in (0, 3) else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        step = scheduler.current_step
        scheduler.step()
        assert (weight.item() == before) == (scheduler.current_step == step) == (t in (0, 3))


def test_updates_that_are_not_shown_and_fields():
    scheduler, good, rates = train(fields={"momentum": "linear(10)"}, read_every=2, text=TEXT)
    assert scheduler.current_step == 7
    step = scheduler.current_step
    scheduler.advance()
    assert scheduler.current_step == step, "no update was made since"
    scheduler.optimizer.step()
    scheduler.advance()
    assert scheduler.current_step == step + 1
