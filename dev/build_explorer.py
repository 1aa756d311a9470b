#!/usr/bin/env python3
"""Puts the explorer into a folder: docs/explorer, the JavaScript of bindings/wasm, and the library for WebAssembly.

    build_explorer.py FOLDER

It needs no server; a browser loads modules only from one, such as `python -m http.server -d FOLDER`. Called by
dev/build_docs.py.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# All files together, before any compression.
LIMIT = 400_000


def copy_code(source: Path, target: Path) -> None:
    """Without indentation and comments of whole lines, which nobody downloads."""
    target.parent.mkdir(parents=True, exist_ok=True)
    kept, comment = [], False
    for line in source.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        comment = comment or text.startswith("/*")
        if text and not comment and not text.startswith("//"):
            kept.append(text)
        comment = comment and not text.endswith("*/")
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")


def build(folder: Path) -> None:
    subprocess.run([ROOT / "dev/build_wasm.sh", "page"], check=True)
    shutil.rmtree(folder, ignore_errors=True)
    for source in (ROOT / "docs/explorer").glob("*.*"):
        copy_code(source, folder / source.name)
    binding = ROOT / "bindings/wasm"
    for source in (binding / "index.js", *(binding / "src").glob("*.js")):
        copy_code(source, folder / "stepsize" / source.relative_to(binding))
    shutil.copyfile(ROOT / "build/wasm/page.wasm", folder / "stepsize/stepsize.wasm")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder / 'index.html'}: {size} bytes in all")
    if size > LIMIT and shutil.which("wasm-opt") is None:
        print(f"build_explorer: {size} bytes, the limit is {LIMIT} where wasm-opt is installed (dev/setup_web.sh)")
    elif size > LIMIT:
        sys.exit(f"build_explorer: {size} bytes, the limit is {LIMIT}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    build(Path(sys.argv[1]))
