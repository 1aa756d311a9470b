"""docs/rates.md and its pictures, from the stored results; with --which the page of one line for each situation.
Without arguments all that is made of them: the pages, the table of the README, the data of `stepsize.recommend`.

    python -m rates.report [--results FILE] [--output FILE] [--which]
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

from rates.report import claims
from rates.report.page import page
from rates.report.which import recommendations, summary, which

ROOT = HERE.parents[3]
DOCS, STORED = ROOT / "docs", HERE.parent / "results"
CLAIMS, README = DOCS / "claims.md", ROOT / "README.md"
# What the package holds.
DATA = ROOT / "bindings/python/src/stepsize/_recommend/measured.json"
# The pages of the documentation: results, page, and whether it is the one of lines to paste.
PAGES = (
    (STORED / "results.json", DOCS / "rates.md", False),
    (STORED / "auto.json", DOCS / "auto.md", False),
    (STORED / "auto.json", DOCS / "which.md", True),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="report-rates", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, metavar="FILE", help="without it: every page of the documentation")
    parser.add_argument("--output", type=Path, default=DOCS / "rates.md", metavar="FILE")
    parser.add_argument("--which", action="store_true", help="which line to paste, in place of the report")
    options = parser.parse_args()
    for stored, output, is_which in [(options.results, options.output, options.which)] if options.results else PAGES:
        output.parent.mkdir(parents=True, exist_ok=True)
        results = read_json(stored)
        text = which(results) if is_which else page(results, output.with_suffix(""))
        output.write_text(text, encoding="utf-8")
        print(f"{output}: {len(results['entries'])} entries")
        if is_which and not options.results:
            README.write_text(with_summary(README.read_text(encoding="utf-8"), results), encoding="utf-8")
            write_json(DATA, recommendations(results))
    if not options.results:
        CLAIMS.write_text(claims.page(claims.stored(STORED)), encoding="utf-8")
        print(CLAIMS)
    return 0


def with_summary(readme: str, results: dict[str, Any]) -> str:
    """The README with the table between its marks."""
    begin, end = "edits will be lost. -->\n", "<!-- End of what"
    return re.sub(f"(?<={begin}).*(?={end})", lambda _: f"\n{summary(results)}\n\n", readme, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
