"""docs/rates.md and its pictures, from the stored results; with --which the page of one line for each situation.

    python -m rates.report [--results FILE] [--output FILE] [--which]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])] if str(HERE.parents[1]) not in sys.path else []

import matplotlib

matplotlib.use("Agg")

from engine.files import read_json

from rates.report.page import page
from rates.report.which import which

DOCS, STORED = HERE.parents[3] / "docs", HERE.parent / "results"
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
