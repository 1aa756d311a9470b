"""Trains the policies that come with the library and writes them into the sources (make policies).

The same seed gives the same bits; build the library again afterwards. How each is trained, and what on, stands in
Benchmarks/suites/learned/shipped.py.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Benchmarks/suites/learned"), str(ROOT / "Benchmarks/suites")]

import shipped  # noqa: E402
from stepsize.learned import Agent  # noqa: E402

SOURCE = ROOT / "Sources/Stepsize/Learned/ShippedPolicies.swift"

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


def numbers_of(agent: Agent) -> list[str]:
    """Five digits are enough, and cost less than sixteen."""
    return [f"{number:.5g}" for number in agent.controller().parameters]


def main() -> None:
    trained, found = {}, {}
    for name, recipe in shipped.RECIPES.items():
        start = time.process_time()
        agent = recipe.train(lambda done, mean: print(f"{name} {done}/{recipe.generations}: {mean:.4f}", flush=True))
        print(f"{name}: {recipe.episodes} episodes, {time.process_time() - start:.0f} s of one core")
        trained[name], found[name] = numbers_of(agent), agent
    lines = []
    for name, values in trained.items():
        rows = [", ".join(values[i : i + 8]) for i in range(0, len(values), 8)]
        lines.append(f"    case .{name}:\n      [\n        " + ",\n        ".join(rows) + ",\n      ]")
    text = TEXT.format(
        cases=", ".join(trained), names="\n".join(f'    case .{name}: "{name}"' for name in trained),
        numbers="\n".join(lines),
    )
    SOURCE.write_text(text)
    print(f"wrote {SOURCE.name}", file=sys.stderr)
    # As they are used, on instances that are not trained on.
    for name, values in trained.items():
        for line in shipped.WORTH[name](found[name], [float(value) for value in values]):
            print(f"{name}: {line}", flush=True)


if __name__ == "__main__":
    main()
