"""The library's agent as a contestant: trained on the train instances, then run as a controller of a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import policies
from search import Found
from stepsize.learned import Agent, load

NAME = "agent"


def anchor(cap: float) -> float:
    """The constant rate that the agent multiplies, by e^-3 to e^3."""
    return 0.3 if cap == 1 else 1.0


class Training(policies.Policy):
    """An episode of training."""

    def __init__(self, agent: Agent, base: float) -> None:
        self.agent, self.base, self.multiplier = agent, base, 1.0

    def rate(self, t: int) -> float:
        return self.base * self.multiplier

    def told(self, t: int, loss: float, update: Any) -> None:
        self.multiplier = self.agent.observe(loss)


def trained(values: np.ndarray, cap: float, updates: int) -> policies.Policy:
    """As a user would run it: a controller from the saved policy. `values` are its bytes."""
    controller = load(values.astype(np.uint8).tobytes(), updates)
    return policies.Listening(anchor(cap), controller)


def parameters(values: np.ndarray) -> list[float]:
    """The weights in a saved policy."""
    return list(load(values.astype(np.uint8).tobytes()).parameters[3:])


def train(
    play: Callable[[int, policies.Policy], float], cap: float, updates: int, budget: Any, seed: int
) -> Found:
    """By the agent's cross-entropy method; `play(number, policy)` answers the score, lower is better."""
    agent = Agent(trainer="cem", policy="linear", seed=seed, population=budget.population, instances=budget.train,
                  every=policies.WINDOW)  # fmt: skip
    episodes, history = 0, []
    for _ in range(budget.generations):
        for _ in range(agent.episodes_left):
            number = agent.instance
            agent.begin_episode(updates)
            agent.end_step(-play(number, Training(agent, anchor(cap))))
            agent.end_episode()
            episodes += 1
        history.append(-agent.update())
    return Found(np.frombuffer(agent.policy, np.uint8).astype(float), history[-1], episodes, history)
