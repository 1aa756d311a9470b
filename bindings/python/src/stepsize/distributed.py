"""The same rate on all processes: torch.distributed, or MPI through mpi4py.

A schedule needs nothing: every process computes the same bits of every rate. A controller observes a loss, which
differs from process to process; ``Shared`` gives all of them the same one, and the same state at the start::

    scheduler = Shared(stepsize.torch.Scheduler(optimizer, "greedy() * linear(10000)"))
    for batch in batches:
        ...
        optimizer.step()
        scheduler.step(loss)  # on every process, with its own loss

The numbers are gathered, not reduced: every process then computes the same mean from the same numbers, whatever the
network's order of summation.

A loss that is not finite, on any process: with ``nonfinite="spread"`` (the default) all processes see NaN, and their
controllers treat it by their policy for such losses (docs/controllers.md). With ``nonfinite="skip"`` all see the mean
of the other losses; NaN if there are none.
"""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from ._foreign import convert
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, SupportsFloat

    Nonfinite = Literal["spread", "skip"]

__all__ = ["Shared", "mean_loss", "same", "synchronize"]


def mean_loss(
    loss: SupportsFloat | None, group: Any = None, *, weight: float = 1.0, nonfinite: Nonfinite = "spread"
) -> float:
    """The mean of the losses of all processes, with the same bits on each. All must call it.

    Args:
        loss: The loss of this process: a number, or a tensor with one element. If a process gives None, or something
            that is not a number, all raise.
        group: A process group of torch.distributed (None for the default one), or a communicator of mpi4py.
        weight: The weight of this process (>= 0), such as its number of samples or tokens. 0 if it has run out of data
            and takes part without a loss, which is then ignored.
        nonfinite: "spread" or "skip": see above.
    """
    if nonfinite not in ("spread", "skip"):
        raise StepsizeError(f"nonfinite = {nonfinite!r}, expected 'spread' or 'skip'")
    problem: Exception | None = None
    try:
        pair = _pair(loss, weight)
    except (StepsizeError, TypeError) as error:
        # It takes part nevertheless: the others would wait for it forever.
        problem, pair = error, (0.0, _NOTHING if loss is None else _WRONG)
    gathered = gather_numbers(pair, group)
    nothing = [rank for rank, (_, count) in enumerate(gathered) if count == _NOTHING]
    if nothing:
        raise StepsizeError(
            f"loss: rank {', '.join(map(str, nothing))} gave none; a controller needs one from every process: pass any"
            " number with weight=0 if there is none"
        )
    if problem is not None:
        raise problem
    wrong = [rank for rank, (_, count) in enumerate(gathered) if count == _WRONG]
    if wrong:
        raise StepsizeError(f"loss: what rank {', '.join(map(str, wrong))} gave an invalid one; see the error there")
    pairs = [(value, count) for value, count in gathered if count > 0]
    if nonfinite == "skip":
        pairs = [(value, count) for value, count in pairs if math.isfinite(value)]
    if not pairs or not all(math.isfinite(value) for value, _ in pairs):
        return math.nan
    # fsum rounds once, so that the order does not matter.
    heaviest = max(count for _, count in pairs)
    shares = [count / heaviest for _, count in pairs]
    try:
        return math.fsum(value * share for (value, _), share in zip(pairs, shares)) / math.fsum(shares)
    except OverflowError:
        largest = max(abs(value) for value, _ in pairs)
        scaled = math.fsum(value / largest * share for (value, _), share in zip(pairs, shares))
        return scaled / math.fsum(shares) * largest


def same(scheduler: Any, group: Any = None) -> None:
    """Raises StepsizeError, on all processes, if the schedulers are not in the same state. All must call it."""
    states = _gather_texts(_packed(scheduler), group)
    other = [rank for rank, state in enumerate(states) if state != states[0]]
    if other:
        raise StepsizeError(f"the scheduler of rank {', '.join(map(str, other))} differs from that of rank 0")


def synchronize(scheduler: Any, group: Any = None, *, source: int | None = None) -> int:
    """Gives all processes the state of one, and returns its rank. All must call it.

    Call it at the start, after a process has restored a checkpoint, and when processes have joined or restarted: a new
    one gets the state of those that are further on. All schedulers must have the same configuration; otherwise
    StepsizeError is raised on all processes.

    Args:
        scheduler: A ``stepsize.Scheduler`` or ``stepsize.torch.Scheduler``.
        group: See ``mean_loss``.
        source: The rank in the group whose state is used; None for the one that has made the most updates, the lowest
            rank if there are several.
    """
    states = _gather_texts(_packed(scheduler), group)
    if source is None:
        steps = [json.loads(state)["at"] for state in states]
        source = steps.index(max(steps))
    elif not 0 <= source < len(states):
        raise StepsizeError(f"source = {source}, expected a rank from 0 to {len(states) - 1}")
    problem = ""
    try:
        scheduler.load_state_dict(json.loads(states[source])["state"])
    except StepsizeError as error:
        problem = str(error)
    # Either all continue or none.
    problems = [f"rank {rank}: {text}" for rank, text in enumerate(_gather_texts(problem, group)) if text]
    if problems:
        raise StepsizeError(f"the state of rank {source} does not fit all schedulers: {'; '.join(problems)}")
    return source


class Shared:
    """A scheduler whose controller observes the mean of the losses of all processes.

    Other attributes (``lr``, ``state_dict`` …) are the scheduler's. It synchronizes at the start; call
    ``synchronize`` again after one process has loaded a checkpoint.

    Args:
        scheduler: A ``stepsize.Scheduler`` or ``stepsize.torch.Scheduler``, with the same configuration on all
            processes.
        group: See ``mean_loss``.
        nonfinite: See ``mean_loss``.
    """

    def __init__(self, scheduler: Any, group: Any = None, *, nonfinite: Nonfinite = "spread") -> None:
        if nonfinite not in ("spread", "skip"):
            raise StepsizeError(f"nonfinite = {nonfinite!r}, expected 'spread' or 'skip'")
        self.scheduler, self.group, self.nonfinite = scheduler, group, nonfinite
        self.synchronize()

    def observe(self, loss: SupportsFloat | None = None, *, weight: float = 1.0) -> float:
        """``observe`` of a ``stepsize.torch.Scheduler`` with the mean of the losses of all processes. The gradients are
        theirs already: ``DistributedDataParallel`` averages them."""
        if "loss" in self.scheduler.core.observes:
            loss = mean_loss(loss, self.group, weight=weight, nonfinite=self.nonfinite)
        rate: float = self.scheduler.observe(loss)
        return rate

    def step(self, loss: SupportsFloat | None = None, *, weight: float = 1.0) -> float:
        """Goes to the next update and returns its rate: the same on all processes, all of which must call it.

        Without a controller no message is sent.
        """
        if self.scheduler.needs_loss:
            loss = mean_loss(loss, self.group, weight=weight, nonfinite=self.nonfinite)
        rate: float = self.scheduler.step(loss)
        return rate

    def synchronize(self, source: int | None = None) -> int:
        """See the function of that name."""
        return synchronize(self.scheduler, self.group, source=source)

    def __getattr__(self, name: str) -> Any:
        if name == "scheduler":  # missing while it is being unpickled
            raise AttributeError(name)
        return getattr(self.scheduler, name)


def _packed(scheduler: Any) -> str:
    # Python writes floats so that they are read back with the same bits.
    state = scheduler.state_dict()
    state.pop("observed", None)  # weights, of which each process has its own
    if "adapted" in state:
        state["adapted"] = {name: value for name, value in state["adapted"].items() if name != "vectors"}
    return json.dumps({"at": scheduler.current_step, "state": state}, sort_keys=True)


# ---- The network ----


# Weights that mark a process without a number.
_NOTHING, _WRONG = -1.0, -2.0


def _pair(loss: Any, weight: Any) -> tuple[float, float]:
    """Loss and weight of this process, as they are sent."""
    try:
        number = float(loss.item() if hasattr(loss, "item") else loss)
    except (TypeError, ValueError, RuntimeError) as error:
        raise convert.wrong_type("loss", "a number", loss) from error
    weight = convert.to_float(weight, "weight")
    if not (math.isfinite(weight) and weight >= 0):
        raise StepsizeError(f"weight = {weight!r}, expected a finite number >= 0")
    return number, weight


def _is_mpi(group: Any) -> bool:
    # A process group of PyTorch has an `allgather`, too, of tensors.
    theirs = getattr(sys.modules.get("torch.distributed"), "ProcessGroup", ())
    return hasattr(group, "allgather") and not isinstance(group, theirs)


def gather_numbers(numbers: Sequence[float], group: Any) -> list[tuple[float, ...]]:
    """The numbers of each process, by rank: as many of each."""
    if _is_mpi(group):
        gathered: list[tuple[float, ...]] = group.allgather(tuple(numbers))
        return gathered
    import torch

    distributed = _torch_distributed()
    mine = torch.tensor(numbers, dtype=torch.float64, device=_device(distributed, group))
    parts = [torch.empty_like(mine) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(parts, mine, group=group)
    return [tuple(part.tolist()) for part in parts]


def _gather_texts(text: str, group: Any) -> list[str]:
    if _is_mpi(group):
        texts: list[str] = group.allgather(text)
        return texts
    distributed = _torch_distributed()
    found: list[Any] = [None] * distributed.get_world_size(group)
    distributed.all_gather_object(found, text, group=group)
    return found


def process_count(group: Any) -> int:
    """How many processes of ``torch.distributed`` train together."""
    distributed = _running()
    return 1 if distributed is None else int(distributed.get_world_size(group))


def _running() -> Any:
    """``torch.distributed`` where it is in use; a process group means that torch has been imported."""
    distributed = sys.modules.get("torch.distributed")
    return distributed if distributed and distributed.is_available() and distributed.is_initialized() else None


def _torch_distributed() -> Any:
    distributed = _running()
    if distributed is None:
        raise StepsizeError(
            "group: there is no process group; call torch.distributed.init_process_group first, or pass a communicator"
            " of mpi4py"
        )
    return distributed


def _device(distributed: Any, group: Any) -> Any:
    """The device that the group's backend needs its tensors on."""
    import torch

    if "gloo" in str(distributed.get_backend(group)):
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
