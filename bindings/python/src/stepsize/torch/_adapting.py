"""What the schedulers have in common that adapt by what they see at each ``optimizer.step()``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from .._foreign import convert
from .._foreign.errors import StepsizeError
from ._joined import Joined
from ._scheduler import Scheduler
from ._tensors import copies_of, like, over_shards, read, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Vectors = list[list[torch.Tensor]]


class Adapting(Scheduler):
    """A scheduler that acts before and after each update, which the optimizer itself tells it: the loop is that of a
    ``Scheduler``, without ``observe``.

    It is the last one made for an optimizer that acts. An update that a gradient scaler skips is none.
    """

    _numbers: tuple[str, ...] = ()  # the attributes that a state has
    _copied: tuple[str, ...] = ()  # and those that hold a vector of the size of the weights

    def __init__(self, optimizer: torch.optim.Optimizer, *arguments: Any, **options: Any) -> None:
        if isinstance(optimizer, Joined):
            raise StepsizeError(f"{self._rule}: joined optimizers make their updates apart, expected a single one")
        for name in self._copied:
            setattr(self, name, None)
        self._acts = False  # between the two hooks of an update
        super().__init__(optimizer, *arguments, **options)
        self._listen()

    def _listen(self) -> None:
        for hooks in (self.optimizer._optimizer_step_pre_hooks, self.optimizer._optimizer_step_post_hooks):
            for key in [key for key, hook in hooks.items() if isinstance(getattr(hook, "__self__", None), Adapting)]:
                del hooks[key]
        self.optimizer.register_step_pre_hook(self._enter)
        self.optimizer.register_step_post_hook(self._leave)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._listen()  # a copy of an optimizer has no hooks

    @torch.no_grad()
    def _enter(self, optimizer: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> None:
        if self._acts:  # the optimizer raised
            self._acts = False
            self._undo()
        closure = arguments[1] if len(arguments) > 1 else options.get("closure")
        if closure is not None:
            raise StepsizeError(f"{self._rule}: with a closure the gradient comes too late, expected optimizer.step()")
        if getattr(optimizer, "grad_scale", None) is not None:
            raise StepsizeError(f"{self._rule}: the gradients are scaled: call scaler.unscale_(optimizer) before")
        found_inf = getattr(optimizer, "found_inf", None)  # a fused optimizer skips by itself
        if found_inf is not None and bool(found_inf):
            return
        groups = self._followed_groups()
        for name in self._copied:
            if getattr(self, name) is None:
                setattr(self, name, self._first(name, groups))
        self._before(groups)
        self._acts = True

    @torch.no_grad()
    def _leave(self, *arguments: Any) -> None:
        if self._acts:
            self._acts = False
            self._undo()
            self._after(self.optimizer.param_groups)

    def _first(self, name: str, groups: Sequence[Mapping[str, Any]]) -> Vectors:
        """A vector at the first update, for these groups."""
        return copies_of(groups)

    def _before(self, groups: list[dict[str, Any]]) -> None:
        raise NotImplementedError

    def _after(self, groups: list[dict[str, Any]]) -> None:
        raise NotImplementedError

    def _undo(self) -> None:
        """Takes back what was for the update alone."""

    def _sums(self, terms: Sequence[Sequence[torch.Tensor]]) -> list[float]:
        """Of each list the sum, over all shards; read from the device at once."""
        ahead = iter(read([term for each in terms for term in each]))
        sums = [total([next(ahead) for _ in each]) for each in terms]
        return sums if self._shards is None else over_shards(sums, self._shards)

    def _carry(self, kept: list[int], new: list[dict[str, Any]]) -> None:
        super()._carry(kept, new)
        for name in self._copied:
            vectors = getattr(self, name)
            if vectors is not None:
                setattr(self, name, [vectors[k] for k in kept] + self._first(name, new))

    # ---- State ----

    def state_dict(self) -> dict[str, Any]:
        numbers, vectors = ({name: getattr(self, name) for name in names} for names in (self._numbers, self._copied))
        return {**super().state_dict(), "adapted": {"rule": self._rule, "numbers": numbers, "vectors": vectors}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As of ``Scheduler``. Where a state has no vectors, since it is another process's, they stay."""
        found = state_dict.get("adapted", {}) if isinstance(state_dict, dict) else {}
        before = {name: getattr(self, name) for name in (*self._numbers, *self._copied)}
        if found.get("rule") == self._rule:
            groups = self._followed_groups()
            vectors = {
                name: None if each is None else like(each, self._first(name, groups), name)
                for name, each in found.get("vectors", {}).items()
            }
            for name, value in {**found["numbers"], **vectors}.items():
                setattr(self, name, value)
        try:
            super().load_state_dict(state_dict)
        except BaseException:
            for name, value in before.items():
                setattr(self, name, value)
            raise


def number_in(value: Any, name: str, low: float, high: float = math.inf) -> float:
    """A number above `low` and not above `high`."""
    found = convert.to_float(value, name)
    if not low < found <= high:
        bound = "" if high == math.inf else f" and at most {high:g}"
        raise StepsizeError(f"{name} = {found!r}, expected a number above {low:g}{bound}")
    return found
