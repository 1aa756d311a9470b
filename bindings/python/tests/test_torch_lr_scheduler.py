"""stepsize.torch.lr_scheduler against torch.optim.lr_scheduler: the same calls on both, every rate compared."""

import copy
import inspect
import io
import math
import random
import warnings

import preloaded
import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from stepsize.torch import Scheduler
from stepsize.torch import lr_scheduler as ours
from torch.optim import lr_scheduler as theirs

# PyTorch multiplies the rate before, and so adds about 1e-16 at every update; after a minimum of a cosine, where it
# divides by a small difference, some 1e-13 of the highest rate stay.
REL, OF_PEAK = 1e-11, 1e-12

pytestmark = pytest.mark.filterwarnings("ignore:Detected call:UserWarning", "ignore:The epoch parameter:UserWarning")


def make_optimizer(bases, kind="sgd", tensors=False):
    groups = [
        {
            "params": [torch.nn.Parameter(torch.zeros(1))],
            "lr": torch.tensor(base, dtype=torch.float64) if tensors else base,
        }
        for base in bases
    ]
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    return torch.optim.AdamW(groups, lr=0.1, capturable=False, foreach=False)


def rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def momenta(optimizer):
    return [group["betas"][0] if "betas" in group else group["momentum"] for group in optimizer.param_groups]


def close(mine, other, peak, of_peak=OF_PEAK):
    return all(abs(a - b) <= REL * abs(b) + of_peak * peak for a, b in zip(mine, other, strict=True))


# name, and arguments at random; `bases` for the rates among them
CASES = {
    "StepLR": lambda rng, bases: {"step_size": rng.randint(1, 9), "gamma": rng.choice([0.1, 0.5, 1.2])},
    "MultiStepLR": lambda rng, bases: {
        "milestones": [rng.randint(0, 30) for _ in range(3)], "gamma": rng.uniform(0.1, 1)
    },
    "ConstantLR": lambda rng, bases: {"factor": rng.uniform(0.1, 1), "total_iters": rng.randint(1, 20)},
    "LinearLR": lambda rng, bases: {
        "start_factor": rng.uniform(0.1, 1), "end_factor": rng.random(), "total_iters": rng.randint(1, 30)
    },
    "ExponentialLR": lambda rng, bases: {"gamma": rng.uniform(0.8, 1.01)},
    "PolynomialLR": lambda rng, bases: {"total_iters": rng.randint(1, 40), "power": rng.uniform(0.5, 3)},
    "CosineAnnealingLR": lambda rng, bases: {"T_max": rng.randint(1, 30), "eta_min": rng.choice([0.0, min(bases) / 7])},
    "CosineAnnealingWarmRestarts": lambda rng, bases: {
        "T_0": rng.randint(1, 9), "T_mult": rng.randint(1, 3), "eta_min": rng.choice([0.0, min(bases) / 7])
    },
    "CyclicLR": lambda rng, bases: {
        "base_lr": rng.choice([1e-3, [base / 9 for base in bases]]),
        "max_lr": rng.choice([5.0, [base * 9 for base in bases]]),
        "step_size_up": rng.randint(1, 9), "step_size_down": rng.choice([None, 1, 7]),
        "mode": rng.choice(["triangular", "triangular2", "exp_range"]), "gamma": rng.uniform(0.9, 1),
    },
    "OneCycleLR": lambda rng, bases: {
        "max_lr": rng.choice([5.0, [base * 9 for base in bases]]), "total_steps": 61, "pct_start": rng.uniform(0.05, 1),
        "anneal_strategy": rng.choice(["cos", "linear"]), "three_phase": rng.random() < 0.5,
        "cycle_momentum": rng.random() < 0.7,
    },
    "LambdaLR": lambda rng, bases: {"lr_lambda": [lambda t, k=k: 0.9**t / (k + 1) for k in range(len(bases))]},
    "MultiplicativeLR": lambda rng, bases: {"lr_lambda": lambda t: 0.97 + 0.001 * t},
}  # fmt: skip
EXACT = ("LambdaLR", "MultiplicativeLR")


def at_random(name, seed):
    rng = random.Random(f"{name} {seed}")
    bases = [10 ** rng.uniform(-4, 0.5) for _ in range(rng.choice([1, 2, 8]))]
    return rng, bases, CASES[name](rng, bases)


def test_every_class_is_there():
    for name in theirs.__all__:
        assert issubclass(getattr(ours, name), getattr(theirs, name))
        assert inspect.signature(getattr(ours, name)) == inspect.signature(getattr(theirs, name))
    assert sorted(ours.__all__) == sorted(theirs.__all__)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", CASES)
def test_rates(name, seed):
    rng, bases, arguments = at_random(name, seed)
    kind = rng.choice(["sgd", "adam"])
    a, b = make_optimizer(bases, kind), make_optimizer(bases, kind)
    mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
    peak = max([*bases, 5.0 if name in ("CyclicLR", "OneCycleLR") else 0])
    for step in range(60):
        assert close(rates(a), rates(b), peak), step
        assert momenta(a) == pytest.approx(momenta(b), rel=1e-12)
        assert mine.get_last_lr() == rates(a) and mine.last_epoch == other.last_epoch == step
        if name in EXACT:
            assert rates(a) == rates(b)
        a.step(), b.step()
        mine.step(), other.step()


@pytest.mark.parametrize("name", CASES)
def test_tensor_rates_are_filled(name):
    _, bases, arguments = at_random(name, 1)
    if name == "CosineAnnealingWarmRestarts":
        arguments["eta_min"] = 0.0
    a, b = make_optimizer(bases, "adam", tensors=True), make_optimizer(bases, "adam")
    held = [group["lr"] for group in a.param_groups]
    mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
    for _ in range(40):
        assert [group["lr"] is tensor for group, tensor in zip(a.param_groups, held)] == [True] * len(held)
        assert close(rates(a), rates(b), 5.0)
        a.step(), b.step()
        mine.step(), other.step()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("name", [*CASES, "ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"])
def test_one_element_tensors_of_any_shape(name, shape):
    def made(module):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=torch.full(shape, 0.1), momentum=0.9)
        if name == "ReduceLROnPlateau":
            return module.ReduceLROnPlateau(optimizer, patience=1)
        if name in ("SequentialLR", "ChainedScheduler"):
            parts = [module.ConstantLR(optimizer, 0.5, 4), module.ExponentialLR(optimizer, 0.9)]
            return module.ChainedScheduler(parts) if name[0] == "C" else module.SequentialLR(optimizer, parts, [6])
        return getattr(module, name)(optimizer, **CASES[name](random.Random(1), [0.1]))

    def life(module):
        scheduler = made(module)
        optimizer = (scheduler if hasattr(scheduler, "optimizer") else scheduler._schedulers[0]).optimizer
        held = optimizer.param_groups[0]["lr"]
        for _ in range(12):
            optimizer.step()
            scheduler.step(*([1.0] if name == "ReduceLROnPlateau" else []))
            present, last = optimizer.param_groups[0]["lr"], scheduler.get_last_lr()[0]
            yield (present is held, present.shape, last.shape), (float(present), float(last))

    for mine, other in zip(life(ours), life(theirs), strict=True):
        assert mine[0] == other[0] and mine[1] == pytest.approx(other[1], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", [name for name in CASES if name not in EXACT])
def test_resumed_at_random_points_in_both_orders(name, seed):
    rng, bases, arguments = at_random(name, seed)
    through = make_optimizer(bases)
    whole = getattr(ours, name)(through, **arguments)
    part = make_optimizer(bases)
    scheduler = getattr(ours, name)(part, **arguments)
    for step in range(60):
        assert rates(part) == rates(through) and momenta(part) == momenta(through), step
        for each, opt in ((whole, through), (scheduler, part)):
            opt.step()
            each.step()
        if rng.random() < 0.2:
            file = io.BytesIO()
            torch.save({"optimizer": part.state_dict(), "scheduler": scheduler.state_dict()}, file)
            file.seek(0)
            saved = torch.load(file, weights_only=name != "MultiStepLR")  # its milestones are a Counter, as PyTorch's
            part = make_optimizer(bases)
            order = rng.randrange(3)
            if order == 2:  # the optimizer before the scheduler is even made, which loses the rate in PyTorch
                part.load_state_dict(saved["optimizer"])
            scheduler = getattr(ours, name)(part, **arguments)
            if order == 1:
                part.load_state_dict(saved["optimizer"])
            scheduler.load_state_dict(saved["scheduler"])
            if order == 0:
                part.load_state_dict(saved["optimizer"])


@pytest.mark.parametrize("name", [name for name in CASES if name not in EXACT])
@pytest.mark.parametrize("to_ours", [True, False])
def test_states_go_both_ways(name, to_ours):
    _, bases, arguments = at_random(name, 3)
    first, second = (theirs, ours) if to_ours else (ours, theirs)
    a, b = make_optimizer(bases), make_optimizer(bases)
    before, after = getattr(first, name)(a, **arguments), getattr(second, name)(b, **arguments)
    for _ in range(23):
        a.step(), before.step()
    after.load_state_dict(before.state_dict())
    b.load_state_dict(a.state_dict())
    for _ in range(30):
        assert close(rates(b), rates(a), 5.0)
        a.step(), before.step()
        b.step(), after.step()


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("LambdaLR", "CyclicLR", "OneCycleLR")])
def test_someone_else_changes_the_rate(name):
    """What PyTorch multiplies is multiplied, and what it overwrites is overwritten."""
    _, bases, arguments = at_random(name, 2)
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
    for step in range(50):
        if step in (5, 17):
            for group in a.param_groups + b.param_groups:
                group["lr"] *= 0.3
        a.step(), b.step()
        mine.step(), other.step()
        # A small rate before that was divided by: the error of the recursion grows there.
        assert close(rates(a), rates(b), max(bases), 1e-11), step


CHAINABLE = [name for name in CASES if name not in ("CyclicLR", "OneCycleLR")]


@pytest.mark.parametrize("seed", range(30))
def test_chained(seed):
    rng = random.Random(seed)
    bases = [0.3, 0.05]
    parts = [(name, CASES[name](rng, bases)) for name in rng.sample(CHAINABLE, rng.choice([2, 3]))]
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine = ours.ChainedScheduler([getattr(ours, name)(a, **arguments) for name, arguments in parts])
    other = theirs.ChainedScheduler([getattr(theirs, name)(b, **arguments) for name, arguments in parts])
    for step in range(40):
        assert close(rates(a), rates(b), 1.0, 1e-11), (step, parts)
        assert mine.get_last_lr() == rates(a)
        a.step(), b.step()
        mine.step(), other.step()


@pytest.mark.parametrize("seed", range(40))
def test_sequential(seed):
    rng = random.Random(seed)
    bases = [0.3, 0.05]
    parts = [(name, CASES[name](rng, bases)) for name in rng.sample([*CASES], rng.choice([2, 3]))]
    parts = [part for part in parts if part[0] != "MultiplicativeLR"] or [("ExponentialLR", {"gamma": 0.9})]
    milestones = sorted(rng.sample(range(1, 30), len(parts) - 1))
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine = ours.SequentialLR(a, [getattr(ours, name)(a, **arguments) for name, arguments in parts], milestones)
    other = theirs.SequentialLR(b, [getattr(theirs, name)(b, **arguments) for name, arguments in parts], milestones)
    for step in range(50):
        assert close(rates(a), rates(b), 5.0), (step, parts, milestones)
        a.step(), b.step()
        mine.step(), other.step()


@pytest.mark.parametrize("family", [ours, theirs])
def test_ours_inside_theirs(family):
    optimizer = make_optimizer([1.0])
    scheduler = family.SequentialLR(
        optimizer, [ours.LinearLR(optimizer, 0.1, 1.0, 4), Scheduler(optimizer, "cosine(8, floor=0.5)")], [4]
    )
    seen = []
    for _ in range(14):
        seen += rates(optimizer)
        optimizer.step()
        scheduler.step()
    expected = st.Schedule("ramp(4, start=0.1, end=1) >> cosine(8, floor=0.5)")
    assert seen == pytest.approx([expected.at(step) for step in range(14)], rel=1e-14)


def test_nested_in_any_place():
    """A sequence as the last part of a sequence, and of a chain, which PyTorch refuses at the milestone."""
    optimizer = make_optimizer([1.0])
    inner = ours.SequentialLR(optimizer, [ours.ConstantLR(optimizer, 0.5, 2), ours.ExponentialLR(optimizer, 0.9)], [2])
    outer = ours.SequentialLR(optimizer, [ours.LinearLR(optimizer, 0.1, 1.0, 4), inner], [4])
    seen = []
    for step in range(9):
        seen += rates(optimizer)
        if step in (3, 5):  # a resume in between
            state, optimizer_state = copy.deepcopy(outer.state_dict()), copy.deepcopy(optimizer.state_dict())
            optimizer = make_optimizer([1.0])
            parts = [ours.ConstantLR(optimizer, 0.5, 2), ours.ExponentialLR(optimizer, 0.9)]
            inner = ours.SequentialLR(optimizer, parts, [2])
            outer = ours.SequentialLR(optimizer, [ours.LinearLR(optimizer, 0.1, 1.0, 4), inner], [4])
            outer.load_state_dict(state)
            optimizer.load_state_dict(optimizer_state)
        optimizer.step()
        outer.step()
    assert seen == pytest.approx([0.1, 0.325, 0.55, 0.775, 0.5, 0.5, 1, 0.9, 0.81])

    optimizer = make_optimizer([1.0])
    chain = ours.ChainedScheduler([ours.ConstantLR(optimizer, 0.5, 2), ours.ExponentialLR(optimizer, 0.9)])
    outer = ours.SequentialLR(optimizer, [ours.LinearLR(optimizer, 0.1, 1.0, 4), chain], [4])
    seen = []
    for _ in range(8):
        seen += rates(optimizer)
        optimizer.step()
        outer.step()
    assert seen == pytest.approx([0.1, 0.325, 0.55, 0.775, 0.5, 0.45, 0.81, 0.729])


@pytest.mark.parametrize("seed", range(100))
def test_plateau_bit_for_bit(seed):
    rng = random.Random(seed)
    bases = [10 ** rng.uniform(-6, 1) for _ in range(rng.choice([1, 3]))]
    arguments = {
        "mode": rng.choice(["min", "max"]), "factor": rng.choice([0.1, 0.5]), "patience": rng.choice([0, 1, 4]),
        "threshold": rng.choice([0.0, 1e-4, 0.1]), "threshold_mode": rng.choice(["rel", "abs"]),
        "cooldown": rng.choice([0, 2]), "min_lr": rng.choice([0.0, [base / 3 for base in bases]]),
    }  # fmt: skip
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine, other = ours.ReduceLROnPlateau(a, **arguments), theirs.ReduceLROnPlateau(b, **arguments)
    for step in range(80):
        metric = rng.choice([rng.random(), 1 / (step + 1), math.nan, math.inf])
        mine.step(metric), other.step(metric)
        assert rates(a) == rates(b) and mine.num_bad_epochs == other.num_bad_epochs
        if step == 40:
            state = mine.state_dict()
            a = make_optimizer(bases)
            mine = ours.ReduceLROnPlateau(a, **arguments)
            mine.load_state_dict(state)


TRAINED = [*(name for name in CASES if name != "OneCycleLR"), "OneCycleLR", "ReduceLROnPlateau"]


@pytest.mark.parametrize("name", TRAINED)
def test_a_training_run_has_the_same_rates_to_the_last_digit(name):
    """In the single precision of the weights. Theirs is shown the same losses."""
    if name == "ReduceLROnPlateau":
        arguments = {"patience": 2, "factor": 0.5}
    else:
        arguments = CASES[name](random.Random(5), [0.05])
        if name in ("CyclicLR", "OneCycleLR"):
            arguments["max_lr"] = 0.1
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    beside = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.05, momentum=0.9)
    mine, other = getattr(ours, name)(optimizer, **arguments), getattr(theirs, name)(beside, **arguments)
    for step in range(60):
        assert torch.equal(torch.tensor(rates(optimizer)), torch.tensor(rates(beside))), step
        x = torch.randn(32, 8)
        loss = (model(x) - x.sum(1, keepdim=True).sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step(), beside.step()
        for scheduler in (mine, other):
            scheduler.step(*([loss.item()] if name == "ReduceLROnPlateau" else []))


# ---- What is better than there, or refused ----


def test_fractions_of_an_epoch():
    a, b = make_optimizer([0.3, 1.0]), make_optimizer([0.3, 1.0])
    mine = ours.CosineAnnealingWarmRestarts(a, 4, 2, 0.01)
    other = theirs.CosineAnnealingWarmRestarts(b, 4, 2, 0.01)
    for i in range(300):
        epoch = i / 7
        mine.step(epoch), other.step(epoch)
        assert close(rates(a), rates(b), 1.0), epoch
    mine.step(), other.step()
    assert close(rates(a), rates(b), 1.0)


@pytest.mark.parametrize("name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR",
                                  "CosineAnnealingLR", "CosineAnnealingWarmRestarts"])  # fmt: skip
def test_going_to_an_epoch(name):
    _, bases, arguments = at_random(name, 4)
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
    for epoch in (3, 7, 2, 20):
        a.step(), b.step()
        mine.step(epoch), other.step(epoch)
        assert close(rates(a), rates(b), max(bases))


@pytest.mark.parametrize("name", [name for name in CASES if name not in EXACT])
def test_last_epoch(name):
    """The optimizer with its rates is restored, the scheduler by the number of the update alone."""
    _, bases, arguments = at_random(name, 6)
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
    for _ in range(17):
        a.step(), mine.step()
        b.step(), other.step()
    mine, other = (
        getattr(module, name)(optimizer, **arguments, last_epoch=16) for module, optimizer in ((ours, a), (theirs, b))
    )
    for _ in range(20):
        assert close(rates(a), rates(b), 5.0)
        a.step(), mine.step()
        b.step(), other.step()


class Decay:
    def __init__(self, gamma):
        self.gamma = gamma

    def __call__(self, step):
        return self.gamma**step


@pytest.mark.parametrize("function", [lambda step: 1.0, __import__("functools").partial(pow, 0.9), Decay(0.5)])
@pytest.mark.parametrize("name", EXACT)
def test_functions_are_left_out_of_a_state(name, function):
    """As in PyTorch: a script makes them again; objects are saved by their attributes."""
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    mine, other = getattr(ours, name)(a, function), getattr(theirs, name)(b, function)
    for optimizer, scheduler in ((a, mine), (b, other)):
        optimizer.step(), scheduler.step()
    state = mine.state_dict()
    assert state == other.state_dict()
    again = getattr(ours, name)(make_optimizer([0.1]), function)
    again.load_state_dict(state)
    assert again.last_epoch == 1 and rates(again.optimizer) == rates(a) and state == other.state_dict()
    nested = ours.SequentialLR(a, [mine, ours.ExponentialLR(a, 0.9)], [5])
    assert nested.state_dict()["_schedulers"][0]["lr_lambdas"] == state["lr_lambdas"]


def test_a_scale_fn():
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    arguments = {"base_lr": 0.01, "max_lr": 1.0, "step_size_up": 4, "scale_fn": lambda x: 0.5**x}
    mine, other = ours.CyclicLR(a, **arguments), theirs.CyclicLR(b, **arguments)
    for _ in range(30):
        assert rates(a) == rates(b) and momenta(a) == momenta(b)
        a.step(), b.step()
        mine.step(), other.step()
    assert mine.state_dict() == other.state_dict()


def test_an_object_is_saved_by_its_attributes():
    scheduler = ours.LambdaLR(make_optimizer([1.0]), Decay(0.5))
    other = ours.LambdaLR(make_optimizer([1.0]), Decay(0.9))
    other.load_state_dict(scheduler.state_dict())
    other.optimizer.step()
    other.step()
    assert rates(other.optimizer) == [0.5]


def test_a_factor_of_0_ends():
    optimizer = make_optimizer([1.0])
    scheduler = ours.ConstantLR(optimizer, 0.0, 12)  # there it divides by zero when it ends
    seen = []
    for _ in range(14):
        seen += rates(optimizer)
        optimizer.step()
        scheduler.step()
    assert seen == [0.0] * 12 + [1.0, 1.0]


@pytest.mark.parametrize("name", ["ConstantLR", "LinearLR"])
def test_length_0(name):
    """PyTorch keeps the first factor for ever."""
    a, b = make_optimizer([1.0]), make_optimizer([1.0])
    mine, other = (getattr(module, name)(each, 0.5, total_iters=0) for module, each in ((ours, a), (theirs, b)))
    for _ in range(5):
        assert rates(a) == rates(b) == [0.5]
        a.step(), mine.step()
        b.step(), other.step()


def test_arguments_without_a_closed_form_run_as_there():
    for name, bases, arguments in (
        ("CosineAnnealingLR", [0.0, 0.1], {"T_max": 9, "eta_min": 0.01}),
        ("CyclicLR", [0.1], {"base_lr": 0.0, "max_lr": 1.0, "step_size_up": 3}),
        ("CyclicLR", [0.1], {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 2.5}),
        ("StepLR", [0.1], {"step_size": 3, "gamma": -0.5}),
    ):
        a, b = make_optimizer(bases), make_optimizer(bases)
        mine, other = getattr(ours, name)(a, **arguments), getattr(theirs, name)(b, **arguments)
        for _ in range(20):
            assert rates(a) == pytest.approx(rates(b), rel=1e-14)
            a.step(), b.step()
            mine.step(), other.step()


def test_wrong_states():
    scheduler = ours.StepLR(make_optimizer([0.1, 0.2]), 3)
    with pytest.raises(st.StepsizeError, match="it is that of a stepsize.torch.Scheduler"):
        scheduler.load_state_dict(Scheduler(make_optimizer([0.1, 0.2]), "linear(9)").state_dict())


def test_the_optimizer_first():
    scheduler = ours.StepLR(make_optimizer([0.1]), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match=r"before `optimizer.step\(\)`"):
            scheduler.step()


def test_copies_go_on():
    optimizer = make_optimizer([1.0])
    scheduler = ours.CosineAnnealingLR(optimizer, 10)
    other = copy.deepcopy(scheduler)
    other.optimizer.step()
    other.step()
    assert rates(optimizer) == [1.0] and rates(other.optimizer) == pytest.approx([(1 + math.cos(math.pi / 10)) / 2])


# ---- Plans ---------------------------------------------------------------------------------------------------


def followed(name, arguments, bases=(0.1,)):
    """A scheduler that goes by a plan."""
    optimizer = make_optimizer(bases)
    scheduler = getattr(ours, name)(optimizer, **arguments)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    assert scheduler._plan
    return optimizer, scheduler


@pytest.mark.parametrize("name", [name for name in CASES if name not in EXACT])
def test_plans_give_the_bits_of_the_closed_form(name):
    bases = [0.3, 0.3, 0.02]
    rng = random.Random(5)
    arguments = {**CASES[name](rng, bases), **({"mode": "triangular"} if name == "CyclicLR" else {})}
    if name == "CosineAnnealingWarmRestarts":
        arguments["T_0"] = 20
    optimizer, scheduler = followed(name, arguments, bases)
    units = scheduler._units()
    for _ in range(12):
        update, end = scheduler._span()
        expected = [base * scheduler._schedule(group, base).at(update) for group, base in enumerate(units)]
        assert rates(optimizer) == pytest.approx(expected, rel=1e-15) and scheduler._plan and update < end
        optimizer.step()
        scheduler.step()


def test_a_plan_of_a_copy():
    """Copies and pickled ones have none of their own, and find one."""
    import gc
    import pickle

    optimizer, scheduler = followed("StepLR", {"step_size": 3})
    copies = [copy.deepcopy(scheduler), copy.copy(scheduler), pickle.loads(pickle.dumps(scheduler))]
    assert [each._plan for each in copies] == [None] * 3
    del copies[1]
    expected = []
    for _ in range(5):
        scheduler.step()
        expected.append(scheduler.get_last_lr())
    del scheduler, optimizer
    gc.collect()
    for each in copies:
        found = []
        for _ in range(5):
            each.step()
            found.append(each.get_last_lr())
        assert found == expected and each._plan


def test_a_plan_does_not_keep_a_scheduler():
    import gc
    import weakref

    optimizer, scheduler = followed("StepLR", {"step_size": 3})
    held = weakref.ref(scheduler)
    del scheduler
    gc.collect()
    assert held() is None
    optimizer.step()


def test_no_plan_beside_another_scheduler():
    """And none is looked for again and again."""
    optimizer = make_optimizer([1.0])
    chain = ours.ChainedScheduler([ours.ConstantLR(optimizer, 0.5, 30), ours.ExponentialLR(optimizer, 0.9)])
    for _ in range(5):
        optimizer.step()
        chain.step()
    assert [each._plan for each in chain._schedulers] == [False, False]
    assert rates(optimizer) == pytest.approx([0.5 * 0.9**5])


def test_no_plan_for_what_has_no_closed_form():
    optimizer = make_optimizer([0.1])
    for scheduler in (
        ours.StepLR(optimizer, 3, gamma=-0.5), ours.CosineAnnealingLR(optimizer, 9.5),
        ours.LambdaLR(optimizer, Decay(1)),
    ):  # fmt: skip
        for _ in range(3):
            optimizer.step()
            scheduler.step()
        assert scheduler._plan is False


def test_rates_that_are_tensors_are_pytorchs():
    optimizer = make_optimizer([0.1], tensors=True)
    scheduler = ours.StepLR(optimizer, 3)
    for _ in range(4):
        optimizer.step()
        scheduler.step()
    assert scheduler._plan is None


def test_nothing_is_added_to_what_a_scheduler_has():
    """Whoever compares the attributes of two schedulers sees PyTorch's."""
    for name in CASES:
        _, bases, arguments = at_random(name, 1)
        mine, other = (getattr(module, name)(make_optimizer(bases), **arguments) for module in (ours, theirs))
        for scheduler in (mine, other):
            for _ in range(5):
                scheduler.optimizer.step()
                scheduler.step()
        assert list(mine.__dict__) == list(other.__dict__)
        assert list(mine.state_dict()) == list(other.state_dict())


# ---- Failures change nothing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "LambdaLR", "MultiplicativeLR"]
)
def test_a_step_that_raises_has_changed_nothing(name):
    """A group without a base rate: PyTorch raises, too, but has counted the update and changed the first rates."""
    _, bases, arguments = at_random(name, 1)
    if name == "CosineAnnealingLR":
        arguments["T_max"] = 2  # after the minimum it looks at the base rates
    optimizer = make_optimizer(bases)
    scheduler = getattr(ours, name)(optimizer, **arguments)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.7})
    before = dict(scheduler.__dict__), copy.deepcopy(optimizer.state_dict()["param_groups"])
    with pytest.raises(ValueError, match=r"groups|zip\(\)"):
        scheduler.step()
    assert (dict(scheduler.__dict__), optimizer.state_dict()["param_groups"]) == before


@pytest.mark.parametrize("kind", ["SequentialLR", "ChainedScheduler"])
def test_a_step_that_raises_inside_has_changed_nothing(kind):
    def fails(step):
        if step == 3:
            raise ArithmeticError("3")
        return 0.5

    optimizer = make_optimizer([1.0])
    parts = [ours.ExponentialLR(optimizer, 0.5), ours.MultiplicativeLR(optimizer, fails)]
    scheduler = ours.ChainedScheduler(parts) if kind == "ChainedScheduler" else ours.SequentialLR(optimizer, parts, [1])
    optimizer.step()
    before = None
    with pytest.raises(ArithmeticError, match="3"):
        for _ in range(9):
            before = rates(optimizer), scheduler.state_dict()
            scheduler.step()
    assert (rates(optimizer), scheduler.state_dict()) == before


# ---- Composed --------------------------------------------------------------------------------------------


def test_sequential_with_last_epoch():
    a, b = make_optimizer([1.0]), make_optimizer([1.0])
    mine, other = (
        module.SequentialLR(
            each, [module.LinearLR(each, 0.1, 1.0, 4), module.ExponentialLR(each, 0.9)], [6], last_epoch=4
        )
        for module, each in ((ours, a), (theirs, b))
    )
    for _ in range(9):
        assert rates(a) == pytest.approx(rates(b), rel=1e-15) and mine.last_epoch == other.last_epoch
        a.step(), mine.step()
        b.step(), other.step()


def test_older_states_of_one_cycle():
    """Older PyTorch kept the function in place of its name."""
    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    mine, other = (module.OneCycleLR(each, 1.0, total_steps=40) for module, each in ((ours, a), (theirs, b)))
    for scheduler in (mine, other):
        state = scheduler.state_dict()
        state["anneal_func"] = theirs.OneCycleLR._annealing_linear
        del scheduler.__dict__["_anneal_func_type"], state["_anneal_func_type"]
        scheduler.load_state_dict(state)
    for _ in range(39):
        assert rates(a) == rates(b) and momenta(a) == momenta(b)
        a.step(), mine.step()
        b.step(), other.step()


@pytest.mark.parametrize("name", CASES)
def test_states_of_older_versions(name):
    """PyTorch before 2.7 had `verbose` and no `_is_initial`; 1.7 the steps of OneCycleLR in place of phases."""
    _, bases, arguments = at_random(name, 3)
    a, b = make_optimizer(bases), make_optimizer(bases)
    mine, other = (getattr(module, name)(each, **arguments) for module, each in ((ours, a), (theirs, b)))
    for _ in range(7):
        b.step(), other.step()
    state = other.state_dict()
    del state["_is_initial"]
    state["verbose"] = False
    if name == "OneCycleLR":
        del state["_schedule_phases"]
        state |= {"step_size_up": 3.0, "step_size_down": 5.0}
    a.load_state_dict(b.state_dict())
    mine.load_state_dict(state)
    for _ in range(20):
        assert rates(a) == pytest.approx(rates(b), rel=1e-10, abs=1e-15)
        a.step(), mine.step()
        b.step(), other.step()
    # And on with PyTorch's, whatever names the state has.
    other.load_state_dict(mine.state_dict())


def test_a_state_loads_twice():
    """PyTorch takes the function out of the dictionary that it is given."""
    scheduler = ours.CyclicLR(make_optimizer([0.1]), 0.01, 0.1, 4)
    state = scheduler.state_dict()
    for _ in range(2):
        scheduler.load_state_dict(state)


@pytest.mark.parametrize("accelerated", [True, False])
def test_warnings_name_the_line_of_the_caller(accelerated):
    program = f"""if True:
        import os, torch, warnings; os.environ["STEPSIZE_ACCELERATED"] = "{int(accelerated)}"
        from stepsize.torch import lr_scheduler
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler = lr_scheduler.StepLR(optimizer, 3)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step()
            scheduler.step(4)
        print(*(f"{{each.filename}}:{{each.lineno}}" for each in caught))
    """
    done = preloaded.run([], source=program)
    assert done.stdout.split() == ["<string>:8", "<string>:9"], done.stderr


def test_other_names_are_pytorchs():
    assert ours.EPOCH_DEPRECATION_WARNING == theirs.EPOCH_DEPRECATION_WARNING
    with pytest.raises(AttributeError):
        ours.NothingLR


@pytest.mark.parametrize("kind", [ours.StepLR, ours.ReduceLROnPlateau])
def test_an_epoch_counts_and_is_warned_of_where_it_is_given(kind):
    optimizer = make_optimizer([0.5])
    scheduler = kind(optimizer, patience=0) if kind is ours.ReduceLROnPlateau else kind(optimizer, 7)
    optimizer.step()
    for epoch in (None, 7):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scheduler.step(*([1.0] if kind is ours.ReduceLROnPlateau else []), epoch=epoch)
        assert [each.filename for each in caught] == [__file__] * (epoch is not None)
    assert scheduler.last_epoch == 7 and rates(optimizer)[0] == pytest.approx(0.05)
    assert scheduler._last_lr == rates(optimizer)


# ---- Subclasses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["StepLR", "CosineAnnealingLR", "LinearLR"])
def test_a_get_lr_of_one_s_own_keeps_its_effect(name):
    def halved(kind):
        class Halved(kind):
            def get_lr(self):
                return [rate * 0.5 for rate in super().get_lr()]

        return Halved

    a, b = make_optimizer([0.1]), make_optimizer([0.1])
    _, _, arguments = at_random(name, 1)
    mine, other = (halved(getattr(module, name))(each, **arguments) for module, each in ((ours, a), (theirs, b)))
    for _ in range(5):
        assert rates(a) == rates(b)
        a.step(), mine.step()
        b.step(), other.step()


def test_the_step_past_the_end_of_one_cycle_is_refused():
    optimizer = make_optimizer([0.1])
    scheduler = ours.OneCycleLR(optimizer, 1.0, total_steps=12)
    for _ in range(12):
        scheduler.step()
    with pytest.raises(ValueError, match="Tried to step 13 times"):
        scheduler.step()


@pytest.mark.framework
def test_the_example_with_one_line_changed(tmp_path):
    """A published script with our import, with PyTorch's, and interrupted and resumed: the same rates."""
    pytest.importorskip("sklearn")
    from frameworks import EXAMPLES, run

    script = EXAMPLES / "torch_digits.py"
    line = "from stepsize.torch.lr_scheduler import StepLR  # was: "
    text = script.read_text()
    assert text.count(line) == 1
    before = tmp_path / "before.py"
    before.write_text(text.replace(line, ""))
    rates = [f"epoch {epoch}: lr {0.7 ** (epoch - 1):.6g}" for epoch in range(1, 5)]

    def check(output):
        lines = [line.split(", ") for line in output.splitlines()]
        assert [rate for rate, _ in lines] == rates
        assert float(lines[-1][1].removeprefix("accuracy ")) > 0.85

    check(run(script, "--checkpoint", tmp_path / "whole.pt"))
    check(run(before, "--checkpoint", tmp_path / "before.pt"))
    parts = run(script, "--epochs", 2, "--checkpoint", tmp_path / "parts.pt")
    check(parts + run(script, "--resume", "--checkpoint", tmp_path / "parts.pt"))


def test_plateau_is_no_part_of_a_sequence():
    """PyTorch refuses it, and so do its drop-ins; the composition has it."""
    for family in (theirs, ours):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        parts = [family.LinearLR(optimizer), family.ReduceLROnPlateau(optimizer)]
        with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
            family.SequentialLR(optimizer, parts, [5])
        with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
            family.ChainedScheduler(parts)


def test_warmup_by_updates_and_plateau_by_epochs():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = Scheduler(optimizer, "plateau(patience=1, factor=0.5) * (warmup(25) >> constant())")
    rates = []
    for epoch in range(8):
        for update in range(10):
            optimizer.step()
            scheduler.step(1.0) if update == 9 else scheduler.advance()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [11 / 25, 21 / 25, 1, 1, 0.5, 0.5, 0.25, 0.25]
