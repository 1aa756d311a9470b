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

__all__ = ["Controller", "GreedyLR", "Plateau", "Schedule", "Scheduler", "StepsizeError", "__version__", "parse"]
__all__ += _catalogue.__all__


def __getattr__(name: str) -> object:
    """The sub-modules that are imported when they are first asked for."""
    if name in ("catalogue", "compat", "nmf"):
        from importlib import import_module

        return import_module(f".{name}", __name__)
    if name == "StochasticNMF":  # needs numpy
        from .nmf import StochasticNMF

        return StochasticNMF
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
