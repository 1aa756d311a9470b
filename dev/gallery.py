#!/usr/bin/env python3
"""Draws every named schedule, writes docs/schedules.md, and draws the picture of the README: `make gallery`.

The examples are those in the comments of the Swift files that declare the schedules; names, formulas, parameters and
curves come from the library itself.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import declarations  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import stepsize  # noqa: E402
from stepsize import catalogue  # noqa: E402
from stepsize._plots.style import legend_below  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "schedules"
PAGE = ROOT / "docs" / "schedules.md"
START = ROOT / "docs" / "start.png"


def draw(name: str, texts: list[str], steps: int) -> Path:
    figure, axes = plt.subplots(figsize=(6.4, 2.5), layout="constrained")
    for text in texts:
        schedule = stepsize.parse(text)
        count = (schedule.length or steps) + 1
        values = schedule.curve(max(count, steps + 1))
        style = "steps-post" if len(values) < 100 else "default"
        axes.plot(range(len(values)), values, label=text, linewidth=1.6, drawstyle=style)
    axes.set_xlabel("update")
    axes.set_ylabel("multiplier")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    legend_below(figure, size=7.5, family="monospace")
    path = PICTURES / f"{name}.png"
    # No date or version inside, so that the same curves give the same file.
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)
    return path


def draw_start() -> None:
    """Schedules beside a controller that has met a loss which falls, stalls and rises."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 2.9), layout="constrained")
    for text in ("warmup(500) >> cosine(9500, floor=0.1)", "wsd(10000, warmup=500, decay=2000)", "linear(10000)"):
        stepsize.parse(text).plot(left, label=text, phases=False)
    left.set(ylim=(0, 1.05), title="A schedule: one line of text", ylabel="multiplier of the base rate")
    text = "greedy(patience=20, window=20, factor=0.9) * linear(1000)"
    scheduler = stepsize.Scheduler(0.01, text, record=True)
    for update in range(800):
        scheduler.step(1 / (1 + update) if update < 250 else 1.0 + update / 800)
    scheduler.plot(right)
    right.get_legend().remove()
    right.set_title("A controller: raises and cuts by the loss")
    for axes in (left, right):
        axes.title.set_size(10)
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(loc="lower left", fontsize=7, frameon=False, prop={"family": "monospace", "size": 6.5})
    legend_below(figure, right.get_legend_handles_labels()[0])
    figure.savefig(START, dpi=110, metadata={"Software": None})
    plt.close(figure)


def section(entry: catalogue.Entry, texts: list[str], picture: Path) -> str:
    lines = [f"## {entry.name}", "", f"{entry.summary[0].upper()}{entry.summary[1:]}.", ""]
    lines += [
        f"![{entry.name}]({picture.relative_to(PAGE.parent).as_posix()})",
        "",
        "    value(t) = " + entry.formula,
        "",
    ]
    if entry.source:
        lines += [f"Source: {entry.source}.", ""]
    lines += ["| parameter | range | default | meaning |", "|---|---|---|---|"]
    for p in entry.parameters:
        bounds = p.range.replace(" to 9223372036854775807", " up").replace("|", "\\|")
        lines.append(f"| `{p.name}` | {bounds} | {f'`{p.default}`' if p.default else 'required'} | {p.summary} |")
    return "\n".join([*lines, "", "```", *texts, "```", ""])


INTRODUCTION = """\
# The schedules

Every schedule that has a name, as the library itself describes and computes it. `make gallery` makes this page and
its pictures.

A schedule is a function of the step t, the number of the optimizer update counted from 0; its value multiplies the
base rate. The texts below each picture can be pasted into `stepsize_schedule_parse` (C),
`stepsize.parse` (Python) or `Schedule(parsing:)` (Swift), and combined:

| text | meaning |
|---|---|
| `a >> b` | a for its length, then b from its own step 0 |
| `a * b` | the product at the same step |
| `0.5 * a` | a scaled |
| `linear(1500, phase="anneal")`, `(a >> b, phase="main")` | a name for a part |

`*` binds tighter than `>>`; brackets group. Values may be given in the order of the parameters or by name.

"""


def main() -> int:
    entries = catalogue.entries()
    examples = {one.name: one.examples for one in declarations.schedules()}
    PICTURES.mkdir(parents=True, exist_ok=True)
    sections = [section(e, examples[e.name][0], draw(e.name, *examples[e.name])) for e in entries]
    draw_start()
    PAGE.write_text(INTRODUCTION + "\n".join(sections), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(sections)} schedules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
