"""The library's agents as contestants: trained on the train instances, then run as controllers of a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import policies
from search import Found
from stepsize.learned import Agent, load

CEM, PPO = "agent", "agent, PPO"
TRAINERS = {CEM: "cem", PPO: "ppo"}
PPO_EPISODES = 64  # of an update, at most


def anchor(cap: float) -> float:
    """The constant rate that the agent multiplies, by e^-3 to e^3."""
    return 0.3 if cap == 1 else 1.0


class Training(policies.Policy):
    """An episode of training. `steps`: each decision is rewarded with the fall of log(loss) up to the next one; else
    the score at the end is all the reward."""

    def __init__(self, agent: Agent, base: float, steps: bool = False) -> None:
        self.agent, self.base, self.multiplier = agent, base, 1.0
        self.evaluate_every = policies.WINDOW if steps else 0
        self.log = 0.0

    def rate(self, t: int) -> float:
        return self.base * self.multiplier

    def observe(self, t: int, loss: float, update: Any) -> None:
        self.multiplier = self.agent.observe(loss)

    def evaluated(self, loss: float) -> None:
        if 0 < loss < np.inf:
            if self.log:
                self.agent.end_step(self.log - np.log(loss))
            self.log = np.log(loss)

    def end(self, log_loss: float) -> float:
        """The rewards of all add up to log(first loss) - log(last loss), without steps to -log(last loss)."""
        self.agent.end_step(self.log - log_loss)
        return self.agent.end_episode()


def trained(values: np.ndarray, cap: float, updates: int) -> policies.Policy:
    """As a user would run it: a controller from the saved policy. `values` are its bytes."""
    controller = load(values.astype(np.uint8).tobytes(), updates)
    return policies.Controlled(anchor(cap), controller)


def parameters(values: np.ndarray) -> list[float]:
    """The weights in a saved policy."""
    return list(load(values.astype(np.uint8).tobytes()).parameters[3:])


def train(
    name: str,
    play: Callable[[int, policies.Policy], tuple[float, float]],
    cap: float,
    updates: int,
    budget: Any,
    seed: int,
) -> Found:
    """`play(number, policy)` returns the score, lower is better, and the log of the last loss. The cross-entropy method
    has the generations of the budget; PPO updates more often, after as many runs in all."""
    generations, population, instances = budget.generations, budget.population, budget.train
    while name == PPO and population * instances > PPO_EPISODES and population % 2 == 0:
        generations, population = 2 * generations, population // 2
    agent = Agent(TRAINERS[name], "linear", seed=seed, population=population, instances=instances,
                  every=policies.WINDOW)  # fmt: skip
    episodes, history = 0, []
    for _ in range(generations):
        scores = []
        while agent.episodes_left:
            number = agent.instance
            agent.begin_episode(updates)
            training = Training(agent, anchor(cap), steps=name == PPO)
            score, log_loss = play(number, training)
            training.end(log_loss)
            scores.append(score)
            episodes += 1
        agent.update()
        history.append(float(np.mean(scores)))
    return Found(np.frombuffer(agent.policy, np.uint8).astype(float), history[-1], episodes, history)
