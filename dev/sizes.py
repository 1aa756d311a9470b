#!/usr/bin/env python3
"""What a library is made of: bytes of each folder of Sources, and the largest functions and tables.

    dev/sizes.py build/release/libstepsize.so.2.debug [ROWS]

Reads the library before its symbols are stripped (dev/build_library.sh). What is no function or named table (strings,
tables of symbols, relocations) is "other".
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

SECTIONS_IN_MEMORY_ONLY = "bBnN"


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    library = Path(sys.argv[1])
    rows = int(sys.argv[2]) if len(sys.argv) == 3 else 12
    swiftc = shutil.which("swiftc")
    if swiftc is None:
        print("dev/sizes.py needs the Swift toolchain", file=sys.stderr)
        return 2
    tools = Path(swiftc).resolve().parent

    functions = []
    for line in output(tools / "llvm-nm", "--print-size", "--defined-only", library).splitlines():
        match line.split():
            case [address, size, kind, name] if kind not in SECTIONS_IN_MEMORY_ONLY:
                functions.append((address, int(size, 16), name))
    found = json.loads(output(
        tools / "llvm-symbolizer", f"--obj={library}", "--output-style=JSON", "--no-inlines",
        *(f"0x{address}" for address, _, _ in functions)))
    places = [entry["Symbol"][0]["FileName"] for entry in found]

    by_folder: Counter[str] = Counter()
    by_symbol: Counter[str] = Counter()
    for (_, size, name), place in zip(functions, places, strict=True):
        folder = str(Path(place).parent).removeprefix("Sources/")
        by_folder[folder if place.startswith("./Sources") else "other"] += size
        by_symbol[name] += size
    by_folder["other"] += weight(library) - sum(by_folder.values())
    print("bytes by source folder:")
    for folder, size in by_folder.most_common(rows):
        print(f"{size:9,}  {folder}")
    print("largest functions and tables:")
    largest = by_symbol.most_common(rows)
    symbols = [symbol for symbol, _ in largest]
    names = output(tools / "swift-demangle", "--compact", "--simplified", *symbols).splitlines()
    for (_, size), name in zip(largest, names, strict=True):
        print(f"{size:9,}  {name}")
    return 0


def weight(library: Path) -> int:
    """Bytes of the library that is shipped."""
    return library.with_suffix("").stat().st_size


def output(program: Path, *words: str | Path) -> str:
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
