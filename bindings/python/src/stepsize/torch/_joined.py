"""Several optimizers under one scheduler."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch

from .._foreign import convert
from .._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class _States(MutableMapping[Any, Any]):
    """The states of all parameters, each in the optimizer that has it."""

    def __init__(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self._states = [each.state for each in optimizers]

    def _of(self, parameter: Any) -> Any:
        return next((each for each in self._states if parameter in each), self._states[0])

    def __getitem__(self, parameter: Any) -> Any:
        return self._of(parameter)[parameter]

    def __setitem__(self, parameter: Any, state: Any) -> None:
        self._of(parameter)[parameter] = state

    def __delitem__(self, parameter: Any) -> None:
        del self._of(parameter)[parameter]

    def __iter__(self) -> Iterator[Any]:
        return (parameter for each in self._states for parameter in each)

    def __len__(self) -> int:
        return sum(map(len, self._states))


class Joined(torch.optim.Optimizer):
    """Several optimizers as one, whose parameter groups are theirs: for a scheduler that drives all of them.

        optimizer = Joined(torch.optim.SGD(matrices, lr=0.02), torch.optim.AdamW(others, lr=1e-3))
        scheduler = stepsize.torch.Scheduler(optimizer, "warmup(100) >> linear(900)")

    Its ``step``, ``zero_grad`` and ``state_dict`` are those of all; each may be stepped by itself, too.
    """

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        # Not PyTorch's own, which would keep groups of its own.
        if not optimizers:
            raise StepsizeError("Joined: expected at least one optimizer")
        for each in optimizers:
            if not isinstance(each, torch.optim.Optimizer):
                raise convert.wrong_type("Joined", "optimizers of PyTorch", each)
        self.optimizers = optimizers
        self.defaults: dict[str, Any] = {}
        self._opt_called = False
        joined = ref(self)

        def note(*arguments: Any) -> None:
            this = joined()
            if this is not None:
                this._opt_called = True

        for each in optimizers:
            each.register_step_post_hook(note)

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        return [group for each in self.optimizers for group in each.param_groups]

    @property
    def state(self) -> _States:  # type: ignore[override]
        return _States(self.optimizers)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for each in self.optimizers:
            each.step()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        for each in self.optimizers:
            each.zero_grad(set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        raise StepsizeError("Joined: add the group to one of its optimizers")

    def state_dict(self) -> dict[str, Any]:
        return {"optimizers": [each.state_dict() for each in self.optimizers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        states = state_dict["optimizers"]
        if len(states) != len(self.optimizers):
            raise StepsizeError(f"state_dict: it is of {len(states)} optimizers, expected {len(self.optimizers)}")
        for each, state in zip(self.optimizers, states):
            each.load_state_dict(state)

    def __repr__(self) -> str:
        return f"Joined({', '.join(map(repr, self.optimizers))})"

    def __getstate__(self) -> dict[str, Any]:
        return {"optimizers": self.optimizers}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(*state["optimizers"])  # type: ignore[misc]
