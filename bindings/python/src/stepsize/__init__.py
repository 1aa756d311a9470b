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
from .controllers import Controller, GreedyLR, Hypergradient, Learned, LineSearch, Plateau, Settle
from .errors import StepsizeError
from .schedule import Schedule, parse
from .scheduler import Phase, Scheduler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .nmf import StochasticNMF
    from .sampler import PhaseSampler
    from .theory import (
        GradientNormLog,
        Refinement,
        Score,
        compare,
        gradient_norm,
        median_filter,
        optimal,
        refine,
        score,
    )

__all__ = [
    "Controller", "GreedyLR", "Hypergradient", "Learned", "LineSearch", "Phase", "Plateau", "Schedule", "Scheduler",
    "Settle", "StepsizeError", "__version__", "parse",
]  # fmt: skip
__all__ += _catalogue.__all__

# What is imported when it is first asked for: sub-modules, and names in them.
_MODULES = (
    "catalogue", "cli", "compat", "distributed", "huggingface", "keras", "learned", "lightgbm", "lightning", "nmf",
    "optax", "plot", "sampler", "sklearn", "theory", "torch", "xgboost",
)  # fmt: skip
_NAMES = {
    "PhaseSampler": "sampler", "GradientNormLog": "theory", "Refinement": "theory", "Score": "theory",
    "compare": "theory", "gradient_norm": "theory", "median_filter": "theory", "optimal": "theory", "refine": "theory",
    "score": "theory", "StochasticNMF": "nmf",  # the last needs numpy
}  # fmt: skip
__all__ += _NAMES


def __getattr__(name: str) -> object:
    """The sub-modules, and what is in them."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _NAMES:
        value = globals()[name] = getattr(import_module(f".{_NAMES[name]}", __name__), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
