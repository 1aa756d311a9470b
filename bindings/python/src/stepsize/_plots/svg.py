"""Small SVG pictures for notebooks, without further packages."""

from __future__ import annotations

from .figures import at_most, count_of, extent, sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._core.schedule import Schedule
    from .._core.scheduler import Scheduler

_MOST_PHASES = 60
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 420, 130, 56, 20, 10


def svg(schedule: Schedule, steps: int | None = None, base_lr: float = 1.0, mark: int | None = None) -> str:
    """A small picture of a schedule, with a dot at the update `mark`."""
    from html import escape

    count = schedule.horizon if steps is None else count_of(steps)
    updates, rates = sample(schedule, count, base_lr, most=_WIDTH - _LEFT)
    high = max(rates) or 1.0

    def place(step: int, rate: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 10) * step / max(1, count - 1)
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - rate / high)
        return f"{x:.1f},{y:.1f}"

    bottom = _HEIGHT - _BOTTOM
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' role="img" aria-label="{escape(_short(str(schedule)))}" font-family="sans-serif" font-size="10"'
        ' fill="currentColor">'
    ]
    for i, phase in enumerate(at_most(_MOST_PHASES, schedule.phases(count))):
        left, right = (float(place(step, 0).partition(",")[0]) for step in extent(phase, count - 1))
        pieces.append(
            f'<rect x="{left:.1f}" y="{_TOP}" width="{max(0.0, right - left):.1f}" height="{bottom - _TOP}"'
            f' fill="#1f77b4" opacity="{0.06 + 0.08 * (i % 2):.2f}"><title>{escape(phase.name)}</title></rect>'
        )
    pieces += [
        f'<path d="M{_LEFT},{_TOP}V{bottom}H{_WIDTH - 10}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>',
        f'<text x="{_LEFT - 4}" y="{_TOP + 4}" text-anchor="end">{high:.4g}</text>',
        f'<text x="{_LEFT - 4}" y="{bottom + 3}" text-anchor="end">0</text>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">0</text>',
        f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 6}" text-anchor="end">{count - 1}</text>',
        f'<polyline points="{" ".join(map(place, updates, rates))}" fill="none" stroke="#1f77b4" stroke-width="1.6"/>',
    ]
    if mark is not None and mark < count:
        x, y = place(mark, min(high, schedule.curve(1, mark, base_lr)[0])).split(",")
        pieces.append(f'<circle cx="{x}" cy="{y}" r="3.5" fill="#d62728"/>')
    return "".join(pieces) + "</svg>"


def schedule_html(schedule: Schedule) -> str:
    """How a notebook shows a schedule."""
    from html import escape

    length = schedule.length
    end = "without an end" if length is None else f"{length} updates"
    return f"<div>{svg(schedule)}<br><code>{escape(_short(str(schedule)))}</code> ({end})</div>"


def scheduler_html(scheduler: Scheduler) -> str:
    """How a notebook shows a scheduler."""
    from html import escape

    schedule = scheduler.schedule
    picture = "" if schedule is None else svg(schedule, mark=scheduler.current_step) + "<br>"
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(f'{value:.6g}' if isinstance(value, float) else str(value))}</td></tr>"
        for name, value in scheduler.metrics().items()
    )
    return f"<div>{picture}<code>{escape(_short(str(scheduler)))}</code><table>{rows}</table></div>"


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
