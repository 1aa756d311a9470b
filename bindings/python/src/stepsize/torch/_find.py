"""A range test of a torch model, which it leaves as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._core.finder import Finder, endless
from .._foreign.errors import StepsizeError
from ..distributed import gather_numbers, mean_loss, process_count
from ._groups import write
from ._restoring import restoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def find(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Any], torch.Tensor],
    data: Iterable[Any],
    *,
    scaler: torch.amp.GradScaler | None = None,
    clip: float | None = None,
    restore: Iterable[Any] = (),
    synchronize: Callable[[], None] | None = None,
    group: Any = None,
    **options: Any,
) -> Finder:
    """Trains with a rising rate until the loss diverges, and takes it back.

        finder = find(model, optimizer, lambda batch: loss_of(model, batch), loader)
        lr = finder.suggest()

    Afterwards, also where an error ends the test, everything is as before: see `restoring`. Random numbers are,
    too, so that a loader shuffles as it would have done. What `data` itself remembers is restored where it has a
    ``state_dict``; a generator has lost the batches that were taken from it.

    Args:
        model: In the mode that it is in, such as ``train()``.
        optimizer: A rate of the test is that of its groups with the highest rate; the others keep their ratio to it.
        loss: Returns the loss of a batch; `find` calls ``backward`` and makes the update.
        data: The batches, from the beginning again where they end.
        scaler: The ``torch.amp.GradScaler``, for 16 bits.
        clip: The largest norm of the gradients, to which they are clipped; None for no clipping.
        restore: What else is to be restored: anything with ``state_dict`` and ``load_state_dict``.
        synchronize: Called after ``backward``, where the processes have to average their gradients and the model,
            unlike ``DistributedDataParallel``, does not.
        group: With ``torch.distributed`` the processes that train together, a process group; None for all of them. All
            have to call `find`; a loss of the test is the mean over them, so that all suggest the same.
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    finder = Finder(**options)
    is_one = process_count(group) == 1
    others = [*restore, *([] if scaler is None else [scaler])]
    if _has_state(data):
        others.append(data)
    with restoring(model, optimizer, *others):
        ratios = ratios_of(optimizer)
        batches = endless(data)
        for rate in finder:
            batch = next(batches) if is_one else _agreed(rate, batches, group)
            write(optimizer.param_groups, [rate * ratio for ratio in ratios])
            optimizer.zero_grad()
            value = loss(batch)
            (value if scaler is None else scaler.scale(value)).backward()  # type: ignore[no-untyped-call]
            if synchronize is not None:
                synchronize()
            if clip is not None:
                if scaler is not None:
                    scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
                scaler.update()
            told = value.detach()
            finder.tell(told if is_one else mean_loss(told, group))  # type: ignore[arg-type]
    return finder


def _agreed(rate: float, batches: Iterator[Any], group: Any) -> Any:
    """The next batch, where each process has one for the same rate; otherwise all raise, and none waits for another."""
    try:
        batch, problem = next(batches), None
    except Exception as error:
        batch, problem = None, error
    gathered = gather_numbers([rate, float(problem is None)], group)
    if problem is not None:
        raise problem
    without = [str(rank) for rank, (_, has_batch) in enumerate(gathered) if not has_batch]
    if without:
        raise StepsizeError(f"find: rank {', '.join(without)} has no batch left; see the error there")
    if len({each for each, _ in gathered}) > 1:
        raise StepsizeError("find: the ranks have different rates, expected the same options on each")
    return batch


def ratios_of(optimizer: torch.optim.Optimizer) -> list[float]:
    """The rates of the groups as fractions of the highest."""
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    highest = max(rates)
    return [rate / highest if highest > 0 else 1.0 for rate in rates]


def _has_state(data: Any) -> bool:
    """Also of accelerate's loader, which has the functions whether there is a state or not."""
    try:
        data.state_dict()
    except AttributeError:
        return False
    return hasattr(data, "load_state_dict")
