"""The plateau controllers by their peers' names: the same rates as the peers', observation by observation."""

import random

import pytest
import stepsize as st
from stepsize.peers import keras as made_keras
from stepsize.peers import optax as made_optax
from stepsize.peers import pytorch as made_pytorch


def losses(seed, count=200):
    rng = random.Random(seed)
    level = 5.0
    found = []
    for _ in range(count):
        level *= rng.choice([0.9, 1.0, 1.0, 1.01])
        found.append(level + rng.random() * 0.05)
    return found


def rates(controller, found, base_lr=0.5):
    scheduler = st.Scheduler(base_lr, controller=controller)
    result = []
    for loss in found:
        scheduler.step(loss)
        result.append(scheduler.lr)
    return result


@pytest.mark.framework
@pytest.mark.parametrize(
    "options", [{}, {"patience": 2, "factor": 0.5}, {"patience": 0, "cooldown": 3, "min_lr": 0.01},
                {"mode": "max", "threshold_mode": "abs", "threshold": 0.01, "patience": 4, "eps": 1e-3}],
)  # fmt: skip
def test_pytorch(options):
    torch = pytest.importorskip("torch")
    found = losses(1)
    optimizer = torch.optim.SGD([torch.zeros(1)], 0.5)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    expected = []
    for loss in found:
        peer.step(loss)
        expected.append(optimizer.param_groups[0]["lr"])
    assert rates(made_pytorch.ReduceLROnPlateau(**options), found) == expected
    assert len(set(expected)) > 1


@pytest.mark.framework
@pytest.mark.parametrize(
    "options", [{}, {"patience": 2, "factor": 0.5}, {"patience": 3, "cooldown": 3, "min_scale": 0.1},
                {"rtol": 0.0, "atol": 0.01, "patience": 4, "accumulation_size": 3}],
)  # fmt: skip
def test_optax(options):
    pytest.importorskip("optax")
    import jax
    import jax.numpy as jnp
    from optax import contrib

    found = [float(jnp.float32(loss)) for loss in losses(2)]
    peer = contrib.reduce_on_plateau(**options)
    # Compiled once: each of its conditions is compiled again with every call otherwise.
    update = jax.jit(lambda state, value: peer.update({}, state, value=value)[1])
    state = peer.init({})
    expected = []
    for loss in found:
        state = update(state, jnp.float32(loss))
        expected.append(0.5 * float(state.scale))
    assert rates(made_optax.reduce_on_plateau(0.5, **options), found) == pytest.approx(expected, rel=1e-5)
    assert len(set(expected)) > 1


def test_keras():
    made = made_keras.ReduceLROnPlateau(factor=0.5, patience=2, min_delta=0.01, cooldown=1, min_lr=0.01)
    assert made == st.Plateau(
        "keras", factor=0.5, patience=2, threshold=0.01, threshold_mode="abs", cooldown=1, min_lr=0.01, mode="min"
    )
    assert "max" in str(made_keras.ReduceLROnPlateau(monitor="val_accuracy", mode="max"))
    with pytest.raises(st.StepsizeError, match="expected 'min' or 'max'"):
        made_keras.ReduceLROnPlateau(monitor="val_accuracy")
