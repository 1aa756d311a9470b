"""stepsize.torch.Scheduler in real training loops."""

import copy
import io
import json
import math
import pickle
import random
import subprocess
import sys
import warnings

import pytest

torch = pytest.importorskip("torch")

import stepsize as st
from stepsize.torch import Scheduler
from torch.optim.lr_scheduler import LRScheduler

pytestmark = pytest.mark.filterwarnings("ignore:Detected call:UserWarning")


def make_optimizer(*rates, kind=torch.optim.SGD, tensors=False, **options):
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(2))], "lr": torch.tensor(rate) if tensors else rate}
        for rate in rates
    ]
    return kind(groups, **options)


def rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def test_a_loop():
    optimizer = make_optimizer(0.5, 0.1)
    scheduler = Scheduler(optimizer, "linear(4)")
    assert isinstance(scheduler, LRScheduler) and scheduler.optimizer is optimizer
    assert scheduler.base_lrs == [0.5, 0.1] and scheduler.last_epoch == 0
    seen = []
    for step in range(6):
        seen.append(rates(optimizer))
        assert scheduler.get_last_lr() == rates(optimizer) == list(scheduler.lrs)
        assert scheduler.last_epoch == scheduler.current_step == step
        optimizer.step()
        assert scheduler.step() == optimizer.param_groups[0]["lr"]
    assert seen == [[0.5 * x, 0.1 * x] for x in (1, 0.75, 0.5, 0.25, 0, 0)]
    assert scheduler.finished and scheduler.stop_reason == "end"
    assert "SGD" in repr(scheduler) and "linear(4)" in repr(scheduler)


def test_with_a_controller():
    optimizer = make_optimizer(0.1, 0.2)
    scheduler = Scheduler(optimizer, "plateau(patience=0, factor=0.5) * linear(10)")
    alone = st.Scheduler([0.1, 0.2], "plateau(patience=0, factor=0.5) * linear(10)")
    for step in range(9):
        optimizer.step()
        loss = torch.tensor(float(step), requires_grad=True)
        assert scheduler.step(loss) == alone.step(step)
        assert tuple(rates(optimizer)) == alone.lrs and scheduler.decision == alone.decision
    with pytest.raises(st.StepsizeError, match=r"step\(loss\).*advance\(\)"):
        scheduler.step()
    assert scheduler.current_step == 9 and tuple(rates(optimizer)) == alone.lrs
    assert scheduler.advance() == alone.advance() and tuple(rates(optimizer)) == alone.lrs
    with pytest.raises(TypeError, match="loss: expected a number"):
        scheduler.step("1")
    with pytest.raises(TypeError, match="loss: expected a number"):
        scheduler.step(torch.zeros(2))
    assert scheduler.current_step == 10 and tuple(rates(optimizer)) == alone.lrs


def test_it_has_the_keywords_of_its_python_twin():
    scheduler = Scheduler(make_optimizer(1.0), controller=st.GreedyLR("paper"))
    for _ in range(3):
        scheduler.step(loss=1.0)
    for wrong in ({"losses": 1.0}, {"loss": 1.0, "epoch": 2}):
        with pytest.raises(TypeError):
            scheduler.step(**wrong)
    with pytest.raises(TypeError):
        scheduler.step(1.0, 2.0)
    assert scheduler.current_step == 3


def test_any_number_is_a_loss():
    for loss in (1, 1.0, True, torch.tensor(1.0), torch.tensor([1.0]), math.nan, math.inf):
        scheduler = Scheduler(make_optimizer(0.1), controller=st.GreedyLR(patience=0, smooth=False))
        alone = st.Scheduler(0.1, controller=st.GreedyLR(patience=0, smooth=False))
        for _ in range(3):
            assert scheduler.step(loss) == alone.step(float(loss))


class Counted:
    """A loss on an accelerator, as it were: it counts how often it is read."""

    read = 0

    def item(self):
        Counted.read += 1
        return 1.0


@pytest.mark.parametrize("every", [1, 3, 7])
def test_the_loss_is_read_every_n_updates(every):
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, controller=st.Plateau(patience=0, factor=0.5), read_every=every)
    alone = st.Scheduler(0.1, controller=st.Plateau(patience=0, factor=0.5))
    Counted.read = 0
    for step in range(21):
        optimizer.step()
        scheduler.step(Counted())
        alone.step(1.0) if step % every == every - 1 else alone.advance()
        assert rates(optimizer) == [alone.lr]
    assert Counted.read == 21 // every


def test_without_a_controller_the_loss_is_not_read():
    scheduler = Scheduler(make_optimizer(0.1), "linear(10)")
    Counted.read = 0
    for _ in range(5):
        scheduler.step(Counted())
    assert Counted.read == 0 and scheduler.lr == 0.05


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_is_filled(dtype):
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))], lr=torch.tensor(0.5, dtype=dtype))
    held = optimizer.param_groups[0]["lr"]
    scheduler = Scheduler(optimizer, "linear(4)")
    for expected in (0.375, 0.25, 0.125):
        optimizer.step()
        assert scheduler.step() == expected
        assert optimizer.param_groups[0]["lr"] is held and held.item() == expected and held.dtype == dtype
        last = scheduler.get_last_lr()[0]
        assert isinstance(last, torch.Tensor) and last is not held and last.item() == expected
    optimizer.param_groups[0]["lr"] = 0.3  # a number from now on
    assert scheduler.step() == optimizer.param_groups[0]["lr"] == 0.0


def test_a_compiled_step_sees_the_rate():
    """What torch.compile would bake in if it were a number: the rate is an input of a compiled step as a tensor."""
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([parameter], lr=torch.tensor(1.0))
    scheduler = Scheduler(optimizer, "linear(4)")
    step = torch.compile(optimizer.step, backend="eager")
    seen = []
    for _ in range(4):
        before = parameter.detach().clone()
        parameter.grad = torch.ones(3)
        step()
        seen.append((before - parameter.detach())[0].item())
        scheduler.step()
    assert seen == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize("kind, options, name, get", [
    (torch.optim.SGD, {"momentum": 0.9}, "momentum", lambda g: g["momentum"]),
    (torch.optim.Adam, {}, "momentum", lambda g: g["betas"][0]),
    (torch.optim.Adam, {}, "beta1", lambda g: g["betas"][0]),
    (torch.optim.AdamW, {}, "beta2", lambda g: g["betas"][1]),
    (torch.optim.AdamW, {"weight_decay": 0.1}, "weight_decay", lambda g: g["weight_decay"]),
    (torch.optim.Adagrad, {"lr_decay": 0.2}, "lr_decay", lambda g: g["lr_decay"]),
])  # fmt: skip
def test_fields(kind, options, name, get):
    optimizer = make_optimizer(0.1, 0.2, kind=kind, **options)
    base = [get(group) for group in optimizer.param_groups]
    scheduler = Scheduler(optimizer, "linear(10)", fields={name: "ramp(4, start=0.5, end=1)"})
    expected = st.parse("ramp(4, start=0.5, end=1)")
    for step in range(7):
        assert [get(group) for group in optimizer.param_groups] == [b * expected.at(step) for b in base]
        optimizer.step()
        if step == 3:  # a resume
            state, optimizer_state = scheduler.state_dict(), optimizer.state_dict()
            optimizer = make_optimizer(0.1, 0.2, kind=kind, **options)
            scheduler = Scheduler(optimizer, "linear(10)", fields={name: "ramp(4, start=0.5, end=1)"})
            scheduler.load_state_dict(state)
            optimizer.load_state_dict(optimizer_state)
        scheduler.step()
    assert rates(optimizer) == pytest.approx([0.03, 0.06])


def test_wrong_fields():
    optimizer = make_optimizer(0.1)
    with pytest.raises(st.StepsizeError, match=r"\['beta1'\]: group 0 of SGD has no number of that name.*'weight_de"):
        Scheduler(optimizer, "linear(9)", fields={"beta1": "linear(9)"})
    with pytest.raises(st.StepsizeError, match="its own argument"):
        Scheduler(optimizer, "linear(9)", fields={"lr": "linear(9)"})
    with pytest.raises(TypeError, match=r"fields\['momentum'\]"):
        Scheduler(optimizer, "linear(9)", fields={"momentum": 0.9})
    assert rates(optimizer) == [0.1] and "initial_lr" not in optimizer.param_groups[0]


# ---- State ----

TEXTS = [
    "warmup(9) >> cosine(60, floor=0.1)", "greedy(patience=2, window=3) * linear(70)",
    "plateau(patience=1) * linear(70)",
    "early_stop(patience=3, phase='a') * (constant(30, phase='a') >> linear(20))",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("text", TEXTS)
def test_resumed_at_random_points_in_both_orders(text, seed):
    rng = random.Random(f"{text} {seed}")
    losses = [rng.random() for _ in range(60)]
    make = lambda: make_optimizer(0.3, 0.01, momentum=0.9)
    fields = {"momentum": "ramp(30, start=0.9, end=1)"}
    through, part = make(), make()
    whole, scheduler = (Scheduler(opt, text, fields=fields, read_every=2) for opt in (through, part))
    for loss in losses:
        assert rates(part) == rates(through)
        assert [g["momentum"] for g in part.param_groups] == [g["momentum"] for g in through.param_groups]
        for opt, each in ((through, whole), (part, scheduler)):
            opt.step()
            each.step(loss)
        if rng.random() < 0.2:
            file = io.BytesIO()
            torch.save({"optimizer": part.state_dict(), "scheduler": scheduler.state_dict()}, file)
            file.seek(0)
            saved = torch.load(file, weights_only=True)
            json.dumps(saved["scheduler"])
            part, order = make(), rng.randrange(3)
            if order == 2:
                part.load_state_dict(saved["optimizer"])
            scheduler = Scheduler(part, text, fields=fields, read_every=2)
            if order == 1:
                part.load_state_dict(saved["optimizer"])
            scheduler.load_state_dict(saved["scheduler"])
            if order == 0:
                part.load_state_dict(saved["optimizer"])


def test_the_optimizers_groups_are_replaced_by_its_own_state():
    """Which makes new dictionaries: the rates go into those."""
    optimizer = make_optimizer(1.0)
    scheduler = Scheduler(optimizer, "linear(10)")
    for _ in range(3):
        scheduler.step()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    scheduler.step()
    assert rates(optimizer) == [0.6]


def test_the_base_rates_are_those_of_the_state():
    first = Scheduler(make_optimizer(1.0, 2.0), "linear(10)", max_lr=1.5)
    for _ in range(3):
        first.step()
    optimizer = make_optimizer(0.1, 0.1)
    second = Scheduler(optimizer, "linear(10)", max_lr=1.5)
    with pytest.warns(UserWarning, match=r"those of the state, \[1.0, 2.0\], .* made with, \[0.1, 0.1\]") as caught:
        second.load_state_dict(first.state_dict())
    assert caught[0].filename == __file__
    assert rates(optimizer) == list(first.lrs) and second.base_lrs == [1.0, 2.0]
    first.step(), second.step()
    assert rates(optimizer) == list(first.lrs) == [0.6, 1.2]


@pytest.mark.parametrize("policy", ["continue", "rescale", "hold"])
def test_a_new_total(policy):
    optimizer = make_optimizer(1.0, momentum=0.5)
    scheduler = Scheduler(optimizer, "linear(10)", fields={"momentum": "linear(10)"}, min_lr=0.01)
    for _ in range(4):
        scheduler.step()
    scheduler.extend(20, policy)
    expected = st.Linear(10).extended(20, policy, step=4)
    for step in range(4, 25):
        assert rates(optimizer) == [max(expected.at(step), 0.01)]
        assert optimizer.param_groups[0]["momentum"] == 0.5 * expected.at(step)
        scheduler.step()


def test_a_new_total_after_a_resume():
    saved = Scheduler(make_optimizer(1.0), "linear(10)")
    for _ in range(4):
        saved.step()
    optimizer = make_optimizer(1.0)
    scheduler = Scheduler(optimizer, "linear(10)")
    scheduler.load_state_dict(saved.state_dict())
    scheduler.extend(16)
    scheduler.step()
    assert rates(optimizer) == pytest.approx([0.55])
    with pytest.raises(st.StepsizeError, match="no schedule"):
        Scheduler(make_optimizer(1.0)).extend(20)


@pytest.mark.parametrize("resume", ["extend", "extend_on_load"])
@pytest.mark.parametrize("tensor", [False, True])
def test_a_new_total_with_a_controller(resume, tensor):
    """Trained for 30 of 50 updates, resumed with 100: the rates are those of a run that was planned for 100, since the
    controller has learnt the same."""
    losses = [1 / (1 + i) + (i * 7 % 5) / 10 for i in range(90)]
    text = "greedy(patience=1, window=5) * linear({})"
    options = {"fields": {"weight_decay": "linear(50)"}, "record": True}

    def made(total, **more):
        optimizer = make_optimizer(0.1, 0.2, weight_decay=0.01)
        if tensor:
            for group in optimizer.param_groups:
                group["lr"] = torch.tensor(group["lr"], dtype=torch.float64)
        return optimizer, Scheduler(optimizer, text.format(total), **options, **more)

    _, saved = made(50)
    for loss in losses[:30]:
        saved.step(loss)
    state = saved.state_dict()

    whole_optimizer, whole = made(100)
    if resume == "extend":
        optimizer, scheduler = made(50)
        scheduler.load_state_dict(state)
        scheduler.extend(text.format(100))
        assert scheduler.fields[0].schedule == st.Linear(50)
    else:
        with pytest.raises(st.StepsizeError, match="extend_on_load"):
            made(100)[1].load_state_dict(state)
        optimizer, scheduler = made(100, extend_on_load=True)
        scheduler.load_state_dict(state)
    for i, loss in enumerate(losses):
        if i >= 30:
            assert scheduler.lrs == whole.lrs
            assert rates(optimizer) == rates(whole_optimizer)
            assert optimizer.param_groups[0]["weight_decay"] == whole_optimizer.param_groups[0]["weight_decay"]
            scheduler.step(loss)
        whole.step(loss)
    assert list(scheduler.record.rates())[30:] == list(whole.record.rates())[30:]
    # What it saves now is the state of a scheduler that is planned for 100.
    made(100)[1].load_state_dict(scheduler.state_dict())


def test_refused_states():
    scheduler = Scheduler(make_optimizer(0.1, 0.2), "linear(9)", fields={"weight_decay": "linear(9)"})
    scheduler.step()
    good = scheduler.state_dict()
    for change, words in (
        ({"core": None}, "state_dict"), ({"more": 1}, r"unknown keys \['more'\]"), ({"stepsize": 9}, "format 9"),
        ({"fields": {}}, r"it has fields \[\], expected \['weight_decay'\]"),
        ({"base_lrs": [0.1]}, "for 1 parameter groups, the optimizer has 2"),
        ({"core": {**good["core"], "step": 3}}, "'step' was changed"),
        ({"core": Scheduler(make_optimizer(0.1, 0.2), "linear(8)").state_dict()["core"]}, "linear"),
        (
            {"fields": {"weight_decay": {"schedule": "linear(8)", "bases": [0, 0]}}},
            r"has the schedule linear\(8\), expected",
        ),
    ):  # fmt: skip
        with pytest.raises(st.StepsizeError, match=words):
            scheduler.load_state_dict({**good, **change})
        assert scheduler.current_step == 1
    theirs = torch.optim.lr_scheduler.StepLR(make_optimizer(0.1, 0.2), 3)
    with pytest.raises(st.StepsizeError, match="not that of a stepsize.torch.Scheduler; .*set current_step"):
        scheduler.load_state_dict(theirs.state_dict())
    scheduler.load_state_dict(good)


def test_last_epoch():
    optimizer = make_optimizer(1.0)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    optimizer.param_groups[0]["lr"] = 0.123
    scheduler = Scheduler(optimizer, "linear(10)", last_epoch=4)
    assert rates(optimizer) == [0.5] and scheduler.last_epoch == 5
    with pytest.raises(KeyError, match="initial_lr"):
        Scheduler(make_optimizer(1.0), "linear(10)", last_epoch=4)


def test_copies_go_on_alone():
    scheduler = Scheduler(make_optimizer(1.0), "linear(10)")
    for _ in range(3):
        scheduler.step()
    for other in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
        other.step()
        assert rates(other.optimizer) == [0.6]
    assert rates(scheduler.optimizer) == [0.7]


def test_line_search_and_hypergradient_write_their_rates():
    """A quadratic of curvature 4: steps below 2 (1 - c) / 4 pass the test of Armijo."""
    parameter = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = torch.optim.SGD([parameter], lr=8.0)
    scheduler = Scheduler(optimizer, controller=st.LineSearch(c=0.5, backtrack=0.5, reset="initial"))
    for _ in range(3):
        loss = 2 * parameter.square().sum()
        optimizer.zero_grad()
        loss.backward()
        before = parameter.detach().clone()
        scheduler.line_search.propose(loss.detach(), parameter.grad.square().sum())
        tried = []
        while True:
            tried += rates(optimizer)
            optimizer.step()
            verdict = scheduler.line_search.report(2 * parameter.detach().square().sum())
            if verdict == "accepted":
                break
            parameter.data.copy_(before)
        assert tried == [8.0, 4.0, 2.0, 1.0, 0.5, 0.25] and parameter.item() == 0
        parameter.data.fill_(3.0)
        scheduler.advance()
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, controller=st.Hypergradient(beta=0.01))
    scheduler.hypergradient.observe(0.0)
    scheduler.advance()
    moved = scheduler.hypergradient.observe(2.0)
    assert rates(optimizer) == [moved] == pytest.approx([0.12])


# ---- Wrong use ----


def test_the_optimizer_first():
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, "linear(9)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`.*optimizer.step\(\) first"
        ):
            scheduler.step()
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, "linear(9)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
        scheduler.step()
        scheduler.step()


def test_wrong_arguments():
    optimizer = make_optimizer(0.1)
    for arguments, words in (
        ({"schedule": "linear(0)"}, "linear"), ({"read_every": 0}, "read_every = 0"),
        ({"last_epoch": -2}, "last_epoch = -2"),
        ({"min_lr": [0.1, 0.2]}, "min_lr"),
    ):  # fmt: skip
        with pytest.raises(st.StepsizeError, match=words):
            Scheduler(optimizer, **arguments)
    with pytest.raises(TypeError, match=r"optimizer: expected a torch.optim.Optimizer, not Linear"):
        Scheduler(torch.nn.Linear(1, 1), "linear(9)")
    with pytest.raises(TypeError):
        Scheduler(optimizer, "linear(9)", unknown=1)
    assert rates(optimizer) == [0.1] and "initial_lr" not in optimizer.param_groups[0]


def test_torch_is_imported_only_when_asked_for():
    code = (
        "import sys, stepsize; assert 'torch' not in sys.modules;"
        " stepsize.torch.Scheduler; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_change_is_logged(caplog):
    scheduler = Scheduler(make_optimizer(0.1), controller=st.Plateau(patience=0, factor=0.5))
    with caplog.at_level("INFO", "stepsize"):
        for _ in range(3):
            scheduler.step(1.0)
    assert [record.getMessage() for record in caplog.records] == [
        "update 1: cut, lr 0.1 -> 0.05", "update 2: cut, lr 0.05 -> 0.025"
    ]  # fmt: skip


def test_the_same_run_as_by_hand():
    """A training run by the scheduler and by a loop that sets the rates itself: the same losses to the last digit."""
    def run(by_hand):
        torch.manual_seed(1)
        model = torch.nn.Linear(8, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        schedule = st.Warmup(10) >> st.Cosine(90, floor=0.1)
        scheduler = None if by_hand else Scheduler(optimizer, schedule)
        losses = []
        for step in range(100):
            if by_hand:
                optimizer.param_groups[0]["lr"] = 0.05 * schedule.at(step)
            x = torch.randn(16, 8)
            loss = (model(x) - x[:, :1]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step(loss)
            losses.append(loss.item())
        return losses

    assert run(True) == run(False)


@pytest.mark.parametrize("text", ["line_search() * linear(9)", "hypergradient() * linear(9)"])
def test_a_controller_that_is_never_told_anything_says_so(text):
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, text)
    optimizer.step()
    with pytest.raises(st.StepsizeError, match="no trial of this update: call|not observed this update: call"):
        for _ in range(2):
            scheduler.step()
    assert scheduler.current_step == (0 if text.startswith("line_search") else 1), "nothing has changed"
    scheduler.advance()
    scheduler.advance()
    for _ in range(3):
        if text.startswith("line_search"):
            scheduler.line_search.search(1.0, 1.0, lambda rate: 1.0 - rate / 2)
        else:
            scheduler.hypergradient.observe(1.0)
        scheduler.step()
    with pytest.raises(st.StepsizeError, match="this update: call"):
        scheduler.step(1.0)


def test_a_hypergradient_in_a_loop_has_no_gradient_before_the_first():
    optimizer = make_optimizer(0.1)
    scheduler = Scheduler(optimizer, "hypergradient(beta=0.001)")
    for update in range(4):
        if update:
            scheduler.hypergradient.observe(1.0)
        optimizer.step()
        scheduler.step()
    assert scheduler.lr == pytest.approx(0.103)
