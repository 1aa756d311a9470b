"""Character models of text: a transformer and a gated recurrent network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .task import Task, generator, he, normal

CONTEXT = 24
HELD = 128  # windows


class Text(Task):
    """Windows of a text; the last tenth is held out. Rows are the places at which windows begin. `letters`: all that
    can be in it, where another text shares the model."""

    def __init__(self, text: str, width: int, letters: str = "") -> None:
        letters = sorted(set(letters or text))
        numbers = torch.tensor(np.searchsorted(np.array(letters), np.array(list(text))))
        cut = len(numbers) * 9 // 10
        self.letters, self.width, self.classes = len(letters), width, len(letters)
        self.text = numbers[:cut]
        self.train = (torch.arange(cut - CONTEXT - 1),)
        places = np.random.default_rng(11).integers(0, len(numbers) - cut - CONTEXT - 1, HELD)
        self.held = self.windows(numbers[cut:], torch.tensor(places))

    @staticmethod
    def windows(numbers: Tensor, places: Tensor) -> tuple[Tensor, ...]:
        index = places.unsqueeze(-1) + torch.arange(CONTEXT)
        return numbers[index], numbers[index + 1]

    def numbers(self, seed: int, batch: int) -> Iterator[np.ndarray]:
        random = np.random.default_rng([seed, 77])
        while True:
            yield random.integers(0, self.rows, batch)

    def batch(self, numbers: Tensor) -> tuple[Tensor, ...]:
        return self.windows(self.text, numbers)

    def embedded(self, table: Tensor, x: Tensor) -> Tensor:
        """(runs, rows, context, width), by one table with the letters of all runs."""
        runs = len(table)
        offset = torch.arange(runs).view(-1, 1, 1) * self.letters
        return functional.embedding(x + offset, table.reshape(runs * self.letters, -1))


def product(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """(runs, ..., inputs) by (runs, inputs, outputs)."""
    flat = x.reshape(len(x), -1, x.shape[-1])
    found = flat @ weights if bias is None else torch.baddbmm(bias.unsqueeze(1), flat, weights)
    return found.view(*x.shape[:-1], -1)


def layer_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    shape = (len(scale), 1, 1, x.shape[-1])
    return functional.layer_norm(x, x.shape[-1:]) * scale.view(shape) + shift.view(shape)


class Transformer(Text):
    """Blocks with two heads, normalised before each part; causal."""

    EACH = 10  # parameters of a block

    def __init__(self, text: str, width: int, blocks: int = 1, letters: str = "") -> None:
        super().__init__(text, width, letters)
        self.blocks = blocks
        own = {0, 1, 6, 8}
        self.matrices = frozenset(2 + self.EACH * block + place for block in range(blocks) for place in own)

    def start(self, seed: int) -> list[Tensor]:
        random, w = generator(seed), self.width
        found = [normal(random, self.letters, w, deviation=0.5), normal(random, CONTEXT, w, deviation=0.1)]
        for _ in range(self.blocks):
            found += [he(random, 2 * w, w, 3 * w), he(random, 4 * w, w, w),
                      torch.ones(w), torch.zeros(w), torch.ones(w), torch.zeros(w),
                      he(random, w, w, 4 * w), torch.zeros(4 * w),
                      he(random, 8 * w, 4 * w, w), torch.zeros(w)]  # fmt: skip
        return [*found, he(random, 2 * w, w, self.letters), torch.zeros(self.letters)]

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        h = self.embedded(parameters[0], x) + parameters[1].unsqueeze(1)
        for block in range(self.blocks):
            first = 2 + self.EACH * block
            qkv, out, s1, o1, s2, o2, w1, b1, w2, b2 = parameters[first : first + self.EACH]
            h = h + product(self.attended(product(layer_norm(h, s1, o1), qkv)), out)
            h = h + product(functional.gelu(product(layer_norm(h, s2, o2), w1, b1)), w2, b2)
        return product(h, parameters[-2], parameters[-1])

    def attended(self, qkv: Tensor) -> Tensor:
        runs, rows, places, _ = qkv.shape
        parts = qkv.view(runs * rows, places, 3, 2, self.width // 2).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(*parts, is_causal=True)
        return found.transpose(1, 2).reshape(runs, rows, places, self.width)


class Recurrent(Text):
    """One layer of gated units."""

    matrices = frozenset({1, 2})

    def start(self, seed: int) -> list[Tensor]:
        random, w = generator(seed), self.width
        gates = [he(random, 2 * w, w, 3 * w) for _ in range(2)]
        return [normal(random, self.letters, w, deviation=0.5), *gates, torch.zeros(3 * w), torch.zeros(w),
                he(random, 2 * w, w, self.letters), torch.zeros(self.letters)]  # fmt: skip

    def output(self, parameters: list[Tensor], x: Tensor) -> Tensor:
        table, inner, again, bias, own, weights, last = parameters
        w, inputs = self.width, product(self.embedded(table, x), inner, bias)
        state, states = torch.zeros(*x.shape[:2], w), []
        for place in range(x.shape[2]):
            here, back = inputs[:, :, place], state @ again
            gates = torch.sigmoid(here[..., : 2 * w] + back[..., : 2 * w])
            keep, reset = gates[..., :w], gates[..., w:]
            fresh = torch.tanh(here[..., 2 * w :] + reset * (back[..., 2 * w :] + own.unsqueeze(1)))
            state = keep * state + (1 - keep) * fresh
            states.append(state)
        return product(torch.stack(states, 2), weights, last)


def help_topics() -> str:
    """Python's help topics, of its standard library."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))[:300_000]


def source_code() -> str:
    """Modules of Python's standard library, as text."""
    import argparse
    import ast
    import inspect
    import random
    import statistics
    import textwrap

    return "\n".join(inspect.getsource(one) for one in (argparse, ast, inspect, random, statistics, textwrap))
