"""Numbers in a parameter group, besides the rate, that a schedule can drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._core.schedule import Schedule, as_schedule
from .._foreign.errors import StepsizeError
from ._bases import scale_of
from ._groups import Curves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BETAS = {"beta1": 0, "beta2": 1}


# In the place of a schedule: the number follows the rate.
TIED = "lr"


def made(optimizer: torch.optim.Optimizer, name: str, schedule: Schedule | str, total: int | None) -> Field:
    """The field `name` of the optimizer's groups, by a schedule, its text, or ``"lr"``."""
    if schedule == TIED:
        return Tied(optimizer, name)
    return Field(optimizer, name, as_schedule(schedule, f"fields[{name!r}]", total))


class Field:
    """A number in every group, and its schedule. The initial numbers are kept in the groups under ``initial_…``, as
    PyTorch keeps ``initial_lr``, and so survive in the optimizer's own state."""

    schedule: Schedule | str

    def __init__(self, optimizer: torch.optim.Optimizer, name: str, schedule: Schedule | str) -> None:
        if name == "lr":
            raise StepsizeError("fields['lr']: the rate has its own argument, schedule")
        self.name = name
        self.schedule = schedule
        self.bases: list[float] = []
        for number, group in enumerate(optimizer.param_groups):
            place = _place(group, name)
            if place is None:
                known = sorted(
                    key
                    for key, value in group.items()
                    if _is_number(value) and key != "lr" and not key.startswith("initial_")
                )
                known += ["beta1", "beta2"] if "betas" in group else []
                raise StepsizeError(
                    f"fields[{name!r}]: group {number} of {type(optimizer).__name__} has no number of that"
                    f" name, expected one of {', '.join(map(repr, known))}"
                )
            self.bases.append(float(group.get(f"initial_{name}", _get(group, place))))
        for base, group in zip(self.bases, optimizer.param_groups):
            group.setdefault(f"initial_{name}", base)
        self._curves = self._joined()

    def followed(self, kept: list[int], new: list[dict[str, Any]]) -> Field:
        """The same for other groups: those kept, then new ones."""
        added = []
        for group in new:
            place = _place(group, self.name)
            if place is None:
                raise StepsizeError(f"fields[{self.name!r}]: a new parameter group has no number of that name")
            added.append(float(group.setdefault(f"initial_{self.name}", _get(group, place))))
        other = object.__new__(type(self))
        other.name, other.schedule = self.name, self.schedule
        other.bases = [self.bases[number] for number in kept] + added
        other._curves = other._joined()
        return other

    def _joined(self) -> Curves:
        assert isinstance(self.schedule, Schedule)
        return Curves([self.schedule] * len(self.bases), self.bases)

    def _numbers(self, groups: list[dict[str, Any]], update: int) -> Sequence[float]:
        return self._curves.at(update)

    def write(self, groups: list[dict[str, Any]], update: int) -> None:
        """Writes the numbers of an update into the groups, whose rates are there."""
        for group, number in zip(groups, self._numbers(groups, update)):
            place = _place(group, self.name)
            assert place is not None
            put(group, place, number)

    def extended(self, total: int, policy: str, step: int) -> Field:
        assert isinstance(self.schedule, Schedule)
        other = object.__new__(Field)
        other.name, other.bases = self.name, self.bases
        # One without an end cannot be longer.
        ends = self.schedule.length is not None
        other.schedule = self.schedule.extended(total, policy, step=step) if ends else self.schedule
        other._curves = other._joined()
        return other

    def state_dict(self) -> dict[str, Any]:
        return {"schedule": str(self.schedule), "bases": list(self.bases)}

    def check(self, state: Mapping[str, Any], may_differ: bool) -> None:
        if state["schedule"] != str(self.schedule) and not may_differ:
            raise StepsizeError(
                f"state_dict: fields[{self.name!r}] has the schedule {state['schedule']}, expected {self.schedule}"
            )
        if len(state["bases"]) != len(self.bases):
            raise StepsizeError(f"state_dict: fields[{self.name!r}] is for {len(state['bases'])} parameter groups")

    def load_state_dict(self, state: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> None:
        self.bases = list(state["bases"])
        self._curves = self._joined()
        for base, group in zip(self.bases, optimizer.param_groups):
            group[f"initial_{self.name}"] = base


class Tied(Field):
    """A number in every group in proportion to the rate, whatever has moved that; the initial one at the base rate."""

    def __init__(self, optimizer: torch.optim.Optimizer, name: str) -> None:
        super().__init__(optimizer, name, TIED)

    def _joined(self) -> Any:
        return None

    def _numbers(self, groups: list[dict[str, Any]], update: int) -> Sequence[float]:
        return [base * _ratio(group) for base, group in zip(self.bases, groups)]

    def extended(self, total: int, policy: str, step: int) -> Field:
        return self


def _ratio(group: dict[str, Any]) -> float:
    """The rate as a fraction of the base rate; of one that is 0 there is none."""
    base = float(group["initial_lr"]) * scale_of(group)
    return float(group["lr"]) / base if base > 0 else 1.0


def _place(group: dict[str, Any], name: str) -> tuple[str, int | None] | None:
    """The key, and the index if its value is a tuple. "momentum" is beta1 for an optimizer that has betas."""
    if name == "momentum" and "momentum" not in group:
        name = "beta1"
    if name in _BETAS and "betas" in group:
        return "betas", _BETAS[name]
    return (name, None) if _is_number(group.get(name)) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, torch.Tensor)) and not isinstance(value, bool)


def _get(group: dict[str, Any], place: tuple[str, int | None]) -> Any:
    key, index = place
    return group[key] if index is None else group[key][index]


def put(group: dict[str, Any], place: tuple[str, int | None], number: float) -> None:
    key, index = place
    present = _get(group, place)
    if isinstance(present, torch.Tensor):
        present.fill_(number)
    elif index is None:
        group[key] = number
    else:
        group[key] = tuple(number if i == index else value for i, value in enumerate(group[key]))
