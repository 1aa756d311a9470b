"""What makes a subclass of one of PyTorch's schedulers faster without anybody being able to tell.

Every update of a drop-in is PyTorch's own, by PyTorch's own ``get_lr``, which takes the rate that is there to the next
one; so whatever a script changes counts from then on, as there. A short way is taken only where it comes to the same:
a ``Plan`` holds the curve that PyTorch's recursion goes along, and everything that the recursion reads. While all of
that is what it was, the next update is the curve's next value. A plan is made where the rates that PyTorch has just
computed *are* on the curve, and is dropped as soon as anything it names has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._groups import accelerated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

    from ._groups import Curves


_BLOCK = 128  # updates whose rates are asked for at once, where a call costs more than they do


class Plan:
    """How the next updates can be made at once. The module in C goes by the same one.

    Args:
        own: The ``__dict__`` of the scheduler.
        names: The attributes that have to be the very same objects.
        optimizer: Whose groups have floats for rates.
        keys: What has to be the same in the groups.
        contents: Lists and dictionaries that have to keep what is in them.
        counter: The attribute that counts updates besides ``last_epoch``.
        curves: The rates of the groups.
        update: Where on the curves the groups are.
        end: The last update that the curves are for.
        momenta: Curves of the momentum, if that is driven, too.
        momentum: Its key in the groups: "momentum", or "betas" for the first of these.
    """

    def __init__(
        self,
        own: dict[str, Any],
        names: tuple[str, ...],
        optimizer: torch.optim.Optimizer,
        keys: tuple[str, ...],
        contents: Sequence[Any],
        counter: str,
        curves: Curves,
        update: int,
        end: int,
        momenta: Curves | None = None,
        momentum: str = "momentum",
    ) -> None:
        self.own, self.size = own, len(own)
        self.optimizer, self.groups = optimizer, tuple(optimizer.param_groups)
        self.rates: Sequence[float] = [group["lr"] for group in self.groups]
        self.watched = [(own, name, own[name]) for name in names]
        self.watched += [(group, key, group[key]) for group in self.groups for key in keys]
        self.contents = [(_view(container), _view(container.copy())) for container in contents]
        self.counter, self.epoch, self.count = counter, own["last_epoch"], own[counter]
        self.curves, self.update, self.end = curves, update, end
        self.momenta, self.momentum = momenta, momentum
        self.ahead: Iterator[Sequence[float]] = iter(())
        self.momenta_ahead: Iterator[Sequence[float]] = iter(())

    def go(self) -> bool:
        """Makes the next update; False, and nothing has changed, where something is not as the last one left it."""
        own, groups = self.own, self.optimizer.param_groups
        if len(own) != self.size or len(groups) != len(self.groups):
            return False
        try:
            if own["last_epoch"] is not self.epoch or own[self.counter] is not self.count:
                return False
            for group, known, rate in zip(groups, self.groups, self.rates):
                if group is not known or group["lr"] is not rate:
                    return False
            for holder, key, value in self.watched:
                if holder[key] is not value:
                    return False
        except KeyError:
            return False
        for container, content in self.contents:
            if container != content:
                return False
        rates = next(self.ahead, None) or self._look_ahead()
        if rates is None:
            return False
        self.rates = rates
        for group, rate in zip(groups, rates):
            group["lr"] = rate
        if self.momenta is not None:
            for group, momentum in zip(groups, next(self.momenta_ahead)):
                put_momentum(group, self.momentum, momentum)
        own["last_epoch"] = self.epoch = self.epoch + 1
        own[self.counter] = self.count = self.count + 1
        own["_last_lr"] = list(rates)
        return True

    def _look_ahead(self) -> Sequence[float] | None:
        """The rates of the next update, and with the same call those of the ones after it; None at the end."""
        start, count = self.update + 1, min(_BLOCK, self.end - self.update)
        if count <= 0:
            return None
        self.update += count
        self.ahead = self.curves.table(start, count)
        if self.momenta is not None:
            self.momenta_ahead = self.momenta.table(start, count)
        return next(self.ahead)


def _view(container: Any) -> Any:
    """What compares by content: of a dictionary its items, whatever a class derived from it compares."""
    return container.items() if isinstance(container, dict) else container


def put_momentum(group: dict[str, Any], key: str, momentum: float) -> None:
    group[key] = (momentum, *group["betas"][1:]) if key == "betas" else momentum


class _Dropin:
    """A scheduler's ``step``: by its plan, where there is one that holds, otherwise by ``_follow``.

    ``_plan`` is a ``Plan``; None where there is none; False where there is none to be looked for.
    """

    __slots__ = ("_plan",)

    if TYPE_CHECKING:

        def _follow(self, epoch: Any = None) -> None: ...

    _plan: Plan | bool | None

    def step(self, epoch: Any = None) -> None:
        """As PyTorch's: goes to the next update and writes its rates into the optimizer."""
        plan = self._plan
        if epoch is not None or not plan or not plan.go():  # type: ignore[union-attr]
            self._follow(epoch)


if TYPE_CHECKING:
    Dropin = _Dropin
elif accelerated is None:
    Dropin = _Dropin
else:
    Dropin = accelerated.Dropin
