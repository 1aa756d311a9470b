"""Does a search inside the budget pay? Short runs at many base rates from the same start, halved by their losses; then
one run with linear decay at the rate that is left, over what remains of the updates.

    python -m rates.race [--problems NAME ...] [--lengths N ...] [--results FILE]

Search with noisy losses is optimal in theory (arXiv 2402.03126, successive halving as in arXiv 1502.07943). The updates
of the short runs are counted, so the last run is shorter than that of its rivals. Written to results/race.json, from
which `make report-rates` makes docs/race.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)] if str(HERE.parent) not in sys.path else []

import numpy as np
from engine.files import read_json, write_json

from rates.entrants import CONSTANT, ENTRANTS, LINEAR
from rates.optimizers import USUAL
from rates.problem import REPORT, Problem
from rates.problems import PROBLEMS, of
from rates.results import rounded
from rates.training import Part, train

SEEDS = [0, 1, 2, 3, 4]
# Thirteen rates, from a thousandth to a thousand times the usual one.
FACTORS = [10.0 ** (k / 2) for k in range(-6, 7)]
SHARES = (0.05, 0.1, 0.2)  # of the budget that the race may cost
KEPT = (13, 6, 3)  # runs of each round, which cost the same
STORED = HERE / "results" / "race.json"


@dataclass(frozen=True)
class Raced:
    chosen: int
    cost: int  # updates


def race(losses: np.ndarray, budget: int) -> Raced:
    """The race of one seed, by the losses (rates, updates) of the batches that constant rates were trained on. After
    each round the runs with the lowest mean over its second half stay; they continue, so that a round costs its new
    updates alone."""
    alive, at, cost = np.arange(len(losses)), 0, 0
    for place, _ in enumerate(KEPT):
        more = max(1, budget // (len(KEPT) * len(alive)))
        cost += more * len(alive)
        ends = at + more
        means = losses[alive, (at + ends) // 2 : ends].mean(axis=1)
        means = np.where(np.isfinite(means), means, np.inf)
        left = KEPT[place + 1] if place + 1 < len(KEPT) else 1
        alive, at = alive[np.argsort(means, kind="stable")[:left]], ends
    return Raced(int(alive[0]), cost)


def longest(budget: int) -> int:
    """Updates of a run that survives all rounds."""
    return sum(max(1, budget // (len(KEPT) * kept)) for kept in KEPT)


def outcomes(problem: Problem, optimizer: str, length: int) -> list[dict[str, Any]]:
    """For each share: what was chosen, what it cost, and the last loss of every seed."""
    bases = tuple(USUAL[optimizer] * factor for factor in FACTORS)
    budgets = [round(share * length) for share in SHARES]
    part = Part(ENTRANTS[CONSTANT], bases, length)
    losses = train(problem, optimizer, [part], SEEDS, longest(max(budgets)), log_losses=True)[0].batches
    found = []
    for share, budget in zip(SHARES, budgets):
        raced = [race(losses[:, seed], budget) for seed in range(len(SEEDS))]
        rest = length - max(one.cost for one in raced)
        chosen = sorted({one.chosen for one in raced})
        last = train(problem, optimizer, [Part(ENTRANTS[LINEAR], tuple(bases[one] for one in chosen), rest)], SEEDS,
                     rest)[0]  # fmt: skip
        loss = [last.loss[chosen.index(one.chosen), seed] for seed, one in enumerate(raced)]
        found.append({"problem": problem.name, "length": length, "optimizer": optimizer, "share": share,
                      "cost": length - rest, "factors": rounded([FACTORS[one.chosen] for one in raced]),
                      "loss": rounded(np.array(loss)), "start": rounded(last.start[0])})  # fmt: skip
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="rates.race", description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=[problem.name for problem in of(REPORT)], metavar="NAME")
    parser.add_argument("--lengths", nargs="+", type=int, default=[500, 5000], metavar="N")
    parser.add_argument("--results", type=Path, default=STORED, metavar="FILE", help="what is there stays")
    options = parser.parse_args()
    found = read_json(options.results)["entries"] if options.results.exists() else []
    known = {(one["problem"], one["length"], one["optimizer"]) for one in found}
    for name in options.problems:
        for length in (each for each in options.lengths if each in PROBLEMS[name].lengths):
            for optimizer in ("sgd", "adamw"):
                if optimizer in PROBLEMS[name].optimizers and (name, length, optimizer) not in known:
                    found += outcomes(PROBLEMS[name], optimizer, length)
                    write_json(options.results, {"shares": SHARES, "kept": KEPT, "entries": found})
                    print(f"{name}, {optimizer}, {length}: {found[-1]['factors']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
