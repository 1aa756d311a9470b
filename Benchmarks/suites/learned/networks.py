"""Small networks as environments: a run of a few hundred updates whose rates are chosen by a policy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import agents
import numpy as np
import policies
import torch
from torch import nn

# Rates are multiples of this: an ordinary rate of the optimizer. Momentum is 0.9.
UNIT = {"sgd": 0.5, "momentum": 0.1, "adam": 3e-3}
CAP = 20.0
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)  # by which a schedule is scaled on another kind of network
BATCH, CONTEXT = 32, 32


@dataclass(frozen=True)
class Network:
    """What is trained and by which optimizer. The seed decides weights, noise and batches."""

    kind: str
    width: int = 32
    noise: float = 0.0  # part of the training labels that are random
    optimizer: str = "momentum"


# Trained and tuned on these; the seeds of the parts do not meet either.
TRAIN = tuple(Network("mlp", width, noise) for width in (16, 32, 64) for noise in (0.0, 0.2))
HELD_OUT = {
    "mlp": Network("mlp", 48, 0.1),
    "mlp, noisy": Network("mlp", 128, 0.4),
    "cnn": Network("cnn", 8),
    "transformer": Network("transformer", 32, optimizer="adam"),
}
SEEDS = {"train": 0, "tune": 1000, "test": 2000}


@lru_cache(maxsize=1)
def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(5).permutation(len(data.target))
    x = torch.tensor(data.data[order] / 16, dtype=torch.float32)
    y = torch.tensor(data.target[order])
    return x[:1297], y[:1297], x[1297:], y[1297:]


@lru_cache(maxsize=1)
def text() -> tuple[torch.Tensor, torch.Tensor, int]:
    """Python's own help topics, as character numbers: the last tenth is held out."""
    from pydoc_data.topics import topics

    whole = "\n".join(topics[name] for name in sorted(topics))
    letters = sorted(set(whole))
    numbers = torch.tensor(np.searchsorted(np.array(letters), np.array(list(whole))))
    cut = len(numbers) * 9 // 10
    return numbers[:cut], numbers[cut:], len(letters)


def text_digest() -> str:
    return hashlib.sha256(torch.cat(text()[:2]).numpy().tobytes()).hexdigest()[:16]


class Transformer(nn.Module):
    """One block, two heads, causal; predicts the next character."""

    def __init__(self, letters: int, width: int) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(CONTEXT, width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.out = nn.Linear(width, letters)
        mask = torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), 1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.letters(x) + self.places.weight
        n = self.first(h)
        h = h + self.attention(n, n, n, attn_mask=self.mask, need_weights=False)[0]
        return self.out(h + self.inner(self.second(h)))


def model_of(network: Network) -> nn.Module:
    if network.kind == "mlp":
        return nn.Sequential(nn.Linear(64, network.width), nn.Tanh(), nn.Linear(network.width, 10))
    if network.kind == "cnn":
        w = network.width
        return nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, w, 3, padding=1), nn.ReLU(),
                             nn.Conv2d(w, 2 * w, 3, stride=2), nn.ReLU(),
                             nn.Flatten(), nn.Linear(18 * w, 10))  # fmt: skip
    return Transformer(text()[2], network.width)


class Run:
    """What a policy may look at: the gradient of this update, and the direction of the one before."""

    def __init__(self, network: Network, seed: int, updates: int) -> None:
        torch.manual_seed(seed)
        self.network, self.updates = network, updates
        self.random = np.random.default_rng(seed)
        self.model = model_of(network)
        self.parameters = list(self.model.parameters())
        if network.optimizer == "adam":
            self.optimizer: Any = torch.optim.Adam(self.parameters, lr=0.0, foreach=False)
        else:
            self.optimizer = torch.optim.SGD(
                self.parameters, lr=0.0, momentum=0.9 if network.optimizer == "momentum" else 0.0, foreach=False
            )
        if network.kind != "transformer":
            self.x, self.y, self.held_x, self.held_y = digits()
            random = torch.tensor(self.random.random(len(self.y)) < network.noise)
            other = torch.tensor(self.random.integers(0, 10, len(self.y)))
            self.y = torch.where(random, other, self.y)
        else:
            self.train, held, _ = text()
            places = np.random.default_rng(11).integers(0, len(held) - CONTEXT - 1, 48)
            self.held_x, self.held_y = self.windows(held, places)

    @staticmethod
    def windows(numbers: torch.Tensor, places: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        index = torch.tensor(places)[:, None] + torch.arange(CONTEXT)
        return numbers[index], numbers[index + 1]

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self.network.kind == "transformer":
            return self.windows(self.train, self.random.integers(0, len(self.train) - CONTEXT - 1, BATCH // 2))
        rows = torch.tensor(self.random.integers(0, len(self.y), BATCH))
        return self.x[rows], self.y[rows]

    @staticmethod
    def loss(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    def held_out(self) -> tuple[float, float]:
        """Loss and accuracy on the held-out rows."""
        with torch.no_grad():
            logits = self.model(self.held_x)
            accuracy = (logits.argmax(-1) == self.held_y).double().mean()
            return float(self.loss(logits, self.held_y)), float(accuracy)

    def flat(self, tensors: list[torch.Tensor]) -> np.ndarray:
        return torch.cat([one.detach().reshape(-1) for one in tensors]).numpy()

    def gradient(self) -> np.ndarray:
        return self.flat([p.grad for p in self.parameters])

    def weights(self) -> np.ndarray:
        return self.flat(self.parameters).copy()


@dataclass
class Outcome:
    loss: float  # of the held-out rows
    accuracy: float
    rates: np.ndarray

    def failed(self, worst: float) -> bool:
        return not np.isfinite(self.loss) or self.loss > worst


def run(network: Network, seed: int, updates: int, policy: policies.Policy, factor: float = 1.0) -> Outcome:
    torch.set_num_threads(1)
    state = Run(network, seed, updates)
    rates = np.empty(updates)
    policy.begin(state)
    if policy.evaluate_every:
        policy.evaluated(state.held_out()[0])
    for t in range(updates):
        state.optimizer.zero_grad()
        x, y = state.batch()
        loss = state.loss(state.model(x), y)
        loss.backward()
        value = float(loss.detach())
        rates[t] = UNIT[network.optimizer] * factor * min(policy.rate(t), CAP)
        state.optimizer.param_groups[0]["lr"] = rates[t]
        state.optimizer.step()
        if policy.evaluate_every and (t + 1) % policy.evaluate_every == 0 and t + 1 < updates:
            policy.evaluated(state.held_out()[0])
        policy.observe(t, value, None)
        if not np.isfinite(value):
            return Outcome(np.inf, 0.0, rates[: t + 1])
    loss, accuracy = state.held_out()
    return Outcome(loss if np.isfinite(loss) else np.inf, accuracy, rates)


def score(outcome: Outcome, network: Network) -> float:
    """Log of the loss; a failure counts as twice that of guessing."""
    classes = text()[2] if network.kind == "transformer" else 10
    worst = 2 * np.log(classes)
    return float(np.log(worst if outcome.failed(worst) else outcome.loss))


class Hypergradient(policies.Policy):
    """The multiplicative rule with the gradient of the update and the step before it."""

    def __init__(self, base: float, beta: float) -> None:
        import stepsize

        controller = stepsize.Hypergradient("multiplicative", beta=beta, min_lr=policies.LOWEST, max_lr=CAP)
        self.scheduler = stepsize.Scheduler(base, controller=controller)
        self.before: np.ndarray | None = None

    def begin(self, run: Run) -> None:
        self.run = run

    def rate(self, t: int) -> float:
        weights = self.run.weights()
        if self.before is not None:
            gradient, step = self.run.gradient().astype(float), (self.before - weights).astype(float)
            dot, norm = float(gradient @ step), float(np.linalg.norm(gradient) * np.linalg.norm(step))
            self.scheduler.hypergradient.observe(dot, norm)
        self.before = weights
        return self.scheduler.lr

    def observe(self, t: int, loss: float, update: Any) -> None:
        self.scheduler.step()


WARM = policies.Contestant("warm-up, cosine", (policies.RATE, policies.Range(0.01, 0.3), policies.FLOOR))
TUNED = {name: policies.TUNED[name] for name in ("constant", "cosine", "linear")} | {WARM.name: WARM}
TUNED |= {name: policies.TUNED[name] for name in ("GreedyLR", "hypergradient")}
TUNED |= {policies.SHIPPED["mlp"]: policies.Contestant(policies.SHIPPED["mlp"], (policies.RATE,))}


def make(name: str, values: np.ndarray, updates: int) -> policies.Policy:
    """From the point of the unit cube, or the weights of a learner, as in the factorizations."""
    if name in agents.TRAINERS:
        return agents.trained(values, CAP, updates)
    if name not in TUNED:
        return policies.learner(name, values, CAP, updates)
    v = [one.value(float(unit), CAP) for one, unit in zip(TUNED[name].space, values)]
    if name == "hypergradient":
        return Hypergradient(v[0], v[1])
    if name == WARM.name:
        warm = max(1, round(v[1] * updates))
        return policies.scheduled(v[0], f"warmup({warm}) >> cosine({updates - warm}, floor={v[2]!r})", updates)
    return TUNED[name].make(values, CAP, updates)
