#!/usr/bin/env python3
"""Draws every named schedule and writes docs/schedules.md. Run it as `make gallery`.

The text forms below are the examples; names, formulas, parameters and curves come from the library itself. A name
without an example, or an example of a name that the library does not know, is an error.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import stepsize  # noqa: E402
from stepsize import catalogue  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "schedules"
PAGE = ROOT / "docs" / "schedules.md"

# Name: what to draw, and how many steps where the schedule has no end.
EXAMPLES: dict[str, tuple[list[str], int]] = {
    "constant": (["constant(600)", "constant(600, value=0.5)"], 1000),
    "linear": (["linear(1000)", "linear(1000, floor=0.1)"], 1000),
    "cosine": (
        ["cosine(1000)", "cosine(1000, floor=0.1)", "cosine(1000, cycles=1.5)", "cosine(1000, k_decay=2)"],
        1000,
    ),
    "polynomial": (
        ["polynomial(1000, 2)", "polynomial(1000, 0.5)", "polynomial(300, 1, floor=0.05, cycle=true)"],
        1000,
    ),
    "cooldown": (
        [
            f'cooldown(1000, shape="{shape}")'
            for shape in ("linear", "cosine", "1-sqrt", "1-square", "sqrt", "square", "exponential", "mirror-cosine")
        ]
        + ['cooldown(1000, shape="1-power", power=3)', 'cooldown(1000, shape="power", power=3)'],
        1000,
    ),
    "rex": (["rex(1000)", "rex(1000, floor=0.2)"], 1000),
    "tanh": (["tanh(1000)", "tanh(1000, lower=-4, upper=4)"], 1000),
    "geometric": (["geometric(1000, 0.1)", "geometric(1000, 0.001)"], 1000),
    "ramp": (
        [
            "ramp(1000)",
            "ramp(1000, start=1, end=0.2)",
            'ramp(1000, shape="cosine")',
            'ramp(1000, start=0.01, shape="geometric")',
        ],
        1000,
    ),
    "warmup": (
        ["warmup(500)", "warmup(500, start=0.3)"]
        + [f'warmup(500, shape="{shape}")' for shape in ("cosine", "1-sqrt", "1-square", "log", "harmonic")]
        + ['warmup(500, start=0.01, shape="geometric")'],
        700,
    ),
    "step": (["step(300)", "step(200, factor=0.5)"], 1000),
    "multistep": (["multistep([300, 600, 900])", "multistep([300, 600, 900], factor=0.5)"], 1000),
    "piecewise": (["piecewise([200, 600], [0.3, 1, 0.1])"], 1000),
    "exponential": (["exponential(0.995)", "exponential(0.5, every=100)"], 1000),
    "halflife": (["halflife(200)"], 1000),
    "inverse_time": (["inverse_time(0.01)", "inverse_time(1, every=200, staircase=true)"], 1000),
    "power_law": (["power_law(100)", "power_law(100, power=1)"], 1000),
    "inverse_sqrt": (["inverse_sqrt(100)", "warmup(100) >> inverse_sqrt(100)"], 1000),
    "noam": (["noam(200)"], 1000),
    "sigmoid": (["sigmoid(500, 0.02)", 'sigmoid(500, 0.02, direction="rise")'], 1000),
    "chebyshev": (["chebyshev(64)"], 64),
    "cyclic": (
        ["cyclic(100)", 'cyclic(100, mode="triangular2")', 'cyclic(50, down=150, mode="exp_range", gamma=0.998)'],
        1000,
    ),
    "sine": (["sine(250)", 'sine(250, mode="sine2")', 'sine(250, mode="exp_sine", gamma=0.998)'], 1000),
    "restarts": (["restarts(250)", "restarts(150, growth=2, decay=0.7)"], 1000),
    "range_test": (["range_test(100)", "range_test(100, staircase=true)"], 1000),
    "knots": (
        [
            "knots([0, 300, 1000], [0.1, 1, 0])",
            'knots([0, 300, 1000], [0.1, 1, 0], interpolation="cosine")',
            'knots([0, 300, 1000], [0.1, 1, 0], interpolation="hold")',
        ],
        1000,
    ),
    "table": (["table([0.2, 0.6, 1, 1, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05])"], 12),
    "noise": (["noise(std=0.1) * linear(1000)"], 1000),
    "random": (["random()"], 200),
    "wsd": (["wsd(1000, warmup=100, decay=200)", 'wsd(1000, warmup=100, decay=400, shape="linear", floor=0.1)'], 1000),
    "warmup_linear": (["warmup_linear(1000, 100)"], 1000),
    "warmup_cosine": (["warmup_cosine(1000, 100, floor=0.1)"], 1000),
    "cosine_hold": (["cosine_hold(1000, 300, floor=0.1)"], 1000),
    "cosine_cycles": (["cosine_cycles([200, 300, 500], decay=0.8)"], 1000),
    "onecycle": (["onecycle(1000)", 'onecycle(1000, anneal="linear")', "onecycle(1000, three_phase=true)"], 1000),
    "noam_hold": (["noam_hold(100, 300)"], 1000),
    "t5": (["t5(200)"], 1000),
    "sqrt_annealing": (["sqrt_annealing(1000, floor=0.2)"], 1000),
    "square_annealing": (["square_annealing(1000, floor=0.2)"], 1000),
    "tri_stage": (["tri_stage(100, 400, 500)"], 1000),
    "swa": (["swa(1000, 0.3)", 'swa(1000, 0.3, shape="linear")'], 1000),
    "power_scheduler": (["power_scheduler(1000, 100, 100)", "power_scheduler(1000, 100, 100, decay=200)"], 1000),
    "clamp": (["clamp(cosine(1000), min=0.1, max=0.8)"], 1000),
    "repeat": (["repeat(linear(250), count=3)"], 1000),
    "shift": (["shift(linear(600), 200)", "shift(linear(600), -200)"], 1000),
    "stretch": (["stretch(linear(10), 100)", 'stretch(linear(10), 100, interpolation="linear")'], 1000),
    "take": (["take(inverse_sqrt(100), 500) >> 0.408 * linear(500)"], 1000),
}


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
base rate. The texts below each picture can be pasted as they are into `stepsize_schedule_parse` (C),
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
    names = {entry.name for entry in entries}
    if names != EXAMPLES.keys():
        print(f"gallery: no example for {sorted(names - EXAMPLES.keys())}, "
              f"unknown: {sorted(EXAMPLES.keys() - names)}", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    sections = [section(e, EXAMPLES[e.name][0], draw(e.name, *EXAMPLES[e.name])) for e in entries]
    PAGE.write_text(INTRODUCTION + "\n".join(sections), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(sections)} schedules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
