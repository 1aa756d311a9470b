"""Where the user's code is: a warning and a line of the log carry that place, not one inside this package or inside the
framework that calls it."""

from __future__ import annotations

import sys
import warnings

# Whose frames are not the user's.
_INNER = frozenset({
    "stepsize", "accelerate", "contextlib", "jax", "jaxlib", "keras", "lightgbm", "lightning", "optax",
    "pytorch_lightning", "sklearn", "torch", "transformers", "xgboost",
})  # fmt: skip


def stacklevel() -> int:
    """What the function that calls this one passes as ``stacklevel``, to ``warnings.warn`` or to a logger."""
    frame, level = sys._getframe(1), 1
    while frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        if frame.f_back is None:
            return 1
        frame, level = frame.f_back, level + 1
    return level


def warn(message: str) -> None:
    """Warns (UserWarning) with the line of the user's code."""
    warnings.warn(message, UserWarning, stacklevel=stacklevel())
