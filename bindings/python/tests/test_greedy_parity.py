"""The variant `huggingface` against transformers' own GreedyLR: every rate of every group, bit for bit."""

import math
import random

import pytest
import stepsize as st
from support import bits

torch = pytest.importorskip("torch")
optimization = pytest.importorskip("transformers.optimization")
if not hasattr(optimization, "GreedyLR"):
    pytest.skip("this transformers has no GreedyLR", allow_module_level=True)

BATCHES, PER_BATCH = 20, 250


def random_configuration(rng):
    """(base rates, options of both, reset_start of ours)."""
    groups = rng.choice([1, 1, 2, 3])
    bases = [rng.choice([0.1, 0.5, 1e-3, 5e-5, 2.0, 10 ** rng.uniform(-8, 1)]) for _ in range(groups)]
    options = {
        "mode": rng.choice(["min", "max"]),
        "factor": rng.choice([0.95, 0.5, 0.99, 0.1, rng.uniform(0.01, 0.999)]),
        "patience": rng.choice([0, 0, 1, 2, 5]),
        "threshold": rng.choice([0.0, 1e-6, 1e-4, 0.1, 1.0, 1.5]),
        "threshold_mode": rng.choice(["abs", "rel"]),
        "cooldown": rng.choice([0, 0, 1, 3]),
        "warmup": rng.choice([0, 0, 1, 3]),
        "eps": rng.choice([0.0, 1e-8, 1e-4]),
        "smooth": rng.random() < 0.5,
        "window_size": rng.choice([1, 2, 3, 7, 50]),
        "reset_start": rng.choice([0, 1, 2, 5, 500, math.inf]),
    }
    # Bounds inside which the rates lie, or do not, or that contradict each other; one for all, or one each.
    for name, choices in (("min_lr", [0.0, 1e-9, 1e-3, 0.05, 0.3]), ("max_lr", [1.0, 0.2, 1e-3, 100.0])):
        form = rng.randrange(3)
        if form == 1:
            options[name] = rng.choice(choices)
        elif form == 2:
            options[name] = [rng.choice([*choices, base * rng.uniform(0.5, 2)]) for base in bases]
    return bases, options


def random_losses(rng, count):
    """Walks, plateaus and ties, of either sign, now and then not finite."""
    sign, form = rng.choice([1, 1, -1]), rng.randrange(5)
    odd = rng.choice([0, 0, 0.02, 0.2])
    x = rng.choice([1.0, 10.0, 1e-3, 1e6])
    for i in range(count):
        if form == 0:
            x *= rng.uniform(0.8, 1.1)
        elif form == 1:
            x = rng.choice([0.5, 1.0, 1.0, 1.0 + 1e-6, 1.1])
        elif form == 2:
            x -= rng.choice([0.1, 0.01, 1e-6, 0.0, -0.05])
        elif form == 3:
            x = rng.gauss(0, 1)
        else:
            x = 1 / (i + 1) if i % 20 < 12 else x + 0.1
        yield rng.choice([math.nan, math.inf, -math.inf]) if rng.random() < odd else sign * x


@pytest.mark.parametrize("batch", range(BATCHES))
def test_parity(batch):
    rng = random.Random(batch)
    for number in range(PER_BATCH):
        bases, options = random_configuration(rng)
        parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in bases]
        optimizer = torch.optim.SGD(parameters, lr=0.1)
        theirs = optimization.GreedyLR(optimizer, **options)
        mine = {"window" if name == "window_size" else name: value for name, value in options.items()}
        ours = st.Scheduler(bases, controller=st.GreedyLR("huggingface", **mine))
        for i, loss in enumerate(random_losses(rng, rng.choice([10, 60, 120]))):
            theirs.step(loss)
            ours.step(loss)
            expected = [group["lr"] for group in optimizer.param_groups]
            assert [bits(lr) for lr in ours.lrs] == [bits(lr) for lr in expected], (number, i, bases, options)


def test_defaults_are_transformers():
    import inspect

    g = st.GreedyLR("huggingface")
    for name, parameter in inspect.signature(optimization.GreedyLR).parameters.items():
        if name in ("optimizer", "verbose"):
            continue
        # The bounds are numbers there, and stand for themselves here.
        if name in ("min_lr", "max_lr"):
            assert getattr(g, name) is None
        else:
            assert getattr(g, "window" if name == "window_size" else name) == parameter.default, name
