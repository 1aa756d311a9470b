"""stepsize.huggingface.optimization against transformers.optimization, with the same optimizers."""

import copy
import inspect
import io
import os
import random

import pytest

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("transformers.optimization")
if not hasattr(theirs, "GreedyLR"):
    pytest.skip("this transformers has no GreedyLR", allow_module_level=True)

import stepsize as st
from stepsize.huggingface import optimization as ours
from stepsize.torch import Scheduler
from stepsize.torch._groups import accelerated
from test_greedy_parity import random_configuration, random_losses
from transformers.trainer_utils import SchedulerType

LIVES = max(40, int(os.environ.get("STEPSIZE_LIVES", "0")) // 8)

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


def test_greedy_is_one_of_theirs():
    assert issubclass(ours.GreedyLR, theirs.GreedyLR) and ours.StreamingAverage is theirs.StreamingAverage
    assert ours.Adafactor is theirs.Adafactor  # whatever else the module has


MOVED = ("best", "num_bad_epochs", "num_good_epochs", "cooldown_counter", "warmup_counter", "reset_start", "last_epoch")
CHANGES = {
    "factor": (0.5, 0.9), "patience": (0, 3), "cooldown": (0, 2), "warmup": (0, 2), "threshold": (0.0, 0.1),
    "threshold_mode": ("abs", "rel"), "eps": (0.0, 1e-4), "best": (0.3, float("inf")), "num_bad_epochs": (0, 7),
    "num_good_epochs": (0, 7), "cooldown_counter": (0, 4), "warmup_counter": (0, 4), "reset_start": (1, 4),
    "last_epoch": (0, 100), "min_lrs": (None,), "_init_lrs": (None,),
}  # fmt: skip


def happen(event, number, scheduler, other_module, optimizer, options):
    """Something that a script may do to either; returns the scheduler that continues."""
    names = sorted(CHANGES)
    name = names[number % len(names)]
    if event == "set":
        value = CHANGES[name][number % len(CHANGES[name])]
        setattr(scheduler, name, [0.01] * len(optimizer.param_groups) if value is None else value)
    elif event == "in place":
        getattr(scheduler, ("min_lrs", "max_lrs", "_init_lrs")[number % 3])[0] = 0.05
    elif event == "rate":
        optimizer.param_groups[0]["lr"] *= 0.7
    elif event == "reset":
        scheduler._reset()
    elif event == "epoch":
        scheduler.step(0.5, number)
    elif event == "copy":
        return copy.copy(scheduler)
    elif event == "loaded":
        new = other_module.GreedyLR(optimizer, **options)
        new.load_state_dict(copy.deepcopy(scheduler.state_dict()))
        return new
    elif event == "group":
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.2})
        for name in ("min_lrs", "max_lrs", "_init_lrs"):
            getattr(scheduler, name).append(0.01)
    return scheduler


@pytest.mark.parametrize("batch", range(8))
def test_greedy_lives(batch):
    """Whatever is set, read, written into the optimizer or loaded, by ours or theirs: the same as there."""
    closed = 0
    for number in range(LIVES):
        rng = random.Random(f"{batch} {number}")
        bases, options = random_configuration(rng)
        if options["reset_start"] == float("inf"):
            options["reset_start"] = 10**6
        optimizers = make_optimizer(bases), make_optimizer(bases)
        mine, other = ours.GreedyLR(optimizers[0], **options), theirs.GreedyLR(optimizers[1], **options)
        history = []
        for loss in random_losses(rng, 80):
            if rng.random() < 0.06:
                event = rng.choice(["set"] * 4 + ["in place", "rate", "reset", "epoch", "copy", "loaded", "group"])
                which = rng.randrange(100)
                history.append((event, which))
                if event == "loaded" and rng.random() < 0.5:  # from ours into theirs and back
                    mine = happen(event, which, mine, theirs, optimizers[0], options)
                mine = happen(event, which, mine, ours, optimizers[0], options)
                other = happen(event, which, other, theirs, optimizers[1], options)
                if len(optimizers[0].param_groups) != len(bases):
                    options = {**options, "min_lr": 0.01, "max_lr": 1.0}
            loss = rng.choice([loss, loss, torch.tensor(loss, dtype=torch.float64)])
            mine.step(loss)
            other.step(loss)
            history.append(float(loss))
            closed += getattr(mine, "_closed", None) is not None
            assert rates(optimizers[0]) == rates(optimizers[1]) == mine.get_last_lr(), (options, history)
            for name in rng.sample(MOVED, 2):
                assert repr(getattr(mine, name)) == repr(getattr(other, name)), (name, options, history)
            if rng.random() < 0.03:
                assert repr(mine.state_dict()) == repr(other.state_dict()), (options, history)  # with NaN in it
                assert list(mine.__dict__) == list(other.__dict__)
    assert closed > LIVES or accelerated is None


def test_greedy_is_left_to_the_core_while_nobody_looks():
    if accelerated is None:
        pytest.skip("without the accelerated module")
    scheduler = ours.GreedyLR(make_optimizer([0.1]), patience=2)
    for i in range(20):
        scheduler.step(1.0 / (1 + i))
        assert scheduler._closed is not None and scheduler.num_good_epochs in (0, 1, 2)
    core, _, _ = scheduler._closed
    assert core.current_step == 20 and scheduler.best == 1 / 20
    scheduler.best = 0.0
    scheduler.step(1e-3)
    assert scheduler.num_bad_epochs == 1 and scheduler.best == 0.0
    for _ in range(5):
        scheduler.step(1e-3)
    assert scheduler._closed is not None
    with pytest.raises(AttributeError, match="'GreedyLR' object has no attribute 'nothing'"):
        scheduler.nothing  # noqa: B018
    scheduler.verbose = True  # it prints: theirs does
    for _ in range(9):
        scheduler.step(1e-3)
    assert scheduler._closed is None


def test_a_failing_step_of_greedy_has_changed_nothing():
    if accelerated is None:
        pytest.skip("transformers' own step")
    optimizer = make_optimizer([0.1])
    scheduler = ours.GreedyLR(optimizer, patience=0)
    scheduler.step(1.0)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.2})
    before = scheduler.state_dict(), rates(optimizer)
    with pytest.raises(IndexError):
        scheduler.step(2.0)
    assert (scheduler.state_dict(), rates(optimizer)) == before


def test_greedy_begins_where_the_optimizer_is():
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    for optimizer in (a, b):
        torch.optim.lr_scheduler.ConstantLR(optimizer, 0.5, 100)
    mine, other = ours.GreedyLR(a, patience=0), theirs.GreedyLR(b, patience=0)
    for loss in (1.0, 0.9, 0.9, 0.9):
        mine.step(loss), other.step(torch.tensor(loss, dtype=torch.float64))
        assert rates(a) == rates(b)


def test_greedy_says_what_it_does(capsys):
    said = []
    for module in (ours, theirs):
        scheduler = module.GreedyLR(make_optimizer([0.1, 0.2]), patience=0, verbose=True)
        for loss in (1.0, 0.5, 0.7, 0.7):
            scheduler.step(loss)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "increasing" in said[0]


def test_wrong_use_of_greedy():
    optimizer = make_optimizer([0.1, 0.2])
    for wrong in ({"factor": 1.5}, {"mode": "up"}, {"threshold_mode": "up"}, {"min_lr": [0.1]}):
        with pytest.raises(ValueError):
            ours.GreedyLR(optimizer, **wrong)
    with pytest.raises(TypeError):
        ours.GreedyLR(torch.nn.Linear(1, 1))
    scheduler = ours.GreedyLR(optimizer)
    for wrong in ((), (None,), ("x",)):
        with pytest.raises((TypeError, ValueError)):
            scheduler.step(*wrong)
    scheduler.step(0.5)
    assert scheduler.last_epoch == 1


SPECIFIC = {
    "cosine": {"num_cycles": 1.5}, "cosine_with_restarts": {"num_cycles": 5},
    "polynomial": {"lr_end": 1e-3, "power": 2.0},
    "inverse_sqrt": {"timescale": 30}, "cosine_with_min_lr": {"min_lr": 0.01}, "constant": {"dropped": 1},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2}, "constant_with_warmup": {"dropped": 1},
    "warmup_stable_decay": {"num_decay_steps": 30, "min_lr_ratio": 0.1, "decay_type": "1-sqrt"},
}  # fmt: skip
OBSERVING = ("greedy", "reduce_lr_on_plateau")
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
    needs_loss = name in ("greedy", "reduce_lr_on_plateau")
    for step in range(100):
        # 1e-15 of the base: theirs goes from a rate below it to 0 by a difference.
        assert rates(a) == pytest.approx(rates(b), rel=1e-13, abs=1e-16), step
        assert needs_loss or isinstance(mine, torch.optim.lr_scheduler.LambdaLR)
        for each in (mine, other):
            each.optimizer.step()
            each.step(*([0.5] if needs_loss else []))


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


@pytest.mark.parametrize("name", [each.value for each in SchedulerType if each.value not in OBSERVING])
def test_states_go_both_ways(name):
    """The ``scheduler.pt`` of a checkpoint."""
    arguments = SPECIFIC.get(name)
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    mine = ours.get_scheduler(name, a, 5, 60, arguments)
    other = theirs.get_scheduler(name, b, 5, 60, arguments)
    for step in range(50):
        for each in (mine, other):
            each.optimizer.step()
            each.step()
        if step % 10 == 3:
            ours_saved, theirs_saved = mine.state_dict(), other.state_dict()
            assert list(ours_saved) == list(theirs_saved)
            for key, value in theirs_saved.items():
                assert ours_saved[key] == (pytest.approx(value, rel=1e-13, abs=1e-16) if key == "_last_lr" else value)
            file = io.BytesIO()
            torch.save((ours_saved, theirs_saved), file)
            file.seek(0)
            ours_saved, theirs_saved = torch.load(file, weights_only=True)
            a, b = make_optimizer([0.1]), make_optimizer([0.1])
            mine = ours.get_scheduler(name, a, 5, 60, arguments)
            mine.load_state_dict(theirs_saved)
            other = theirs.get_scheduler(name, b, 5, 60, arguments)
            other.load_state_dict(ours_saved)
            b.param_groups[0]["lr"] = ours_saved["_last_lr"][0]
        assert rates(a) == pytest.approx(rates(b), rel=1e-13, abs=1e-16)
    assert mine._plan


def test_states_of_0_1_load():
    """There these functions returned a ``stepsize.torch.Scheduler``."""
    optimizer = make_optimizer([0.1])
    before = Scheduler(optimizer, "warmup(10) >> linear(90)")
    for _ in range(30):
        optimizer.step(), before.step()
    scheduler = ours.get_linear_schedule_with_warmup(make_optimizer([0.1]), 10, 100)
    scheduler.load_state_dict(before.state_dict())
    for _ in range(20):
        assert scheduler.get_last_lr() == rates(scheduler.optimizer) == rates(optimizer)
        for each in (before, scheduler):
            each.optimizer.step()
            each.step()


def test_extend():
    optimizer = make_optimizer([0.1])
    scheduler = ours.get_linear_schedule_with_warmup(optimizer, 10, 100)
    for _ in range(55):
        optimizer.step(), scheduler.step()
    rate = rates(optimizer)[0]
    scheduler.extend(200)
    optimizer.step(), scheduler.step()
    assert rates(optimizer)[0] == pytest.approx(rate * 144 / 145)
    for _ in range(150):
        optimizer.step(), scheduler.step()
    assert rates(optimizer) == pytest.approx([0.0], abs=1e-16)


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
