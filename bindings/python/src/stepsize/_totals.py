"""Texts that give shares of a total which only the framework knows, and only later."""

from __future__ import annotations

from ._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Made = TypeVar("Made")

# With this one a text can be read that needs a total, and no other one that cannot be read without.
_ANY = 2**62


def made(make: Callable[[int | None], Made], total: int | None) -> tuple[Made, bool]:
    """What `make` makes with a total, or without where that is None, and whether it lacks one: then it is made of a
    total that is far beyond any run, and is to be made again."""
    if total is not None:
        return make(total), False
    try:
        return make(None), False
    except StepsizeError as error:
        try:
            return make(_ANY), True
        except StepsizeError:
            raise error from None
