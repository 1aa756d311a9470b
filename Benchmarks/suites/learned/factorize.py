"""One run: a factorization by the library whose rate is chosen by a policy, under the bound of its regime."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import policies
from matrices import Instance, instance
from stepsize import StochasticNMF
from stepsize.nmf import _Model

BATCH = 16


@dataclass(frozen=True)
class Regime:
    """Rates are fractions of the state's bound, at most `cap`: inside the bound for a cap of 1."""

    name: str
    order: str
    bound: str | None
    cap: float
    w_steps: int = 1
    h_steps: int = 1

    def model(self, one: Instance, seed: int) -> _Model:
        """The first factors and the batches are decided by the seed: the same for all policies."""
        owner = StochasticNMF(order=self.order, bound=self.bound, w_steps=self.w_steps, h_steps=self.h_steps,
                              theta=1.404)  # fmt: skip
        return _Model(owner, one.x, one.rank, 1000 * one.number + seed, BATCH, 0.0)


REGIMES = {
    r.name: r
    for r in (
        # The estimator's own way: each factor nearly solved for its batch, so that noise is what limits it.
        Regime("alternating", "alternating", "state", 1.0, w_steps=20, h_steps=10),
        # Both factors at once, under the bound of the joint step.
        Regime("joint", "simultaneous", "state", 1.0),
        # The same without insurance: up to 40 times the rate that is proven. The projection on the ball stays.
        Regime("past", "simultaneous", None, 40.0),
    )
}


@dataclass
class Outcome:
    first: float
    last: float
    norm: float  # of X, squared and halved: the loss of factors of zeros
    rates: np.ndarray
    work: float  # products with a batch
    past: float  # part of the updates whose rate was above the state's bound
    curve: list[float]

    def failed(self) -> bool:
        """Not finite, above the first loss, or no better than zeros."""
        return not np.isfinite(self.last) or self.last > self.first or self.last > 0.99 * self.norm

    def score(self, reference: float) -> float:
        """Log of the loss over the reference; a failure counts as no better than the start."""
        worst = np.log(max(self.first, self.norm) / reference)
        return float(worst if self.failed() else np.log(self.last / reference))


def run(
    one: Instance, seed: int, regime: Regime, updates: int, policy: policies.Policy, curve: int = 0
) -> Outcome:
    """As many updates with the rates of the policy; with `curve` the loss of all rows every so many updates."""
    model = regime.model(one, seed)
    first = model.loss()
    rates, past, work, losses = np.empty(updates), 0, 0.0, [first]
    policy.begin(Run(one, seed, regime, updates, model))
    if policy.evaluate_every:
        policy.evaluated(first)
    for t in range(updates):
        rate = min(float(policy.rate(t)), regime.cap)
        update = model.step(rate)
        rates[t] = rate
        past += rate > 1
        work += 2
        loss = 2 * update.loss / update.squares if update.squares > 0 else 0.0
        # Before the observation: the reward belongs to the last decision.
        if policy.evaluate_every and (t + 1) % policy.evaluate_every == 0 and t + 1 < updates:
            policy.evaluated(model.loss())
        policy.observe(t, loss, update)
        if curve and (t + 1) % curve == 0:
            losses.append(model.loss())
    half = float(np.sum(one.x**2)) / 2
    return Outcome(first, model.loss(), half, rates, work + policy.work, past / updates, losses if curve else [])


@dataclass
class Run:
    """What a policy may look at. Only the line search and the hypergradient look at the factors."""

    one: Instance
    seed: int
    regime: Regime
    updates: int
    model: Any

    def mirrors(self, count: int) -> list[_Model]:
        """Models with the same batches in the same order, to try a step on."""
        return [self.regime.model(self.one, self.seed) for _ in range(count)]

    def batches(self) -> list[np.ndarray]:
        return _batches(self.one.part, self.one.number, self.seed, self.updates)

    @staticmethod
    def unbalanced(
        w: np.ndarray, after: tuple[np.ndarray, np.ndarray], rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both factors after an update without the balancing that may have ended it: rows that were not in the batch
        show by how much each component was scaled. Balancing leaves the product as it is, and is no step."""
        new_w, new_h = after
        other = next(n for n in range(len(w)) if n == len(rows) or n != rows[n])
        if (new_w[other] == w[other]).all():
            return after
        rest = np.setdiff1d(np.arange(len(w)), rows)
        largest = rest[np.argmax(w[rest], axis=0)]
        each = np.arange(w.shape[1])
        scale = new_w[largest, each] / w[largest, each]
        return new_w / scale, new_h * scale[:, None]


@lru_cache(maxsize=512)
def _batches(part: str, number: int, seed: int, updates: int) -> list[np.ndarray]:
    """The rows of each update: those that a step moves. Both factors are kept small, far inside the ball."""
    model, found = REGIMES["joint"].model(instance(part, number), seed), []
    w, h = (0.1 * factor for factor in model.factors())
    for _ in range(updates):
        model.replace(w, h)
        model.step(0.5)
        found.append(np.flatnonzero((model.factors()[0] != w).any(axis=1)))
    return found
