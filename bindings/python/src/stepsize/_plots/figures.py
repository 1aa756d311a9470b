"""Pictures of schedules and schedulers with matplotlib, which is imported only here."""

from __future__ import annotations

import math
from itertools import islice

from .._foreign import convert
from .._foreign.errors import StepsizeError
from .style import legend_in, logarithmic

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .._core.phase import Phase
    from .._core.schedule import Schedule
    from .._core.scheduler import Scheduler

# A curve of more updates is drawn from this many of them.
_MOST = 20_000
# With more changes than this the markers would overlap.
_MOST_EVENTS = 500
# With more phases each name is written once; with many more they would be indistinguishable.
_MOST_NAMED_PHASES = 40
_MOST_PHASES = 1000
_PHASE_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:brown", "tab:olive")


def sample(
    schedule: Schedule, steps: int, base_lr: float = 1.0, *, start: int = 0, most: int = _MOST
) -> tuple[range, Sequence[float]]:
    """Updates from `start` to `steps` - 1 and their rates: all, or about `most` evenly spaced ones and the last."""
    stride = max(1, -(-(steps - start) // most))
    updates = range(start, steps, stride)
    rates = schedule.curve(len(updates), start, base_lr, stride=stride)
    return updates, rates


# ---- matplotlib -----------------------------------------------------------------------------------------


def new_figure() -> tuple[Figure, Axes]:
    """A figure without a window, and its axes."""
    _need_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    return figure, figure.add_subplot()


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Writes a figure in the format of the suffix."""
    figure.savefig(path, dpi=150)


def plot_schedule(
    schedule: Schedule,
    ax: Axes | None = None,
    *,
    steps: int | None = None,
    base_lr: float = 1.0,
    log: bool = False,
    label: str | None = None,
    phases: bool = True,
) -> Axes:
    """Draws the rates of a schedule, and returns the axes.

    Args:
        schedule: The schedule.
        ax: The axes; None for new ones.
        steps: Updates (an integer >= 1); None for the length, or for a suitable number if there is no end.
        base_lr: The base rate.
        log: Whether the scale is logarithmic.
        label: For a legend.
        phases: Whether the named phases are shaded.
    """
    ax = _axes(ax)
    count = schedule.horizon if steps is None else count_of(steps)
    updates, rates = sample(schedule, count, base_lr)
    ax.plot(updates, rates, linewidth=1.4, label=label)
    if phases:
        _shade(ax, at_most(_MOST_PHASES, schedule.phases(count)), count)
    _finish(ax, count, "multiplier" if base_lr == 1 else "learning rate", log)
    return ax


def plot_scheduler(
    scheduler: Scheduler,
    schedule: Schedule,
    ax: Axes | None = None,
    *,
    group: int = 0,
    steps: int | None = None,
    base_lr: float | None = None,
    log: bool = False,
) -> Axes:
    """Draws the planned rates, the rates that were actually used (``record=True``), the phases, and where a controller
    has changed the rate; returns the axes.

    Planned is the base rate times the schedule, without controller and bounds. Used are the rates of the record; a
    triangle up marks a raise, one down a cut. With more than 500 changes, as from a controller that moves the rate at
    every update, there are no markers. After ``extend`` the plan and the markers begin there.

    Args:
        scheduler: The scheduler.
        schedule: Its schedule.
        ax: The axes; None for new ones.
        group: Which parameter group.
        steps: Updates; None for those of the schedule, and at least those that are done.
        base_lr: The base rate of the plan; None for the one that the scheduler was made with.
        log: Whether the scale is logarithmic.
    """
    is_own = ax is None
    ax = _axes(ax)
    group = scheduler._group(group)
    done, first = scheduler.current_step, scheduler.record.start
    used = scheduler.record.rates(group)
    if steps is not None:
        count = count_of(steps)
    else:
        length = schedule.length
        count = max(done, 1) if length is None and done > 0 else max(schedule.horizon, done)
    if base_lr is None:
        base_lr = scheduler.base_lrs[group]
    extended = scheduler.record.extended_at
    updates, planned = sample(schedule, max(count, extended + 1), base_lr, start=extended)
    ax.plot(updates, planned, linewidth=1.2, color="tab:gray", linestyle="--", label="planned")
    if len(used) > 0:
        stride = max(1, -(-len(used) // _MOST))
        ax.plot(range(first, first + len(used), stride), used[::stride], linewidth=1.4, color="tab:blue", label="used")
        known = max(first, extended)
        raised, cut = events(schedule, used[known - first :], known)
        if scheduler.controller is not None and len(raised) + len(cut) <= _MOST_EVENTS:
            for name, marker, colour, steps_of in (("raised", "^", "tab:green", raised), ("cut", "v", "tab:red", cut)):
                if steps_of:
                    rates = [used[step - first] for step in steps_of]
                    ax.plot(steps_of, rates, marker, color=colour, markersize=5, linestyle="none", label=name)
    elif done > 0:
        ax.plot([done], [scheduler.lrs[group]], "o", color="tab:blue", label=f"update {done}")
    _shade(ax, at_most(_MOST_PHASES, scheduler.phases(count)), count)
    _finish(ax, count, "learning rate", log)
    legend_in(ax, is_own)
    return ax


def events(schedule: Schedule, used: Sequence[float], first: int) -> tuple[list[int], list[int]]:
    """The updates from which on the rate was raised, or cut, relative to the schedule.

    A rate that a bound holds does not count as a change: there the rate moves less than the schedule does.
    """
    raised: list[int] = []
    cut: list[int] = []
    values = schedule.curve(len(used), first)
    for i in range(1, len(used)):
        if min(values[i - 1], values[i], used[i - 1], used[i]) <= 0:
            continue
        moved, meant = math.log(used[i] / used[i - 1]), math.log(values[i] / values[i - 1])
        if abs(moved - meant) > 1e-9 and abs(moved) > abs(meant):
            (raised if moved > meant else cut).append(first + i)
    return raised, cut


def _axes(ax: Axes | None) -> Axes:
    _need_matplotlib()
    if ax is not None:
        return ax
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(8, 4.2), layout="constrained")
    return figure.add_subplot()


def _need_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("drawing needs matplotlib: pip install matplotlib") from None


def at_most(most: int, phases: Iterator[Phase]) -> list[Phase]:
    """The phases of a picture; none if there are too many, since the first of them alone would be misleading."""
    found = list(islice(phases, most + 1))
    return found if len(found) <= most else []


def extent(phase: Phase, steps: int) -> tuple[int, int]:
    """The updates in which a phase is in force, from the one it was looked up at, within a picture."""
    return phase.start + phase.position, steps if phase.until is None else min(steps, phase.until)


def _shade(ax: Axes, phases: Sequence[Phase], steps: int) -> None:
    """Writes the name at the top, where the phase begins, in two rows so that that of a short phase is legible."""
    are_few = len(phases) <= _MOST_NAMED_PHASES
    colours: dict[str, str] = {}
    spans: dict[str, list[tuple[int, int]]] = {}
    for i, phase in enumerate(phases):
        start, end = extent(phase, steps)
        is_first = phase.name not in colours
        colour = colours.setdefault(phase.name, _PHASE_COLOURS[len(colours) % len(_PHASE_COLOURS)])
        if are_few:
            ax.axvspan(start, end, color=colour, alpha=0.08, linewidth=0)
        else:
            spans.setdefault(phase.name, []).append((start, end - start))
        if are_few or is_first:
            ax.annotate(
                phase.name, (start, 0.99 - 0.055 * (i % 2)), xytext=(2, 0), xycoords=ax.get_xaxis_transform(),
                textcoords="offset points", ha="left", va="top", fontsize="small", color=colour,
            )  # fmt: skip
    for name, places in spans.items():
        ax.broken_barh(places, (0, 1), transform=ax.get_xaxis_transform(), color=colours[name], alpha=0.08, linewidth=0)


def _finish(ax: Axes, steps: int, rate: str, log: bool) -> None:
    ax.set_xlabel("update")
    ax.set_ylabel(rate)
    ax.set_xlim(0, max(1, steps))
    if log:
        logarithmic(ax.yaxis)
    elif ax.get_yscale() == "linear":
        # Room for the names of the phases above the curve.
        ax.set_ymargin(0.16)
        ax.autoscale(axis="y")
        ax.set_ylim(bottom=0)
    ax.grid(alpha=0.25)


def count_of(steps: int) -> int:
    count = convert.to_int64(steps, "steps")
    if count < 1:
        raise StepsizeError(f"steps = {count}, expected an integer >= 1")
    return count
