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

PAGE = HERE.parents[3] / "docs" / "rates.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="report-rates", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE.parent / "results" / "results.json", metavar="FILE")
    parser.add_argument("--output", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--which", action="store_true", help="which line to paste, in place of the report")
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    results = read_json(options.results)
    text = which(results) if options.which else page(results, options.output.with_suffix(""))
    options.output.write_text(text, encoding="utf-8")
    print(f"{options.output}: {len(results['entries'])} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
