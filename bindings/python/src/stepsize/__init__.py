"""Stepsize: learning rates, one per optimizer update.

    import stepsize as st

    scheduler = st.Scheduler(1e-3, st.Warmup(500) >> st.Cosine(9500, floor=0.1))
    for batch in batches:
        train(batch, lr=scheduler.lr)
        scheduler.step()

A schedule answers a multiplier for every update, a controller listens to the loss and moves the base rates, and a
scheduler puts both together. All rates are computed by the native library, with the same bits in every language.
"""

from . import _catalogue
from ._catalogue import *  # noqa: F403
from ._lib import VERSION as __version__
from .controllers import Controller, GreedyLR, Plateau
from .errors import StepsizeError
from .schedule import Schedule, parse
from .scheduler import Scheduler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .theory import GradientNormLog, Refinement, Score, compare, gradient_norm, median_filter, optimal, refine, score

__all__ = ["Controller", "GreedyLR", "Plateau", "Schedule", "Scheduler", "StepsizeError", "__version__", "parse"]
__all__ += _catalogue.__all__

# What `theory` has: imported when it is first asked for.
_THEORY = (
    "GradientNormLog", "Refinement", "Score", "compare", "gradient_norm", "median_filter", "optimal", "refine", "score",
)  # fmt: skip
__all__ += _THEORY


def __getattr__(name: str) -> object:
    """The sub-modules that are imported when they are first asked for, and what they have."""
    if name in ("catalogue", "compat", "theory") or name in _THEORY:
        from importlib import import_module

        if name not in _THEORY:
            return import_module(f".{name}", __name__)
        value = globals()[name] = getattr(import_module(".theory", __name__), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
