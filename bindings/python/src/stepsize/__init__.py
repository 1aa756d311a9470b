"""Stepsize: learning rates, one per optimizer update.

    import stepsize as st

    scheduler = st.Scheduler(1e-3, st.Warmup(500) >> st.Cosine(9500, floor=0.1))
    for batch in batches:
        train(batch, lr=scheduler.lr)
        scheduler.step()

A schedule returns a multiplier for every update, a controller observes the loss and moves the base rates, and a
scheduler combines both. All rates are computed by the native library, with the same bits in every language.
"""

from ._core import named
from ._core.controller import Controller
from ._core.controllers import (
    Auto,
    DAdaptation,
    DoG,
    EarlyStop,
    GreedyLR,
    Hypergradient,
    Learned,
    LineSearch,
    Plateau,
    Polyak,
)
from ._core.named import *  # noqa: F403
from ._core.phase import Phase
from ._core.schedule import Schedule, parse
from ._core.scheduler import Scheduler
from ._foreign.errors import StepsizeError
from ._foreign.library import VERSION as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._core.finder import Finder, suggest
    from ._core.norms import GradientNormLog, gradient_norm
    from ._core.sampler import PhaseSampler
    from ._core.theory import Refinement, Score, compare, median_filter, optimal, refine, score
    from ._recommend import Recommendation, recommend
    from .nmf import StochasticNMF

__all__ = [
    "Auto", "Controller", "DAdaptation", "DoG", "GreedyLR", "Hypergradient", "Learned", "LineSearch", "Phase",
    "Plateau", "Polyak",
    "Schedule", "Scheduler", "EarlyStop", "StepsizeError", "__version__", "parse",
]  # fmt: skip
__all__ += named.__all__

# What is imported on first use: sub-modules, and names in them.
_MODULES = (
    "catalogue", "cli", "distributed", "huggingface", "keras", "learned", "lightgbm", "lightning", "nmf",
    "optax", "peers", "sklearn", "torch", "xgboost",
)  # fmt: skip
_NAMES = {
    "Finder": "_core.finder", "suggest": "_core.finder",
    "PhaseSampler": "_core.sampler", "StochasticNMF": "nmf",  # the last needs numpy
    "GradientNormLog": "_core.norms", "gradient_norm": "_core.norms", "Refinement": "_core.theory",
    "Score": "_core.theory", "compare": "_core.theory", "median_filter": "_core.theory", "optimal": "_core.theory",
    "refine": "_core.theory", "score": "_core.theory",
    "Recommendation": "_recommend", "recommend": "_recommend",
}  # fmt: skip
__all__ += _NAMES


def __getattr__(name: str) -> object:
    """The sub-modules and their names, imported on first use."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _NAMES:
        value = globals()[name] = getattr(import_module(f".{_NAMES[name]}", __name__), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
