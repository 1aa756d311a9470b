"""The models with a dimension of runs, against torch's own.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/rates
"""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rates.entrants import ENTRANTS
from rates.problem import DESIGN, Problem
from rates.runs import Runs
from rates.tasks.images import Convolutional, Residual, convolution
from rates.tasks.text import Recurrent, Transformer, product
from rates.tasks.tuned import fine_tuned
from rates.training import Part, train


def test_the_convolution_is_that_of_torch():
    random = torch.Generator().manual_seed(5)
    x, weights, bias = (torch.randn(*shape, generator=random) for shape in ((2, 3, 4, 8, 8), (2, 36, 5), (2, 5)))
    for stride in (1, 2):
        found = convolution(x, weights, bias, stride)
        for run in range(2):
            kernel = weights[run].T.reshape(5, 4, 3, 3)
            expected = torch.nn.functional.conv2d(x[run], kernel, bias[run], padding=1, stride=stride)
            torch.testing.assert_close(found[run], expected, rtol=1e-4, atol=1e-4)


def images(seed):
    labels = torch.arange(30) % 10
    x = torch.tensor(np.random.default_rng(seed).random((30, 64))).float()
    bars = torch.nn.functional.one_hot(labels, 10).repeat_interleave(6, 1)
    return x + torch.nn.functional.pad(bars, (0, 4)), labels


TEXT = "the quick brown fox jumps over the lazy dog, " * 40
TASKS = {
    "convolutional": lambda: Convolutional(images(0), images(1), 2),
    "residual": lambda: Residual(images(0), images(1), 3),
    "transformer": lambda: Transformer(TEXT, 8, blocks=2),
    "gru": lambda: Recurrent(TEXT, 8),
}


@pytest.mark.parametrize("name", TASKS)
def test_runs_of_a_network_do_not_touch_each_other(name):
    """Losses and gradients of two runs at once are those of each alone; and a little training helps."""
    task = TASKS[name]()
    together, alone = Runs(task, [1, 2]), Runs(task, [2])
    numbers = torch.tensor(next(task.numbers(0, 4)))
    both = together.differentiate(task, task.batch(numbers.expand(2, -1)))
    one = alone.differentiate(task, task.batch(numbers[None]))
    torch.testing.assert_close(both[1:], one, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together.gradients[1:], alone.gradients, rtol=1e-3, atol=1e-5)
    problem = Problem(f"test {name}", DESIGN, "images", "for tests", lambda: task, {30: "tiny"}, batch=8)
    found = train(problem, "adamw", [Part(ENTRANTS["linear"], (0.01,), 30)], [1], 30)[0]
    assert (found.loss < 0.97 * found.start).all()


def test_a_model_of_one_text_goes_on_with_another():
    """With the letters of both; the weights are those that the first text gave."""
    other = "sphinx of black quartz: judge my vow. " * 40
    one, both = Transformer(TEXT, 8), Transformer(TEXT, 8, letters=TEXT + other)
    assert both.letters == len(set(TEXT + other)) > one.letters
    task = fine_tuned(lambda text: Transformer(text, 8, letters=TEXT + other), (TEXT,), (other,))
    before, after = both.start(0), task.start(0)
    assert [part.shape for part in before] == [part.shape for part in after]
    judged = [both.judge([part.unsqueeze(0) for part in start])[0] for start in (before, after)]
    assert judged[1] < judged[0]


def test_the_recurrent_network_is_that_of_torch():
    task = TASKS["gru"]()
    parts = [part.unsqueeze(0) for part in task.start(0)]
    for part in parts[3:5]:
        part.normal_(generator=torch.Generator().manual_seed(6))
    table, inner, again, bias, own, weights, last = (part[0] for part in parts)
    w = task.width
    gru = torch.nn.GRU(w, w, batch_first=True)
    order = torch.cat([torch.arange(w, 2 * w), torch.arange(w), torch.arange(2 * w, 3 * w)])  # torch: reset, update
    gru.weight_ih_l0.data, gru.weight_hh_l0.data = inner.T[order].clone(), again.T[order].clone()
    gru.bias_ih_l0.data = bias[order].clone()
    gru.bias_hh_l0.data = torch.cat([torch.zeros(2 * w), own])
    x = task.held[0][:5]
    with torch.no_grad():
        expected = product(gru(table[x])[0].unsqueeze(0), weights[None], last[None])
        torch.testing.assert_close(task.output(parts, x.unsqueeze(0)), expected, rtol=1e-4, atol=1e-5)


def test_a_transformer_does_not_see_what_comes():
    task = TASKS["transformer"]()
    parts = [part.unsqueeze(0) for part in task.start(0)]
    x = task.held[0][None, :3].clone()
    with torch.no_grad():
        before = task.output(parts, x)
        x[..., 12:] = 0
        after = task.output(parts, x)
    torch.testing.assert_close(before[:, :, :12], after[:, :, :12])
    assert not torch.allclose(before[:, :, 12:], after[:, :, 12:])
