"""The matrices to factorize: made from seeds, and split into parts that have no instance in common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# A part is a number of instances. The shifted parts differ from what is trained and tuned on in one respect each;
# "scaled" holds the first test instances times 100.
PARTS = {"train": 64, "tune": 32, "test": 64, "larger": 24, "rank": 24, "sparser": 24, "scaled": 24}
SHIFTED = ("larger", "rank", "sparser", "scaled")


@dataclass(frozen=True)
class Instance:
    """X is about the product of factors of this rank, with noise."""

    part: str
    number: int
    x: np.ndarray
    rank: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.x.tobytes()).hexdigest()[:16]


@lru_cache(maxsize=256)
def instance(part: str, number: int) -> Instance:
    """Gamma factors, some entries zero; noise of 2 to 30 % of the norm; scales from 0.01 to 100."""
    if part == "scaled":
        base = instance("test", number)
        return Instance(part, number, 100 * base.x, base.rank)
    random = np.random.default_rng([list(PARTS).index(part), number, 2211])
    rows, columns = int(random.integers(96, 161)), int(random.integers(24, 49))
    rank, zeros = int(random.integers(3, 7)), random.uniform(0, 0.5)
    if part == "larger":
        rows, columns = 3 * rows, 3 * columns
    if part == "rank":
        rank = int(random.integers(10, 15))
    if part == "sparser":
        zeros = random.uniform(0.75, 0.9)
    w = random.gamma(1, size=(rows, rank)) * (random.random((rows, rank)) >= zeros)
    h = random.gamma(1, size=(rank, columns)) * (random.random((rank, columns)) >= zeros)
    # No component and no row of zeros alone.
    w[np.arange(rows), random.integers(0, rank, rows)] += 0.5
    h[np.arange(rank), random.integers(0, columns, rank)] += 0.5
    exact = w @ h
    noise = np.abs(random.standard_normal(exact.shape))
    x = exact + random.uniform(0.02, 0.3) * np.linalg.norm(exact) / np.linalg.norm(noise) * noise
    return Instance(part, number, x * 10.0 ** random.uniform(-2, 2), rank)


def instances(part: str, count: int | None = None) -> list[Instance]:
    return [instance(part, number) for number in range(PARTS[part] if count is None else min(count, PARTS[part]))]


@lru_cache
def digest(part: str, count: int) -> str:
    """Of the first so many instances of a part."""
    whole = "".join(one.digest for one in instances(part, count))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def reference(one: Instance) -> float:
    """The loss that scikit-learn's coordinate descent reaches in 400 passes: the measure, not the optimum."""
    import warnings

    from sklearn.decomposition import NMF

    model = NMF(one.rank, init="nndsvda", max_iter=400, tol=0, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 400 passes were all
        model.fit(one.x)
    return float(model.reconstruction_err_**2 / 2)
