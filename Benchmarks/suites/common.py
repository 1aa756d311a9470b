"""Shared by the suites: progress, atomic files, adjusted tests, Markdown."""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import time
from datetime import date
from functools import cached_property
from pathlib import Path

# One thread for the whole process: sums in a fixed order on every machine, however the suite is imported, and a core
# for each job. The variables are for libraries that are loaded later, here or in the jobs.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

threadpool_limits(1)

# ---- Running ----------------------------------------------------------------


def run_missing(suite, jobs: int, progress: Progress) -> int:
    """Runs the cells of a suite that are not there yet; how many that was.

    A suite has the groups of its `cells()`, one group after the other; the `path` and the `cost` of a cell,
    `work(cell)`, which writes that file and returns the cell, and the cell's `name` for the progress.
    """
    from joblib import Parallel, delayed

    suite.folder.mkdir(parents=True, exist_ok=True)
    groups = suite.cells()
    progress.start(sum(suite.cost(cell) for group in groups for cell in group), sum(map(len, groups)))
    done = 0
    for group in groups:
        missing = {}  # two cells of the same runs are run once
        for cell in group:
            if suite.path(cell).exists() or suite.path(cell) in missing:
                progress.skip(suite.cost(cell))
            else:
                missing[suite.path(cell)] = cell
        if jobs == 1:
            finished = map(suite.work, missing.values())
        else:
            tasks = (delayed(suite.work)(cell) for cell in missing.values())
            finished = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=jobs)(tasks)
        for cell in finished:
            progress.done(suite.name(cell), suite.cost(cell))
            done += 1
    return done


def run_to_the_end(suite, jobs: int, program: str) -> tuple[int, int]:
    """Runs the suite: how many cells that was, and the seconds. Ctrl-C ends the program with status 130."""
    progress, begun = Progress(), time.monotonic()
    try:
        done = suite.run(jobs, progress)
    except KeyboardInterrupt:
        print(f"{program}: stopped; finished cells are kept, run it again to resume", file=sys.stderr)
        sys.exit(130)
    finally:
        progress.stop()
    return done, round(time.monotonic() - begun)


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """The whole file or none."""
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    with open(part, "wb") as file:
        np.savez(file, **arrays)
    os.replace(part, path)


class Progress:
    """Cells done and an estimate of the time left, on stderr: a bar on a terminal, a line now and then elsewhere."""

    EVERY = 20  # seconds between lines

    def start(self, cost: float, cells: int) -> None:
        self.cost, self.cells = cost, cells
        self.spent, self.count, self.skipped = 0.0, 0, 0.0
        self.begun = self.last = time.monotonic()

    @cached_property
    def bar(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        bar = Progress(TextColumn("{task.completed}/{task.total} cells"), BarColumn(), TextColumn("{task.description}"),
                       console=Console(stderr=True), transient=True)  # fmt: skip
        bar.add_task("", total=self.cells)
        bar.start()
        return bar

    def skip(self, cost: float) -> None:
        self.count += 1
        self.skipped += cost

    def left(self) -> str:
        """The work left at the speed so far; weighted, as cells differ a thousandfold."""
        elapsed = time.monotonic() - self.begun
        rest = elapsed / self.spent * max(0.0, self.cost - self.skipped - self.spent) if self.spent else 0
        return f"about {round(rest / 60)} min left" if rest > 90 else f"about {round(rest)} s left"

    def done(self, name: str, cost: float) -> None:
        self.count += 1
        self.spent += cost
        if sys.stderr.isatty():
            self.bar.update(0, completed=self.count, description=f"{self.left()}, {name}")
        elif time.monotonic() - self.last > self.EVERY:
            self.last = time.monotonic()
            print(f"{self.count}/{self.cells} cells, {self.left()}; {name}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        if "bar" in self.__dict__:
            self.bar.stop()


def machine() -> dict:
    import platform

    import scipy
    import stepsize

    return {"date": date.today().isoformat(), "cores": os.cpu_count(), "machine": platform.machine(),
            "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "stepsize": stepsize.__version__}  # fmt: skip


# ---- Files ------------------------------------------------------------------


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


# ---- Statistics -------------------------------------------------------------


def holm(p_values: list[float]) -> list[float]:
    """Adjusted for that many tests (Holm 1979)."""
    order, adjusted, highest = np.argsort(p_values), [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def geometric_mean(values) -> float:
    return float(np.exp(np.mean(np.log(values))))


# ---- Words ------------------------------------------------------------------


def rows(header: list[str], lines: list[list[str]]) -> str:
    body = ["| " + " | ".join(line) + " |" for line in [header, *lines]]
    return "\n".join([body[0], "|" + "---|" * len(header), *body[1:]])


def filled(text: str) -> str:
    """Paragraphs and list items broken into lines of at most 120 characters; tables and headings as they are."""
    blocks = []
    for block in text.split("\n\n"):
        if block.lstrip()[:1] in ("|", "#", "!", "<"):
            blocks.append(block)
            continue
        items = re.split(r"\n(?=- )", block)
        broken = [textwrap.fill(" ".join(item.split()), 120, subsequent_indent="  " * item.startswith("- "),
                                break_long_words=False, break_on_hyphens=False) for item in items]  # fmt: skip
        blocks.append("\n".join(broken))
    return "\n\n".join(blocks)


def listed(names: list[str]) -> str:
    return ", ".join(names) if names else "none"


def p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
