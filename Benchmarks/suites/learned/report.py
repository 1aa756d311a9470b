#!/usr/bin/env python3
"""Writes docs/learned.md and its pictures from results/results.json. Run it as `make report-learned`.

Every number and every verdict in the report is computed here from the stored results; nothing is run.
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

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

from engine.files import read_json, save_picture  # noqa: E402
from engine.markdown import filled, listed, p_text, rows  # noqa: E402
from engine.statistics import holm  # noqa: E402
from stepsize._plots.style import legend_below, logarithmic  # noqa: E402

PAGE = ROOT / "docs" / "learned.md"
PICTURES = ROOT / "docs" / "learned"
LEVEL = 0.05
NETWORKS = "networks"
STEP = "step decay"
ABLATIONS = ("open loop", "state-blind")
SHIPPED = {'learned("nmf")': "nmf", 'learned("mlp")': "mlp"}
REGIMES = {
    "alternating": ("Inside the bound, alternating", "W, then H, 20 and 10 steps on each batch, as `StochasticNMF` "
                    "does; each block's own bound (`bound=\"state\"`), rates of at most 1 times the bound"),
    "joint": ("Inside the bound, simultaneous", "one step of both factors at once on each batch, under the joint "
              "bound θ/L with θ = 1.404, rates of at most 1 times the bound"),
    "past": ("Past the bound, simultaneous", "the same step without the bound: rates of up to 40 times what is "
             "proven. Only the projection is left, which keeps factors finite"),
}  # fmt: skip
SETS = {"test": "held-out", "larger": "3 × larger", "rank": "rank 10 to 14", "sparser": "sparser", "scaled": "× 100"}


# ---- Statistics -------------------------------------------------------------


class Suite:
    """The entries by group, set and contestant; all training seeds of a learner together."""

    def __init__(self, results: dict) -> None:
        self.results, self.protocol = results, results["protocol"]
        self.found: dict[tuple[str, str, str], list[dict]] = {}
        for entry in (*results["entries"], *results["networks"]):
            self.found.setdefault((entry["group"], entry["set"], entry["contestant"]), []).append(entry)
        self.learners = list(self.protocol["learners"])
        self.regimes = list(self.protocol["regimes"])

    def contestants(self, group: str) -> list[str]:
        names = {contestant for one, _, contestant in self.found if one == group}
        return [name for name in self.protocol["order"] if name in names]

    def tuned(self, group: str) -> list[str]:
        """Those without training: the schedules and controllers."""
        learned = {*SHIPPED, *ABLATIONS, *self.learners, *(f"replay of {name}" for name in self.learners)}
        return [name for name in self.contestants(group) if name not in learned]

    def entries(self, group: str, one: str, name: str) -> list[dict]:
        return self.found[group, one, name]

    def scores(self, group: str, one: str, name: str, what: str = "scores") -> np.ndarray:
        """One number for each instance: the mean over the seeds of batches and of training. For networks one for
        each seed."""
        values = np.array([entry[what] for entry in self.entries(group, one, name)]).mean(axis=0)
        return values.mean(axis=1) if values.ndim == 2 else values

    def runs(self, group: str, one: str, name: str) -> int:
        return sum(np.size(entry["scores"]) for entry in self.entries(group, one, name))

    def tune_score(self, group: str, name: str) -> float:
        return float(np.mean([e["score"] for e in self.results["tuned"]
                              if (e["group"], e["contestant"]) == (group, name)]))  # fmt: skip

    def main(self, group: str) -> str:
        """The learner that was best on the tune instances."""
        return min(self.learners, key=lambda name: self.tune_score(group, name))

    def favourite(self, group: str) -> str:
        """The schedule or controller that was best on the tune instances: chosen without the test."""
        return min(self.tuned(group), key=lambda name: self.tune_score(group, name))


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % for the mean, by 4000 bootstrap samples of the instances."""
    samples = np.random.default_rng(0).integers(0, len(values), (4000, len(values)))
    low, high = np.quantile(values[samples].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def wilcoxon(difference: np.ndarray) -> float:
    return 1.0 if not np.any(difference) else float(stats.wilcoxon(difference).pvalue)


class Pair:
    """A learner against another contestant, instance by instance; below 0 the learner is better."""

    def __init__(self, suite: Suite, group: str, one: str, learner: str, other: str) -> None:
        self.other = other
        self.difference = suite.scores(group, one, learner) - suite.scores(group, one, other)
        self.mean, (self.low, self.high) = float(self.difference.mean()), interval(self.difference)
        self.wins, self.losses = int((self.difference < 0).sum()), int((self.difference > 0).sum())
        self.p = self.adjusted = wilcoxon(self.difference)

    @property
    def verdict(self) -> str:
        """Better or worse only where the interval and the adjusted test both say so."""
        if self.adjusted >= LEVEL or self.low <= 0 <= self.high:
            return "equal"
        return "better" if self.mean < 0 else "worse"


def pairs(suite: Suite, group: str, one: str, learner: str) -> dict[str, Pair]:
    others = [name for name in suite.contestants(group) if name != learner]
    found = [Pair(suite, group, one, learner, other) for other in others]
    for pair, adjusted in zip(found, holm([pair.p for pair in found])):
        pair.adjusted = adjusted
    return {pair.other: pair for pair in found}


# ---- Words ------------------------------------------------------------------


def signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def span(low: float, high: float) -> str:
    return f"[{signed(low)}, {signed(high)}]"


def ablations(suite: Suite, group: str, learner: str) -> list[str]:
    names = [*ABLATIONS, f"replay of {learner}"]
    return [name for name in names if name in suite.contestants(group)]


def claim(suite: Suite, group: str, one: str, learner: str) -> tuple[bool, bool, str]:
    """Whether learning pays here (against the favourite), whether feedback does (against every ablation), and why."""
    found, favourite = pairs(suite, group, one, learner), suite.favourite(group)
    first = found[favourite]
    against = [found[name] for name in ablations(suite, group, learner)]
    work = np.mean([e["work"] for e in suite.entries(group, one, favourite)])
    costs = f", at {work:.1f} times the work" if work > 1.05 else ""
    text = f"against {favourite}{costs}, {signed(first.mean)} {span(first.low, first.high)} ({first.verdict})"
    for pair in against:
        text += f", {pair.other} {signed(pair.mean)} {span(pair.low, pair.high)} ({pair.verdict})"
    return first.verdict == "better", all(pair.verdict == "better" for pair in against), text


def conclusion(suite: Suite) -> str:
    lines, pays, not_pays, elsewhere = [], [], [], []
    for learner in suite.learners:
        for group in suite.regimes:
            learning, feedback, why = claim(suite, group, "test", learner)
            title = REGIMES[group][0].lower()
            (pays if learning else not_pays).append(f"{title} ({learner})")
            words = "Learning pays" if learning else "Learning does not pay"
            words += (" and so does feedback" if feedback else ", but feedback is not what does it") if learning else ""
            shifted = []
            for one in SETS:
                if one != "test" and claim(suite, group, one, learner)[0]:
                    means = {n: float(suite.scores(group, one, n).mean()) for n in suite.contestants(group)}
                    best = min(means, key=means.__getitem__)
                    shifted.append(f"{SETS[one]} ({learner} {number(means[learner])}, the lowest there is {best} with "
                                   f"{number(means[best])})")  # fmt: skip
                    elsewhere.append(f"{SETS[one]}, {title} ({learner})")
            lines.append(
                f"- **{title.capitalize()}: {learner}.** {words}: {why}. Better than "
                f"{suite.favourite(group)} on these shifted sets: {listed(shifted)}."
            )
    if suite.protocol["held_out"]:
        for learner in suite.learners:
            parts = []
            for one in suite.protocol["held_out"]:
                parts.append(f"{one} {network_difference(suite, one, learner)}")
            lines.append(
                f"- **Networks: {learner}.** Log of the held-out loss minus that of {suite.favourite(NETWORKS)}, the "
                f"best on the training networks: {'; '.join(parts)}."
            )
    for group in suite.regimes:
        for name in SHIPPED:
            if name in suite.contestants(group):
                pair = Pair(suite, group, "test", name, suite.favourite(group))
                lines.append(
                    f"- **{REGIMES[group][0]}: {name}**, a policy that comes with the library: "
                    f"{signed(pair.mean)} {span(pair.low, pair.high)} against {suite.favourite(group)} "
                    f"({pair.wins} wins, {pair.losses} losses)."
                )
    for name in SHIPPED:
        if suite.protocol["held_out"] and name in suite.contestants(NETWORKS):
            parts = [f"{one} {network_difference(suite, one, name)}" for one in suite.protocol["held_out"]]
            lines.append(f"- **Networks: {name}**, a policy that comes with the library, against "
                         f"{suite.favourite(NETWORKS)}: {'; '.join(parts)}.")  # fmt: skip
    lines += [f"- **{REGIMES[group][0]}.** {cap_text(suite, group)}" for group in suite.regimes]
    lines.append(
        f"- **The regime in which learning pays:** {listed(pays)}. **In which it does not:** "
        f"{listed(not_pays) if pays else 'all of these, for all of the learners'}. "
        f"Shifted sets on which it pays: {listed(elsewhere)}. To pay means: better than the schedule or controller that "
        "tuning had found to be the best, by the interval of the mean and by the adjusted test."
    )
    if suite.protocol["held_out"]:
        clear = []
        for name in (*suite.learners, *(name for name in SHIPPED if name in suite.contestants(NETWORKS))):
            for one in suite.protocol["held_out"]:
                pair = Pair(suite, NETWORKS, one, name, suite.favourite(NETWORKS))
                if pair.high < 0:
                    clear.append(f"{name} on {one}")
        count = len(suite.protocol["held_out"]) * (len(suite.learners) + 1)
        lines.append(
            f"- **Networks on which a learned rate is below {suite.favourite(NETWORKS)}** by the interval alone, in "
            f"{count} comparisons that are not adjusted: {'; '.join(clear) or 'none'}."
        )
    best = []
    for group in suite.regimes:
        means = {name: float(suite.scores(group, "test", name).mean()) for name in suite.contestants(group)}
        name = min(means, key=means.__getitem__)
        best.append(f"{REGIMES[group][0].lower()} {name} ({number(means[name])})")
    lines.append(f"- **Lowest mean on the held-out instances**, after the fact: {'; '.join(best)}.")
    return "\n".join(lines)


def cap_text(suite: Suite, group: str) -> str:
    """Whether there is anything to learn below the cap."""
    names = suite.contestants(group)
    means = {name: float(suite.scores(group, "test", name).mean()) for name in names}
    lowest, cap = min(means.values()), suite.protocol["cap"][group]
    level = [name for name in names if means[name] - lowest < 1e-3]
    at_cap = [name for name in level if min(min(e["rates"]) for e in suite.entries(group, "test", name)) > 0.99 * cap]
    if len(at_cap) > 1:
        return (f"{len(level)} of {len(names)} contestants end within 0.001 of the lowest mean, {len(at_cap)} of them with "
                f"the rate at its cap throughout: within the bound there is nothing to learn here but to use all of it.")  # fmt: skip
    return f"{len(level)} of {len(names)} contestants end within 0.001 of the lowest mean ({listed(level)})."


def network_difference(suite: Suite, one: str, name: str) -> str:
    pair = Pair(suite, NETWORKS, one, name, suite.favourite(NETWORKS))
    clear = not pair.low <= 0 <= pair.high
    word = ("better" if pair.mean < 0 else "worse") if clear else "no clear difference"
    return f"{signed(pair.mean)} {span(pair.low, pair.high)}, {word}"


def more(suite: Suite, name: str, budget: dict) -> str:
    """How many runs the training of a shipped policy had, and what part of that each contestant has here."""
    runs, here = suite.protocol["shipped"][name], budget["candidates"] * budget["tune"]
    return f"{runs:,} runs, {runs / here:.1f} times the budget here"


def score_table(suite: Suite, group: str, one: str, learner: str) -> str:
    against = pairs(suite, group, one, learner)
    lines = []
    for name in sorted(suite.contestants(group), key=lambda n: suite.scores(group, one, n).mean()):
        values, entries = suite.scores(group, one, name), suite.entries(group, one, name)
        low, high = interval(values)
        line = [name, number(values.mean()), f"[{number(low)}, {number(high)}]", number(np.median(values)),
                f"{sum(e['failed'] for e in entries)}/{suite.runs(group, one, name)}",
                f"{np.mean([e['work'] for e in entries]):.2f}",
                f"{100 * np.mean([e['past'] for e in entries]):.0f} %"]  # fmt: skip
        if name in against:
            pair = against[name]
            line += [f"{signed(pair.mean)} {span(pair.low, pair.high)}", f"{pair.wins}/{pair.losses}",
                     p_text(pair.adjusted)]  # fmt: skip
        else:
            line += ["", "", ""]
        lines.append(line)
    return rows(["contestant", "mean", "95 %", "median", "failed", "work", "past the bound",
                 f"{learner} minus it", "wins/losses", "p"], lines)  # fmt: skip


def shift_table(suite: Suite, group: str) -> str:
    lines = []
    for name in suite.contestants(group):
        cells = [name]
        for one in SETS:
            mean = float(suite.scores(group, one, name).mean())
            best = min(float(suite.scores(group, one, n).mean()) for n in suite.contestants(group))
            failed = sum(e["failed"] for e in suite.entries(group, one, name))
            text = f"**{number(mean)}**" if mean == best else number(mean)
            cells.append(text + (f" ({failed} failed)" if failed else ""))
        lines.append(cells)
    return rows(["contestant", *SETS.values()], lines)


def scale_error(suite: Suite, group: str) -> float:
    found = []
    for name in suite.contestants(group):
        for one, other in zip(suite.entries(group, "test", name), suite.entries(group, "scaled", name)):
            found.append(np.max(np.abs(np.array(one["scores"])[: len(other["scores"])] - np.array(other["scores"]))))
    return float(np.max(found))


def seed_table(suite: Suite) -> str:
    lines = []
    for learner in suite.learners:
        for group in suite.regimes:
            each = [np.mean(e["scores"]) for e in suite.entries(group, "test", learner)]
            lines.append([learner, REGIMES[group][0], ", ".join(number(v) for v in each),
                          number(float(np.std(each, ddof=1)))])  # fmt: skip
    return rows(["learner", "regime", "mean on the held-out instances, each training seed", "deviation"], lines)


def cost_table(suite: Suite) -> str:
    lines = []
    for group in (*suite.regimes, *([NETWORKS] if suite.protocol["held_out"] else [])):
        for name in suite.contestants(group):
            found = [e for e in suite.results["tuned"] if (e["group"], e["contestant"]) == (group, name)]
            if not found:
                continue
            values = "" if np.size(found[0]["values"]) > 7 or name in (*ABLATIONS, *suite.learners) else ", ".join(
                f"{v:.3g}" for v in found[0]["values"])  # fmt: skip
            # On networks what is trained is scored on networks drawn anew in each generation.
            unlike = group == NETWORKS and name not in suite.tuned(group)
            lines.append([group, name, f"{found[0]['episodes']}" + (f" × {len(found)}" if len(found) > 1 else ""),
                          f"{np.mean([e['seconds'] for e in found]):.0f}",
                          "" if unlike else number(float(np.mean([e["score"] for e in found]))), values])  # fmt: skip
    return rows(["", "contestant", "episodes", "seconds", "score on the tune instances", "found"], lines)


def network_table(suite: Suite, one: str) -> str:
    lines = []
    names = suite.contestants(NETWORKS)
    for name in sorted(names, key=lambda n: suite.scores(NETWORKS, one, n).mean()):
        entries = suite.entries(NETWORKS, one, name)
        values = suite.scores(NETWORKS, one, name)
        low, high = interval(values)
        accuracy = suite.scores(NETWORKS, one, name, "accuracy")
        lines.append([name, number(np.exp(values.mean()), 4), f"[{np.exp(low):.4f}, {np.exp(high):.4f}]",
                      f"{100 * accuracy.mean():.2f}", ", ".join(f"{e['factor']:g}" for e in entries),
                      f"{sum(e['failed'] for e in entries)}/{suite.runs(NETWORKS, one, name)}"])  # fmt: skip
    return rows(["contestant", "loss", "95 %", "accuracy, %", "factor", "failed"], lines)


def text(results: dict) -> str:
    """For the terminal."""
    suite, lines = Suite(results), []
    for group in suite.regimes:
        lines.append(f"\n{REGIMES[group][0]}: log(loss/reference) on the held-out instances")
        for name in suite.contestants(group):
            values = suite.scores(group, "test", name)
            failed = sum(e["failed"] for e in suite.entries(group, "test", name))
            lines.append(f"{name:<24}{values.mean():>10.4f}{np.median(values):>10.4f}{failed:>6} failed")
    for one in suite.protocol["held_out"]:
        lines.append(f"\n{one}: log of the held-out loss")
        for name in suite.contestants(NETWORKS):
            lines.append(f"{name:<24}{suite.scores(NETWORKS, one, name).mean():>10.4f}")
    return "\n".join(lines).lstrip("\n")


# ---- Pictures ---------------------------------------------------------------

STYLES = {
    "constant": ("0.55", "-"), "step decay": ("#0072B2", "-"), "cosine": ("#56B4E9", "-"),
    "linear": ("#56B4E9", "--"), "warm-up, cosine": ("#0072B2", "--"), "GreedyLR": ("#009E73", "-"),
    "hypergradient": ("#E69F00", "-"), "line search": ("#F0E442", "-"), "open loop": ("#CC79A7", "-"),
    "state-blind": ("#CC79A7", "--"), "feedback": ("#D55E00", "-"), "agent": ("k", "-"), "agent, PPO": ("k", "--"),
}  # fmt: skip


def style(name: str) -> dict:
    colour, line = STYLES.get(name, ("0.3", ":"))
    return {"color": colour, "linestyle": line, "linewidth": 2 if name in ("agent", "feedback", "open loop") else 1.3}


def save(figure, name: str) -> str:
    save_picture(figure, PICTURES / f"{name}.png", 128)
    return f"learned/{name}.png"


def drawn(suite: Suite, group: str) -> list[str]:
    return [name for name in suite.contestants(group) if not name.startswith("replay")]


def draw_rates(suite: Suite) -> str:
    """For each regime: the rates above, the losses below."""
    wide, updates = len(suite.regimes), suite.protocol["updates"]
    figure, panels = plt.subplots(2, wide, figsize=(4.3 * wide, 7), dpi=75, layout="constrained", squeeze=False)
    for column, group in enumerate(suite.regimes):
        rates, losses = panels[0, column], panels[1, column]
        for name in drawn(suite, group):
            entries = suite.entries(group, "test", name)
            rate = np.exp(np.mean([np.log(e["rates"]) for e in entries], axis=0))
            rates.plot(np.linspace(0, updates - 1, len(rate)), rate, label=name, **style(name))
            curve = np.mean([e["curve"] for e in entries], axis=0)
            losses.plot(np.linspace(0, updates, len(curve)), curve, **style(name))
        rates.set(title=REGIMES[group][0], xlabel="update")
        logarithmic(rates.yaxis)
        losses.set(xlabel="update")
        final = [np.mean([e["curve"][-1] for e in suite.entries(group, "test", n)]) for n in drawn(suite, group)]
        low = min(final)
        losses.set_ylim(low - 0.05 * max(1, abs(low)), max(1.0, 1.2 * max(final)))
        for axis in (rates, losses):
            axis.grid(True, color="0.92")
    panels[0, 0].set_ylabel("rate / bound, geometric mean")
    panels[1, 0].set_ylabel("log(loss / reference), median")
    legend_below(figure, size=9)
    return save(figure, "rates")


def draw_differences(suite: Suite) -> str:
    """Each held-out instance a dot."""
    wide = len(suite.regimes)
    figure, panels = plt.subplots(1, wide, figsize=(4.3 * wide, 4.6), dpi=75, layout="constrained", squeeze=False)
    for axis, group in zip(panels[0], suite.regimes):
        learner = suite.main(group)
        found = sorted(pairs(suite, group, "test", learner).values(), key=lambda pair: -pair.mean)
        for height, pair in enumerate(found):
            colour = style(pair.other)["color"]
            axis.plot(pair.difference, np.full(len(pair.difference), height), ".", color=colour, alpha=0.4)
            axis.plot([pair.low, pair.high], [height, height], color="k", linewidth=2.5)
            axis.plot(pair.mean, height, "D", color="k", markersize=5)
        axis.axvline(0, color="0.4", linewidth=1)
        axis.set(yticks=range(len(found)), yticklabels=[pair.other for pair in found], title=REGIMES[group][0],
                 xlabel=f"{learner} minus it, log(loss)")  # fmt: skip
        axis.set_xscale("symlog", linthresh=0.02)
        axis.set_xticks([-1, -0.1, 0, 0.1, 1], ["−1", "−0.1", "0", "0.1", "1"])
        axis.grid(True, axis="x", color="0.9")
    return save(figure, "differences")


def draw_networks(suite: Suite) -> str:
    held = suite.protocol["held_out"]
    figure, panels = plt.subplots(2, len(held), figsize=(3.6 * len(held), 6.6), dpi=75, layout="constrained",
                                  squeeze=False)  # fmt: skip
    for column, one in enumerate(held):
        names = sorted(suite.contestants(NETWORKS), key=lambda n: -suite.scores(NETWORKS, one, n).mean())
        axis = panels[1, column]
        for height, name in enumerate(names):
            values = suite.scores(NETWORKS, one, name)
            colour = style(name)["color"]
            axis.plot(values, np.full(len(values), height), ".", color=colour, alpha=0.7)
            axis.plot(interval(values), [height, height], color=colour, linewidth=2.5)
            entries = suite.entries(NETWORKS, one, name)
            rate = np.exp(np.mean([np.log(e["rates"]) for e in entries], axis=0))
            panels[0, column].plot(np.linspace(0, suite.protocol["net_updates"] - 1, len(rate)), rate, label=name,
                                   **style(name))  # fmt: skip
        panels[0, column].set(title=one, xlabel="update")
        logarithmic(panels[0, column].yaxis)
        axis.set(yticks=range(len(names)), yticklabels=names, xlabel="log of the held-out loss")
        axis.tick_params(labelsize=8)
        axis.grid(True, axis="x", color="0.9")
    panels[0, 0].set_ylabel("rate, geometric mean")
    legend_below(figure, size=9)
    return save(figure, "networks")


# ---- The page ---------------------------------------------------------------

ABOUT = {
    "feedback": "a linear policy that sees losses: every 10 updates `log rate += clip(w·features, ±0.7)`, with the "
    "features 1, t/T, log(l_k/l_k−1), log(l_k/l_0), the spread of the window's losses, log rate; trained by the "
    "cross-entropy method. Written in Python for this comparison, so that the ablations differ from it in nothing else",
    "agent": "`stepsize.learned.Agent`: the library's policy, trained by its cross-entropy method on the same "
    "instances, acting as a multiplier of a constant rate",
    "agent, PPO": "the same agent trained by PPO, each decision rewarded with the fall of the log of the scored loss until "
    "the next one; as many runs, in updates of at most 64 episodes. The evaluations that the rewards need are not charged",
}


def page(suite: Suite) -> str:
    p, run = suite.protocol, suite.results["run"]
    budget = p["budget"]
    regimes = "\n".join(f"- **{REGIMES[g][0]}**: {REGIMES[g][1]}." for g in suite.regimes)
    learners = "\n".join(f"- *{name}*: {ABOUT.get(name, name)}." for name in suite.learners)
    parts = [f"""# Does it pay to learn the learning rate?

<!-- Made by `make report-learned` from Benchmarks/suites/learned/results/results.json; edits will be lost. -->

Policies that set the rate from what they see of a run, trained by reinforcement learning, against schedules and
controllers that are tuned with the same number of runs; first on stochastic non-negative matrix factorization, where a
bound on the rate is proven ([nmf-bound.md](nmf-bound.md)), then on small networks, where none is.

## What came out

{conclusion(suite)}

Figures are differences of the mean of log(loss/reference) with bootstrap intervals of 95 %; below 0 the learned policy
is better; −0.01 is a loss that is 1 % lower.

![Rates and losses]({draw_rates(suite)})

Above: the rate that each chose, as a multiple of the bound of the present state. Below: the loss of all rows. Mean and
median over the held-out instances.

## What was run

- **Instances.** Gamma factors, up to half of the entries 0, plus noise of 2 to 30 % of the norm; 96 to 160 rows, 24 to 48
  columns, rank 3 to 6, scale 10^−2 to 10^2. {p["budget"]["train"]} of 64 *train* instances in each generation of training,
  {budget["tune"]} *tune* instances, {p["test"]} *held-out* instances, with {p["seeds"]} seeds of first factors and
  batches each. The three have no instance in common. {p["shifted"]} instances in each shifted set: three times as many rows and
  columns; rank 10 to 14; 75 to 90 % of the factors' entries 0; held-out instances times 100.
- **Runs.** {p["updates"]} updates on batches of about {p["batch"]} rows. All contestants have the same first factors and
  the same batches. A rate is a fraction of the bound of the present state, at most the cap of the regime; 0.001 at least
  for those that adapt.
- **Score.** log(f/f_ref): f is the loss of all rows at the end, f_ref that of 400 passes of scikit-learn's coordinate
  descent, a measure and not the optimum. A run fails if it ends above its first loss, not finite, or no better than
  factors of zeros; it then counts as no better than the start.
- **Tuning.** {budget["candidates"] * budget["tune"]} runs for each
  contestant. Schedules and controllers: {budget["candidates"]} points (a Sobol sequence, then normal steps around the
  best) on all {budget["tune"]} tune instances. Learned ones: the cross-entropy method, {budget["generations"]}
  generations of {budget["population"]} candidates on {budget["train"]} train instances, for each training seed.
- **Work.** Products with a batch, as a multiple of two for each update. Trials of the line search are charged. The losses
  that policies see are those that the update computes anyway.
- **Tests.** Means over the seeds of an instance; Wilcoxon's signed-rank test on them, adjusted (Holm) for all comparisons of a
  table. *Past the bound*: the part of the updates whose rate was above it.

{regimes}

The learners, {p["trained"]} training seeds each:

{learners}

And what tells where a gain comes from: *open loop*, log rates at seven knots, found by the cross-entropy method with
the same budget; *replay*, the geometric mean of a learner's rates on the tune instances, whatever the losses are;
*state-blind*, the linear policy that sees the time alone.

*learned("nmf")* comes with the library, trained on factorizations of its own (alternating, inside the bound) with
{more(suite, "nmf", budget)}, by `make policies`; the constant rate that it multiplies is tuned like a schedule's.

The hypergradient uses the steps of H that were made, one update late, since the gradient is not known before the update.

Measured on {run["date"]} in {run["core_seconds"] / 60:.0f} minutes of processor time ({run["machine"]}, {run["cores"]}
cores, {run["jobs"]} processes). Python {run["python"]}, numpy {run["numpy"]}, scipy {run["scipy"]}, torch {run["torch"]},
stepsize {run["stepsize"]}.
"""]  # fmt: skip
    for group in suite.regimes:
        parts.append(f"""## {REGIMES[group][0]}

Held-out instances; compared with *{suite.main(group)}*, of the learners the best on the tune instances, all training
seeds together.

{score_table(suite, group, "test", suite.main(group))}

Means on the shifted sets, with what was tuned and trained as before; the lowest is bold:

{shift_table(suite, group)}

Scores of the instances times 100 differ from those of the instances themselves by at most {scale_error(suite, group):.0e}.
""")
    parts.append(f"""## Instance by instance

![Differences]({draw_differences(suite)})

A dot is a held-out instance; left of 0 the learner that is named below is better. Diamonds and bars: mean and interval of 95 %.

## Training seeds

{seed_table(suite)}
""")
    if p["held_out"]:
        nets = p["net_budget"]
        parts.append(f"""## Networks

Tuned and trained on perceptrons for the digits of scikit-learn (64-w-10, tanh, w = 16, 32, 64, with and without 20 % of
random labels; SGD with momentum 0.9, batches of 32): {nets["candidates"] * nets["tune"]} runs of {p["net_updates"]} updates for each
contestant, learned ones with {p["net_trained"]} training seeds. Held out: other widths and other parts of random labels (48
with 10 %, 128 with 40 %), a convolutional network on the digits, and a character-level transformer (one block, width 32, two
heads, context 32, Adam) on the help topics that are part of Python (`pydoc_data.topics`, Python Software Foundation
License). *learned("mlp")* comes with the library, trained on
perceptrons for the same digits with widths, optimizers, lengths and anchors that vary, by {more(suite, "mlp", nets)}; its
anchor is tuned like a schedule's rate. What was found on the perceptrons is used as it is, but for one factor of the rates, the best of
{p["net_tune"]} runs each on seeds of its own, from 1/4 to 4. {p["net_seeds"]} test seeds.

The loss is that of held-out rows (geometric mean over the seeds), the interval that of the seeds. *failed*: runs above twice the
loss of guessing.
""")
        for one in p["held_out"]:
            parts.append(f"### {one}\n\n{network_table(suite, one)}\n")
        parts.append(f"""![Networks]({draw_networks(suite)})

Above: the rates. Below: each seed a dot, and the interval of the mean.
""")
    parts.append(f"""## What tuning and training cost

{cost_table(suite)}

One episode is one run. A learner costs what any other contestant does; it pays where its rows above are better.
*found*: for schedules and controllers the base rate (a multiple of the bound, or of 0.1 for SGD and 0.003 for Adam), then
their other parameters.

## Limits

- One kind of matrix, one batch size, one length of run. Matrices of the shifted sets differ in one respect each.
- {budget["candidates"] * budget["tune"]} runs, {p["net_budget"]["candidates"] * p["net_budget"]["tune"]} on networks; more
  training may do more. The tuned contestants would then have more as well. They need fewer: for one or two numbers the
  search is over long before.
- The same number of updates is a third of the passes on the matrices that are three times as large.
- The search for the parameters of a controller with five of them is harder than for one; equal budgets are not equal
  difficulty.
- The networks are tiny and their runs short; {p["net_seeds"]} seeds show large effects only. No correction for the number of
  comparisons was made there.
- Intervals are those of the instances; training seeds are averaged before, and listed on their own.
""")
    return filled("\n".join(parts))


def claims(suite: Suite) -> list[list[str]]:
    """Claim, paper, what was measured, verdict (rates/report/claims.py)."""
    paper = "[AAu_WuIiwi](https://openreview.net/forum?id=AAu_WuIiwi)"
    parts, better, count = [], 0, 0
    for group in suite.regimes:
        learner = suite.main(group)
        found = pairs(suite, group, "test", learner)
        if STEP in found:
            pair, count = found[STEP], count + 1
            better += pair.verdict == "better"
            parts.append(f"{REGIMES[group][0].lower()}: {learner} {signed(pair.mean)} {span(pair.low, pair.high)}, {pair.verdict}")
    verdict = "not testable here" if not count else "reproduced" if better == count else "not reproduced"
    verdict = "reproduced in part" if 0 < better < count else verdict
    return [
        ["A learned rate is better than step decay, on stochastic NMF", paper,
         f"log of the loss minus that of {STEP}: {'; '.join(parts)}", verdict],
        ["The figures and the bound of that paper", paper, "its data, bound and baselines are not published",
         "not testable here"],
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="report-learned", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results" / "results.json", metavar="FILE")
    parser.add_argument("--output", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--claims", action="store_true", help="print what became of the papers' claims, as JSON")
    options = parser.parse_args()
    if options.claims:
        print(json.dumps(claims(Suite(read_json(options.results)))))
        return 0
    global PICTURES
    PICTURES = options.output.parent / "learned"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    suite = Suite(read_json(options.results))
    options.output.write_text(page(suite).rstrip() + "\n", encoding="utf-8")
    print(f"{options.output}: {len(suite.regimes)} regimes, {len(suite.found)} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
