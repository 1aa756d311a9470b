"""The contestants: how each chooses the fraction of the bound for the next update, and what of it is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import stepsize

WINDOW = 10  # updates between two decisions of a learned policy
LOWEST = 1e-3  # fraction of the bound


@dataclass(frozen=True)
class Range:
    """One number to tune; `top` stands for the cap of the regime."""

    low: float
    high: float | str = "top"
    log: bool = True

    def value(self, unit: float, cap: float) -> float:
        high = cap if self.high == "top" else float(self.high)
        if self.log:
            return float(self.low * (high / self.low) ** unit)
        return float(self.low + (high - self.low) * unit)


RATE = Range(0.02)
FLOOR = Range(0, 1, log=False)


class Policy:
    """Fixed rates, unless a subclass says otherwise."""

    work = 0.0  # products with a batch beyond those of the updates
    evaluate_every = 0  # updates between two evaluations that it asks for; 0: none

    def begin(self, run: Any) -> None: ...

    def rate(self, t: int) -> float:
        raise NotImplementedError

    def observe(self, t: int, loss: float, update: Any) -> None:
        """`loss` is ||X_B - W_B H||^2/||X_B||^2 before the update."""

    def evaluated(self, loss: float) -> None:
        """The loss that is scored, at the start and after each `evaluate_every` updates but the last: not what a policy
        may see, but what one is rewarded for in training."""


class Fixed(Policy):
    def __init__(self, rates: np.ndarray) -> None:
        self.rates = rates

    def rate(self, t: int) -> float:
        return float(self.rates[t])


def scheduled(base: float, text: str, updates: int) -> Fixed:
    return Fixed(base * np.asarray(stepsize.parse(text).curve(updates)))


class Controlled(Policy):
    """A controller of the library that observes the loss of each batch."""

    def __init__(self, base: float, controller: stepsize.Controller) -> None:
        self.scheduler = stepsize.Scheduler(base, controller=controller)

    def rate(self, t: int) -> float:
        return self.scheduler.lr

    def observe(self, t: int, loss: float, update: Any) -> None:
        self.scheduler.step(loss)


class Hypergradient(Policy):
    """The multiplicative rule, by the cosine of two steps of H in a row; it acts one update later than with gradients,
    which are not known before the update."""

    def __init__(self, base: float, beta: float, cap: float) -> None:
        controller = stepsize.Hypergradient("multiplicative", beta=beta, min_lr=LOWEST, max_lr=cap)
        self.scheduler = stepsize.Scheduler(base, controller=controller)
        self.last: np.ndarray | None = None

    def begin(self, run: Any) -> None:
        self.run, self.rows = run, run.batches()
        self.w, self.h = run.model.factors()

    def rate(self, t: int) -> float:
        return self.scheduler.lr

    def observe(self, t: int, loss: float, update: Any) -> None:
        after = self.run.model.factors()
        # Moved per rate: the gradient that was really followed.
        moved = (self.h - self.run.unbalanced(self.w, after, self.rows[t])[1]) / max(update.h_rate, 1e-300)
        if self.last is not None:
            norm = float(np.linalg.norm(moved) * np.linalg.norm(self.last))
            self.scheduler.hypergradient.observe(float(np.vdot(moved, self.last)), norm)
        self.scheduler.step()
        (self.w, self.h), self.last = after, moved


class LineSearch(Policy):
    """The projected Armijo search on the batch of the update; each trial's products are charged."""

    TRIALS = 4

    def __init__(self, base: float, c: float, backtrack: float, gamma: float) -> None:
        controller = stepsize.LineSearch(c=c, backtrack=backtrack, reset="grow", gamma=gamma, batches_per_epoch=1,
                                         max_trials=self.TRIALS, projected=True,
                                         min_lr=LOWEST, max_lr=base)  # fmt: skip
        self.scheduler = stepsize.Scheduler(base, controller=controller)

    def begin(self, run: Any) -> None:
        self.run, self.work = run, 0.0
        self.mirrors, self.rows = run.mirrors(self.TRIALS), run.batches()
        self.places = [0] * self.TRIALS  # the next batch of each mirror

    def rate(self, t: int) -> float:
        w, h = self.run.model.factors()
        rows, x, trials = self.rows[t], self.run.one.x[self.rows[t]], 0
        before = float(np.sum((x - w[rows] @ h) ** 2)) / 2

        def trial(rate: float) -> tuple[float, float]:
            nonlocal trials
            mirror = self.mirrors[trials]
            for _ in range(t - self.places[trials]):
                mirror.step(0.0)
            self.places[trials] = t + 1
            trials += 1
            mirror.replace(w, h)
            update = mirror.step(rate)
            new_w, new_h = self.run.unbalanced(w, mirror.factors(), rows)
            after = float(np.sum((x - new_w[rows] @ new_h) ** 2)) / 2
            moved = 0.0
            # Several steps with one rate are a step with their number times the rate.
            w_rate, h_rate = update.w_rate * self.run.regime.w_steps, update.h_rate * self.run.regime.h_steps
            for new, old, used in ((new_w[rows], w[rows], w_rate), (new_h, h, h_rate)):
                if used > 0:
                    moved += float(np.sum((new - old) ** 2)) / used
            # The rule divides by the rate that it knows, which is the fraction.
            return after / before, rate * moved / before

        # The loss is divided by that before, which leaves the test as it is.
        rate = self.scheduler.line_search.search(1.0, 1.0, trial) if before > 0 else LOWEST
        self.work += 2 * max(0, trials - 1) + trials
        return rate

    def observe(self, t: int, loss: float, update: Any) -> None:
        self.scheduler.step()


def knots(values: np.ndarray, updates: int) -> np.ndarray:
    """An open-loop schedule: log rates at equal distances, straight lines between them."""
    places = np.linspace(0, updates - 1, len(values))
    return np.exp(np.interp(np.arange(updates), places, values))


class Linear(Policy):
    """Every WINDOW updates log rate += clip(w . features, -0.7, 0.7). Blind: it sees the time alone.

    Features, none of which a change of scale moves: 1, t/T, log(l_k/l_k-1), log(l_k/l_0), the deviation of the window's
    losses over their mean, log rate; l_k is the mean loss of the batches in window k."""

    SIZE = 6

    def __init__(self, weights: np.ndarray, start: float, cap: float, updates: int, blind: bool = False) -> None:
        self.weights, self.log, self.cap, self.updates, self.blind = weights, start, cap, updates, blind
        self.window: list[float] = []
        self.first = self.before = 0.0
        self.clamp()

    def clamp(self) -> None:
        self.log = float(np.clip(self.log, np.log(LOWEST), np.log(self.cap)))
        self.now = float(np.exp(self.log))

    def rate(self, t: int) -> float:
        return self.now

    def observe(self, t: int, loss: float, update: Any) -> None:
        self.window.append(loss)
        if len(self.window) < WINDOW:
            return
        mean = max(float(np.mean(self.window)), 1e-300)
        spread = float(np.std(self.window)) / mean
        self.window.clear()
        if self.first == 0:
            self.first = self.before = mean
        features = [1.0, (t + 1) / self.updates]
        if not self.blind:
            features += [float(np.log(mean / self.before)), float(np.log(mean / self.first)), spread, self.log]
        self.before = mean
        change = float(np.dot(self.weights[: len(features)], features))
        self.log += min(0.7, max(-0.7, change)) if np.isfinite(change) else 0.0
        self.clamp()


@dataclass(frozen=True)
class Contestant:
    """`space`: what is tuned on the tune instances. Learners are trained on the train instances instead."""

    name: str
    space: tuple[Range, ...] = ()

    def make(self, values: np.ndarray, cap: float, updates: int) -> Policy:
        v = [one.value(float(unit), cap) for one, unit in zip(self.space, values)]
        match self.name:
            case "constant":
                return scheduled(v[0], "constant()", updates)
            case "step decay":
                return scheduled(v[0], f"step({max(1, round(v[1] * updates))}, factor={v[2]!r})", updates)
            case "cosine" | "linear":
                return scheduled(v[0], f"{self.name}({updates}, floor={v[1]!r})", updates)
            case "GreedyLR":
                return Controlled(v[0], stepsize.GreedyLR(factor=v[1], patience=round(v[2]), window=round(v[3]),
                                                         smooth=True, threshold=v[4], threshold_mode="rel",
                                                         min_lr=LOWEST, max_lr=cap))  # fmt: skip
            case "hypergradient":
                return Hypergradient(v[0], v[1], cap)
            case name if name in SHIPPED.values():
                return Controlled(v[0], stepsize.Learned(shipped_name(name), total=updates))
            case "line search":
                return LineSearch(v[0], v[1], v[2], v[3])
        raise ValueError(self.name)


# The policies that come with the library; their anchors are tuned.
SHIPPED = {name: f'learned("{name}")' for name in ("nmf", "mlp")}


def shipped_name(contestant: str) -> str:
    return next(name for name, text in SHIPPED.items() if text == contestant)


TUNED = {
    c.name: c
    for c in (
        Contestant("constant", (RATE,)),
        Contestant("step decay", (RATE, Range(0.05, 0.6), Range(0.1, 0.95, log=False))),
        Contestant("cosine", (RATE, FLOOR)),
        Contestant("linear", (RATE, FLOOR)),
        Contestant("GreedyLR", (RATE, Range(0.5, 0.98, log=False), Range(1, 30), Range(1, 30), Range(1e-4, 0.1))),
        Contestant("hypergradient", (RATE, Range(1e-3, 0.5))),
        Contestant(SHIPPED["nmf"], (RATE,)),
        Contestant("line search", (RATE, Range(0.02, 0.9), Range(0.3, 0.9, log=False), Range(1, 2))),
    )
}
# Ablations and learners. "feedback" is the linear policy with all features, trained as "state-blind" is.
OPEN, BLIND, FEEDBACK, REPLAY = "open loop", "state-blind", "feedback", "replay"


def learner(name: str, values: np.ndarray, cap: float, updates: int) -> Policy:
    if name == OPEN:
        return Fixed(np.clip(knots(values, updates), LOWEST, cap))
    return Linear(values[1:], float(values[0]), cap, updates, blind=name == BLIND)


def learner_size(name: str) -> int:
    return {OPEN: 7, BLIND: 3, FEEDBACK: 1 + Linear.SIZE}[name]


def shipped(contestant: str) -> list[float]:
    """What tells one shipped policy from another: the rates that it has for certain losses."""
    scheduler = stepsize.Scheduler(1.0, controller=stepsize.Learned(shipped_name(contestant), total=60))
    return [scheduler.step(1 / (t + 1 + 0.3 * (t % 3))) for t in range(60)][9::10]
