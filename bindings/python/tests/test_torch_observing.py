"""What stepsize.torch.Scheduler observes before an update, and the authors' own optimizers, update by update."""

import copy
import io
import math

import pytest

torch = pytest.importorskip("torch")

import stepsize  # noqa: E402
from stepsize.torch import Scheduler  # noqa: E402
from stepsize.torch._observing import Scalars  # noqa: E402

ALL = tuple(stepsize.Scheduler(1.0, 'dog() * constant()').observes) + (
    "grad_l1", "dot_start", "dot_update", "update_norm", "dot_x",
)  # fmt: skip


def problem(seed=0, dtype=torch.float64):
    """A network, and a function that returns the loss of the batch of an update."""
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).to(dtype)
    inputs, labels = torch.randn(64, 6, dtype=dtype), torch.randint(0, 3, (64,))

    def loss_of(update, model=model):
        batch = slice(16 * (update % 4), 16 * (update % 4) + 16)
        return torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch])

    return model, loss_of


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def backward(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    return loss


OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.05),
    "momentum": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True),
    "l2": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, weight_decay=0.1),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.01, weight_decay=0.1),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.01, weight_decay=0.1),
    "amsgrad": lambda groups: torch.optim.AdamW(groups, lr=0.01, amsgrad=True),
    "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_numbers_are_those_of_the_vectors(name):
    model, loss_of = problem()
    first, second = list(model[0].parameters()), list(model[2].parameters())
    optimizer = OPTIMIZERS[name]([{"params": first}, {"params": second, "lr": 0.02}])
    scalars = Scalars(optimizer, ALL)
    decay = 0.1 if name in ("l2", "adam") else 0.0
    start = previous = [flat(first), flat(second)]
    for update in range(5):
        backward(optimizer, loss_of(update))
        found = scalars.read()
        assert set(found) == set(ALL)
        for i, group in enumerate((first, second)):
            x = flat(group)
            g = flat([each.grad for each in group]) + decay * x
            step = x - previous[i]
            expected = {
                "grad_norm": g.norm(), "grad_l1": g.abs().sum(), "distance": (x - start[i]).norm(),
                "start_norm": start[i].norm(), "dot_start": g @ (start[i] - x), "dot_update": g @ step,
                "update_norm": step.norm(), "dot_x": g @ x,
            }  # fmt: skip
            for key, value in expected.items():
                assert found[key][i] == pytest.approx(float(value), rel=1e-5, abs=1e-7), (update, key)
        previous = [flat(first), flat(second)]
        optimizer.step()


def test_copies_only_where_they_must_be():
    model, loss_of = problem()
    for name, names, has_start, has_previous in [
        ("momentum", ("grad_norm", "dot_update"), False, False), ("adamw", ("update_norm",), False, False),
        ("sgd", ("dot_update",), False, True), ("momentum", ("distance",), True, False),
        ("sgd", ("grad_norm",), False, False),
    ]:  # fmt: skip
        optimizer = OPTIMIZERS[name](model.parameters())
        scalars = Scalars(optimizer, names)
        backward(optimizer, loss_of(0))
        scalars.read()
        assert (scalars._start is not None, scalars._previous is not None) == (has_start, has_previous), (name, names)


def train(make_optimizer, text, updates=60, **options):
    """The weights after each update of the scheduler's training, and the scheduler."""
    model, loss_of = problem()
    optimizer = make_optimizer(model)
    scheduler = Scheduler(optimizer, text, **options)
    path = []
    for update in range(updates):
        loss = backward(optimizer, loss_of(update))
        scheduler.observe(loss)
        optimizer.step()
        scheduler.step()
        path.append(flat(model.parameters()))
    return path, scheduler


def plain(lr=1.0, **options):
    return lambda model: torch.optim.SGD(model.parameters(), lr=lr, **options)


def agree(path, theirs, rel):
    for update, (ours, other) in enumerate(zip(path, theirs, strict=True)):
        assert (ours - other).norm() <= rel * other.norm(), (update, float((ours - other).norm()))
    assert (path[0] - path[-1]).norm() > 1e-3  # it has moved


def their_path(make_optimizer, updates=60, *, loss_in_step=False, factor=None):
    model, loss_of = problem()
    optimizer = make_optimizer(model)
    path = []
    for update in range(updates):
        if factor:
            for group in optimizer.param_groups:
                group["lr"] = factor(update)
        loss = backward(optimizer, loss_of(update))
        optimizer.step(loss=loss) if loss_in_step else optimizer.step()
        path.append(flat(model.parameters()))
    return path


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_dog_is_the_authors(decay):
    dog = pytest.importorskip("dog")
    theirs = their_path(lambda model: dog.DoG(model.parameters(), reps_rel=1e-3, weight_decay=decay))
    ours, _ = train(plain(weight_decay=decay), "dog(r=0.001)")
    agree(ours, theirs, 1e-9)


def test_dog_by_its_first_rate_is_the_authors():
    dog = pytest.importorskip("dog")
    agree(train(plain(), "dog(init_lr=0.02)")[0], their_path(lambda m: dog.DoG(m.parameters(), init_eta=0.02)), 1e-9)


def test_layerwise_dog_is_the_authors_where_each_tensor_is_a_group():
    dog = pytest.importorskip("dog")
    theirs = their_path(lambda model: dog.LDoG(model.parameters(), reps_rel=1e-3))
    ours, _ = train(
        lambda model: torch.optim.SGD([{"params": [each]} for each in model.parameters()], lr=1.0),
        "dog(r=0.001, per_group=true)",
    )
    agree(ours, theirs, 1e-9)


@pytest.mark.parametrize("growth", [math.inf, 1.1])
def test_dadapt_is_the_authors(growth):
    dadaptation = pytest.importorskip("dadaptation")
    theirs = their_path(lambda m: dadaptation.DAdaptSGD(m.parameters(), d0=1e-2, growth_rate=growth, lr=1.0))
    ours, _ = train(plain(), f"dadapt(d0=0.01{'' if growth == math.inf else ', growth=1.1'})")
    agree(ours, theirs, 1e-9)


def test_dadapt_with_a_schedule_is_the_authors():
    dadaptation = pytest.importorskip("dadaptation")
    curve = stepsize.parse("linear(100)").curve(60)
    theirs = their_path(
        lambda m: dadaptation.DAdaptSGD(m.parameters(), d0=1e-2, lr=1.0), factor=lambda t: float(curve[t])
    )
    agree(train(plain(), "dadapt(d0=0.01) * linear(100)")[0], theirs, 1e-9)


@pytest.mark.parametrize("adapt", [False, True])
@pytest.mark.parametrize("lr", [0.3, 1e6])
def test_momo_is_the_authors(lr, adapt):
    momo = pytest.importorskip("momo")
    theirs = their_path(
        lambda m: momo.Momo(m.parameters(), lr=lr, beta=0.9, use_fstar=adapt), updates=40, loss_in_step=True
    )
    text = f'polyak("momo"{", adapt=true" if adapt else ""})'
    ours, _ = train(plain(lr, momentum=0.9, dampening=0.9), text, updates=40)
    agree(ours, theirs, 1e-9)


def test_momo_needs_an_optimizer_that_averages():
    model, loss_of = problem()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    scheduler = Scheduler(optimizer, 'polyak("momo")')
    with pytest.raises(stepsize.StepsizeError, match="dampening"):
        scheduler.observe(backward(optimizer, loss_of(0)))


def test_sps_from_its_formula():
    model, loss_of = problem()
    optimizer = plain()(model)
    scheduler = Scheduler(optimizer, 'polyak("sps", max_lr=3)')
    for update in range(20):
        loss = backward(optimizer, loss_of(update))
        squared = float(sum((each.grad**2).sum() for each in model.parameters()))
        rate = scheduler.observe(loss)
        expected = min(float(loss.detach()) / (0.5 * squared), 3.0)
        assert rate == optimizer.param_groups[0]["lr"] == pytest.approx(expected, rel=1e-5)
        optimizer.step()
        scheduler.step()


# ---- The life of a training ----

TEXTS = [
    "dog(r=0.001) * linear(60)", "dog(r=0.001, per_group=true)", "dadapt(d0=0.01)", "polyak(c=10) * cosine(60)",
    'polyak("sps", max_lr=3)', 'polyak(norm="l1", max_lr=0.1)',
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["momentum", "adamw", "rmsprop"])
def test_a_resumed_training_has_the_same_bits(name, text):
    def run(stop=None, checkpoint=None):
        model, loss_of = problem()
        optimizer = OPTIMIZERS[name](model.parameters())
        scheduler = Scheduler(optimizer, text)
        begin = 0
        if checkpoint is not None:
            saved = torch.load(io.BytesIO(checkpoint), weights_only=True)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            scheduler.load_state_dict(saved["scheduler"])
            begin = scheduler.current_step
        for update in range(begin, 20):
            if update == stop:
                buffer = io.BytesIO()
                parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
                torch.save({key: part.state_dict() for key, part in parts.items()}, buffer)
                return buffer.getvalue()
            scheduler.observe(backward(optimizer, loss_of(update)))
            optimizer.step()
            scheduler.step()
        return flat(model.parameters()), scheduler.core.state()

    whole, resumed = run(), run(checkpoint=run(stop=7))
    assert torch.equal(whole[0], resumed[0]) and whole[1] == resumed[1]


def test_accumulated_gradients_are_those_of_the_whole_batch():
    model, loss_of = problem()
    other = copy.deepcopy(model)
    one, two = plain()(model), plain()(other)
    schedulers = Scheduler(one, "polyak(align=0)"), Scheduler(two, "polyak(align=0)")
    for _ in range(5):
        whole = backward(one, (loss_of(0) + loss_of(1)) / 2)
        two.zero_grad()
        parts = [loss_of(k, other) / 2 for k in range(2)]
        for part in parts:
            part.backward()
        rates = schedulers[0].observe(whole), schedulers[1].observe(sum(part.detach() for part in parts))
        assert rates[0] == pytest.approx(rates[1], rel=1e-6)
        for optimizer, scheduler in zip((one, two), schedulers):
            optimizer.step()
            scheduler.step()


def test_the_gradient_is_the_clipped_one():
    model, loss_of = problem()
    optimizer = plain()(model)
    scheduler = Scheduler(optimizer, 'polyak("sps", c=1)')
    loss = backward(optimizer, loss_of(0))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    assert scheduler.observe(loss) == pytest.approx(float(loss.detach()) / 0.01**2, rel=1e-4)


def test_scaled_gradients_are_refused_and_skipped_updates_change_nothing():
    model, loss_of = problem(dtype=torch.float32)
    optimizer = plain()(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    scheduler = Scheduler(optimizer, 'polyak("sps", c=1, max_lr=1)', scaler=scaler)
    reference, _ = problem(dtype=torch.float32)
    for update in range(6):
        optimizer.zero_grad()
        loss = loss_of(update)
        scaler.scale(loss).backward()
        if update == 0:
            with pytest.raises(stepsize.StepsizeError, match="unscale_"):
                scheduler.observe(loss)
        if update == 3:
            next(model.parameters()).grad[0, 0] = math.inf
        scaler.unscale_(optimizer)
        squared = float(sum((each.grad**2).sum() for each in model.parameters()))
        before = scheduler.lr
        rate = scheduler.observe(loss)
        if update == 3:
            assert rate == before and scheduler.decision == "ignored"
        else:
            assert rate == pytest.approx(min(float(loss.detach()) / squared, 1.0), rel=1e-5)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert scheduler.current_step == 5


def test_every_third_update_is_observed():
    model, loss_of = problem()
    optimizer = plain()(model)
    scheduler = Scheduler(optimizer, 'polyak("sps", c=50) * linear(100)', read_every=3)
    bases = []
    for update in range(9):
        scheduler.observe(backward(optimizer, loss_of(update)))
        bases.append(scheduler.lr / (1 - update / 100))
        optimizer.step()
        scheduler.step()
    for first in (0, 3, 6):
        assert bases[first] == pytest.approx(bases[first + 1]) == pytest.approx(bases[first + 2])
    assert len({round(base, 9) for base in bases}) == 3


def test_parameters_without_a_gradient_count_as_0():
    model, loss_of = problem()
    unused = torch.nn.Parameter(torch.ones(5, dtype=torch.float64))
    optimizer = torch.optim.SGD([*model.parameters(), unused], lr=1.0)
    scheduler = Scheduler(optimizer, "dog(r=0.001)")
    other, others_loss = problem()
    alone = Scheduler(plain()(other), "dog(r=0.001)")
    scheduler.observe(backward(optimizer, loss_of(0)))
    alone.observe(backward(alone.optimizer, others_loss(0)))
    norms = [float(flat(each.param_groups[0]["params"]).norm()) for each in (optimizer, alone.optimizer)]
    assert scheduler.lr / alone.lr == pytest.approx((1 + norms[0]) / (1 + norms[1]))


@pytest.mark.parametrize("text", ["dog(r=0.001, per_group=true)", "dog(r=0.001)", "polyak(c=10)", 'auto(40, "sgd")'])
@pytest.mark.parametrize("name", ["momentum", "sgd"])
def test_a_group_that_comes_later_starts_where_it_is(name, text):
    model, loss_of = problem()
    optimizer = OPTIMIZERS[name](model[0].parameters())
    scheduler = Scheduler(optimizer, text, base_lr=1.0)
    for update in range(6):
        if update == 3:
            optimizer.add_param_group({"params": list(model[2].parameters()), "lr": 1.0})
        loss = loss_of(update)
        model.zero_grad()
        loss.backward()
        scheduler.observe(loss)
        assert len(scheduler.lrs) == (1 if update < 3 else 2) and all(0 < rate < 1e3 for rate in scheduler.lrs)
        optimizer.step()
        scheduler.step()
    if scheduler._scalars._start is not None:
        assert [len(group) for group in scheduler._scalars._start] == [2, 2]


def test_nothing_is_observed_where_nothing_is_needed():
    model, loss_of = problem()
    optimizer = plain(0.1)(model)
    scheduler = Scheduler(optimizer, "linear(10)")
    assert scheduler.observe(backward(optimizer, loss_of(0))) == 0.1
    assert "observed" not in scheduler.state_dict()


def test_a_missing_loss_is_an_error():
    model, loss_of = problem()
    optimizer = plain()(model)
    scheduler = Scheduler(optimizer, "polyak()")
    backward(optimizer, loss_of(0))
    with pytest.raises(stepsize.StepsizeError, match="not given: loss"):
        scheduler.observe()
    assert scheduler.decision == "none"


def test_hypergradient_and_line_search_observe_in_the_same_way():
    model, loss_of = problem()
    optimizer = OPTIMIZERS["momentum"](model.parameters())
    scheduler = Scheduler(optimizer, "hypergradient(beta=0.001)")
    rate, before = 0.05, None
    for update in range(6):
        scheduler.observe(backward(optimizer, loss_of(update)))
        gradient = flat([each.grad for each in model.parameters()])
        if before is not None:
            rate += 0.001 * float(gradient @ before)
        assert scheduler.lr == pytest.approx(rate, rel=1e-5), update
        optimizer.step()
        scheduler.step()
        before = flat([optimizer.state[each]["momentum_buffer"].clone() for each in model.parameters()])
    search = Scheduler(plain()(model), "line_search()")
    loss = backward(search.optimizer, loss_of(0))
    search.observe(loss)
    gradient = flat([each.grad for each in model.parameters()])
    assert search.line_search.report(float(loss.detach()) - 0.11 * search.lr * float(gradient @ gradient)) == "accepted"


def test_a_copy_sees_its_own_updates():
    """A copy of an optimizer has no hooks; from the state of Adam the last update follows only with its rate."""
    model, loss_of = problem()
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    scheduler = Scheduler(optimizer, 'polyak(norm="l1", max_lr=0.1) * linear(8)')
    for update in range(4):
        scheduler.observe(backward(optimizer, loss_of(update)))
        optimizer.step()
        scheduler.step()
    pair = [(model, scheduler), copy.deepcopy((model, scheduler))]
    rates = []
    for its_model, its_scheduler in pair:
        for update in range(4, 8):
            loss = backward(its_scheduler.optimizer, loss_of(update, its_model))
            rates.append(its_scheduler.observe(loss))
            its_scheduler.optimizer.step()
            its_scheduler.step()
    assert rates[:4] == rates[4:]
