"""The states of the global generators of random numbers: Python's, numpy's and torch's, where they are in use."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@contextmanager
def kept() -> Iterator[None]:
    """Afterwards they are as before, however it ends."""
    found = _states()
    try:
        yield
    finally:
        _restore(found)


def _states() -> dict[str, Any]:
    found: dict[str, Any] = {"python": random.getstate()}
    if "numpy" in sys.modules:
        found["numpy"] = sys.modules["numpy"].random.get_state()
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        found["torch"] = torch.get_rng_state()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            found["cuda"] = torch.cuda.get_rng_state_all()
    return found


def _restore(found: dict[str, Any]) -> None:
    random.setstate(found["python"])
    if "numpy" in found:
        sys.modules["numpy"].random.set_state(found["numpy"])
    if "torch" in found:
        sys.modules["torch"].set_rng_state(found["torch"])
    if "cuda" in found:
        sys.modules["torch"].cuda.set_rng_state_all(found["cuda"])
