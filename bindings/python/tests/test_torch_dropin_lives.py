"""The drop-ins and PyTorch's schedulers through whole lives at random: the same events in both, and after each the same
rates, momenta, attributes, states and errors.

Fixed seeds, a few hundred lives; STEPSIZE_LIVES=10000 is the whole count. Rates may differ by the rounding of PyTorch's
recursion; the other differences are those that the documentation of ``stepsize.torch.lr_scheduler`` lists, and each is
made up for by name below: `mend_load`, and a life ends with its first error.
"""

import copy
import io
import math
import os
import pickle
import random
import warnings

import pytest

torch = pytest.importorskip("torch")

from stepsize.torch import lr_scheduler as ours
from torch.optim import lr_scheduler as theirs

LIVES = int(os.environ.get("STEPSIZE_LIVES", "480"))
BATCHES = 24
STEPS = 60
# Of the rate, and of the highest rate so far: after the minimum of a cosine PyTorch's rounding grows by up to T²/2.
REL, OF_PEAK = 1e-9, 1e-12


# ---- What a life begins with ------------------------------------------------------------------------------


def arguments_of(name, rng, count):
    def rates(low, high):
        values = [10 ** rng.uniform(low, high) for _ in range(count)]
        return rng.choice([values[0], values])

    if name == "StepLR":
        return {"step_size": rng.randint(1, 12), "gamma": rng.choice([0.1, 0.5, 1.2, 0.0])}
    if name == "MultiStepLR":
        return {"milestones": [rng.randint(0, 40) for _ in range(rng.randint(0, 4))], "gamma": rng.uniform(0.1, 1)}
    if name == "ConstantLR":
        return {"factor": rng.uniform(0.1, 1), "total_iters": rng.randint(0, 20)}
    if name == "LinearLR":
        end = rng.choice([0.0, rng.random()])
        return {"start_factor": rng.uniform(0.1, 1), "end_factor": end, "total_iters": rng.randint(0, 30)}
    if name == "ExponentialLR":
        return {"gamma": rng.uniform(0.8, 1.05)}
    if name == "PolynomialLR":
        return {"total_iters": rng.choice([rng.randint(1, 40), 12.5]), "power": rng.choice([1.0, 2, 0.5])}
    if name == "CosineAnnealingLR":
        return {"T_max": rng.randint(1, 40), "eta_min": rng.choice([0.0, 0.0, 1e-3, 2.0])}
    if name == "CosineAnnealingWarmRestarts":
        return {"T_0": rng.randint(1, 25), "T_mult": rng.choice([1, 1, 2, 3]), "eta_min": rng.choice([0.0, 1e-3])}
    if name == "CyclicLR":
        return {
            "base_lr": rng.choice([0.0, rates(-4, -1)]), "max_lr": rates(-1, 1), "step_size_up": rng.randint(1, 12),
            "step_size_down": rng.choice([None, 1, 7]), "mode": rng.choice(["triangular", "triangular2", "exp_range"]),
            "gamma": rng.uniform(0.9, 1), "cycle_momentum": rng.random() < 0.6,
            "scale_fn": rng.choice([None, None, None, lambda x: 0.9**x]), "scale_mode": "cycle",
        }  # fmt: skip
    if name == "OneCycleLR":
        return {
            "max_lr": rates(-3, 1), "total_steps": rng.choice([30, 61, 200]), "pct_start": rng.uniform(0.05, 1),
            "anneal_strategy": rng.choice(["cos", "linear"]), "three_phase": rng.random() < 0.5,
            "cycle_momentum": rng.random() < 0.6,
        }  # fmt: skip
    if name == "LambdaLR":
        return {"lr_lambda": rng.choice([lambda t: 0.9**t, Decay(0.9), [Decay(0.8)] * count])}
    if name == "MultiplicativeLR":
        return {"lr_lambda": rng.choice([lambda t: 0.97 + 0.001 * t, Decay(1.0)])}
    return {
        "mode": rng.choice(["min", "max"]), "factor": rng.choice([0.1, 0.5]), "patience": rng.choice([0, 1, 4]),
        "threshold": rng.choice([0.0, 1e-4, 0.1]), "threshold_mode": rng.choice(["rel", "abs"]),
        "cooldown": rng.choice([0, 2]), "min_lr": rng.choice([0.0, 1e-3, [1e-3] * count]),
    }  # fmt: skip


class Decay:
    def __init__(self, gamma):
        self.gamma = gamma

    def __call__(self, step):
        return self.gamma**step


NAMES = [name for name in theirs.__all__ if name != "LRScheduler"]
PLATEAU = list(vars(theirs.ReduceLROnPlateau(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0))))
COMPOSED = ("SequentialLR", "ChainedScheduler")
# What a script may change between two steps, and to what.
CHANGES = {
    "gamma": (0.5, 0.9, 1.1), "step_size": (2, 7), "factor": (0.5, 0.25), "total_iters": (3, 15, 50),
    "start_factor": (0.3, 0.9), "end_factor": (0.0, 0.2, 1.0), "power": (1.0, 3.0), "T_max": (5, 20, 33),
    "eta_min": (0.0, 1e-4, 0.05), "T_cur": (0, 1), "T_i": (4, 30), "T_mult": (1, 2), "mode": ("triangular2",),
    "scale_mode": ("cycle", "iterations"), "total_size": (8.0, 20.0), "step_ratio": (0.25, 0.5),
    "total_steps": (70, 300), "patience": (0, 3), "cooldown": (0, 3), "num_bad_epochs": (0, 9), "best": (0.1,),
    "last_epoch": (0, 2, 11, 30), "cycle_momentum": (False,), "_anneal_func_type": ("linear",), "_step_count": (2, 40),
}  # fmt: skip


class World:
    """One of the two, with all that belongs to it."""

    def __init__(self, module, plan):
        self.module, self.plan = module, plan
        self.optimizer = self.new_optimizer(plan["bases"])
        self.scheduler = self.new_scheduler()

    def new_optimizer(self, bases):
        groups = []
        for base in bases:
            rate = {"float": base, "int": 1, "zero": torch.tensor(base, dtype=torch.float64)}.get(self.plan["kind"])
            rate = torch.tensor([base]) if rate is None else rate
            groups.append({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate})
        if self.plan["adam"]:
            return torch.optim.Adam(groups, lr=0.1, foreach=False)
        return torch.optim.SGD(groups, lr=0.1, momentum=0.9)

    def new_scheduler(self):
        plan, module = self.plan, self.module
        if plan["name"] == "ChainedScheduler":
            return module.ChainedScheduler(self.parts())
        if plan["name"] == "SequentialLR":
            return module.SequentialLR(self.optimizer, self.parts(), list(plan["milestones"]), plan["last_epoch"])
        kind = getattr(module, plan["name"])
        return subclass(kind, plan["subclass"])(self.optimizer, **copy.copy(plan["arguments"]))

    def parts(self):
        modules = {"own": self.module, "theirs": theirs}
        return [
            getattr(modules[module], name)(self.optimizer, **arguments)
            for name, arguments, module in self.plan["parts"]
        ]

    def all(self):
        """The scheduler and those inside it."""
        return [self.scheduler, *getattr(self.scheduler, "_schedulers", ())]

    def leaf(self, number):
        leaves = [each for each in self.all() if not hasattr(each, "_schedulers")]
        return leaves[number % len(leaves)]


def subclass(kind, form):
    if form == "half":

        class Derived(kind):
            def get_lr(self):
                return [rate * 0.5 for rate in super().get_lr()]

    elif form == "clamped":

        class Derived(kind):
            def get_lr(self):
                return [max(rate, 1e-3) if isinstance(rate, float) else rate for rate in super().get_lr()]

    elif form == "counting":

        class Derived(kind):
            calls = 0

            def step(self, *arguments):
                self.calls += 1
                return super().step(*arguments)

    else:
        Derived = kind
    return Derived


def plan_of(rng, name):
    count = rng.choice([1, 1, 2, 3])
    plan = {
        "name": name, "bases": [10 ** rng.uniform(-3, 0.5) for _ in range(count)], "adam": rng.random() < 0.3,
        "kind": rng.choice(["float"] * 8 + ["int", "zero", "one"]),
        "subclass": rng.choice([None] * 5 + ["half", "clamped", "counting"]),
    }  # fmt: skip
    if name in COMPOSED:
        inner = [each for each in NAMES if each not in (*COMPOSED, "ReduceLROnPlateau", "CyclicLR", "OneCycleLR")]
        chosen = [rng.choice(inner) for _ in range(rng.randint(1, 3))]
        plan["parts"] = [
            (each, arguments_of(each, rng, count), rng.choice(["own", "own", "theirs"])) for each in chosen
        ]
        plan["milestones"] = sorted(rng.randint(1, 40) for _ in chosen[1:])
        plan["last_epoch"] = rng.choice([-1, -1, 4])
    else:
        plan["arguments"] = arguments_of(name, rng, count)
    return plan


# ---- What happens in it -----------------------------------------------------------------------------------


def step(world, draw):
    metric = [1 / (1 + draw["number"]), draw["uniform"], math.nan][draw["number"] % 3]
    world.optimizer.step()
    world.scheduler.step(*([metric] if world.plan["name"] == "ReduceLROnPlateau" else []))


def go_to(world, draw):
    if world.plan["name"] not in (*COMPOSED, "ReduceLROnPlateau"):
        has_fractions = world.plan["name"] == "CosineAnnealingWarmRestarts"
        world.scheduler.step(draw["number"] + (draw["uniform"] if has_fractions else 0))


def change(world, draw):
    scheduler = world.leaf(draw["number"])
    names = sorted(name for name in CHANGES if hasattr(scheduler, name))
    name = names[draw["number"] // 3 % len(names)]
    setattr(scheduler, name, CHANGES[name][draw["number"] % len(CHANGES[name])])


def change_in_place(world, draw):
    scheduler = world.leaf(draw["number"])
    lists = [name for name in ("milestones", "base_lrs", "max_lrs", "min_lrs") if hasattr(scheduler, name)]
    lists += ["groups"] if hasattr(scheduler, "_schedule_phases") else []
    name = lists[draw["number"] % len(lists)]
    if name == "milestones":
        scheduler.milestones[scheduler.last_epoch + 2] += 1
    elif name == "groups":
        world.optimizer.param_groups[-1]["max_lr"] *= 2
    elif getattr(scheduler, name):
        getattr(scheduler, name)[-1] = draw["uniform"]


def write_rate(world, draw):
    groups = world.optimizer.param_groups
    chosen = groups if draw["number"] % 2 else [groups[draw["number"] // 2 % len(groups)]]
    for group in chosen:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(draw["uniform"])
        elif draw["number"] % 5 == 0:
            group["lr"] = torch.tensor(draw["uniform"], dtype=torch.float64)
        else:
            group["lr"] = draw["uniform"]


def halve_rates(world, draw):
    for group in world.optimizer.param_groups:
        group["lr"] = group["lr"] * 0.5


def add_group(world, draw):
    group = {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": draw["uniform"]}
    if draw["number"] % 2:  # as a careful script does it
        group["initial_lr"] = draw["uniform"]
        for each in world.all():
            for name in ("base_lrs", "max_lrs", "base_momentums", "max_momentums", "min_lrs", "lr_lambdas"):
                if hasattr(each, name):
                    getattr(each, name).append(getattr(each, name)[-1])
        for name in ("max_lr", "min_lr", "max_momentum", "base_momentum"):
            if name in world.optimizer.param_groups[0]:
                group[name] = world.optimizer.param_groups[0][name]
    world.optimizer.add_param_group(group)


def remove_group(world, draw):
    if len(world.optimizer.param_groups) > 1:
        del world.optimizer.param_groups[-1]
        if draw["number"] % 2:
            for each in world.all():
                for name in ("base_lrs", "max_lrs", "base_momentums", "max_momentums", "lr_lambdas"):
                    if hasattr(each, name) and len(getattr(each, name)) > 1:
                        del getattr(each, name)[-1]


def copy_deeply(world, draw):
    world.optimizer, world.scheduler = copy.deepcopy((world.optimizer, world.scheduler))


def pickle_both(world, draw):
    # A class in a function and a plain function cannot be pickled, and PyTorch's wrapper of optimizer.step cannot.
    own = {key: value for key, value in world.scheduler.state_dict().items() if not callable(value)}
    pickle.loads(pickle.dumps(own))


def load(world, draw):
    """Into a scheduler and an optimizer that are made anew."""
    file = io.BytesIO()
    torch.save({"scheduler": world.scheduler.state_dict(), "optimizer": world.optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=False)
    plan, count = world.plan, len(world.optimizer.param_groups)
    world.optimizer = world.new_optimizer((plan["bases"] * (1 + count))[:count])
    if count != len(plan["bases"]):
        plan = {**plan, "arguments": {
            name: (value * (1 + count))[:count] if isinstance(value, list) and name != "milestones" else value
            for name, value in plan.get("arguments", {}).items()
        }}  # fmt: skip
        if plan["name"] in COMPOSED:
            plan["parts"] = [
                (name, {key: (value * (1 + count))[:count] if key == "lr_lambda" and isinstance(value, list) else value
                        for key, value in arguments.items()}, module)
                for name, arguments, module in plan["parts"]
            ]  # fmt: skip
        world.plan = plan
    order = draw["number"] % 4
    if order == 3 and plan["name"] not in COMPOSED:  # before the scheduler is even made
        world.optimizer.load_state_dict(saved["optimizer"])
        world.scheduler = world.new_scheduler()
        world.scheduler.load_state_dict(saved["scheduler"])
        mend_load(world)
        return
    world.scheduler = world.new_scheduler()
    if order == 1:
        world.optimizer.load_state_dict(saved["optimizer"])
    world.scheduler.load_state_dict(saved["scheduler"])
    if order == 0 and plan["name"] not in COMPOSED:  # never
        mend_load(world)
    elif order != 1:
        world.optimizer.load_state_dict(saved["optimizer"])


def mend_load(world):
    """The listed difference: what the state says is in the optimizer, whose own state was not loaded after all."""
    groups, rates = world.optimizer.param_groups, world.scheduler._last_lr
    if world.module is theirs and len(rates) == len(groups):
        for group, rate in zip(groups, rates):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(float(rate))
            else:
                group["lr"] = rate
        if world.plan["name"] in ("CyclicLR", "OneCycleLR"):
            world.scheduler.get_lr()


EVENTS = [step] * 60 + [
    load, load, change, change, change, change_in_place, write_rate, write_rate, halve_rates, add_group, remove_group,
    copy_deeply, go_to, pickle_both,
]  # fmt: skip


# ---- What is compared -------------------------------------------------------------------------------------


def numbers(values):
    return [float(value) for value in values]


def seen(world):
    optimizer, scheduler = world.optimizer, world.scheduler
    return {
        "rates": numbers(group["lr"] for group in optimizer.param_groups),
        "types": [type(group["lr"]) for group in optimizer.param_groups],
        "last": numbers(scheduler.get_last_lr()),
        "momenta": numbers(
            group["betas"][0] if "betas" in group else group["momentum"] for group in optimizer.param_groups
        ),
    }


def attributes(world):
    """Names, and all values but rates and what belongs to one world."""
    return [
        {
            name: value if type(value) in (int, bool, str, tuple) or name in ("T_cur", "gamma", "milestones") else None
            for name, value in attributes_of(each)
        }
        for each in world.all()
    ]


def attributes_of(scheduler):
    """The plateau's one by one, and no lists: asking for these or for the dictionary ends its short way."""
    if not isinstance(scheduler, theirs.ReduceLROnPlateau):
        return scheduler.__dict__.items()
    return [(name, getattr(scheduler, name)) for name in PLATEAU if name != "min_lrs"]


def attempt(event, world, draw):
    try:
        event(world, draw)
    except Exception as error:
        return type(error)
    return None


def close(a, b, peak):
    return len(a) == len(b) and all(
        x == y or math.isclose(x, y, rel_tol=REL, abs_tol=OF_PEAK * peak) or (math.isnan(x) and math.isnan(y))
        for x, y in zip(a, b)
    )


def live(seed):
    rng = random.Random(seed)
    name = NAMES[seed % len(NAMES)]
    plan = plan_of(rng, name)
    made = []
    for module in (ours, theirs):
        try:
            made.append(World(module, copy.copy(plan)))
        except Exception as error:
            made.append(type(error))
    if not all(isinstance(world, World) for world in made):
        assert made[0] == made[1], (seed, plan)
        return
    mine, other = made
    peak = 1.0
    history = []
    for _ in range(STEPS):
        event = rng.choice(EVENTS) if rng.random() < 0.9 else step
        draw = {"number": rng.randrange(60), "uniform": rng.uniform(1e-3, 1)}
        history.append((event.__name__, draw["number"]))
        before = seen(mine), attributes(mine)
        errors = attempt(event, mine, draw), attempt(event, other, draw)
        assert errors[0] == errors[1], (seed, plan, history, errors)
        if errors[0] is not None:
            # PyTorch's own inside ours, and what a subclass counts, are not undone.
            is_ours = plan["subclass"] != "counting" and all(part[2] == "own" for part in plan.get("parts", ()))
            if event is step and is_ours:
                assert (seen(mine), attributes(mine)) == before, (seed, plan, history, before)
            return
        a, b = seen(mine), seen(other)
        peak = max([peak, *filter(math.isfinite, b["rates"])])
        for key in ("rates", "last", "momenta"):
            assert close(a[key], b[key], peak), (seed, plan, history, key, a, b)
        assert a["types"] == b["types"], (seed, plan, history, a, b)
        assert attributes(mine) == attributes(other), (seed, plan, history)
        if rng.random() < 0.05:
            assert list(mine.scheduler.__dict__) == list(other.scheduler.__dict__)
            assert list(mine.scheduler.state_dict()) == list(other.scheduler.state_dict())


@pytest.mark.parametrize("batch", range(BATCHES))
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_lives(batch):
    for seed in range(batch, LIVES, BATCHES):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            live(seed)
