"""docs/rates.md and its pictures, from the stored results; with --which the page of one line for each situation.
Without arguments all that is made of them: the pages, the table of the README, the data of `stepsize.recommend`.

    python -m rates.report [--results FILE] [--output FILE] [--which]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])] if str(HERE.parents[1]) not in sys.path else []

import matplotlib

matplotlib.use("Agg")

from engine.files import read_json, write_json

from rates.report.page import page
from rates.report.which import recommendations, summary, which

ROOT = HERE.parents[3]
DOCS, STORED = ROOT / "docs", HERE.parent / "results"
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
            write_summary(summary(results))
            write_json(DATA, recommendations(results))
    return 0


def write_summary(text: str) -> None:
    """Between the marks of the README."""
    readme = ROOT / "README.md"
    begin, end = "edits will be lost. -->\n", "<!-- End of what"
    whole = readme.read_text(encoding="utf-8")
    whole = re.sub(f"(?<={begin}).*(?={end})", lambda _: f"\n{text}\n\n", whole, flags=re.DOTALL)
    readme.write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
