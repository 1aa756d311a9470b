"""Plateau against its peers, each by its own way of counting, and what it adds to them."""

import math
import random

import pytest
import stepsize as st
from support import bits


def metrics(number, *, odd, signs=(1,)):
    """Losses that fall, stall and jump, of one sign or the other."""
    level = random.choice(signs)
    for _ in range(number):
        level *= random.choice((0.9, 0.99, 1.0, 1.0, 1.02)) * random.choice(signs)
        yield random.choice((math.nan, math.inf, 1e300)) if random.random() < odd else level


@pytest.mark.parametrize("seed", range(300))
def test_pytorch_bit_for_bit(seed):
    torch = pytest.importorskip("torch")
    random.seed(seed)
    bases = [10 ** random.uniform(-6, 1) for _ in range(random.choice((1, 3)))]
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in bases]
    optimizer = torch.optim.SGD(groups)
    arguments = {
        "mode": random.choice(("min", "max")),
        "factor": random.choice((0.1, 0.5, 0.95)),
        "patience": random.choice((0, 1, 2, 5)),
        "threshold": random.choice((0.0, 1e-4, 0.1)),
        "threshold_mode": random.choice(("rel", "abs")),
        "cooldown": random.choice((0, 1, 3)),
        "min_lr": random.choice((0.0, 1e-5, [base / 3 for base in bases])),
        "eps": random.choice((0.0, 1e-8, 1e-4)),
    }
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **arguments)
    with st.Scheduler(bases, controller=st.Plateau("pytorch", **arguments)) as ours:
        for metric in metrics(120, odd=0.05, signs=random.choice(((1,), (1, 1, 1, -1)))):
            if arguments["mode"] == "max" and metric == math.inf:
                continue  # PyTorch takes it for a best that nothing beats
            theirs.step(metric)
            ours.step(metric)
            assert [bits(lr) for lr in ours.lrs] == [bits(group["lr"]) for group in optimizer.param_groups]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(40))
def test_keras(seed, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    random.seed(seed)
    arguments = {
        "factor": 0.5,
        "patience": random.choice((0, 1, 2, 5)),
        "cooldown": random.choice((0, 1, 3)),
        "min_lr": 0.01,
    }
    delta = random.choice((0.0, 1e-4, 0.05))
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", min_delta=delta, mode="min", **arguments)

    class Model:
        optimizer = keras.optimizers.SGD(1.0)

    callback.set_model(Model())
    callback.on_train_begin()
    with st.Scheduler(1.0, controller=st.Plateau("keras", threshold=delta, **arguments)) as ours:
        for epoch, metric in enumerate(metrics(80, odd=0.0)):
            callback.on_epoch_end(epoch, {"loss": metric})
            ours.step(metric)
            assert ours.lr == pytest.approx(float(Model.optimizer.learning_rate), rel=1e-6), epoch


@pytest.mark.parametrize("seed", range(15))
def test_optax(seed):
    jax = pytest.importorskip("jax")
    contrib = pytest.importorskip("optax.contrib")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    random.seed(seed)
    patience, cooldown = random.choice((1, 2, 5)), random.choice((0, 1, 3))
    size, rtol, atol = random.choice((1, 3)), random.choice((1e-4, 0.05)), random.choice((0.0, 0.01))
    theirs = contrib.reduce_on_plateau(
        factor=0.5, patience=patience, cooldown=cooldown, rtol=rtol, atol=atol, accumulation_size=size, min_scale=0.01
    )
    parameters = jnp.zeros(1, jnp.float64)
    state = theirs.init(parameters)
    update = jax.jit(lambda state, metric: theirs.update(parameters, state, value=metric)[1])  # 20 times as fast
    ours = st.Scheduler(1.0, controller=st.Plateau(
        "optax", factor=0.5, patience=patience, cooldown=cooldown, threshold=rtol, extra_threshold=atol,
        accumulation=size, min_lr=0.01,
    ))  # fmt: skip
    for metric in metrics(60, odd=0.0, signs=random.choice(((1,), (1, 1, 1, -1)))):
        state = update(state, jnp.float64(metric))
        ours.step(metric)
        assert ours.lr == pytest.approx(float(state.scale), rel=1e-6)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("controller", [
    "plateau(patience=2, mode={})", "plateau('keras', patience=3, mode={}, threshold_mode='rel')",
    "greedy(patience=2, mode={}, smooth=false, threshold_mode='rel', threshold=1e-4)",
    "early_stop(patience=3, mode={})"])  # fmt: skip
def test_a_negative_metric_that_stands_still(controller, mode):
    """A log-likelihood, an ELBO: a relative threshold is on the right side of it."""
    with st.Scheduler(1.0, controller.format(f"'{mode}'")) as scheduler:
        for _ in range(10):
            scheduler.step(-1.0)
        assert scheduler.lr < 1 or scheduler.stop_reason == "early_stop"


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("sign", [1, -1])
def test_scale_and_sign(mode, sign):
    """Better by less than the threshold is no improvement, better by more is one; on both sides of 0."""
    better = -1 if mode == "min" else 1
    for margin, cut in ((0.09, True), (0.11, False)):
        with st.Scheduler(1.0, controller=st.Plateau(mode=mode, patience=0, threshold=0.1)) as scheduler:
            scheduler.step(4.0 * sign)
            scheduler.step(4.0 * sign + better * 4 * margin)
            assert (scheduler.lr < 1) == cut


def test_repr_says_everything():
    plateau = st.Plateau("keras", patience=3)
    assert eval(repr(plateau), {"Plateau": st.Plateau}) == plateau
    assert plateau != st.GreedyLR()


@pytest.mark.parametrize("arguments, words", [
    ({"factor": 1.5}, "plateau: factor = 1.5"), ({"counting": "mine"}, 'plateau: counting = "mine"'),
    ({"patience": -1}, "plateau: patience = -1"), ({"accumulation": 0}, "plateau: accumulation = 0")])
def test_bad_input(arguments, words):
    with pytest.raises(st.StepsizeError, match=words):
        st.Plateau(**arguments)
