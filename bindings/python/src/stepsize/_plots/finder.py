"""The picture of a range test."""

from __future__ import annotations

from .._foreign.errors import StepsizeError
from .figures import _axes
from .style import legend_in, logarithmic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .._core.finder import Finder, Method


def plot_finder(finder: Finder, ax: Axes | None, method: Method | None) -> Axes:
    """Draws the losses, the smoothed ones, and the suggestion, or in the title why there is none."""
    is_own = ax is None
    ax = _axes(ax)
    rates, losses, smoothed = finder.rates, finder.losses, finder.smoothed
    ax.plot(rates, losses, ".", color="tab:gray", markersize=4, alpha=0.6, label="loss")
    ax.plot(rates, smoothed, linewidth=1.4, color="tab:blue", label="smoothed")
    if method is not None:
        try:
            rate = finder.suggest(method)
        except StepsizeError as error:
            ax.set_title(str(error), fontsize="small")
        else:
            ax.axvline(rate, linewidth=1.2, color="tab:red", linestyle="--", label=f"{method}: {rate:.3g}")
    if len(losses) > 0:
        # A divergence would flatten all before it.
        low, high = min(losses), max(smoothed[0], *losses[: max(1, len(losses) // 2)])
        margin = 0.1 * (high - low) or 1.0
        ax.set_ylim(low - margin, high + 3 * margin)
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss")
    ax.grid(alpha=0.25)
    if finder._options["spacing"] == "geometric":
        logarithmic(ax.xaxis)
    legend_in(ax, is_own)
    return ax
