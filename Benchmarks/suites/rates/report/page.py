"""The text of docs/rates.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.markdown import filled, listed, rows

from .. import plan
from ..entrants import CONSTANT, LINEAR
from ..levels import Level
from ..problem import DESIGN, PARTS, REPORT, TUNING
from . import pictures, tables
from .losses import Losses, Pair

SHOWN = [CONSTANT, "cosine", LINEAR, "greedy", "greedy x linear", "greedy wide x linear", "schedule-free",
         "prodigy x linear", "polyak x linear", "dadapt x linear", "auto"]  # fmt: skip
TITLES = {REPORT: "Report problems", DESIGN: "Design problems", TUNING: "Tuning problems"}


def page(results: dict[str, Any], folder: Path) -> str:
    losses, run, protocol = Losses(results), results["run"], results["protocol"]
    present = [part for part in reversed(PARTS) if any(losses.parts[pair[0]] == part for pair in losses.runs)]
    parts = [introduction(losses, run, protocol, present)]
    for part in present:
        parts.append(of_part(losses, part, folder))
    apart = [pair for part in present for pair in losses.pairs(part, overfitting=True)]
    if apart:
        names = [name for name in SHOWN if name in losses.names]
        parts.append(f"""## Where training longer makes it worse

These pairs count in no table above: a run at a constant rate had been as good as the reference and became worse again
by more than a tenth, so a low rate there is an early stop, and no rate that follows the training loss can know of it.

{tables.per_problem(losses, apart, names)}
""")
    parts.append(protocol_text(losses, protocol))
    return filled("\n".join(parts)) + "\n"


def introduction(losses: Losses, run: dict, protocol: dict, present: list[str]) -> str:
    whole = protocol["profile"] == "full"
    names = {part: {pair[0] for pair in losses.runs if losses.parts[pair[0]] == part} for part in present}
    counts = listed([f"{len(found)} {part}" for part, found in names.items()])
    warnings = {
        "quick": "few problems, few seeds, short runs. They show what the program makes of stored results, and answer"
                 " no question about the entrants.",
    }  # fmt: skip
    rest = "the entrants, lengths and numbers of seeds that are listed below, which are not all of the suite."
    warning = "" if whole else f"""
**These are the results of the profile "{protocol["profile"]}": {warnings.get(protocol["profile"], rest)}**
"""
    frozen = "" if protocol["frozen"] else """
The entrants without a base rate are not frozen yet, so they have not been run on the report problems.
"""
    return f"""# Which schedule, and which base rate

<!-- Made by `make report-rates` from stored results; edits will be lost. -->

Entrants are schedules, controllers and optimizers of other packages, each with the same grid of base rates and the
same seeds to choose from it; then at every base rate from a thousandth to a thousand times the usual one, without a
choice.
{warning}{frozen}
Problems: {counts}. A *pair* is a problem, a length and an optimizer. The *reference* of a pair is the schedule and rate
that were best on the seeds that tune, run on the seeds of the report. *Regret* is the last loss over that of the
reference, minus one; a run that diverges counts as its loss before the first update. Means are geometric.

Measured on {run["date"]}: {run["cells"]} cells, {run["core_seconds"] / 60:.0f} minutes of processor time
({run["machine"]}); Python {run["python"]}, numpy {run["numpy"]}, torch {run["torch"]}, stepsize {run["stepsize"]}.
"""


def of_part(losses: Losses, part: str, folder: Path) -> str:
    pairs = losses.pairs(part)
    if not pairs:
        return ""
    found = [f"## {TITLES[part]}\n"]
    lengths = sorted({pair[1] for pair in pairs})
    for length in lengths:
        found.append(of_length(losses, part, length, losses.pairs(part, lengths=(length,)), folder))
    names = [name for name in SHOWN if name in losses.names]
    found.append(f"""### Each problem

Regret of the tuned runs.

{tables.per_problem(losses, pairs, names)}
""")
    return "\n".join(found)


def of_length(losses: Losses, part: str, length: int, pairs: list[Pair], folder: Path) -> str:
    own = f"{part}_{length}"
    drawn = f"{folder.name}/ranks_{own}.png", f"{folder.name}/base_rates_{own}.png"
    difference, order = pictures.ranks(losses, pairs, folder / f"ranks_{own}.png")
    names = [name for name in SHOWN if name in losses.names]
    pictures.robustness(losses, pairs, names, folder / f"base_rates_{own}.png")
    first = order[0][0]
    level = listed([f"*{name}*" for name, rank in order[1:] if rank <= order[0][1] + difference])
    others = [name for name in losses.names if not name.startswith("greedy")]
    greedy = "\n".join(f"{name} against others:\n\n{tables.as_good_or_better(losses, pairs, name, others)}\n"
                       for name in losses.names if name.startswith("greedy"))  # fmt: skip
    return f"""### {length} updates, {len(pairs)} pairs

Each at its tuned rate, or without one. The first row is what tuning gives on other seeds, against the best schedule
that hindsight finds on the very seeds: no entrant can be asked for more. The second is the same linear runs in batches
of another size, which differ by rounding alone.

{tables.tuned(losses, pairs)}

![Mean ranks]({drawn[0]})

Of the entrants on all these pairs, *{first}* has the best mean rank; not told apart from it: {level}.

#### Untuned

Any base rate, a thousandth to a thousand times the usual one.

{tables.untuned(losses, pairs)}

![Base rates]({drawn[1]})

#### As good or better

At the same base rate, untuned, within half a percent: as the paper of GreedyLR counts. More strictly: each at its own
tuned rate, lower, or clearly worse (paired t-test over the seeds, 5 %).

{greedy}
#### A wrong length

The change of the loss where the schedule was told half or double the length, at the rate tuned for the true one.

{tables.wrong_length(losses, pairs)}

#### Time to a target

How much of the run it takes until the loss is within 5 % of where the reference ends.

{tables.time_to_target(losses, pairs)}
"""


def protocol_text(losses: Losses, protocol: dict) -> str:
    listed_problems = rows(
        ["problem", "part", "family", "what it is for", "batch", "updates: level"],
        [[p["name"], p["part"], p["family"], p["purpose"], f"{p['batch']}",
          ", ".join(f"{length}: {level}" for length, level in p["lengths"].items())]
         for p in losses.results["problems"]],
    )  # fmt: skip
    texts = rows(["entrant", "kind", "text form, for 1000 updates at base rate 0.1"],
                 [[name, one["kind"], f"`{one['text']}`"] for name, one in protocol["entrants"].items()])
    cost = rows(["updates", "level", "cells", "minutes of a core"],
                [[f"{one['length']}", one["level"], f"{one['cells']}", f"{one['core_seconds'] / 60:.1f}"]
                 for one in losses.results["budget"]])  # fmt: skip
    return f"""## How it was measured

- SGD with momentum 0.9; AdamW with (0.9, 0.999) and decay 0.01; Muon for hidden matrices, with AdamW for the rest.
  Usual rates: 0.1, 0.001, 0.001.
- The grid, then four rates around the best one; chosen by the mean log of the last loss over seeds from 100 on. The
  runs that are reported have seeds from 0 on.
- Convex problems and factorizations are judged by the objective over all rows, everything else by rows held out.
- Calibrated: one rate for all problems, the geometric mean of the tuned rates of the tuning problems.
- Rates of controllers without a base rate are those of base rate 1.

{plan.levels({name: Level(**level) for name, level in protocol["levels"].items()})}

What it cost:

{cost}

{listed_problems}

{texts}
"""
