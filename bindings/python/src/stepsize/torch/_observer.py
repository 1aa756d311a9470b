"""What makes drop-ins that observe a metric faster than the schedulers of PyTorch and transformers they stand for.

As long as nobody looks, a scheduler of the library makes the steps, and has the numbers that are attributes in the
peer: these are not in the instance's dictionary then, and whoever asks for one is told by the class. Whatever is
set, called or written into the optimizer is noticed at the next step: that one is the peer's own, with its attributes
in place again. By ctypes alone, where a call takes as long as the peer's step, every step is the peer's.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import torch

from .._foreign.errors import StepsizeError
from ._groups import accelerated, is_ours

if TYPE_CHECKING:
    from .._core.scheduler import Scheduler as Core

_LONGEST = 1024  # steps by the peer between two attempts


class Numbers:
    """Attributes of the peer, and the core that has the same."""

    def make(self, own: dict[str, Any], rates: list[float]) -> Core:
        """The core of these attributes; StepsizeError, TypeError, ValueError … where there is none."""
        raise NotImplementedError

    def read(self, core: Core, kept: dict[str, Any]) -> dict[str, Any]:
        """The attributes that change from step to step, except for `_last_lr`."""
        raise NotImplementedError


class _Kept:
    """An attribute of the peer on the class: asked where the instance has none, and in nobody's way where it has."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, scheduler: Any, kind: type) -> Any:
        return self if scheduler is None else scheduler._look_up(self.name)


class _Observer:
    """The peer's step."""


class _Observing:
    """The methods around the step in C, which asks ``_follow`` where something is not as it has left it.

    ``_closed`` is (core, the peer's attributes, the step at which they were valid), or None while they are in place.
    ``_wait`` is how many steps the peer is to make before the next attempt; ``_pause`` what it was the last time.
    """

    optimizer: torch.optim.Optimizer
    _peer: Any
    _numbers: Numbers
    _closed: tuple[Core, dict[str, Any], int] | None
    _wait: int
    _pause: int

    if TYPE_CHECKING:

        def _own(self) -> dict[str, Any]:
            """The dictionary of the instance."""

    def _whole(self) -> dict[str, Any]:
        """What ``__dict__`` is: with all attributes in place."""
        self._open()
        return self._own()

    def _look_up(self, name: str) -> Any:
        closed = self._closed
        if closed is None or name not in closed[1]:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        core, kept, _ = closed
        if name == "_last_lr":
            return list(core.lrs)
        moved = self._numbers.read(core, kept)
        value = moved.get(name, kept[name])
        if not isinstance(value, (int, float, str, type(None))):
            self._open()  # it may be changed in place
            value = self._own()[name]
        return value

    def _open(self) -> None:
        closed = self._closed
        if closed is None:
            return
        core, kept, since = closed
        own = self._own()
        # What was set meanwhile counts.
        values = {**kept, **self._numbers.read(core, kept), "_last_lr": list(core.lrs), **own}
        self._pause = 1 if core.current_step - since >= _LONGEST else min(2 * max(self._pause, 1), _LONGEST)
        self._wait = self._pause
        self._closed = None
        own.clear()
        own.update(values)
        core.close()

    def _close(self) -> None:
        """Leaves the next steps to a core, where there is one for what is there."""
        own = self._own()
        self._wait = _LONGEST
        groups = self.optimizer.param_groups
        if not is_ours(type(self)) or not all(type(each) is dict and type(each["lr"]) is float for each in groups):
            return
        rates = [group["lr"] for group in groups]
        try:
            core = self._numbers.make(own, rates)
            moved = self._numbers.read(core, own)
        except (StepsizeError, TypeError, ValueError, ArithmeticError, LookupError, struct.error):
            return
        kept, optimizer = own.copy(), own["optimizer"]
        if list(core.lrs) != rates or any(not _is_alike(kept[name], value) for name, value in moved.items()):
            return
        kind = type(self)
        for name in kept:
            if name != "optimizer" and name not in vars(kind):
                setattr(kind, name, _Kept(name))  # not __getattr__, which would slow down each look-up of `step`
        own.clear()
        own["optimizer"] = optimizer
        self._closed = core, kept, core.current_step

    def _follow(self, metrics: Any, epoch: Any = None) -> None:
        """The peer's step."""
        self._open()
        own, groups = self._own(), self.optimizer.param_groups
        before, present = own.copy(), [(group, group["lr"]) for group in groups]
        try:
            self._peer.step(self, metrics, epoch)
        except BaseException:
            own.clear()
            own.update(before)
            for group, rate in present:
                group["lr"] = rate
            raise
        self._wait -= 1
        if self._wait < 0:
            self._close()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)  # type: ignore[misc]
        self._wait = self._pause = 0


def _is_alike(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b) or getattr(a, "__dict__", a) == getattr(b, "__dict__", b))


if TYPE_CHECKING:
    Observer = _Observer
elif accelerated is None:
    Observer = _Observer
else:
    # The class that brings the dictionary of the instances is the one that can say what it is.
    body = {"__doc__": _Observing.__doc__, "__module__": __name__, "__dict__": property(_Observing._whole)}
    Observer = type("Observer", (_Observing, accelerated.MetricStep), body)
