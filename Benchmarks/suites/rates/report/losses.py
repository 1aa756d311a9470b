"""The stored results as arrays of losses, the references that they are compared with, and regrets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..entrants import CONSTANT, ENTRANTS, LINEAR

OVERFIT = 1.1  # ends so many times above its lowest point, which was as good as the reference
JUDGED_BY_ALL = ("logistic", "least squares", "factorization")  # families that are judged by what they are trained on
Pair = tuple[str, int, str]  # problem, length, optimizer


def numbers(values: Any) -> np.ndarray:
    """Null is a run that blew up."""
    if not isinstance(values, list):
        return np.array(np.inf if values is None else values, float)
    return np.array([numbers(value) for value in values])


@dataclass
class Run:
    """An entrant on a pair."""

    entry: dict[str, Any]

    def __post_init__(self) -> None:
        self.start = numbers(self.entry["start"])

    def logs(self, name: str = "loss") -> np.ndarray:
        """(seeds,): logarithms of the last losses; a run that ends above its start counts as its start."""
        loss = numbers(self.entry[name])
        return np.log(np.maximum(np.minimum(loss, self.start[: len(loss)]), 1e-300))

    @property
    def tuning(self) -> float:
        """The loss by which its rate was chosen."""
        return self.entry["tuning"]

    @cached_property
    def untuned(self) -> np.ndarray:
        """(rates, seeds): like `logs`."""
        loss = numbers(self.entry["untuned"])
        return np.log(np.maximum(np.minimum(loss, self.start[: loss.shape[1]]), 1e-300))

    @cached_property
    def failed(self) -> np.ndarray:
        """(rates,): fraction of the untuned runs that end above their start, or not at a number."""
        loss = numbers(self.entry["untuned"])
        return (loss > self.start[: loss.shape[1]]).mean(axis=1)


class Losses:
    """All runs of the results, by pair and entrant."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results
        self.parts = {problem["name"]: problem["part"] for problem in results["problems"]}
        self.runs: dict[Pair, dict[str, Run]] = {}
        for entry in results["entries"]:
            pair = (entry["problem"], entry["length"], entry["optimizer"])
            self.runs.setdefault(pair, {})[entry["entrant"]] = Run(entry)
        # What cannot be compared with linear is left out.
        self.runs = {pair: runs for pair, runs in self.runs.items() if LINEAR in runs and CONSTANT in runs}

    @cached_property
    def names(self) -> list[str]:
        return [name for name in ENTRANTS if any(name in runs for runs in self.runs.values())]

    @cached_property
    def references(self) -> dict[Pair, str]:
        """The schedule and rate that were best on the seeds that tune: what full tuning gives on other seeds."""
        return {pair: min((name for name in runs if ENTRANTS[name].kind == "schedule"), key=lambda n: runs[n].tuning)
                for pair, runs in self.runs.items()}  # fmt: skip

    def reference(self, pair: Pair) -> np.ndarray:
        return self.runs[pair][self.references[pair]].logs()

    def regret(self, pair: Pair, logs: np.ndarray) -> float:
        """Log of the mean loss over that of the reference on the same seeds."""
        return float(np.mean(logs) - np.mean(self.reference(pair)[: len(logs)]))

    @cached_property
    def overfitting(self) -> set[Pair]:
        """Pairs where an untuned run at a constant rate had been as good as the reference and became worse again."""
        found = set()
        families = {problem["name"]: problem["family"] for problem in self.results["problems"]}
        for pair, runs in self.runs.items():
            entry = runs[CONSTANT].entry
            if "lowest" in entry and families[pair[0]] not in JUDGED_BY_ALL:
                last, lowest = np.exp(runs[CONSTANT].untuned).mean(axis=1), numbers(entry["lowest"])
                good = lowest <= OVERFIT * np.exp(self.reference(pair)).mean()
                if (good & (last > OVERFIT * lowest) & (runs[CONSTANT].failed == 0)).any():
                    found.add(pair)
        return found

    def pairs(self, *parts: str, overfitting: bool = False, lengths: tuple[int, ...] = ()) -> list[Pair]:
        return [pair for pair in self.runs if self.parts[pair[0]] in parts and (pair in self.overfitting) == overfitting
                and (not lengths or pair[1] in lengths)]  # fmt: skip
