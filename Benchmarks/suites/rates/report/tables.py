"""The tables: one row for each entrant, over the pairs of problem, length and optimizer that are given."""

from __future__ import annotations

import numpy as np
from engine.markdown import p_text, rows
from engine.statistics import holm, signed_rank

from ..entrants import ENTRANTS, LINEAR
from .losses import Losses, Pair, Run, numbers

WITHIN = (0.01, 0.05, 0.10)
TIE = 0.005  # as good: within half a percent
CEILING = "*best schedule, tuned on other seeds*"
NOISE = "*linear again, in other batches*"


def percent(fraction: float, sign: bool = False) -> str:
    value = 100 * fraction
    text = f"{value:+.1f}" if abs(value) < 99.95 else f"{value:+.0f}"
    return f"{text if sign else text.lstrip('+')} %"


def share(found: np.ndarray) -> str:
    return f"{100 * np.mean(found):.0f} %"


def regrets(logs: np.ndarray) -> list[str]:
    """Shares within 1, 5 and 10 %, geometric mean, median, worst."""
    shares = [share(logs <= np.log1p(limit)) for limit in WITHIN]
    return shares + [percent(np.expm1(one), sign=True) for one in (np.mean(logs), np.median(logs), np.max(logs))]


HEADER = ["within 1 %", "5 %", "10 %", "geometric mean", "median", "worst"]


def tuned_regrets(losses: Losses, pairs: list[Pair], name: str) -> dict[Pair, float]:
    return {pair: losses.regret(pair, losses.runs[pair][name].logs()) for pair in pairs if name in losses.runs[pair]}


def untuned_regrets(losses: Losses, pair: Pair, name: str) -> list[float]:
    """One for each base rate."""
    return [losses.regret(pair, logs) for logs in losses.runs[pair][name].untuned]


def tuned(losses: Losses, pairs: list[Pair]) -> str:
    """Every entrant at its own tuned rate, or without one."""
    lines, p_values = [], {}
    linear = tuned_regrets(losses, pairs, LINEAR)
    found = {name: tuned_regrets(losses, pairs, name) for name in losses.names}
    for name, own in found.items():
        if name != LINEAR and len(own) > 5:
            p_values[name] = signed_rank([own[pair] - linear[pair] for pair in own])
    adjusted = dict(zip(p_values, holm(list(p_values.values()))))
    for name, own in found.items():
        if own:
            edges = sum(losses.runs[pair][name].entry.get("edge", False) for pair in own)
            p = p_text(adjusted[name]) if name in adjusted else ""
            values = np.array(list(own.values()))
            lines.append([name, f"{len(own)}", *regrets(values), p, f"{edges}" if edges else ""])
    lines.sort(key=lambda line: float(line[5].split()[0]))
    header = ["entrant", "pairs", *HEADER, "p against linear", "at an end of the grid"]
    return rows(header, extra(losses, pairs) + lines)


def extra(losses: Losses, pairs: list[Pair]) -> list[list[str]]:
    """The ceiling, against the best that hindsight finds on the very seeds; and what another batch changes."""
    hindsight = [losses.regret(pair, losses.reference(pair)) - best_of_all(losses, pair) for pair in pairs]
    lines = [[CEILING, f"{len(pairs)}", *regrets(np.array(hindsight)), "", ""]]
    replicas = [np.mean(runs.logs("replica")) - np.mean(runs.logs())
                for runs in (losses.runs[pair][LINEAR] for pair in pairs) if "replica" in runs.entry]  # fmt: skip
    if replicas:
        lines.append([NOISE, f"{len(replicas)}", *regrets(np.array(replicas)), "", ""])
    return lines


def best_of_all(losses: Losses, pair: Pair) -> float:
    """The regret, often negative, of the schedule that turned out best on the seeds of the report."""
    return min(losses.regret(pair, run.logs()) for name, run in losses.runs[pair].items()
               if ENTRANTS[name].kind == "schedule")  # fmt: skip


def untuned(losses: Losses, pairs: list[Pair]) -> str:
    """All base rates, from a thousandth to a thousand times the usual one; what has none counts once for each pair."""
    lines = []
    for name in losses.names:
        every, failed, middle, count = [], [], [], 0
        for pair in pairs:
            run = losses.runs[pair].get(name)
            if run is None:
                continue
            count += 1
            if "untuned" in run.entry:
                own = untuned_regrets(losses, pair, name)
                third = len(own) // 3
                every += own
                middle += own[third : len(own) - third]
                failed += run.failed.tolist()
            else:
                every.append(losses.regret(pair, run.logs()))
                middle.append(every[-1])
                failed.append(float(np.mean(diverged(run))))
        if every:
            lines.append([name, f"{count}", *regrets(np.array(every)), percent(np.expm1(np.mean(middle)), sign=True),
                          share(np.array(failed))])  # fmt: skip
    lines.sort(key=lambda line: float(line[5].split()[0]))
    return rows(["entrant", "pairs", *HEADER, "geometric mean of the middle third", "runs that diverged"], lines)


def diverged(run: Run) -> np.ndarray:
    return numbers(run.entry["loss"]) > run.start


def per_problem(losses: Losses, pairs: list[Pair], names: list[str]) -> str:
    lines = []
    for pair in pairs:
        runs = losses.runs[pair]
        cells = [percent(np.expm1(losses.regret(pair, runs[name].logs())), sign=True) if name in runs else ""
                 for name in names]  # fmt: skip
        problem, length, optimizer = pair
        loss = np.exp(np.mean(losses.reference(pair)))
        lines.append([problem, f"{length}", optimizer, losses.references[pair], f"{loss:.4g}", *cells])
    return rows(["problem", "updates", "optimizer", "reference", "its loss", *names], lines)


def wrong_length(losses: Losses, pairs: list[Pair]) -> str:
    """The loss with half or double the length told, over that with the true one; at the same rate."""
    lines = []
    for name in losses.names:
        own = [losses.runs[pair][name] for pair in pairs if name in losses.runs[pair]]
        own = [run for run in own if "half" in run.entry]
        if own:
            cells = []
            for told in ("half", "double"):
                change = np.array([np.mean(run.logs(told)) - np.mean(run.logs()[: len(run.entry[told])])
                                   for run in own])  # fmt: skip
                cells += [percent(np.expm1(change.mean()), sign=True), percent(np.expm1(change.max()), sign=True)]
            lines.append([name, f"{len(own)}", *cells])
    header = ["entrant", "pairs", "told half: geometric mean", "worst", "told double: geometric mean", "worst"]
    return rows(header, lines)


def time_to_target(losses: Losses, pairs: list[Pair], above: float = 0.05) -> str:
    """The part of the run after which the mean loss is within 5 % of where the reference ends."""
    lines = []
    for name in losses.names:
        found = []
        for pair in pairs:
            if name in losses.runs[pair]:
                curve = log_curve(losses, pair, name)
                target = np.log1p(above) + losses.reference(pair).mean()
                below = np.flatnonzero(curve <= target)
                found.append((below[0] + 1) / len(curve) if len(below) else np.inf)
        if found:
            reached = [one for one in found if np.isfinite(one)]
            median = f"{np.median(found):.2f}" if np.isfinite(np.median(found)) else "never"
            least = f"{min(reached):.2f}" if reached else ""
            lines.append([name, f"{len(found)}", share(np.isfinite(found)), median, least])
    lines.sort(key=lambda line: -float(line[2].split()[0]))
    return rows(["entrant", "pairs", "reach it", "median part of the run", "least"], lines)


def log_curve(losses: Losses, pair: Pair, name: str) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(numbers(losses.runs[pair][name].entry["curve"]))


def as_good_or_better(losses: Losses, pairs: list[Pair], name: str, against: list[str]) -> str:
    """How often `name` is as good as others: at the same base rate, untuned, as the paper of GreedyLR counts; and each
    at its own tuned rate, where it is also asked how often the other one is better by more than chance."""
    lines = []
    for other in against:
        same, tuned_, clear, count = [], [], [], 0
        for pair in pairs:
            runs = losses.runs[pair]
            if name not in runs or other not in runs:
                continue
            count += 1
            if "untuned" in runs[name].entry and "untuned" in runs[other].entry:
                same += (runs[name].untuned.mean(axis=1) - runs[other].untuned.mean(axis=1)).tolist()
            difference = runs[name].logs() - runs[other].logs()
            tuned_.append(difference.mean())
            clear.append(clearly_worse(difference))
        if not count:
            continue
        limits = (np.log1p(TIE), -1e-9)
        ways = [share(np.array(one) <= limit) if one else "" for one in (same, tuned_) for limit in limits]
        lines.append([other, f"{count}", *ways, share(np.array(clear))])
    return rows(["against", "pairs", "same base rate: within 0.5 %", "lower", "each tuned: within 0.5 %", "lower",
                 "clearly worse"], lines)  # fmt: skip


def clearly_worse(difference: np.ndarray, level: float = 0.05) -> bool:
    """By a paired t-test over the seeds."""
    from scipy.stats import ttest_1samp

    if len(difference) < 2 or np.ptp(difference) == 0:
        return bool(len(difference) and difference[0] > 0)
    return bool(difference.mean() > 0 and ttest_1samp(difference, 0).pvalue < level)


