#!/usr/bin/env python3
"""Generate the C header and everything derived from it. Run it as `make header`.

    dev/generate.py [--check] [--root DIR] path/to/StepsizeC-Swift.h

Read:     the header that the Swift compiler emitted (prototypes), Sources/StepsizeC/*.swift (order,
          sections, comments), Sources/StepsizeC/Introduction.h, the types block of stepsize_types.h,
          Sources/Stepsize/Version.swift.
Written:  include/stepsize/stepsize.h, and from a parse of that header Sources/StepsizeC/exports.map,
          Tests/abi/symbols.txt and bindings/python/src/stepsize/_abi.py.

Exit status: 0, 1 when --check finds a stale file, 2 when the sources break a rule.
"""

import argparse
import difflib
import sys
from pathlib import Path

import abi_header
import abi_outputs
import abi_sources

MAXIMUM_DIFF_LINES = 60


def outputs(root: Path, emitted: Path) -> dict[Path, str]:
    """The text of every generated file, by path."""
    layer = root / "Sources/StepsizeC"
    version = abi_sources.read_version(root / "Sources/Stepsize/Version.swift")
    types = abi_sources.read_types(root / "Sources/CStepsize/include/stepsize_types.h")
    introduction = abi_sources.read_introduction(layer / "Introduction.h")
    chapters = abi_sources.read_chapters(layer)
    prototypes = abi_sources.read_prototypes(emitted)
    header = abi_header.write(version, introduction, types, chapters, prototypes)
    abi = abi_outputs.parse(header)
    return {
        root / "include/stepsize/stepsize.h": header,
        layer / "exports.map": abi_outputs.export_map(abi),
        root / "Tests/abi/symbols.txt": abi_outputs.symbol_list(abi),
        root / "bindings/python/src/stepsize/_abi.py": abi_outputs.python_module(abi),
    }


def check(files: dict[Path, str], root: Path) -> bool:
    """Whether every file on disk is as generated; print what is not."""
    stale = False
    for path, text in files.items():
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == text:
            continue
        stale = True
        name = str(path.relative_to(root))
        diff = list(difflib.unified_diff(
            old.splitlines(), text.splitlines(), name, f"{name} (generated)", lineterm=""))
        print(*diff[:MAXIMUM_DIFF_LINES], sep="\n")
        if len(diff) > MAXIMUM_DIFF_LINES:
            print(f"... {len(diff) - MAXIMUM_DIFF_LINES} more lines")
        print(f"stale: {name} (run `make header`)", file=sys.stderr)
    return not stale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("emitted", type=Path, help="StepsizeC-Swift.h, as the compiler wrote it")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    try:
        files = outputs(options.root, options.emitted)
    except (abi_sources.Problem, OSError) as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        return 2
    if options.check:
        return 0 if check(files, options.root) else 1
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(options.root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
