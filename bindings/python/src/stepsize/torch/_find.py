"""A range test of a torch model, which it leaves as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._core.finder import Finder, endless
from ._groups import write
from ._restoring import restoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def find(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Any], torch.Tensor],
    data: Iterable[Any],
    *,
    scaler: torch.amp.GradScaler | None = None,
    clip: float | None = None,
    restore: Iterable[Any] = (),
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
        options: Those of ``stepsize.Finder``: ``start``, ``end``, ``count`` …
    """
    finder = Finder(**options)
    others = [*restore, *([] if scaler is None else [scaler])]
    if _has_state(data):
        others.append(data)
    with restoring(model, optimizer, *others):
        ratios = ratios_of(optimizer)
        batches = endless(data)
        for rate in finder:
            write(optimizer.param_groups, [rate * ratio for ratio in ratios])
            optimizer.zero_grad()
            value = loss(next(batches))
            (value if scaler is None else scaler.scale(value)).backward()  # type: ignore[no-untyped-call]
            if clip is not None:
                if scaler is not None:
                    scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
                scaler.update()
            finder.tell(value.detach())  # type: ignore[arg-type]
    return finder


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
