"""What a benchmark suite has to say for the engine to run it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .store import Content, key_of


@dataclass
class Suite(ABC):
    """`settings` say which cells there are, `results` has the contents of those that are done, by key.

    Where a cell is computed, in another process or on another machine, `results` holds just what the cell needs.
    """

    settings: Any
    results: Mapping[str, Content]
    title = ""  # in the file

    @abstractmethod
    def cells(self) -> list[list[Any]]:
        """In groups, one after the other: a cell may need the results of earlier groups."""

    @abstractmethod
    def about(self, cell: Any) -> dict[str, Any]:
        """Everything that decides the result, as JSON: another content, another cell."""

    @abstractmethod
    def cost(self, cell: Any) -> float:
        """Roughly its seconds, for the order and the estimate of the time left."""

    @abstractmethod
    def name(self, cell: Any) -> str:
        """For the progress."""

    @abstractmethod
    def compute(self, cell: Any) -> Content:
        """Runs the cell."""

    def lots(self, cells: list[Any]) -> list[list[Any]]:
        """The cells in lots; a lot is run by one call."""
        return [[cell] for cell in cells]

    def compute_lot(self, lot: list[Any]) -> list[Content]:
        return [self.compute(cell) for cell in lot]

    def needs(self, cell: Any) -> list[Any]:
        """The cells whose results `compute` and `about` read."""
        return []

    def key(self, cell: Any) -> str:
        return key_of(self.about(cell))

    def read(self, cell: Any) -> Content:
        return self.results[self.key(cell)]
