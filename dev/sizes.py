#!/usr/bin/env python3
"""What a library is made of: bytes of each folder of Sources, and the largest functions and tables.

    dev/sizes.py .build-embedded/stepsize.map [ROWS]

Reads the map that the linker writes (dev/build_library.sh). What belongs to no source (tables of symbols, relocations,
the C start files) is "other".
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "Sources"
# VMA, LMA, size, alignment, then "object:(section)" for what comes from a file.
LINE = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ +(\S.*):\((\.[\w.]*?)\.?(\$[^)]*)?\)")
SECTIONS_IN_MEMORY_ONLY = (".bss", ".tbss")


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    rows = int(sys.argv[2]) if len(sys.argv) == 3 else 12
    modules = {path.name for path in SOURCES.iterdir()}
    folders = {
        (module, path.name): str(path.parent.relative_to(SOURCES))
        for module in modules for path in (SOURCES / module).rglob("*.*")}
    by_folder: Counter[str] = Counter()
    by_symbol: Counter[str] = Counter()
    for line in Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace").splitlines():
        match = LINE.match(line)
        if not match or match[3].startswith(SECTIONS_IN_MEMORY_ONLY):
            continue
        size, item = int(match[1], 16), Path(match[2])
        key = (item.parent.name.removesuffix(".build"), item.name.removesuffix(".o"))
        by_folder[folders.get(key, "other")] += size
        if match[4]:
            by_symbol[match[4]] += size
    print("bytes by source folder:")
    for folder, size in by_folder.most_common(rows):
        print(f"{size:9,}  {folder}")
    print("largest functions and tables:")
    largest = by_symbol.most_common(rows)
    for (_, size), name in zip(largest, demangled([symbol for symbol, _ in largest])):
        print(f"{size:9,}  {name}")
    return 0


def demangled(symbols: list[str]) -> list[str]:
    if not symbols or shutil.which("swift") is None:
        return symbols
    run = subprocess.run(
        ["swift", "demangle", "--compact", "--simplified", *symbols], capture_output=True, text=True, check=False)
    names = run.stdout.splitlines()
    return names if len(names) == len(symbols) else symbols


if __name__ == "__main__":
    sys.exit(main())
