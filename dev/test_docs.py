#!/usr/bin/env python3
"""Runs what the documents show: the examples of the README and of docs, every text form of docs/schedules.md."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import stepsize

ROOT = Path(__file__).resolve().parent.parent


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def main() -> int:
    passed = 0
    readme = ROOT / "README.md"
    for source in blocks(readme, "c"):
        command = re.search(r"/\* (\S+): (.*?) \*/", source)
        with tempfile.TemporaryDirectory() as folder:
            for name in ("include", "build"):
                (Path(folder) / name).symlink_to(ROOT / name)
            (Path(folder) / command[1]).write_text(source, encoding="utf-8")
            output = subprocess.run(command[2], shell=True, cwd=folder, check=True, capture_output=True, text=True)
            assert "learning rate 0.001000" in output.stdout or "learning rate 0.0009" in output.stdout, output.stdout
        passed += 1
    for page in [readme, *sorted((ROOT / "docs").glob("*.md"))]:
        for source in blocks(page, "python"):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "build").mkdir()
                subprocess.run([sys.executable, "-c", source], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            passed += 1
    for block in blocks(ROOT / "docs/schedules.md", ""):
        for text in block.splitlines():
            assert str(stepsize.parse(str(stepsize.parse(text)))) == str(stepsize.parse(text))
            passed += 1
    print(f"documents: {passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
