"""The results of all cells in one SQLite file. A cell is written in one transaction: it is there whole, or not at all.

    SELECT name, seconds, about FROM cells WHERE about ->> 'problem' = 'digits mlp'

`about` is everything that decides a cell, as JSON; its hash is the key. `content` is a NumPy archive. `lot` lists the
keys of the cells that were run as one array with it: what else is in an array changes the rounding of its products.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

Content = Mapping[str, np.ndarray]

TABLE = """
CREATE TABLE IF NOT EXISTS cells (
  key TEXT PRIMARY KEY, suite TEXT, name TEXT, about TEXT, seconds REAL, written REAL, content BLOB, lot TEXT
) WITHOUT ROWID
"""


def text_of(about: Mapping[str, Any]) -> str:
    return json.dumps(about, sort_keys=True)


def key_of(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(text_of(about).encode()).hexdigest()[:24]


def packed(content: Content) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()


def unpacked(blob: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(blob)) as file:
        return {name: file[name] for name in file.files}


class Store(Mapping[str, Content]):
    """Contents by key. Opened by one process, which writes what the others return."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()  # joblib asks for tasks from threads of its own

    @cached_property
    def connection(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Other runs may read and write the same file: wait for them.
        connection = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing, a power cut the last cells
        connection.execute(TABLE)
        return connection

    def put(self, suite: str, cells: list[tuple[str, Mapping[str, Any], Content]], seconds: float) -> None:
        """A lot of cells, each with name, about and content; the seconds are shared out among them."""
        lot = json.dumps([key_of(about) for _, about, _ in cells])
        each, now = seconds / len(cells), time.time()
        rows = [(key_of(about), suite, name, text_of(about), each, now, packed(content), lot)
                for name, about, content in cells]  # fmt: skip
        with self.lock, self.connection:
            self.connection.executemany("INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def lot(self, key: str) -> list[str]:
        return json.loads(self.rows("SELECT lot FROM cells WHERE key = ?", key)[0][0])

    def rows(self, query: str, *values: Any) -> list[tuple]:
        with self.lock:
            return self.connection.execute(query, values).fetchall()

    def __getitem__(self, key: str) -> dict[str, np.ndarray]:
        found = self.rows("SELECT content FROM cells WHERE key = ?", key)
        if not found:
            raise KeyError(key)
        return unpacked(found[0][0])

    def seconds(self, key: str) -> float:
        return self.rows("SELECT seconds FROM cells WHERE key = ?", key)[0][0]

    def __contains__(self, key: object) -> bool:
        return bool(self.rows("SELECT 1 FROM cells WHERE key = ?", key))

    def __iter__(self) -> Iterator[str]:
        return iter([key for (key,) in self.rows("SELECT key FROM cells ORDER BY key")])

    def __len__(self) -> int:
        return self.rows("SELECT count(*) FROM cells")[0][0]

    def close(self) -> None:
        if "connection" in self.__dict__:
            self.connection.close()
            del self.connection
