"""stepsize.torch.Mechanic and the authors' own transformation of optax, update by update."""

import copy
import math

import pytest

torch = pytest.importorskip("torch")

import stepsize  # noqa: E402
from networks import flat, halves, problem, whole_and_resumed  # noqa: E402
from stepsize.torch import Joined, Mechanic, Prodigy  # noqa: E402

OPTIMIZERS = {
    "sgd": lambda model: torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9),
    "adam": lambda model: torch.optim.AdamW(model.parameters(), lr=1.0, weight_decay=0.0),
    "groups": lambda model: torch.optim.SGD(halves(model), lr=1.0, momentum=0.9),
}


@pytest.fixture(scope="module")
def doubles():
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def their_path(jax, name, updates, schedule, **options):
    """On the gradients of torch at their weights."""
    optax = pytest.importorskip("optax")
    model, backward = problem()
    curve = stepsize.parse(schedule).curve(updates)
    rate = lambda count: jax.numpy.asarray(curve)[count]
    if name == "adam":
        base = optax.adam(rate)
    elif name == "groups":  # weight decay of torch's SGD, on the first two of four
        base = optax.chain(optax.add_decayed_weights(0.1, mask=[True, True, False, False]), optax.sgd(rate, 0.9))
    else:
        base = optax.sgd(rate, 0.9)
    method = optax.contrib.mechanize(base, **options)
    parameters = [jax.numpy.asarray(each.detach().numpy()) for each in model.parameters()]
    state, step = method.init(parameters), jax.jit(method.update)
    path = []
    for update in range(updates):
        backward(update)
        gradients = [jax.numpy.asarray(each.grad.numpy()) for each in model.parameters()]
        changes, state = step(gradients, state, parameters)
        parameters = optax.apply_updates(parameters, changes)
        with torch.no_grad():
            for each, values in zip(model.parameters(), parameters):
                each.copy_(torch.tensor(values))
        path.append((flat(model), float(state.s.sum())))
    return path


def train(make, updates, schedule, **options):
    model, backward = problem()
    scheduler = Mechanic(make(model), schedule, **options)
    path = []
    for update in range(updates):
        backward(update)
        scheduler.optimizer.step()
        scheduler.step()
        path.append((flat(model), scheduler.s))
    return path, scheduler


@pytest.mark.parametrize(("name", "schedule", "ours", "theirs"), [
    ("sgd", "constant()", {}, {}), ("adam", "linear(50)", {}, {}),
    ("groups", "warmup(10, start=0) >> linear(40)", {}, {}),
    ("adam", "constant()", {"s_init": 1e-4, "decay": 0.0}, {"s_init": 1e-4, "weight_decay": 0.0}),
    ("sgd", "linear(50)", {"decay": 0.1}, {"weight_decay": 0.1}),
])  # fmt: skip
def test_it_is_the_authors(doubles, name, schedule, ours, theirs):
    path, _ = train(OPTIMIZERS[name], 50, schedule, **ours)
    others = their_path(doubles, name, 50, schedule, **theirs)
    for update, ((weights, s), (their_weights, their_s)) in enumerate(zip(path, others, strict=True)):
        assert s == pytest.approx(their_s, rel=1e-7), update
        assert (weights - their_weights).norm() <= 1e-8 * their_weights.norm(), update
    assert (path[0][0] - path[-1][0]).norm() > 1e-3 and path[-1][1] > 1e-4  # it has moved


@pytest.mark.parametrize("first", ["optimizer", "scheduler"])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_resumed_training_has_the_same_bits(first, name):
    whole, resumed = whole_and_resumed(
        lambda model: Mechanic(OPTIMIZERS[name](model), "greedy(patience=2) * linear(40)"), first
    )
    assert whole.s == resumed.s


def test_a_copy_goes_on_alone():
    model, backward = problem()
    scheduler = Mechanic(OPTIMIZERS["sgd"](model))
    for update in range(20):
        backward(update)
        scheduler.optimizer.step()
        scheduler.step()
    other = copy.deepcopy(scheduler)
    parameters = [each for group in other.optimizer.param_groups for each in group["params"]]
    backward(20)
    for mine, its in zip(model.parameters(), parameters):
        its.grad = mine.grad.clone()
    for each in (scheduler, other):
        each.optimizer.step()
    assert scheduler.s == other.s > 1e-6
    assert torch.equal(flat(model), torch.cat([each.detach().flatten() for each in parameters]))


def test_a_group_that_comes_later_starts_where_it_is():
    model, backward = problem()
    optimizer = torch.optim.SGD(model[0].parameters(), lr=1.0)
    scheduler = Mechanic(optimizer, s_init=1e-3)
    for update in range(6):
        if update == 3:
            optimizer.add_param_group({"params": list(model[2].parameters()), "lr": 1.0})
        backward(update)
        before = flat(model[2])
        optimizer.step()
        scheduler.step()
        assert torch.equal(before, flat(model[2])) == (update < 3)
    assert torch.equal(scheduler._start[1][0], problem()[0][2].weight)


def test_a_gradient_that_is_not_finite_teaches_nothing_and_a_skipped_update_is_none():
    model, backward = problem(dtype=torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimizer = OPTIMIZERS["sgd"](model)
    scheduler = Mechanic(optimizer, scaler=scaler)
    for update in range(6):
        backward(update)
        for each in model.parameters():
            each.grad.mul_(scaler.get_scale())
        scaler.scale(torch.zeros(()))
        if update == 3:
            next(model.parameters()).grad[0, 0] = math.inf
        before = flat(model), scheduler.state_dict()["adapted"]["numbers"]["_rewards"]
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        assert torch.equal(before[0], flat(model)) == (update == 3)
        assert (before[1] == scheduler.state_dict()["adapted"]["numbers"]["_rewards"]) == (update in (0, 3))
    backward(6)
    next(model.parameters()).grad[0, 0] = math.nan
    before = scheduler.s
    optimizer.step()
    assert scheduler.s == before


def test_what_is_refused():
    model, backward = problem()
    error = stepsize.StepsizeError
    for wrong in ({"s_init": 0}, {"decay": -1}):
        with pytest.raises(error, match=next(iter(wrong))):
            Mechanic(OPTIMIZERS["sgd"](model), **wrong)
    with pytest.raises(error, match="joined"):
        Mechanic(Joined(OPTIMIZERS["sgd"](model)))
    with pytest.raises(error, match="closure"):
        Mechanic(torch.optim.LBFGS(model.parameters())).optimizer.step(lambda: backward(0))
    mine = Mechanic(OPTIMIZERS["adam"](model))
    with pytest.raises(error, match="that of a Prodigy, expected that of a Mechanic"):
        mine.load_state_dict(Prodigy(OPTIMIZERS["adam"](model)).state_dict())
