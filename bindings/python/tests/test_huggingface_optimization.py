"""stepsize.huggingface.optimization against transformers.optimization, with the same optimizers."""

import inspect
import io
import random

import pytest

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("transformers.optimization")
if not hasattr(theirs, "GreedyLR"):
    pytest.skip("this transformers has no GreedyLR", allow_module_level=True)

import stepsize as st
from stepsize.huggingface import optimization as ours
from stepsize.torch import Scheduler
from test_greedy_parity import random_configuration, random_losses
from transformers.trainer_utils import SchedulerType

pytestmark = pytest.mark.filterwarnings("ignore:Detected call:UserWarning")


def make_optimizer(bases, lr=0.1, momentum=0.0):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in bases]
    return torch.optim.SGD(groups, lr=lr, momentum=momentum)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize("name", ours.__all__)
def test_signatures(name):
    mine, other = (inspect.signature(getattr(module, name)).parameters for module in (ours, theirs))
    assert [(p.name, p.default, p.kind) for p in mine.values()] == [(p.name, p.default, p.kind) for p in other.values()]


@pytest.mark.parametrize("batch", range(10))
def test_greedy_bit_for_bit(batch):
    rng = random.Random(1000 + batch)
    for number in range(60):
        bases, options = random_configuration(rng)
        if options["reset_start"] == float("inf"):
            options["reset_start"] = 10**6
        a, b = make_optimizer(bases), make_optimizer(bases)
        mine, other = ours.GreedyLR(a, **options), theirs.GreedyLR(b, **options)
        resume = rng.randrange(60)
        for i, loss in enumerate(random_losses(rng, 60)):
            mine.step(loss)
            other.step(loss)
            assert rates(a) == rates(b) == mine.get_last_lr(), (number, i, bases, options)
            assert mine.last_epoch == other.last_epoch
            if i == resume:
                file = io.BytesIO()
                torch.save(mine.state_dict(), file)
                file.seek(0)
                a = make_optimizer(bases)
                mine = ours.GreedyLR(a, **options)
                mine.load_state_dict(torch.load(file, weights_only=True))
                assert rates(a) == rates(b)


def test_greedy_is_one_of_theirs_to_the_trainer():
    scheduler = ours.GreedyLR(make_optimizer([0.1]))
    assert isinstance(scheduler, theirs.GreedyLR) and isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)


def test_greedy_begins_where_the_optimizer_is():
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    for optimizer in (a, b):
        torch.optim.lr_scheduler.ConstantLR(optimizer, 0.5, 100)
    mine, other = ours.GreedyLR(a, patience=0), theirs.GreedyLR(b, patience=0)
    for loss in (1.0, 0.9, 0.9, 0.9):
        mine.step(loss), other.step(torch.tensor(loss, dtype=torch.float64))
        assert rates(a) == rates(b)


def test_greedy_says_what_it_does(capsys):
    scheduler = ours.GreedyLR(make_optimizer([0.1, 0.2]), patience=0, verbose=True)
    scheduler.step(1.0)
    assert capsys.readouterr().out.splitlines() == [
        "GreedyLR: update 1: raised, lr of group 0 1.0000e-01 -> 1.0526e-01",
        "GreedyLR: update 1: raised, lr of group 1 2.0000e-01 -> 2.1053e-01",
    ]


def test_wrong_use_of_greedy():
    optimizer = make_optimizer([0.1, 0.2])
    for wrong in ({"factor": 1.5}, {"mode": "up"}, {"threshold_mode": "up"}, {"min_lr": [0.1]}, {"patience": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ours.GreedyLR(optimizer, **wrong)
    with pytest.raises(TypeError, match="optimizer"):
        ours.GreedyLR(torch.nn.Linear(1, 1))
    scheduler = ours.GreedyLR(optimizer)
    with pytest.raises(TypeError):
        scheduler.step()
    with pytest.raises(st.StepsizeError, match="transformers' GreedyLR.*optimizer's state first"):
        scheduler.load_state_dict(theirs.GreedyLR(optimizer).state_dict())


SPECIFIC = {
    "cosine": {"num_cycles": 1.5}, "cosine_with_restarts": {"num_cycles": 5},
    "polynomial": {"lr_end": 1e-3, "power": 2.0},
    "inverse_sqrt": {"timescale": 30}, "cosine_with_min_lr": {"min_lr": 0.01}, "constant": {"dropped": 1},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2}, "constant_with_warmup": {"dropped": 1},
    "warmup_stable_decay": {"num_decay_steps": 30, "min_lr_ratio": 0.1, "decay_type": "1-sqrt"},
}  # fmt: skip
NEEDED = {"cosine_with_min_lr", "cosine_warmup_with_min_lr", "warmup_stable_decay"}


@pytest.mark.parametrize("warmup", [0, 1, 17])
@pytest.mark.parametrize("specific", [True, False])
@pytest.mark.parametrize("name", [each.value for each in SchedulerType])
def test_get_scheduler(name, specific, warmup):
    if not specific and name in NEEDED:
        pytest.skip("cannot do without")
    arguments = SPECIFIC.get(name) if specific else None
    a, b = make_optimizer([0.1, 0.003]), make_optimizer([0.1, 0.003])
    mine = ours.get_scheduler(SchedulerType(name) if specific else name, a, warmup, 100, arguments)
    other = theirs.get_scheduler(name, b, warmup, 100, arguments)
    listens = name in ("greedy", "reduce_lr_on_plateau")
    for step in range(100):
        # 1e-15 of the base: theirs goes from a rate below it to 0 by a difference.
        assert rates(a) == pytest.approx(rates(b), rel=1e-13, abs=1e-16), step
        assert listens or isinstance(mine, Scheduler)
        for each in (mine, other):
            each.optimizer.step()
            each.step(*([0.5] if listens else []))


def test_each_by_its_own_name_and_last_epoch():
    for name, arguments in (
        ("get_constant_schedule", ()), ("get_constant_schedule_with_warmup", (9,)),
        ("get_linear_schedule_with_warmup", (9, 50)), ("get_cosine_schedule_with_warmup", (9, 50)),
        ("get_cosine_with_hard_restarts_schedule_with_warmup", (9, 50, 3)),
        ("get_polynomial_decay_schedule_with_warmup", (9, 50)), ("get_inverse_sqrt_schedule", (9,)),
    ):  # fmt: skip
        a, b = make_optimizer([0.1]), make_optimizer([0.1])
        for optimizer in (a, b):
            optimizer.param_groups[0]["initial_lr"] = 0.1
        getattr(ours, name)(a, *arguments, last_epoch=20)
        getattr(theirs, name)(b, *arguments, last_epoch=20)
        assert rates(a) == pytest.approx(rates(b), rel=1e-14), name
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    for module, optimizer in ((ours, a), (theirs, b)):
        scheduler = module.get_wsd_schedule(optimizer, 5, 10, num_stable_steps=20)
        for _ in range(28):
            optimizer.step(), scheduler.step()
    assert rates(a) == pytest.approx(rates(b), rel=1e-14)


def test_wrong_names():
    with pytest.raises(st.StepsizeError, match="'linear', 'cosine'"):
        ours.get_scheduler("lineal", make_optimizer([0.1]), 1, 10)
    with pytest.raises(ValueError, match="num_warmup_steps"):
        ours.get_scheduler("linear", make_optimizer([0.1]), None, 10)
    with pytest.raises(TypeError, match="nothing"):
        ours.get_scheduler("linear", make_optimizer([0.1]), 1, 10, {"nothing": 1})


@pytest.mark.parametrize("name", [each.value for each in SchedulerType])
def test_a_training_run_has_the_same_rates_to_the_last_digit(name):
    """In the single precision of the weights. Theirs is shown the same losses."""
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer, beside = torch.optim.AdamW(model.parameters(), lr=0.02), make_optimizer([0.02], lr=0.02)
    arguments = SPECIFIC[name] if name in NEEDED else None
    mine, other = (
        module.get_scheduler(name, each, 10, 60, arguments) for module, each in ((ours, optimizer), (theirs, beside))
    )
    for step in range(60):
        assert torch.equal(torch.tensor(rates(optimizer)), torch.tensor(rates(beside))), step
        x = torch.randn(32, 8)
        loss = (model(x) - x.sum(1, keepdim=True).sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step(), beside.step()
        for scheduler in (mine, other):
            scheduler.step(*([loss.item()] if name in ("greedy", "reduce_lr_on_plateau") else []))
