"""The files that suites leave: results as JSON, pictures, and what they were measured on."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import numpy as np


def machine() -> dict:
    import platform

    import scipy
    import stepsize

    return {"date": date.today().isoformat(), "cores": os.cpu_count(), "machine": platform.machine(),
            "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "stepsize": stepsize.__version__}  # fmt: skip


def write_json(path: Path, results: dict) -> None:
    """One entry per line, so that a change of the file can be read; never a half-written file."""
    lines = [f' "{name}": {json.dumps(results[name])}' for name in results if not isinstance(results[name], list)]
    for name in results:
        if isinstance(results[name], list):
            lines.append(f' "{name}": [\n  ' + ",\n  ".join(json.dumps(item) for item in results[name]) + "\n ]")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    os.replace(part, path)


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def save_picture(figure, path: Path, colours: int) -> None:
    """A picture of lines needs few colours: a third of the size."""
    import io

    import matplotlib.pyplot as plt
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    Image.open(buffer).convert("RGB").quantize(colours).save(path, optimize=True)
