"""Many runs as one array against plain loops: the optimizers, the rates, the packages, the tasks.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/rates
"""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import stepsize

from rates.entrants import ENTRANTS, Entrant, plain
from rates.observation import Observation
from rates.optimizers import SGD, AdamW, Muon
from rates.problem import DESIGN, Problem
from rates.runs import Runs
from rates.tasks.convex import LeastSquares
from rates.tasks.perceptron import Perceptron
from rates.training import Part, mixes_with_others
from rates.training import train as train_parts

UPDATES, SEEDS = 12, [3, 8]


def train(problem, optimizer, entrant, bases, seeds, updates):
    """One entrant."""
    return train_parts(problem, optimizer, [Part(entrant, tuple(bases), updates)], seeds, updates)[0]


def rows(count, seed):
    x = torch.tensor(np.random.default_rng(seed).standard_normal((count, 6))).float()
    return x, x[:, :3].argmax(1)


def small() -> Perceptron:
    return Perceptron(rows(60, 0), rows(40, 1), (8, 5), 3)


PROBLEM = Problem("small", DESIGN, "images", "for tests", small, {UPDATES: "tiny"}, batch=10)


class Plain(torch.nn.Module):
    """The same perceptron, with torch's own layers."""

    def __init__(self, task, seed):
        super().__init__()
        parts = task.start(seed)
        self.layers = torch.nn.ModuleList()
        for weights, bias in zip(parts[::2], parts[1::2]):
            layer = torch.nn.Linear(*weights.shape)
            layer.weight.data, layer.bias.data = weights.T.clone(), bias.clone()
            self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


def plain_loss(make, multipliers, base, seed):
    """The held-out loss after a plain loop, and the losses of its batches."""
    task, losses = small(), []
    model, numbers = Plain(task, seed), task.numbers(seed, PROBLEM.batch)
    optimizers = make(model, base)
    for t in range(UPDATES):
        x, y = task.batch(torch.tensor(next(numbers)))
        loss = torch.nn.functional.cross_entropy(model(x), y)
        losses.append(loss.item())
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = base * multipliers[t]
            optimizer.step()
    if hasattr(optimizers[0], "eval"):
        optimizers[0].eval()
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(model(task.held[0]), task.held[1])), losses


def sgd(model, base):
    return [torch.optim.SGD(model.parameters(), lr=base, momentum=0.9)]


def adamw(model, base):
    return [torch.optim.AdamW(model.parameters(), lr=base, weight_decay=0.01)]


@pytest.mark.parametrize("optimizer, make, usual", [("sgd", sgd, 0.1), ("adamw", adamw, 0.01)])
def test_every_run_of_the_array_is_the_plain_loop(optimizer, make, usual):
    bases = [usual, 3 * usual]
    found = train(PROBLEM, optimizer, ENTRANTS["cosine"], bases, SEEDS, UPDATES)
    multipliers = stepsize.parse(f"cosine({UPDATES})").curve(UPDATES)
    assert found.loss.shape == (len(bases), len(SEEDS))
    for k, base in enumerate(bases):
        for s, seed in enumerate(SEEDS):
            assert found.loss[k, s] == pytest.approx(plain_loss(make, multipliers, base, seed)[0], rel=2e-4)
    assert (found.loss < found.start).all()


def test_a_controller_has_the_decisions_of_a_plain_loop():
    entrant = Entrant("eager", "controller", plain("greedy(patience=0, window=1)"))
    found = train(PROBLEM, "sgd", entrant, [0.3], [3], UPDATES)
    rates, multipliers = stepsize.Scheduler(1.0, "greedy(patience=0, window=1)"), [1.0] * UPDATES
    for t in range(UPDATES):  # the losses up to t decide the rate of t + 1
        _, losses = plain_loss(sgd, multipliers, 0.3, 3)
        rates.step(losses[t])
        if t + 1 < UPDATES:
            multipliers[t + 1] = rates.lr
    assert len(set(multipliers)) > 3
    assert found.loss[0, 0] == pytest.approx(plain_loss(sgd, multipliers, 0.3, 3)[0], rel=2e-4)


def test_entrants_in_one_array_do_not_touch_each_other():
    names = {"linear": [0.1, 0.3], "greedy": [0.2], "constant": [0.05, 0.1, 0.2], "plateau": [0.3]}
    assert all(mixes_with_others(ENTRANTS[name], "sgd") for name in names)
    alone = ("line search", "hypergradient", "hypergradient x linear", "schedule-free")
    assert not any(mixes_with_others(ENTRANTS[name], "sgd") for name in alone)
    parts = [Part(ENTRANTS[name], tuple(bases), UPDATES) for name, bases in names.items()]
    for (name, bases), found in zip(names.items(), train_parts(PROBLEM, "sgd", parts, SEEDS, UPDATES, 4)):
        alone = train(PROBLEM, "sgd", ENTRANTS[name], bases, SEEDS, UPDATES)
        np.testing.assert_allclose(found.loss, alone.loss, rtol=1e-5)
        assert found.curve.shape == (len(bases), len(SEEDS), 4) and (found.curve[..., -1] == found.loss).all()


def test_muon_is_that_of_torch(monkeypatch):
    """In single precision: torch's own goes through bfloat16."""
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no Muon")
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    task = small()
    runs, own = Runs(task, [4]), torch.nn.Parameter(task.start(4)[2].clone())
    mine = Muon(runs, frozenset({2}))
    theirs = torch.optim.Muon([own], lr=0.02, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    random = torch.Generator().manual_seed(1)
    for _ in range(5):
        gradient = torch.randn(own.shape, generator=random)
        runs.gradients.zero_()
        runs.views(runs.gradients)[2].copy_(gradient)
        own.grad = gradient.clone()
        theirs.step()
        with torch.no_grad():
            runs.weights.sub_(0.02 * mine.direction(runs))
        torch.testing.assert_close(runs.parameters[2].detach()[0], own.detach(), rtol=1e-4, atol=1e-6)


def test_what_is_no_matrix_moves_by_adamw():
    task = small()
    runs = Runs(task, [1])
    runs.gradients.normal_(generator=torch.Generator().manual_seed(2))
    muon, adamw_ = Muon(runs, frozenset({2})).direction(runs), AdamW(runs, frozenset()).direction(runs)
    same = [torch.equal(a, b) for a, b in zip(runs.views(muon), runs.views(adamw_))]
    assert same == [True, True, False, True, True, True]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_an_optimizer_of_a_package_is_its_plain_loop(optimizer):
    pytest.importorskip("schedulefree")
    entrant = ENTRANTS["schedule-free"]
    found = train(PROBLEM, optimizer, entrant, [0.02, 0.05], SEEDS, UPDATES)

    def make(model, base):
        made = entrant.package[optimizer](list(model.parameters()), base)
        made.train()
        return [made]

    expected = plain_loss(make, [1.0] * UPDATES, 0.05, SEEDS[1])[0]
    assert found.loss[1, 1] == pytest.approx(expected, rel=2e-4)


def test_prodigy_is_its_plain_loop():
    pytest.importorskip("prodigyopt")
    entrant = ENTRANTS["prodigy x linear"]
    found = train(PROBLEM, "adamw", entrant, [1.0], SEEDS, UPDATES)
    multipliers = stepsize.parse(f"linear({UPDATES})").curve(UPDATES)
    make = lambda model, base: [entrant.package["adamw"](list(model.parameters()), base)]
    assert found.loss[0, 1] == pytest.approx(plain_loss(make, multipliers, 1.0, SEEDS[1])[0], rel=2e-4)


def test_a_run_that_blows_up_touches_no_other():
    linear = ENTRANTS["linear"]
    alone = train(PROBLEM, "sgd", linear, [0.1], SEEDS, UPDATES)
    beside = train(PROBLEM, "sgd", linear, [0.1, 1e30], SEEDS, UPDATES)
    assert np.isinf(beside.loss[1]).all()
    np.testing.assert_allclose(beside.loss[0], alone.loss[0], rtol=1e-5)


@pytest.mark.parametrize("name", ["line search", "hypergradient", "hypergradient x linear", "plateau", "learned"])
def test_other_controllers_train(name):
    found = train(PROBLEM, "sgd", ENTRANTS[name], [0.05], SEEDS, UPDATES)
    assert (found.loss < found.start).all()


def test_bounds_follow_a_low_base_rate():
    found = train(PROBLEM, "adamw", ENTRANTS["greedy, as in transformers"], [1e-6], SEEDS, UPDATES)
    assert np.isfinite(found.loss).all()


def test_an_accepted_rate_of_the_line_search_has_armijos_decrease():
    """On a quadratic with the whole set in a batch and no momentum yet, the first step is the plain search's."""
    task = LeastSquares(5, 10, rows=50)
    problem = Problem("quadratic", DESIGN, "least squares", "for tests", lambda: task, {1: "tiny"}, batch=50)
    found = train(problem, "sgd", ENTRANTS["line search"], [4.0], [0], 1)
    x, y = (part.numpy() for part in task.train)
    gradient = -2 * x.T @ y / len(y)
    loss = lambda rate: float(np.mean((x @ (-rate * gradient) - y) ** 2))
    with stepsize.Scheduler(4.0, "line_search()") as scheduler:
        rate = scheduler.line_search.search(loss(0), float(np.sum(gradient**2)), loss)
    assert 0 < rate < 4.0 and found.loss[0, 0] == pytest.approx(loss(rate), rel=1e-9)


def test_what_a_controller_observes():
    """The numbers of one run, by hand."""
    task = small()
    runs = Runs(task, [1, 2])
    moved, average = (torch.randn(runs.weights.shape, generator=torch.Generator().manual_seed(n)) for n in (3, 7))
    optimizer = SGD(runs, frozenset())
    optimizer.mean.copy_(10 * average)  # the buffer of momentum 0.9 is ten times the average
    expected = ("loss", "grad_norm", "grad_l1", "distance", "start_norm", "dot_start", "dot_update", "update_norm",
                "dot_x", "mean_norm", "mean_dot_x")  # fmt: skip
    observation = Observation(runs, optimizer, set(expected))
    runs.weights.add_(moved)
    runs.gradients.normal_(generator=torch.Generator().manual_seed(4))
    g, x, d, m = (part[1].double().numpy() for part in (runs.gradients, runs.weights, moved, average))
    mean = 0.9 * m + 0.1 * g
    values = (0.7, math.sqrt(g @ g), np.abs(g).sum(), math.sqrt(d @ d), math.sqrt((x - d) @ (x - d)), -(g @ d), g @ d,
              math.sqrt(d @ d), g @ x, math.sqrt(mean @ mean), mean @ x)  # fmt: skip
    found = observation.numbers(torch.tensor([0.1, 0.7]))
    for name, value in zip(expected, values, strict=True):
        assert found[name][1] == pytest.approx(value, rel=1e-4, abs=1e-4), name
    # The next update is measured from here.
    assert observation.numbers(torch.zeros(2))["update_norm"] == [0, 0]


def test_a_controller_that_observes_an_update_decides_its_rate(monkeypatch):
    """One that the library does not have yet: the rate is base / |g|."""

    class Normalised(stepsize.Scheduler):
        observes = ("loss", "grad_norm")
        given = []

        def observe(self, loss, grad_norm):
            self.norm = grad_norm
            Normalised.given.append((loss, grad_norm))

        @property
        def lr(self):
            return 0.5 / self.norm

    monkeypatch.setattr(stepsize, "Scheduler", Normalised)
    parts = [Part(ENTRANTS["linear"], (0.1,), 1), Part(ENTRANTS["greedy"], (1.0,), 1)]
    problem = Problem("one step", DESIGN, "images", "for tests", small, {1: "tiny"}, batch=60)
    found = train_parts(problem, "sgd", parts, [3], 1)[1]
    (loss, norm), task = Normalised.given[-1], small()
    runs = Runs(task, [3])
    numbers = torch.tensor(next(task.numbers(3, 60)))
    assert runs.differentiate(task, task.batch(numbers[None])).item() == pytest.approx(loss, rel=1e-5)
    assert runs.gradients.norm().item() == pytest.approx(norm, rel=1e-5)
    with torch.no_grad():
        runs.weights.sub_(0.5 / norm * runs.gradients)
    assert found.loss[0, 0] == pytest.approx(task.judge(runs.parameters)[0].item(), rel=1e-4)
