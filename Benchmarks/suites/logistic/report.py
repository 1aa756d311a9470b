#!/usr/bin/env python3
"""Writes docs/refinement.md and its pictures from results/results.json. Run it as `make report-refinement`.

Every number and every verdict in the report is computed here from the stored results; nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib
import numpy as np
from scipy import stats

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import NullFormatter  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import results as summary  # noqa: E402
import schedules  # noqa: E402
import stepsize  # noqa: E402
from engine.files import read_json, save_picture  # noqa: E402
from engine.markdown import filled, listed, p_text, rows  # noqa: E402
from engine.statistics import geometric_mean, holm  # noqa: E402
from stepsize._plots.style import legend_below, logarithmic  # noqa: E402

PAGE = ROOT / "docs" / "refinement.md"
PICTURES = ROOT / "docs" / "refinement"
LEVEL = 0.05
NAMES = {"adam": "Adam", "sgd": "SGD"}
LINEAR, COSINE, REFINED, CAPPED = "linear", "cosine", schedules.REFINED, schedules.CAPPED


# ---- Statistics -------------------------------------------------------------


def critical_difference(kinds: int, sets: int) -> float:
    """Of two average ranks, by Nemenyi's test (Demsar 2006)."""
    quantile = stats.studentized_range.ppf(1 - LEVEL, kinds, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(kinds * (kinds + 1) / (6 * sets)))


class Comparison:
    """One optimizer's losses over the sets that are not separable."""

    def __init__(self, table: summary.Table, optimizer: str) -> None:
        self.table, self.optimizer = table, optimizer
        self.schedules = [name for name in table.schedules if name != CAPPED]
        self.sets = [name for name in table.sets if not table.separable(name)]
        losses = np.array([[table.mean(s, optimizer, name) for name in self.schedules] for s in self.sets])
        self.ranks = stats.rankdata(losses, axis=1).mean(axis=0)
        self.friedman = float(stats.friedmanchisquare(*losses.T).pvalue)
        accuracies = [[table.mean(s, optimizer, name, "accuracy") for name in self.schedules] for s in self.sets]
        self.accuracy_ranks = stats.rankdata(-np.round(accuracies, 9), axis=1).mean(axis=0)
        self.accuracy_friedman = float(stats.friedmanchisquare(*np.array(accuracies).T).pvalue)
        self.difference = critical_difference(len(self.schedules), len(self.sets))
        lowest = np.array([[table.about[s]["optimum"]] for s in self.sets])
        self.excess = np.maximum(losses - lowest, 1e-12)

    def ratio(self, name: str, to: str) -> np.ndarray:
        """Of the losses above the lowest one, for each set."""
        return self.excess[:, self.schedules.index(name)] / self.excess[:, self.schedules.index(to)]

    def wilcoxon(self, name: str) -> dict[str, float]:
        """The adjusted p of `name` against every other schedule."""
        others = [other for other in self.schedules if other != name]
        values = [float(stats.wilcoxon(np.log(self.ratio(name, other))).pvalue) for other in others]
        return dict(zip(others, holm(values)))


def paired(table: summary.Table, set_name: str, optimizer: str, name: str, other: str) -> tuple[float, float]:
    """Mean and standard error of the difference in loss, seed by seed."""
    first = np.array(table.values(set_name, optimizer, name, "loss"), dtype=float)
    return summary.mean_and_error(list(first - np.array(table.values(set_name, optimizer, other, "loss"), dtype=float)))


def verdict(table: summary.Table, set_name: str, optimizer: str, name: str = REFINED, other: str = LINEAR) -> str:
    """Better or worse if the difference is more than twice its standard error."""
    mean, error = paired(table, set_name, optimizer, name, other)
    if abs(mean) <= 2 * error:
        return "equal"
    return "better" if mean < 0 else "worse"


def bounds(table: summary.Table, set_name: str, names: list[str]) -> dict[str, float]:
    """Omega of each schedule for the gradient norms of the best linear SGD run, over that of linear."""
    updates = table.about[set_name]["updates"]
    curve = next(c for c in table.results["curves"] if (c["set"], c["optimizer"]) == (set_name, "sgd"))
    place = np.linspace(0, updates - 1, summary.POINTS)
    norms, values = (np.interp(np.arange(updates), place, curve[what]) for what in ("norms", "values"))
    texts = schedules.texts(updates)
    given = {name: texts[name] if name in texts else stepsize.Table(values.tolist()) for name in names}
    omega = {name: stepsize.score(schedule, updates, G=norms).omega for name, schedule in given.items()}
    return {name: omega[name] / omega[LINEAR] for name in names}


# ---- Words ------------------------------------------------------------------


def counts(table: summary.Table, comparison: Comparison, name: str = REFINED, other: str = LINEAR) -> dict:
    found: dict[str, list[str]] = {"better": [], "equal": [], "worse": []}
    for set_name in comparison.sets:
        found[verdict(table, set_name, comparison.optimizer, name, other)].append(set_name)
    return found


def conclusion(table: summary.Table, comparisons: list[Comparison]) -> str:
    lines = []
    for c in comparisons:
        found = counts(table, c)
        factor = geometric_mean(c.ratio(REFINED, LINEAR))
        p = c.wilcoxon(REFINED)[LINEAR]
        order = [c.schedules[i] for i in np.argsort(c.ranks, kind="stable")]
        alone = float(stats.wilcoxon(np.log(c.ratio(REFINED, LINEAR))).pvalue)
        sure = "significant" if p < LEVEL else "not significant"
        lines.append(
            f"- **{NAMES[c.optimizer]}.** Refined against linear over {len(c.sets)} sets: better on "
            f"{len(found['better'])}, equal on {len(found['equal'])}, worse on {len(found['worse'])} (a difference "
            f"counts from twice its standard error on). It helped on: {listed(found['better'])}. It did not help on: "
            f"{listed(found['worse'] + found['equal'])}. The loss above the lowest possible one is {factor:.2f} times "
            f"that of linear in the geometric mean; this is {sure} (Wilcoxon: p = {p_text(alone)}, "
            f"{p_text(p)} when adjusted for eight comparisons). Best average rank first: "
            + ", ".join(f"{name} {c.ranks[c.schedules.index(name)]:.2f}" for name in order)
            + "."
        )
    return "\n".join(lines)


def rank_table(c: Comparison) -> str:
    against_refined, against_linear = c.wilcoxon(REFINED), c.wilcoxon(LINEAR)
    lines = []
    for index in np.argsort(c.ranks, kind="stable"):
        name = c.schedules[index]
        lines.append([
            name, f"{c.ranks[index]:.2f}", f"{c.accuracy_ranks[index]:.2f}",
            f"{geometric_mean(c.ratio(name, LINEAR)):.3f}",
            p_text(against_refined[name]) if name in against_refined else "",
            p_text(against_linear[name]) if name in against_linear else "",
        ])  # fmt: skip
    header = ["schedule", "average rank, loss", "average rank, accuracy", "excess loss / that of linear",
              "p against refined", "p against linear"]  # fmt: skip
    return (
        rows(header, lines)
        + f"\n\nFriedman's test that all are equal: p = {p_text(c.friedman)} for the loss, "
        + f"{p_text(c.accuracy_friedman)} for the accuracy. Two average ranks differ significantly (Nemenyi, "
        + f"{LEVEL:g}) if they are {c.difference:.2f} apart.\n"
    )


def refinement_table(table: summary.Table, optimizer: str) -> str:
    lines = []
    for set_name in table.sets:
        optimum = table.about[set_name]["optimum"]
        curve = next(c for c in table.results["curves"]
                     if (c["set"], c["optimizer"], c["schedule"]) == (set_name, optimizer, REFINED))  # fmt: skip
        mean, error = paired(table, set_name, optimizer, REFINED, LINEAR)
        capped = ""
        if curve["collapsed"] and CAPPED in table.schedules:
            other, other_error = paired(table, set_name, optimizer, CAPPED, LINEAR)
            capped = f"{other:+.2e} ± {other_error:.1e}"
        lines.append([
            set_name, f"{optimum:.6f}",
            f"{table.mean(set_name, optimizer, LINEAR) - optimum:.2e}",
            f"{table.mean(set_name, optimizer, REFINED) - optimum:.2e}",
            f"{mean:+.2e} ± {error:.1e}",
            "(separable)" if table.separable(set_name) else verdict(table, set_name, optimizer),
            f"{100 * curve['warmup']:.0f} %", f"{100 * curve['anneal_start']:.0f} %",
            "yes" if curve["collapsed"] else "", capped,
        ])  # fmt: skip
    header = ["set", "lowest loss", "linear above it", "refined above it", "refined − linear", "refined is",
              "peak at", "annealing from", "collapsed", "capped − linear"]  # fmt: skip
    return rows(header, lines)


def value_table(table: summary.Table, optimizer: str, what: str) -> str:
    names = [name for name in table.schedules if name != CAPPED]
    lines = []
    for set_name in table.sets:
        means = [table.mean(set_name, optimizer, name, what) for name in names]
        best = min(means) if what == "loss" else max(means)
        cells = []
        for name, mean in zip(names, means):
            text = table.cell(set_name, optimizer, name, what)
            text = f"**{text}**" if mean == best else text
            edge = what == "loss" and table.at_edge(set_name, optimizer, name)
            cells.append(text + (" *" if edge else ""))
        lines.append([set_name, *cells])
    return rows(["set", *names], lines)


def bound_table(table: summary.Table, c: Comparison) -> str:
    found = [bounds(table, set_name, c.schedules) for set_name in c.sets]
    lines = []
    for name in c.schedules:
        predicted = geometric_mean([values[name] for values in found])
        lines.append((predicted, [name, f"{predicted:.3f}", f"{geometric_mean(c.ratio(name, LINEAR)):.3f}"]))
    text = rows(["schedule", "bound / that of linear", "measured excess loss / that of linear"],
                [line for _, line in sorted(lines)])  # fmt: skip
    measured = [geometric_mean(c.ratio(name, LINEAR)) for name in c.schedules]
    predicted = [geometric_mean([values[name] for values in found]) for name in c.schedules]
    agreement = stats.spearmanr(predicted, measured)
    first, really = c.schedules[int(np.argmin(predicted))], c.schedules[int(np.argmin(measured))]
    return (
        f"Lowest bound: {first}. Lowest measured: {really}.\n\n"
        f"{text}\n\nRank correlation of the two columns (Spearman): {agreement.statistic:.2f}, "
        f"p = {p_text(agreement.pvalue)}."
    )


# ---- Pictures ---------------------------------------------------------------

COLOURS = {LINEAR: "#0072B2", COSINE: "#56B4E9", REFINED: "#D55E00", CAPPED: "#CC79A7"}


def save(figure, name: str) -> str:
    save_picture(figure, PICTURES / f"{name}.png", 64)
    return f"refinement/{name}.png"


def draw_schedules(table: summary.Table, optimizer: str) -> str:
    """For each set: the norms above, the schedules below."""
    wide = 5
    tall = -(-len(table.sets) // wide)
    figure, panels = plt.subplots(2 * tall, wide, figsize=(13, 3.1 * tall), dpi=70, sharex=True, squeeze=False,
                                  height_ratios=[2, 3] * tall, layout="constrained")  # fmt: skip
    place = np.linspace(0, 1, summary.POINTS)
    for axis in panels.flat:
        axis.axis("off")
    for number, set_name in enumerate(table.sets):
        norm_axis, axis = panels[2 * (number // wide), number % wide], panels[2 * (number // wide) + 1, number % wide]
        for one in (norm_axis, axis):
            one.axis("on")
        curves = {c["schedule"]: c for c in table.results["curves"]
                  if (c["set"], c["optimizer"]) == (set_name, optimizer)}  # fmt: skip
        axis.plot(place, 1 - place, color=COLOURS[LINEAR], linewidth=1.2, label="linear")
        axis.plot(place, (1 + np.cos(np.pi * place)) / 2, color=COLOURS[COSINE], linewidth=1.2, label="cosine")
        axis.plot(place, curves[REFINED]["values"], color=COLOURS[REFINED], linewidth=1.8, label="refined")
        if curves[REFINED]["collapsed"] and CAPPED in curves:
            axis.plot(place, curves[CAPPED]["values"], color=COLOURS[CAPPED], linewidth=1.4, linestyle="--",
                      label=CAPPED)  # fmt: skip
        norm_axis.plot(place, np.maximum(curves[REFINED]["norms"], 1e-12), color="0.5", linewidth=0.8)
        norm_axis.set_yscale("log")
        low, high = np.quantile(curves[REFINED]["norms"], (0.02, 1))
        norm_axis.set_ylim(10 ** np.floor(np.log10(max(low, 1e-12))), 10 ** np.ceil(np.log10(max(high, 1e-11))))
        norm_axis.yaxis.set_minor_formatter(NullFormatter())
        norm_axis.tick_params(labelsize=8)
        axis.tick_params(labelsize=8)
        norm_axis.set_title(set_name, fontsize=11)
        if number % wide == 0:
            norm_axis.set_ylabel("norm", fontsize=9)
            axis.set_ylabel("multiplier", fontsize=9)
        if number // wide == tall - 1:
            axis.set_xlabel("share of the updates", fontsize=9)
    legend_below(figure, size=10)
    kind = "l1" if optimizer == "adam" else "l2"
    title = f"{NAMES[optimizer]}: gradient norms ({kind}) of the best linear run, and the schedules"
    figure.suptitle(title, fontsize=12)
    return save(figure, f"schedules_{optimizer}")


def draw_excess(comparisons: list[Comparison]) -> str:
    """Each set a dot: the excess loss of each schedule over that of linear."""
    figure, panels = plt.subplots(1, len(comparisons), figsize=(11, 4), dpi=70, sharex=True, layout="constrained",
                                  squeeze=False)  # fmt: skip
    for axis, c in zip(panels[0], comparisons):
        order = sorted((n for n in c.schedules if n != LINEAR), key=lambda n: -geometric_mean(c.ratio(n, LINEAR)))
        for height, name in enumerate(order):
            ratio = c.ratio(name, LINEAR)
            colour = COLOURS.get(name, "0.35")
            axis.plot(ratio, np.full(len(ratio), height), "o", color=colour, alpha=0.55, markersize=5)
            axis.plot([geometric_mean(ratio)] * 2, [height - 0.35, height + 0.35], color=colour, linewidth=2.5)
        axis.axvline(1, color=COLOURS[LINEAR], linewidth=1)
        axis.set(yticks=range(len(order)), yticklabels=order, title=NAMES[c.optimizer],
                 xlabel="loss above the lowest one, over that of linear")  # fmt: skip
        logarithmic(axis.xaxis)
        axis.grid(True, axis="x", color="0.9")
        axis.set_axisbelow(True)
    return save(figure, "excess")


# ---- The page ---------------------------------------------------------------


def page(table: summary.Table) -> str:
    results = table.results
    protocol, run = results["protocol"], results["run"]
    comparisons = [Comparison(table, optimizer) for optimizer in table.optimizers]
    separable = [name for name in table.sets if table.separable(name)]
    shorter = [f"{name} ({table.about[name]['epochs']})" for name in table.sets
               if table.about[name]["epochs"] < protocol["epochs"]]  # fmt: skip
    seeds, epochs, cap = protocol["seeds"], protocol["epochs"], protocol["cap"]
    whole = "The cells were trained in several calls, on a machine that was busy with other work."
    if run["whole"]:
        whole = f"All in one call: {run['wall_seconds'] / 60:.1f} minutes with {run['jobs']} jobs."
    grids = "; ".join(f"{NAMES[o]} 2^{e[0]} to 2^{e[-1]}" for o, e in protocol["exponents"].items())
    described = rows(
        ["set", "from", "rows", "columns", "classes", "epochs", "updates", "lowest loss"],
        [[s["name"], s["package"], f"{s['rows']}", f"{s['columns']}", f"{s['classes']}", f"{s['epochs']}",
          f"{s['updates']}", f"{s['optimum']:.6f}"] for s in results["sets"]],
    )  # fmt: skip
    texts = rows(["schedule", "text form, for 1000 updates"],
                 [[name, f"`{text}`"] for name, text in schedules.texts(1000).items()]
                 + [[REFINED, "`stepsize.refine(norms, optimizer=…).schedule`"]])  # fmt: skip
    parts = [f"""# Does refinement help? Logistic regression on {len(table.sets)} sets

<!-- Made by `make report-refinement` from Benchmarks/suites/logistic/results/results.json; edits will be lost. -->

`stepsize.refine` makes a schedule from the gradient norms of an earlier run (arXiv 2310.07831). Here nine schedules
are tuned over the same base rates with the same seeds, on convex problems, where the theory applies; the end of the
page has a neural network, where it does not.

## What came out

{conclusion(table, comparisons)}

Separable sets ({listed(separable)}; lowest loss below {summary.SEPARABLE:g}) count in none of this: there the
loss has no minimiser, and the theory does not apply.

![Excess loss]({draw_excess(comparisons)})

Each dot is a set, the bar the geometric mean; left of the line is better than linear.

## What was run

- Multinomial logistic regression (softmax, also with two classes) with an intercept, from zero weights, no weight
  decay; features standardised, categories as 0/1 columns. All rows are trained on: the question is optimization.
- Batches of {protocol["batch"]}, a fresh permutation in each epoch, the incomplete last batch left out;
  {epochs} epochs, but at most {cap} updates, which gives fewer epochs to: {listed(shorter)}. Double precision.
- Adam with beta = (0.9, 0.95), epsilon 1e-8; SGD without momentum. Base rates: {grids}.
  {seeds} seeds; a seed decides the order of the rows.
- Each schedule has the base rate with the lowest mean loss over the seeds, and for the accuracy that with the highest
  mean accuracy. Loss and accuracy are those of the last iterate over all rows.
- Refined: from the l1 (Adam) or l2 (SGD) norms of every minibatch gradient of one run, seed 0 of linear decay at its
  best base rate; tau 0.1. Its own base rate is tuned like the others'. So it costs one run more than it is charged.
- The lowest loss is the least that L-BFGS, or any run, has found.

{texts}

{described}

Measured on {run["date"]}: {run["cells"]} cells, most of {seeds} × {len(protocol["exponents"]["sgd"])} runs;
{run["core_seconds"] / 60:.0f} minutes of processor time in all, which is {run["core_seconds"] / 120:.0f} on
two cores ({run["machine"]}). {whole}
Python {run["python"]}, numpy {run["numpy"]}, scipy {run["scipy"]}, stepsize {run["stepsize"]}.

## Ranks
"""]  # fmt: skip
    for c in comparisons:
        parts.append(f"""### {NAMES[c.optimizer]}, {len(c.sets)} sets

{rank_table(c)}""")
    parts.append("""The p of two schedules is that of Wilcoxon's signed-rank test on the logarithms of the losses above
the lowest one, adjusted (Holm) for the eight comparisons of a column.

## Refined against linear

Differences are taken seed by seed, ± their standard error; "better" and "worse" from twice that on. *Peak at* and
*annealing from* are parts of the run. *Collapsed*: the norms vanish at the end and nearly all weight lies there;
`capped=True` then puts a floor under them.
""")
    for c in comparisons:
        parts.append(f"""### {NAMES[c.optimizer]}

{refinement_table(table, c.optimizer)}

![Refined schedules, {NAMES[c.optimizer]}]({draw_schedules(table, c.optimizer)})
""")
    sgd = [c for c in comparisons if c.optimizer == "sgd"]
    if sgd:
        parts.append(f"""## What the bound had said

`stepsize.score` gives the bound on the last loss for a schedule at its best base rate, here for the gradient norms of
the best linear SGD run. Geometric means over the sets:

{bound_table(table, sgd[0])}
""")
    parts.append("""## All values

Means ± standard errors; the best mean of a row is bold. *: the best base rate is an end of the grid.
""")
    for c in comparisons:
        for what, title in (("loss", "final training loss, nats"), ("accuracy", "final training accuracy, %")):
            parts.append(f"### {NAMES[c.optimizer]}: {title}\n\n{value_table(table, c.optimizer, what)}\n")
    return filled("\n".join(parts)) + "\n" + (HERE / "network.md").read_text(encoding="utf-8")


def claims(table: summary.Table) -> list[list[str]]:
    """Claim, paper, what was measured, verdict (rates/report/claims.py)."""
    paper = "[arXiv 2310.07831](https://arxiv.org/abs/2310.07831)"
    found = []
    for optimizer in NAMES:
        c = Comparison(table, optimizer)
        where = f"{len(c.sets)} sets of logistic regression, {NAMES[optimizer]}, each tuned"
        p = c.wilcoxon(LINEAR)
        others = [name for name in c.schedules if name not in (LINEAR, REFINED)]
        lower = [name for name in others if geometric_mean(c.ratio(name, LINEAR)) > 1]
        clear = [name for name in lower if p[name] < LEVEL]
        verdict = "reproduced" if len(clear) == len(others) else "reproduced in part" if clear else "not reproduced"
        found.append(["Linear decay is better than all default schedules", paper,
                      f"lower excess loss than {len(lower)} of {len(others)} schedules, clearly than {len(clear)}"
                      f" ({listed(clear)}); {where}", verdict])  # fmt: skip
        factor = geometric_mean(c.ratio(REFINED, LINEAR))
        found.append(["Refinement is better still than linear decay", paper,
                      f"excess loss {factor:.2f} times that of linear, p = {p_text(p[REFINED])}, adjusted; {where}",
                      "reproduced" if factor < 1 and p[REFINED] < LEVEL else "not reproduced"])  # fmt: skip
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="report-refinement", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results" / "results.json", metavar="FILE")
    parser.add_argument("--output", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--claims", action="store_true", help="print what became of the papers' claims, as JSON")
    options = parser.parse_args()
    if options.claims:
        print(json.dumps(claims(summary.Table(read_json(options.results)))))
        return 0
    global PICTURES
    PICTURES = options.output.parent / "refinement"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    table = summary.Table(read_json(options.results))
    options.output.write_text(page(table), encoding="utf-8")
    print(f"{options.output}: {len(table.sets)} sets, {len(table.entries)} cells")
    return 0


if __name__ == "__main__":
    sys.exit(main())
