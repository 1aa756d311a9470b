"""What a trial leaves behind, taken back: of a model, its optimizer, and the generators of random numbers."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from .. import _generators

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def restoring(model: torch.nn.Module, optimizer: torch.optim.Optimizer | None = None, *others: Any) -> Iterator[None]:
    """Whatever happens inside, and however it ends, everything is afterwards as it was before.

    That is the model's parameters, buffers, gradients and modes; the groups and the state of the optimizer; what others
    return from ``state_dict``, such as a gradient scaler or a scheduler; and the generators of random numbers of torch,
    on all devices, numpy and Python. Tensors are filled in place, so that compiled and captured programs see them.
    """
    tensors = [(tensor, tensor.detach().clone()) for tensor in (*model.parameters(), *model.buffers())]
    gradients = [(each, each.grad, None if each.grad is None else each.grad.clone()) for each in model.parameters()]
    modes = [(module, module.training) for module in model.modules()]
    extras = [(module, copy.deepcopy(module.get_extra_state())) for module in model.modules() if _has_extra(module)]
    states = [(other, copy.deepcopy(other.state_dict())) for other in others]
    groups = [] if optimizer is None else [(group, _copied(group)) for group in optimizer.param_groups]
    memory = {} if optimizer is None else {each: _copied(state) for each, state in optimizer.state.items()}
    # With this torch remembers whether there was an update before the first step of a scheduler.
    was_called = None if optimizer is None else optimizer.__dict__.get("_opt_called")
    with _generators.kept():
        try:
            yield
        finally:
            with torch.no_grad():
                for tensor, before in tensors:
                    tensor.copy_(before)
                for each, gradient, copied in gradients:
                    each.grad = gradient
                    if gradient is not None and copied is not None:
                        gradient.copy_(copied)
                for group, values in groups:
                    _restore(group, values)
            if optimizer is not None:
                optimizer.state.clear()
                optimizer.state.update(memory)
                if was_called is None:
                    optimizer.__dict__.pop("_opt_called", None)
            for module, was_training in modes:
                module.training = was_training
            for module, extra in extras:
                module.set_extra_state(extra)
            for other, state in states:
                other.load_state_dict(state)


def _has_extra(module: torch.nn.Module) -> bool:
    return type(module).get_extra_state is not torch.nn.Module.get_extra_state


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    """With tensors copied, but for the parameters themselves."""
    return {
        key: value if key == "params" else value.clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)
        for key, value in values.items()
    }


def _restore(group: dict[str, Any], before: dict[str, Any]) -> None:
    kept = {key: value for key, value in group.items() if isinstance(value, torch.Tensor)}
    group.clear()
    for key, value in before.items():
        if isinstance(value, torch.Tensor) and key in kept:
            kept[key].copy_(value)
            value = kept[key]
        group[key] = value
