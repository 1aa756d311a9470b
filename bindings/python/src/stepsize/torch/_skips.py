"""Updates that a ``GradScaler`` skips, since a gradient was not finite."""

from __future__ import annotations

from typing import Any


class Skips:
    """Whether the optimizer has made an update since the last one that was counted."""

    def __init__(self, optimizer: Any) -> None:
        self._has_stepped = False
        self._found_inf: Any = None
        for each in getattr(optimizer, "optimizers", [optimizer]):
            each.register_step_post_hook(self._note)

    def _note(self, optimizer: Any, *arguments: Any) -> None:
        self._has_stepped = True
        # A fused optimizer is called nevertheless, and skips the update by itself where this number is not 0.
        self._found_inf = getattr(optimizer, "found_inf", None)

    @property
    def is_skipped(self) -> bool:
        if self._has_stepped and self._found_inf is not None:
            self._has_stepped, self._found_inf = float(self._found_inf) == 0, None
        return not self._has_stepped

    def count(self) -> None:
        """The update is counted."""
        self._has_stepped = False
