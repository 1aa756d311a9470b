"""All problems, in the three parts that must not meet: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import data
from .problem import DESIGN, REPORT, TUNING, Problem
from .tasks.convex import LeastSquares, Logistic
from .tasks.factorization import Factorization, digits_matrix, planted_matrix
from .tasks.images import Convolutional, Residual
from .tasks.perceptron import Perceptron
from .tasks.task import Task
from .tasks.text import Recurrent, Transformer, help_topics, source_code
from .tasks.tuned import fine_tuned

SHORT, MEDIUM, LONG = 500, 5_000, 50_000
FULL, WIDE, COARSE, COARSEST = "full", "wide", "coarse", "coarsest"  # see levels.py

CHEAP = {SHORT: FULL, MEDIUM: WIDE}
LONGEST = {SHORT: FULL, MEDIUM: WIDE, LONG: COARSEST}
USUAL = {SHORT: FULL, MEDIUM: COARSE}
DEAR = {SHORT: COARSE}
DEAREST = {SHORT: COARSEST}

ALL = ("sgd", "adamw", "muon")

PROBLEMS: dict[str, Problem] = {}


def add(part: str, name: str, family: str, purpose: str, make: Callable[[], Task], lengths: Mapping[int, str],
        **more: object) -> None:  # fmt: skip
    assert name not in PROBLEMS, name
    PROBLEMS[name] = Problem(name, part, family, purpose, make, lengths, **more)  # type: ignore[arg-type]


def logistic(part: str, name: str, lengths: Mapping[int, str], batch: int = 16) -> None:
    add(part, f"logistic {name}", "logistic", f"convex; {name} of the suite of logistic regression",
        lambda: Logistic(name), lengths, batch=batch)  # fmt: skip


def tabular(part: str, label: str, name: str, purpose: str, lengths: Mapping[int, str], hidden: tuple[int, ...] = (32,),
            noise: float = 0.0, activation: str = "relu", **more: object) -> None:  # fmt: skip
    def make() -> Task:
        train, held, classes = data.table(name, noise)
        return Perceptron(train, held, hidden, classes, activation)

    add(part, label, "tabular", purpose, make, lengths, **more)


# ---- Tuning: one calibrated rate comes from these ----

logistic(TUNING, "iris", CHEAP)
logistic(TUNING, "wine", CHEAP)
add(TUNING, "least squares 100", "least squares", "convex, condition 100, 20 columns",
    lambda: LeastSquares(20, 100), USUAL)  # fmt: skip
add(TUNING, "digits mlp", "images", "a perceptron that can learn every row",
    lambda: Perceptron(*data.small_digits(), (32,), 10), USUAL, optimizers=ALL)  # fmt: skip

# ---- Design: controllers are made with these; the pilot had seen most of them ----

logistic(DESIGN, "breast_cancer", USUAL)
logistic(DESIGN, "digits", {SHORT: FULL, MEDIUM: COARSE})
add(DESIGN, "least squares 1000", "least squares", "convex, condition 1000, 50 columns",
    lambda: LeastSquares(50, 1000), USUAL)  # fmt: skip
add(DESIGN, "nmf digits", "factorization", "constrained and not convex: 300 digits, 8 parts",
    lambda: Factorization(digits_matrix(), 8), {SHORT: FULL, MEDIUM: COARSE})  # fmt: skip
add(DESIGN, "diabetes mlp", "tabular", "regression that overfits: 354 rows",
    lambda: Perceptron(*data.diabetes(), (32,), 0), {SHORT: FULL})  # fmt: skip
add(DESIGN, "digits mlp, 15 % noise", "images", "noisy labels: the training loss is no guide",
    lambda: Perceptron(*data.small_digits(0.15), (32,), 10), {SHORT: FULL, MEDIUM: COARSEST},
    optimizers=ALL)  # fmt: skip
add(DESIGN, "digits cnn", "images", "a small convolutional network",
    lambda: Convolutional(*data.small_digits(), 4), DEAR)  # fmt: skip
add(DESIGN, "help transformer", "text", "characters of Python's help topics, one block",
    lambda: Transformer(help_topics(), 32), DEAREST, batch=8, optimizers=ALL)  # fmt: skip
add(DESIGN, "help gru", "text", "the same text, a recurrent network",
    lambda: Recurrent(help_topics(), 32), DEAREST, batch=8)  # fmt: skip

# ---- Report: opened when the controllers are frozen ----

for one, lengths in {"ionosphere": CHEAP, "pima": LONGEST, "german": CHEAP,
                     "vehicle": CHEAP, "contraceptive": CHEAP, "vowel": CHEAP,
                     "segment": {SHORT: FULL, MEDIUM: COARSE}, "satimage": {SHORT: FULL, MEDIUM: COARSE},
                     "penbased": {SHORT: FULL, MEDIUM: COARSE}}.items():  # fmt: skip
    logistic(REPORT, one, lengths)
logistic(REPORT, "letter", {SHORT: COARSE}, batch=32)
logistic(REPORT, "splice", {SHORT: COARSE})
add(REPORT, "least squares, power law", "least squares", "convex, a spectrum that falls as 1/i, 100 columns",
    lambda: LeastSquares(100, 100, power=1.0), LONGEST)  # fmt: skip
add(REPORT, "least squares, heavy tails", "least squares", "convex, errors without a fourth moment (t, 2.5)",
    lambda: LeastSquares(30, 300, noise=0.5, heavy=True), CHEAP)  # fmt: skip
add(REPORT, "nmf planted", "factorization", "constrained: sparse parts that exist, noise in proportion",
    lambda: Factorization(planted_matrix(), 6), {SHORT: FULL, MEDIUM: COARSE})  # fmt: skip
add(REPORT, "optdigits mlp", "images", "two hidden layers, 5620 images",
    lambda: Perceptron(*data.written_digits(), (32, 32), 10), USUAL, optimizers=ALL)  # fmt: skip
add(REPORT, "optdigits cnn", "images", "a convolutional network",
    lambda: Convolutional(*data.written_digits(), 4), DEAR)  # fmt: skip
add(REPORT, "optdigits resnet", "images", "a residual network with normalisation",
    lambda: Residual(*data.written_digits(), 6), DEAREST, optimizers=ALL)  # fmt: skip
add(REPORT, "optdigits mlp, 30 % noise", "images", "noisy labels",
    lambda: Perceptron(*data.written_digits(0.3), (32,), 10), USUAL)  # fmt: skip
add(REPORT, "optdigits autoencoder", "images", "a deep autoencoder, 64-32-8-32-64",
    lambda: Perceptron(*map(copied, data.written_digits()), (32, 8, 32), 0, "tanh"), USUAL)  # fmt: skip
add(REPORT, "photographs denoised", "images", "regression of 8 x 8 patches of photographs with noise",
    lambda: Perceptron(*data.patches(), (64,), 0), {SHORT: FULL})  # fmt: skip
add(REPORT, "fine-tuned mlp", "fine-tuning", "a perceptron continues on turned, negative images",
    lambda: fine_tuned(lambda a, b: Perceptron(a, b, (32, 32), 10), data.small_digits(), shifted()), USUAL)  # fmt: skip
add(REPORT, "fine-tuned cnn", "fine-tuning", "the same with a convolutional network",
    lambda: fine_tuned(lambda a, b: Convolutional(a, b, 4), data.small_digits(), shifted()), DEAR)  # fmt: skip
add(REPORT, "fine-tuned transformer", "fine-tuning", "a character model of help topics continues on Python modules",
    lambda: fine_tuned(lambda text: Transformer(text, 24, blocks=2, letters=help_topics() + source_code()),
                       (help_topics(),), (source_code(),)), DEAREST, batch=8)  # fmt: skip
add(REPORT, "fine-tuned letter mlp", "fine-tuning", "a perceptron that knows one half of the letters learns the other",
    lambda: fine_tuned(lambda a, b: Perceptron(a, b, (48,), 13), data.letters(0), data.letters(13)),
    {SHORT: FULL})  # fmt: skip
add(REPORT, "fine-tuned satimage mlp", "fine-tuning", "a perceptron continues after the sensors have drifted",
    lambda: fine_tuned(lambda a, b: Perceptron(a, b, (32, 32), 6), *satellite()), {SHORT: FULL})  # fmt: skip
tabular(REPORT, "letter mlp", "letter", "26 classes", USUAL, (48,))
tabular(REPORT, "magic mlp", "magic", "two classes that overlap", USUAL)
tabular(REPORT, "spambase mlp", "spambase", "57 skewed columns", USUAL)
tabular(REPORT, "texture mlp, deep", "texture", "four hidden layers of tanh", USUAL, (24, 24, 24, 24), 0.0, "tanh")
tabular(REPORT, "phoneme mlp, batch 4", "phoneme", "small batches: noisy gradients", USUAL, batch=4)
tabular(REPORT, "satimage mlp, batch 128", "satimage", "large batches", {SHORT: FULL}, batch=128)
tabular(REPORT, "penbased mlp, 15 % noise", "penbased", "noisy labels", USUAL, (32,), 0.15)
tabular(REPORT, "letter mlp, 20 % noise", "letter", "noisy labels, of 26 classes", USUAL, (48,), 0.2)
tabular(REPORT, "satimage mlp, 30 % noise", "satimage", "noisy labels", USUAL, (32,), 0.3)
tabular(REPORT, "texture mlp, 20 % noise", "texture", "noisy labels, of 11 classes", USUAL, (32,), 0.2)
tabular(REPORT, "marketing mlp", "marketing", "labels that cannot be known: high loss", USUAL)
tabular(REPORT, "sonar mlp", "sonar", "overfits: 167 rows of 60 columns", {SHORT: FULL})
add(REPORT, "friedman mlp", "tabular", "regression with noise, from a seed",
    lambda: Perceptron(*data.friedman(), (32, 32), 0), USUAL)  # fmt: skip
add(REPORT, "source transformer", "text", "characters of Python modules, two blocks",
    lambda: Transformer(source_code(), 24, blocks=2), DEAREST, batch=8, optimizers=ALL)  # fmt: skip
add(REPORT, "source gru", "text", "the same text, a recurrent network",
    lambda: Recurrent(source_code(), 32), DEAREST, batch=8)  # fmt: skip


def copied(rows: data.Rows) -> data.Rows:
    return rows[0], rows[0]


def shifted() -> tuple[data.Rows, data.Rows]:
    train, held = data.small_digits()
    return data.turned(train), data.turned(held)


def satellite() -> tuple[tuple[data.Rows, data.Rows], tuple[data.Rows, data.Rows]]:
    """Before and after."""
    train, held, classes = data.table("satimage")
    assert classes == 6
    return (train, held), (data.drifted(train), data.drifted(held))


def of(*parts: str) -> list[Problem]:
    return [problem for problem in PROBLEMS.values() if problem.part in parts]
