"""Trains the policies that come with the library and writes them into the sources (make policies).

The same seed gives the same bits; build the library again afterwards. Training takes about half a minute on one core.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from stepsize.learned import Agent

SOURCE = Path(__file__).parent.parent / "Sources/Stepsize/Learned/ShippedPolicies.swift"
GENERATIONS = 30

TEXT = """\
// Written by dev/train_policies.py (make policies): do not edit.

/// The policies that come with the library.
enum ShippedPolicy: CaseIterable, Word {{
  case {cases}

  var name: StaticString {{
    switch self {{
{names}
    }}
  }}

  /// every, limit, hidden units, then the weights.
  var numbers: [Double] {{
    switch self {{
{numbers}
    }}
  }}
}}
"""


def nmf() -> Agent:
    agent = Agent(trainer="cem", policy="linear", seed=1, population=32, instances=16)
    agent.train_nmf(GENERATIONS, lambda done, all, mean: print(f"nmf {done}/{all}: mean score {mean:.4f}", flush=True))
    return agent


POLICIES = {"nmf": nmf}


def main() -> None:
    lines = []
    for name, train in POLICIES.items():
        start = time.perf_counter()
        agent = train()
        numbers = agent.controller().parameters
        held_out = [agent.score_nmf(-i) for i in range(1, 65)]
        print(f"{name}: {time.perf_counter() - start:.0f} s, mean score on 64 held-out instances "
              f"{sum(held_out) / len(held_out):.4f}")
        # Five digits are enough, and cost less than sixteen.
        values = [f"{number:.5g}" for number in numbers]
        rows = [", ".join(values[i : i + 8]) for i in range(0, len(values), 8)]
        lines.append(f"    case .{name}:\n      [\n        " + ",\n        ".join(rows) + ",\n      ]")
    text = TEXT.format(
        cases=", ".join(POLICIES), names="\n".join(f'    case .{name}: "{name}"' for name in POLICIES),
        numbers="\n".join(lines),
    )
    SOURCE.write_text(text)
    print(f"wrote {SOURCE.name}", file=sys.stderr)


main()
