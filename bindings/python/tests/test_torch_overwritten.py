"""A rate that something else has written is not overwritten without a word."""

import warnings

import pytest
import stepsize as st

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
from stepsize.torch import Scheduler, lr_scheduler  # noqa: E402

WORDS = "something else changes it, too"


def make(*rates, tensor=False):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": torch.tensor(rate) if tensor else rate}
              for rate in rates or (0.1,)]  # fmt: skip
    return torch.optim.SGD(groups, lr=0.1)


def step(optimizer, *schedulers):
    optimizer.step()
    for each in schedulers:
        each.step()


def silent(call, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(*arguments)


@pytest.mark.parametrize("at", [0, 1, 5])
@pytest.mark.parametrize("tensor", [False, True])
def test_a_rate_written_by_hand(at, tensor):
    optimizer = make(0.1, 0.2, tensor=tensor)
    scheduler = Scheduler(optimizer, "linear(10)")
    for _ in range(at):
        silent(step, optimizer, scheduler)
    rate = scheduler.lrs[1]
    if tensor:
        optimizer.param_groups[1]["lr"].fill_(0.05)
    else:
        optimizer.param_groups[1]["lr"] = 0.05
    optimizer.step()
    with pytest.warns(UserWarning, match=f"group 1 is 0.05.* and was {rate!r} .*{WORDS}") as caught:
        scheduler.step()
    assert caught[0].filename == __file__ and float(optimizer.param_groups[1]["lr"]) == pytest.approx(scheduler.lrs[1])
    optimizer.param_groups[0]["lr"] = 1.0
    silent(step, optimizer, scheduler)  # it has been said


@pytest.mark.parametrize("other", [
    lambda optimizer: Scheduler(optimizer, "cosine(10)"),
    lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.5),
    lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
])  # fmt: skip
def test_another_scheduler_on_the_same_optimizer(other):
    optimizer = make()
    ours, second = Scheduler(optimizer, "linear(10)"), other(optimizer)
    with pytest.warns(UserWarning, match=WORDS):
        for _ in range(2):
            step(optimizer, ours, second)


def test_nothing_is_said_where_nothing_is_changed(tmp_path):
    def life():
        optimizer = make(0.1, 0.2)
        scheduler = Scheduler(optimizer, "greedy(patience=0) * (warmup(3) >> linear(20))")
        for loss in (3.0, 2.0, 2.5, 1.0):
            optimizer.step()
            scheduler.step(loss)
        saved = optimizer.state_dict(), scheduler.state_dict()
        for order in (1, -1):
            optimizer = make(0.1, 0.2)
            scheduler = Scheduler(optimizer, "greedy(patience=0) * (warmup(3) >> linear(20))")
            for each, state in [*zip((optimizer, scheduler), saved)][::order]:
                each.load_state_dict(state)
            for loss in (1.0, 2.0):
                optimizer.step()
                scheduler.step(loss)
            optimizer.load_state_dict(optimizer.state_dict())  # other objects, the same numbers
            scheduler.advance()
            optimizer.step()
            scheduler.step(1.0)
        scheduler.extend("greedy(patience=0) * linear(40)")
        scheduler.current_step = 3
        optimizer.step()
        scheduler.step(0.5)

    silent(life)


def test_nothing_is_said_in_a_sequence():
    def life():
        optimizer = make()
        parts = [Scheduler(optimizer, "linear(4)"), Scheduler(optimizer, "cosine(4)")]
        whole = torch.optim.lr_scheduler.SequentialLR(optimizer, parts, [3])
        for _ in range(6):
            step(optimizer, whole)
        return optimizer.param_groups[0]["lr"]

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", message=".*epoch parameter.*")
        assert life() == st.parse("cosine(4)").curve(4, base_lr=0.1)[3]


def test_nothing_is_said_of_a_line_search():
    def life():
        optimizer = make()
        scheduler = Scheduler(optimizer, "line_search() * constant()")
        for _ in range(3):
            scheduler.line_search.search(1.0, 1.0, lambda rate: 1.0 - rate / 2)
            optimizer.step()
            scheduler.step()

    silent(life)
