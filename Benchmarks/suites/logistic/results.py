"""What the runs amount to: the aggregated file, and the tables and figures that are read from it."""

from __future__ import annotations

import numpy as np

DIGITS = 9  # of the numbers in the file
POINTS = 200  # of a curve in the file
SEPARABLE = 1e-3  # nats; a set whose lowest loss is below counts as separable


def shortened(values: np.ndarray, digits: int = DIGITS) -> list:
    """For the file: plain numbers of so many significant digits; infinity becomes null."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=float)]


def thinned(values: np.ndarray) -> list:
    """POINTS values at equal distances, the first and the last among them."""
    return shortened(np.interp(np.linspace(0, len(values) - 1, POINTS), np.arange(len(values)), values), 4)


def mean_loss(loss: np.ndarray) -> np.ndarray:
    """(rates,): infinity where a seed blew up."""
    return loss.mean(axis=0)


def best_by_loss(loss: np.ndarray) -> int:
    return int(np.argmin(mean_loss(loss)))


def best_by_accuracy(loss: np.ndarray, accuracy: np.ndarray) -> int:
    """The highest mean accuracy; among equals the lowest loss."""
    return int(np.lexsort((mean_loss(loss), -np.round(accuracy.mean(axis=0), 12)))[0])


def entry(set_name: str, optimizer: str, schedule: str, loss: np.ndarray, accuracy: np.ndarray) -> dict:
    """One line of the file: the runs of one schedule at their best rates, and the loss at every rate."""
    by_loss, by_accuracy = best_by_loss(loss), best_by_accuracy(loss, accuracy)
    return {
        "set": set_name,
        "optimizer": optimizer,
        "schedule": schedule,
        "best_rate": by_loss,
        "loss": shortened(loss[:, by_loss]),
        "best_rate_by_accuracy": by_accuracy,
        "accuracy": shortened(accuracy[:, by_accuracy]),
        "loss_by_rate": shortened(mean_loss(loss)),
    }


def mean_and_error(values: list) -> tuple[float, float]:
    """The mean and its standard error over the seeds."""
    numbers = np.array([np.inf if value is None else value for value in values])
    error = numbers.std(ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 and np.isfinite(numbers).all() else np.nan
    return float(numbers.mean()), float(error)


class Table:
    """The file's entries by set, optimizer and schedule."""

    def __init__(self, results: dict) -> None:
        self.results = results
        self.entries = {(e["set"], e["optimizer"], e["schedule"]): e for e in results["entries"]}
        self.sets = list(dict.fromkeys(e["set"] for e in results["entries"]))
        self.optimizers = list(dict.fromkeys(e["optimizer"] for e in results["entries"]))
        self.schedules = list(dict.fromkeys(e["schedule"] for e in results["entries"]))
        self.about = {item["name"]: item for item in results["sets"]}

    def values(self, set_name: str, optimizer: str, schedule: str, what: str) -> list:
        return self.entries[set_name, optimizer, schedule][what]

    def mean(self, set_name: str, optimizer: str, schedule: str, what: str = "loss") -> float:
        return mean_and_error(self.values(set_name, optimizer, schedule, what))[0]

    def separable(self, set_name: str) -> bool:
        return self.about[set_name]["optimum"] < SEPARABLE

    def at_edge(self, set_name: str, optimizer: str, schedule: str) -> bool:
        """Whether the best rate is the lowest or the highest of the grid."""
        last = len(self.results["protocol"]["exponents"][optimizer]) - 1
        return self.entries[set_name, optimizer, schedule]["best_rate"] in (0, last)

    def cell(self, set_name: str, optimizer: str, schedule: str, what: str) -> str:
        """Mean ± standard error: the loss in nats, the accuracy in percent."""
        mean, error = mean_and_error(self.values(set_name, optimizer, schedule, what))
        if what == "accuracy":
            return f"{100 * mean:.2f} ± {100 * error:.2f}"
        return f"{mean:.6f} ± {error:.6f}"

    def text(self) -> str:
        """All means and standard errors as plain text."""
        lines = []
        for optimizer in self.optimizers:
            for what, title in (("loss", "final training loss, nats"), ("accuracy", "final training accuracy, %")):
                lines.append(f"\n{optimizer}: {title}")
                lines.append(f"{'set':<14}" + "".join(f"{schedule:>21}" for schedule in self.schedules))
                for name in self.sets:
                    cells = (self.cell(name, optimizer, schedule, what) for schedule in self.schedules)
                    lines.append(f"{name:<14}" + "".join(f"{cell:>21}" for cell in cells))
        return "\n".join(lines).lstrip("\n")
