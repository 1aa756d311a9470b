#!/usr/bin/env python3
"""Generate the C header of a library and everything derived from it. Run it as `make generate`.

    dev/generate.py [--check] [--root DIR] stepsize|stepsize-learn path/to/…-Swift.h

Read:     the header that the Swift compiler emitted (prototypes), the Swift files of the C layer (order, sections,
          comments) and its Introduction.h, the types block of its C module, Sources/StepsizeBase/Version.swift.
Written:  the public header, and from a parse of that header the export map, the list of symbols and the Python
          table; of the first library its functions besides, as the second one sees them.

Exit status: 0, 1 when --check finds a stale file, 2 when the sources break a rule.
"""

import argparse
import difflib
import sys
from dataclasses import dataclass
from pathlib import Path

import abi_header
import abi_outputs
import abi_sources

MAXIMUM_DIFF_LINES = 60
PYTHON = Path("bindings/python/src/stepsize")


@dataclass
class Library:
    layer: Path  # the Swift files with @c functions
    types: Path
    header: Path
    symbols: Path
    python: Path
    version_node: str  # of the symbols, without the ABI number
    base: str | None = None  # the library whose header this one's header includes


LIBRARIES = {
    "stepsize": Library(
        Path("Sources/StepsizeC"), Path("Sources/CStepsize/include/stepsize_types.h"),
        Path("include/stepsize/stepsize.h"), Path("Tests/abi/symbols.txt"), PYTHON / "_foreign/abi.py", "STEPSIZE"),
    "stepsize-learn": Library(
        Path("Sources/StepsizeLearnC"), Path("Sources/CStepsizeLearn/include/learn_types.h"),
        Path("include/stepsize/learn.h"), Path("Tests/abi/symbols_learn.txt"), PYTHON / "_foreign/abi_learn.py",
        "STEPSIZE_LEARN", base="stepsize"),
}
# The functions of the first library for the C layer of the second, which has their types already.
FUNCTIONS = Path("Sources/CStepsizeLearn/include/stepsize_functions.h")


def outputs(name: str, root: Path, emitted: Path) -> dict[Path, str]:
    """The text of every generated file, by path."""
    library = LIBRARIES[name]
    version = abi_sources.read_version(root / "Sources/StepsizeBase/Version.swift")
    types = abi_sources.read_types(root / library.types)
    introduction = abi_sources.read_introduction(root / library.layer / "Introduction.h")
    chapters = abi_sources.read_chapters(root / library.layer)
    prototypes = abi_sources.read_prototypes(emitted)
    base = LIBRARIES[library.base] if library.base else None
    given = abi_outputs.parse((root / base.header).read_text(encoding="utf-8")) if base else None
    known = {*given.structures, *given.handles} if given else set()
    abi_header.VALUES.update(given.numbers if given else ())
    header = abi_header.write(
        library.header.name, None if base else version, introduction, types, chapters, prototypes, known,
        base.header.name if base else None)
    abi = abi_outputs.parse(header, given)
    files = {
        library.header: header,
        library.layer / "exports.map": abi_outputs.export_map(abi, f"{library.version_node}_{version['abi']}"),
        library.symbols: abi_outputs.symbol_list(abi),
        library.python: abi_outputs.python_module(abi, library.header, base.python.stem if base else None),
    }
    if not base:
        files[FUNCTIONS] = abi_header.functions(types, chapters, prototypes)
    return {root / path: text for path, text in files.items()}


def check(files: dict[Path, str], root: Path) -> bool:
    """Whether every file on disk is up to date; prints those that are not."""
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
        print(f"stale: {name} (run `make generate`)", file=sys.stderr)
    return not stale


def finish(files: dict[Path, str], root: Path, only_check: bool) -> int:
    """Writes the files that have changed, or checks them; the exit status."""
    if only_check:
        return 0 if check(files, root) else 1
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(root)}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("emitted", type=Path, help="the header of its C layer, as the compiler wrote it")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    try:
        files = outputs(options.library, options.root, options.emitted)
    except (abi_sources.Problem, OSError) as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        return 2
    return finish(files, options.root, options.check)


if __name__ == "__main__":
    sys.exit(main())
