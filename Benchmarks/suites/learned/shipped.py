"""How the policies that come with the library are trained (make policies), and what `mlp` is trained on.

Of `mlp` three were tried, with 2,560 episodes (PPO: 2,688) and seed 1. The mean log of the held-out loss on 64
instances that none was trained on: PPO, linear -1.018; cross-entropy method, linear -0.961 (the difference is
-0.06 +- 0.08); cross-entropy method, four hidden units -0.687; the anchors -0.632. The best one comes with the library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import agents
import networks
import numpy as np
import policies
import stepsize
from stepsize.learned import Agent

HELD_OUT = 1_000_000  # instances from here on are not trained on
# The seeds of the benchmark suite are below.
SEEDS = 100_000


@dataclass(frozen=True)
class Instance:
    """A training of a perceptron on the digits. Much of it is drawn, so that the policy is of use where widths,
    optimizers, lengths and the anchor's rate are others."""

    network: networks.Network
    seed: int
    updates: int
    is_total_known: bool
    base: float  # of the constant anchor, in the optimizer's unit


def instance(number: int) -> Instance:
    """60 to 300 updates; anchors from 0.2 to 3 times an ordinary rate."""
    random = np.random.default_rng([number, 61])
    kind = networks.TRAIN[int(random.integers(len(networks.TRAIN)))]
    optimizer = ("momentum", "sgd", "adam")[int(random.integers(3))]
    network = networks.Network(kind.kind, kind.width, float(random.choice([0.0, 0.1, 0.2])), optimizer)
    updates = 10 * int(np.exp(random.uniform(np.log(6), np.log(30.99))))
    base = float(np.exp(random.uniform(np.log(0.2), np.log(3))))
    return Instance(network, SEEDS + number, updates, bool(random.random() < 0.85), base)


def played(one: Instance, policy: policies.Policy, factor: float = 1.0) -> float:
    """The log of the held-out loss."""
    return networks.score(networks.run(one.network, one.seed, one.updates, policy, factor), one.network)


def generation(agent: Agent, steps: bool) -> float:
    """Plays a generation on perceptrons and learns from it; the mean log of the held-out loss, whose fall is the
    reward, with `steps` of each decision."""
    scores = []
    while agent.episodes_left:
        one = instance(agent.instance)
        agent.begin_episode(one.updates if one.is_total_known else None)
        training = agents.Training(agent, one.base, steps)
        scores.append(played(one, training))
        training.end(scores[-1])
    agent.update()
    return float(np.mean(scores))


@dataclass(frozen=True)
class Recipe:
    """How a policy of the library is trained."""

    trainer: str
    policy: str
    population: int
    instances: int
    generations: int
    generation: Callable[[Agent], float]

    @property
    def episodes(self) -> int:
        return self.population * self.instances * self.generations

    def train(self, progress: Callable[[int, float], object]) -> Agent:
        agent = Agent(self.trainer, self.policy, seed=1, population=self.population, instances=self.instances)
        for done in range(1, self.generations + 1):
            progress(done, self.generation(agent))
        return agent


RECIPES = {
    "nmf": Recipe("cem", "linear", 32, 16, 30, lambda agent: agent.train_nmf(1)[0]),
    "mlp": Recipe("ppo", "linear", 8, 8, 42, lambda agent: generation(agent, steps=True)),
}
EPISODES = {name: recipe.episodes for name, recipe in RECIPES.items()}


# ---- What they are worth ----------------------------------------------------


def compared_on_perceptrons(agent: Agent, numbers: list[float], count: int = 64) -> list[str]:
    """The policy with these numbers, the anchors that it multiplies, and cosine from the anchors down to 0: the mean
    log of the held-out loss on instances that are not trained on, with the anchors as they are, and with all of them
    times the factor that was best on other instances; that factor."""

    def learned(one: Instance) -> policies.Policy:
        total = one.updates if one.is_total_known else 0
        return policies.Controlled(one.base, stepsize.Learned("custom", total=total, parameters=numbers))

    made: dict[str, Callable[[Instance], policies.Policy]] = {
        "policy": learned,
        "anchor": lambda one: policies.scheduled(one.base, "constant()", one.updates),
        "cosine": lambda one: policies.scheduled(one.base, f"cosine({one.updates})", one.updates),
    }
    lines = []
    for name, make in made.items():

        def mean(first: int, factor: float) -> float:
            chosen = [instance(HELD_OUT + first + i) for i in range(count)]
            return float(np.mean([played(one, make(one), factor) for one in chosen]))

        factor = min((0.5, 1.0, 2.0, 4.0), key=lambda f: mean(0, f))
        lines.append(f"{name}: {mean(10_000, 1.0):.4f}; anchors times {factor:g}: {mean(10_000, factor):.4f}")
    return lines


def compared_on_factorizations(agent: Agent, numbers: list[float], count: int = 64) -> list[str]:
    """log(e_0/e_T), higher is better: of the policy and of the anchors that it multiplies."""
    each = {"policy": agent, "anchor": Agent()}
    return [f"{name}: {np.mean([one.score_nmf(-i) for i in range(1, count + 1)]):.4f}" for name, one in each.items()]


WORTH = {"nmf": compared_on_factorizations, "mlp": compared_on_perceptrons}
