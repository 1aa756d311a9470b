"""Cells done and an estimate of the time left."""

from __future__ import annotations

import sys
import time
from functools import cached_property


class Progress:
    """On stderr: a bar on a terminal, a line now and then elsewhere."""

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
