"""The pages of the documentation and their pictures, from the stored results: KIND "report" has everything, "which" one
line for each situation, "greedy" what the paper of GreedyLR claims, "race" a search inside the budget. Without a file
all that is made of them: the pages, the table of the README, the data of `stepsize.recommend`.

    python -m rates.report [--results FILE] [--output FILE] [--kind KIND]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])] if str(HERE.parents[1]) not in sys.path else []

import matplotlib

matplotlib.use("Agg")

from engine.files import read_json, write_json

from rates.report import claims, greedy, race
from rates.report.page import page
from rates.report.which import recommendations, summary, which

ROOT = HERE.parents[3]
DOCS, STORED = ROOT / "docs", HERE.parent / "results"
CLAIMS, README = DOCS / "claims.md", ROOT / "README.md"
# What the package holds.
DATA = ROOT / "bindings/python/src/stepsize/_recommend/measured.json"
RACED = STORED / "race.json"
KINDS = {
    "report": page,
    "which": lambda results, folder: which(results),
    "greedy": greedy.page,
    "race": lambda results, folder: race.page(results, read_json(RACED)),
}
RESULTS = STORED / "results.json"
# The pages of the documentation that are made of it, by kind.
PAGES = {
    "report": DOCS / "rates.md", "which": DOCS / "which.md", "greedy": DOCS / "greedylr.md", "race": DOCS / "race.md",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="report-rates", description=__doc__.split("\n\n")[0])
    parser.add_argument("--results", type=Path, metavar="FILE", help="without it: every page of the documentation")
    parser.add_argument("--output", type=Path, default=DOCS / "rates.md", metavar="FILE")
    parser.add_argument("--kind", choices=KINDS, default="report")
    options = parser.parse_args()
    results = read_json(options.results or RESULTS)
    for kind, output in ({options.kind: options.output} if options.results else PAGES).items():
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(KINDS[kind](results, output.with_suffix("")), encoding="utf-8")
        print(f"{output}: {len(results['entries'])} entries")
    if not options.results:
        README.write_text(with_summary(README.read_text(encoding="utf-8"), results), encoding="utf-8")
        write_json(DATA, recommendations(results))
        CLAIMS.write_text(claims.page(results), encoding="utf-8")
        print(CLAIMS)
    return 0


def with_summary(readme: str, results: dict[str, Any]) -> str:
    """The README with the table between its marks."""
    begin, end = "edits will be lost. -->\n", "<!-- End of what"
    return re.sub(f"(?<={begin}).*(?={end})", lambda _: f"\n{summary(results)}\n\n", readme, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
