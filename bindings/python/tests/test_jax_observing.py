"""Controllers that observe the gradient, inside compiled programs, and optax's own dog and momo, update by update."""

import pytest

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import stepsize  # noqa: E402
from stepsize.optax import functional, scalars  # noqa: E402


@pytest.fixture(autouse=True)
def doubles():
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def problem():
    random = np.random.default_rng(0)
    inputs, targets = jnp.asarray(random.normal(size=(32, 5))), jnp.asarray(random.normal(size=32))
    params = {"w": jnp.asarray(random.normal(size=5)), "b": jnp.asarray(0.3)}
    return params, lambda p: jnp.mean((jnp.tanh(inputs @ p["w"] + p["b"]) - targets) ** 2)


def descend(text, count=30, averaged=None):
    """Parameters after each update of SGD with the scheduler's rate, all in one compiled program."""
    params, loss_of = problem()
    scheduler = stepsize.Scheduler(1.0, text)
    pure, start = functional(scheduler), params
    zeros = jax.tree.map(jnp.zeros_like, params)

    def update(carry, _):
        params, state, last, mean, t = carry
        loss, grads = jax.value_and_grad(loss_of)(params)
        direction, numbers = grads, {}
        if averaged is not None:
            keep = jnp.where(t == 0, 0.0, averaged)
            direction = mean = jax.tree.map(lambda m, g: keep * m + (1 - keep) * g, mean, grads)
            numbers["mean_norm"] = optax.tree_utils.tree_norm(mean)
            numbers["mean_dot_x"] = optax.tree_utils.tree_vdot(mean, params)
        names = [name for name in scheduler.observes if name not in numbers]
        numbers |= scalars(names, grads, params, start=start, update=last)
        if "loss" in scheduler.observes:
            numbers["loss"] = loss
        state = pure.observe(state, **numbers)
        last = jax.tree.map(lambda each: -state.lr * each, direction)
        params = optax.apply_updates(params, last)
        return (params, pure.step(state), last, mean, t + 1), params["w"]

    _, path = jax.jit(lambda carry: jax.lax.scan(update, carry, None, count))((params, pure.init(), zeros, zeros, 0))
    return path


def theirs(optimizer, count=30):
    params, loss_of = problem()
    state, path = optimizer.init(params), []
    for _ in range(count):
        loss, grads = jax.value_and_grad(loss_of)(params)
        updates, state = optax.with_extra_args_support(optimizer).update(grads, state, params, value=loss)
        params = optax.apply_updates(params, updates)
        path.append(params["w"])
    return jnp.stack(path)


@pytest.mark.parametrize(("text", "optimizer", "averaged"), [
    ("dog(r=0.001)", lambda: optax.contrib.dog(1.0, init_step=("heuristic", 1e-3)), None),
    ("dog(init_lr=0.02)", lambda: optax.contrib.dog(1.0, init_step=("learning_rate", 0.02)), None),
    ("dog(r=0.001) * linear(40)", lambda: optax.contrib.dog(optax.linear_schedule(1.0, 0.0, 40), ("heuristic", 1e-3)),
     None),
    ('polyak("momo")', lambda: optax.contrib.momo(1.0), 0.9),
    ('polyak("momo", adapt=true)', lambda: optax.contrib.momo(1.0, adapt_lower_bound=True), 0.9),
    ('polyak("sps", c=1, max_lr=0.5)', lambda: optax.polyak_sgd(max_learning_rate=0.5), None),
])  # fmt: skip
def test_optax_makes_the_same_updates(text, optimizer, averaged):
    ours, other = descend(text, averaged=averaged), theirs(optimizer())
    np.testing.assert_allclose(ours, other, rtol=1e-6, atol=1e-9)
    assert np.abs(ours[-1] - ours[0]).max() > 1e-3


def test_under_vmap_each_run_has_its_own_rate():
    pure = functional(stepsize.Scheduler(1.0, 'polyak("sps", c=1)'))
    states = jax.vmap(lambda _: pure.init())(jnp.arange(3))
    losses = jnp.asarray([1.0, 2.0, 4.0])
    after = jax.jit(jax.vmap(lambda state, loss: pure.observe(state, loss=loss, grad_norm=2.0)))(states, losses)
    assert after.lr.tolist() == [0.25, 0.5, 1.0]
    assert [pure.restore(jax.tree.map(lambda each, i=i: each[i], after)).lr for i in range(3)] == [0.25, 0.5, 1.0]


def test_what_is_missing_is_named():
    params, _ = problem()
    for name, part in [("distance", "start"), ("dot_update", "update"), ("mean_norm", "optimizer")]:
        with pytest.raises(stepsize.StepsizeError, match=part):
            scalars([name], params, params)
    with pytest.raises(stepsize.StepsizeError, match="functional"):
        stepsize.optax.scale_by_scheduler(stepsize.Scheduler(1.0, "dog()"))
