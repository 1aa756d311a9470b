"""stepsize.torch.Prodigy and the authors' own optimizer, update by update."""

import copy
import math

import pytest

torch = pytest.importorskip("torch")

import stepsize  # noqa: E402
from networks import flat, halves, problem, whole_and_resumed  # noqa: E402
from stepsize.torch import Joined, Prodigy, Scheduler  # noqa: E402


def train(make, updates=60, schedule=None, before=lambda model, update: None, **options):
    model, backward = problem()
    scheduler = Prodigy(make(model), schedule, **options)
    path = []
    for update in range(updates):
        backward(update)
        before(model, update)
        scheduler.optimizer.step()
        scheduler.step()
        path.append((flat(model), scheduler.d))
    return path, scheduler


def their_path(updates=60, schedule=None, before=lambda model, update: None, groups=None, **options):
    prodigyopt = pytest.importorskip("prodigyopt")
    model, backward = problem()
    optimizer = prodigyopt.Prodigy(groups(model) if groups else model.parameters(), **options)
    curve = stepsize.parse(schedule or "constant()").curve(updates)
    path = []
    for update in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = float(curve[update])
        backward(update)
        before(model, update)
        optimizer.step()
        path.append((flat(model), optimizer.param_groups[0]["d"]))
    return path


def agree(ours, theirs, grows=True):
    for update, ((weights, d), (their_weights, their_d)) in enumerate(zip(ours, theirs, strict=True)):
        assert d == pytest.approx(their_d, rel=1e-9), update
        assert (weights - their_weights).norm() <= 1e-10 * their_weights.norm(), update
    if grows:
        assert (ours[0][0] - ours[-1][0]).norm() > 1e-2 and ours[-1][1] > 1e-3  # it has moved


def adamw(model, **options):
    return torch.optim.AdamW(model.parameters(), lr=1.0, **{"weight_decay": 0.0, **options})


@pytest.mark.parametrize("options", [
    {}, {"d0": 1e-4}, {"coef": 2.0}, {"growth": 1.3, "d0": 1e-3}, {"beta3": 0.9}, {"bias_correction": True},
    {"slice_p": 3}, {"d0": 1e-4, "safeguard_warmup": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("schedule", [None, "linear(60)", "warmup(20, start=0) >> cosine(40)"])
def test_it_is_the_authors(options, schedule):
    names = {"coef": "d_coef", "growth": "growth_rate", "bias_correction": "use_bias_correction"}
    theirs = their_path(schedule=schedule, **{names.get(name, name): value for name, value in options.items()})
    agree(train(adamw, schedule=schedule, **options)[0], theirs, grows=False)


def test_it_trains():
    path, scheduler = train(adamw, schedule="linear(60)")
    agree(path, their_path(schedule="linear(60)"))
    assert scheduler.lrs == (scheduler.d * scheduler.core.lr,) and scheduler.get_last_lr() == [scheduler.lr]


@pytest.mark.parametrize("correction", [False, True])
@pytest.mark.parametrize("decouple", [False, True])
def test_weight_decay_eps_and_betas(decouple, correction):
    make = torch.optim.AdamW if decouple else torch.optim.Adam
    options = {"weight_decay": 0.1, "eps": 1e-3, "betas": (0.8, 0.99)}
    ours, scheduler = train(
        lambda model: make(model.parameters(), lr=1.0, **options), bias_correction=correction, d0=1e-4
    )
    agree(ours, their_path(decouple=decouple, use_bias_correction=correction, d0=1e-4, **options))
    group = scheduler.optimizer.param_groups[0]
    assert (group["weight_decay"], group["eps"]) == (0.1, 1e-3)


@pytest.mark.parametrize("options", [{"foreach": False}, {"foreach": True}, {"fused": True}, {"capturable": False}])
def test_every_form_of_adam(options):
    agree(train(lambda model: adamw(model, **options))[0], their_path())


def test_a_rate_that_is_a_tensor():
    rate = torch.tensor(1.0, dtype=torch.float64)
    ours, scheduler = train(lambda model: torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0))
    agree(ours, their_path())
    assert scheduler.optimizer.param_groups[0]["lr"] is rate and float(rate) == scheduler.lr


def test_groups_have_d_in_common():
    ours, scheduler = train(lambda model: torch.optim.AdamW(halves(model), lr=1.0))
    agree(ours, their_path(groups=halves))
    assert scheduler.lrs[0] == scheduler.lrs[1]


def test_an_update_without_a_gradient_is_none():
    def before(model, update):
        if update % 5 == 0:
            for each in model.parameters():
                each.grad.zero_()

    ours, scheduler = train(adamw, before=before, updates=41)
    agree(ours, their_path(before=before, updates=41))
    assert scheduler.updates == 40  # the first, as there: later ones have the average of the gradients
    assert all(each.grad is not None for each in scheduler.optimizer.param_groups[0]["params"])


def test_a_group_of_rate_0_rests():
    model, backward = problem()
    optimizer = torch.optim.AdamW(halves(model), lr=1.0)
    scheduler = Prodigy(optimizer, base_lr=[1.0, 0.0])
    start = copy.deepcopy(model)
    for update in range(20):
        backward(update)
        optimizer.step()
        scheduler.step()
    assert torch.equal(model[2].weight, start[2].weight) and not torch.equal(model[0].weight, start[0].weight)
    assert scheduler.lrs == (scheduler.d, 0.0)


def test_without_a_step_of_the_scheduler_d_counts_nevertheless():
    """A scheduler that is stepped once an epoch."""
    model, backward = problem()
    scheduler = Prodigy(adamw(model))
    for update in range(60):
        backward(update)
        scheduler.optimizer.step()
        assert scheduler.optimizer.param_groups[0]["lr"] == scheduler.d
    assert (flat(model) - their_path()[-1][0]).norm() < 1e-9


@pytest.mark.parametrize("first", ["optimizer", "scheduler"])
@pytest.mark.parametrize("slice_p", [1, 4])
def test_a_resumed_training_has_the_same_bits(first, slice_p):
    def make(model):
        return Prodigy(adamw(model, weight_decay=0.01), "greedy(patience=2) * linear(40)", slice_p=slice_p)

    whole, resumed = whole_and_resumed(make, first)
    assert whole.d == resumed.d


def test_another_process_gives_its_numbers():
    """What stepsize.distributed.Shared gives to all: each keeps its own vectors."""
    from stepsize.distributed import Shared, same

    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        model, backward = problem()
        scheduler = Prodigy(adamw(model), "linear(60)")
        shared = Shared(scheduler)
        path = []
        for update in range(60):
            if update == 30:
                shared.synchronize()
                same(shared)
                state = scheduler.state_dict()
                del state["adapted"]["vectors"]
                scheduler.d = 1.0
                scheduler.load_state_dict(state)
            backward(update)
            scheduler.optimizer.step()
            shared.step()
            path.append((flat(model), scheduler.d))
    finally:
        torch.distributed.destroy_process_group()
    agree(path, their_path(schedule="linear(60)"))


def test_a_copy_goes_on_alone():
    model, backward = problem()
    scheduler = Prodigy(adamw(model), "linear(60)")
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
        each.step()
    assert scheduler.d == other.d > 1e-6
    assert torch.equal(flat(model), torch.cat([each.detach().flatten() for each in parameters]))


def test_the_last_one_made_acts():
    model, backward = problem()
    optimizer = adamw(model)
    Prodigy(optimizer)
    scheduler = Prodigy(optimizer)
    path = []
    for update in range(60):
        backward(update)
        optimizer.step()
        scheduler.step()
        path.append((flat(model), scheduler.d))
    agree(path, their_path())


def test_a_group_that_comes_later_and_one_that_goes():
    model, backward = problem()
    optimizer = torch.optim.AdamW(model[0].parameters(), lr=1.0)
    scheduler = Prodigy(optimizer, d0=1e-3)
    for update in range(9):
        if update == 3:
            optimizer.add_param_group({"params": list(model[2].parameters()), "lr": 1.0})
        if update == 6:
            del optimizer.param_groups[0]
        backward(update)
        optimizer.step()
        scheduler.step()
        assert [len(group) for group in scheduler._start] == ([2] if update < 3 or update >= 6 else [2, 2])
        assert [each.shape for each in scheduler._averages[-1]] == [
            each.shape for each in optimizer.param_groups[-1]["params"]
        ]
        assert len(scheduler.lrs) == len(optimizer.param_groups) and scheduler.lr == scheduler.d


def test_skipped_updates_change_nothing():
    model, backward = problem(dtype=torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    optimizer = adamw(model)
    scheduler = Prodigy(optimizer, scaler=scaler)
    for update in range(6):
        backward(update)
        for each in model.parameters():
            each.grad.mul_(scaler.get_scale())
        scaler.scale(torch.zeros(()))
        if update == 3:
            next(model.parameters()).grad[0, 0] = math.inf
        before = flat(model), scheduler.d, scheduler.numerator
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        assert torch.equal(before[0], flat(model)) == (update == 3)
    assert scheduler.current_step == scheduler.updates == 5 and math.isfinite(scheduler.d)


def test_what_is_refused():
    model, backward = problem()
    error = stepsize.StepsizeError
    with pytest.raises(error, match="for torch.optim.Adam and AdamW, not for SGD"):
        Prodigy(torch.optim.SGD(model.parameters(), lr=1.0))
    with pytest.raises(error, match="amsgrad=False"):
        Prodigy(adamw(model, amsgrad=True))
    with pytest.raises(error, match="not for Joined"):
        Prodigy(Joined(adamw(model)))
    with pytest.raises(error, match="record"):
        Prodigy(adamw(model), record=True)
    for wrong in ({"d0": 0}, {"coef": -1}, {"growth": 0.5}, {"beta3": 1.5}, {"slice_p": 0}):
        with pytest.raises(error, match=next(iter(wrong))):
            Prodigy(adamw(model), **wrong)
    scheduler = Prodigy(torch.optim.AdamW(halves(model), lr=1.0), ["linear(10)", "cosine(10)"])
    for update in range(2):
        backward(update)
        if update:
            with pytest.raises(error, match="the same or 0"):
                scheduler.optimizer.step()
        else:
            scheduler.optimizer.step()
            scheduler.step()
    with pytest.raises(error, match="closure"):
        Prodigy(adamw(model)).optimizer.step(lambda: backward(0))
    plain, mine = Scheduler(adamw(model)), Prodigy(adamw(model))
    with pytest.raises(error, match="that of a Prodigy, expected that of a Scheduler"):
        plain.load_state_dict(mine.state_dict())
    with pytest.raises(error, match="that of a Scheduler, expected that of a Prodigy"):
        mine.load_state_dict(plain.state_dict())
    other = Prodigy(torch.optim.AdamW([torch.ones(3, requires_grad=True)], lr=1.0))
    state = scheduler.state_dict()
    with pytest.raises(error, match="of other weights|parameter groups"):
        other.load_state_dict(state)
    assert other.d == 1e-6 and other._start is None


def test_an_update_that_raises_leaves_nothing_behind(monkeypatch):
    model, backward = problem()
    optimizer = adamw(model, weight_decay=0.1)
    scheduler = Prodigy(optimizer)
    backward(0)
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "_init_group", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            optimizer.step()
    optimizer.step()
    group = optimizer.param_groups[0]
    assert (group["weight_decay"], group["eps"], group["lr"]) == (0.1, 1e-8, scheduler.d)
