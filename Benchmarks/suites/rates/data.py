"""Tables and images as rows to train on and rows held out. A split and its noise are fixed: seeds decide the rest."""

from __future__ import annotations

import numpy as np
import sets
import torch
from torch import Tensor

Rows = tuple[Tensor, ...]

TRAINED, HELD = 4000, 1000  # rows at most


def split(x: np.ndarray, y: np.ndarray, noise: float = 0.0, classes: int = 0) -> tuple[Rows, Rows]:
    """A fifth is held out; a fraction `noise` of the labels to train on are random."""
    random = np.random.default_rng(9)
    order = random.permutation(len(y))
    held = min(HELD, len(y) // 5)
    kept, train = order[:held], order[held : held + TRAINED]
    labels = y[train].copy()
    wrong = random.random(len(labels)) < noise
    labels[wrong] = random.integers(0, max(classes, 1), wrong.sum()) if classes else labels[wrong]
    parts = []
    for rows, target in ((train, labels), (kept, y[kept])):
        target = torch.tensor(target).long() if classes else torch.tensor(target).float()
        parts.append((torch.tensor(x[rows]).float(), target))
    return parts[0], parts[1]


def table(name: str, noise: float = 0.0) -> tuple[Rows, Rows, int]:
    """A classification set of `sets.py`, and its number of classes."""
    problem = sets.load(name)
    return (*split(problem.features, problem.labels, noise, problem.classes), problem.classes)


def small_digits(noise: float = 0.0) -> tuple[Rows, Rows]:
    """scikit-learn's 1797 images of 8 x 8, the test part of optdigits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return split(data.data / 16, data.target, noise, 10)


def written_digits(noise: float = 0.0) -> tuple[Rows, Rows]:
    """The 5620 images of optdigits, not standardised."""
    x, y = sets.read(sets.SETS["optdigits"])
    return split(np.asarray(x, float) / 16, y, noise, 10)


def turned(rows: Rows) -> Rows:
    """The same images lying on their side, and negative: another distribution."""
    x, y = rows
    return 1 - x.view(-1, 8, 8).transpose(1, 2).flip(2).reshape(len(x), 64), y


def drifted(rows: Rows) -> Rows:
    """The same rows from sensors with another gain and offset each."""
    x, y = rows
    random = np.random.default_rng(11)
    gain, offset = random.uniform(-1.5, 1.5, x.shape[1]), random.normal(0, 1, x.shape[1])
    return x * torch.tensor(gain).float() + torch.tensor(offset).float(), y


def letters(first: int) -> tuple[Rows, Rows]:
    """Thirteen of the 26 letters, as classes from 0 on."""
    problem = sets.load("letter")
    chosen = (problem.labels >= first) & (problem.labels < first + 13)
    return split(problem.features[chosen], problem.labels[chosen] - first, classes=13)


def patches() -> tuple[Rows, Rows]:
    """8 x 8 patches of the two photographs of scikit-learn with noise, and without it as targets."""
    from sklearn.datasets import load_sample_images

    random, found = np.random.default_rng(4), []
    for image in load_sample_images().images:
        grey = image.mean(2) / 255
        for _ in range(2500):
            row, column = random.integers(0, grey.shape[0] - 8), random.integers(0, grey.shape[1] - 8)
            found.append(grey[row : row + 8, column : column + 8].ravel())
    clean = np.array(found)
    clean -= clean.mean()
    clean /= clean.std()
    return split(clean + 0.7 * random.standard_normal(clean.shape), clean)


def friedman() -> tuple[Rows, Rows]:
    """Friedman's first function: ten columns of which five matter, with noise."""
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(4000, 10, noise=1.0, random_state=2)
    return split(2 * x - 1, ((y - y.mean()) / y.std())[:, None])


def diabetes() -> tuple[Rows, Rows]:
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    y = (data.target - data.target.mean()) / data.target.std()
    return split(data.data / data.data.std(0), y[:, None])
