#!/usr/bin/env python3
"""Draws every named schedule and writes docs/schedules.md. Run it as `make gallery`.

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

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "schedules"
PAGE = ROOT / "docs" / "schedules.md"

def draw(name: str, texts: list[str], steps: int) -> Path:
    figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    for text in texts:
        schedule = stepsize.parse(text)
        count = (schedule.length or steps) + 1
        values = schedule.curve(max(count, steps + 1))
        style = "steps-post" if len(values) < 100 else "default"
        axes.plot(range(len(values)), values, label=text, linewidth=1.6, drawstyle=style)
    axes.set_xlabel("step (update)")
    axes.set_ylabel("multiplier")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    columns = 1 if max(map(len, texts)) > 52 else 2
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, prop={"family": "monospace", "size": 7})
    path = PICTURES / f"{name}.png"
    # No date or version inside, so that the same curves give the same file.
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)
    return path


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
    PAGE.write_text(INTRODUCTION + "\n".join(sections), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(sections)} schedules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
