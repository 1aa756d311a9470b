"""What all pictures of the project have in common: where the legend is, and how a logarithmic scale is labelled."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Inches of a row of the legend per point of its font, and of what is around it.
_ROW, _AROUND = 0.0185, 0.12
# Of a character in points per point of the font, and of the line in front of a text: wide enough for either typeface.
_CHARACTER, _SAMPLE = 0.62, 45


def legend_below(
    figure: Figure, handles: Sequence[Any] | None = None, *, size: float = 8, family: str | None = None
) -> None:
    """A legend under the axes, where it covers no curve; the figure grows by it, so that the axes keep their height.

    The figure must have the layout "constrained".

    Args:
        figure: The figure.
        handles: What it lists; None for everything with a label, each label once.
        size: Of the font, in points.
        family: Of the font; "monospace" for text forms.
    """
    if handles is None:
        found: dict[str, Any] = {}
        for ax in figure.axes:
            for handle, label in zip(*ax.get_legend_handles_labels()):
                found.setdefault(label, handle)
        handles = list(found.values())
        labels = list(found)
    else:
        labels = [str(each.get_label()) for each in handles]
    if not handles:
        return
    width, height = figure.get_size_inches()
    column = max(map(len, labels)) * _CHARACTER * size + _SAMPLE
    columns = max(1, min(len(labels), int(72 * width // column)))
    rows = -(-len(labels) // columns)
    # Filled up evenly: 5 of at most 4 in a row are 3 and 2.
    columns = -(-len(labels) // rows)
    figure.set_size_inches(width, height + rows * _ROW * size + _AROUND)
    font: dict[str, Any] = {"size": size}
    if family is not None:
        font["family"] = family
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, prop=font)


def legend_in(ax: Axes, is_own: bool) -> None:
    """Under axes of our own; in those of a caller, whose figure stays as it is, where it covers least."""
    figure = ax.get_figure()
    if is_own and figure is not None:
        legend_below(figure)  # type: ignore[arg-type]
    elif ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best", fontsize="small", framealpha=0.6)


def logarithmic(axis: Axis) -> None:
    """A logarithmic scale, with plain numbers (4, 0.02) where it is short and powers of ten where it is long.

    Call it when everything is drawn.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]
    low, high = sorted(axis.get_view_interval())
    if low <= 0 or high / low > 1e3:
        axis.set_minor_formatter(NullFormatter())
        return
    if high / low < 3:
        # Nearly linear: round numbers at even distances.
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.set_minor_locator(NullLocator())
    else:
        subs = (1.0, 2.0, 5.0) if high / low > 10 else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
        axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.set_minor_formatter(NullFormatter())
