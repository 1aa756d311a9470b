"""A scheduler inside programs that JAX compiles takes the decisions of one outside."""

import pickle

import pytest
import stepsize as st
from frameworks import noisy_losses

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
np = pytest.importorskip("numpy")
import jax.numpy as jnp  # noqa: E402
from stepsize.optax import functional, scale_by_scheduler  # noqa: E402

pytestmark = pytest.mark.framework
TEXTS = [
    "greedy(patience=1, factor=0.8) * linear(60)",
    "greedy(variant=huggingface, patience=0, min_lr=0.001, smooth=true, window=3)",
    "greedy(variant=paper, factor=0.9)",
    "plateau(patience=2, factor=0.5) * (warmup(5) >> cosine(60))",
    "plateau(counting=keras, patience=2, mode=max, cooldown=3)",
    "plateau(counting=optax, patience=3, accumulation=2)",
    'early_stop(phase="a", patience=2, window=1) * (constant(40, phase="a") >> linear(20))',
    "learned(mlp, total=60)",
    "warmup(5) >> cosine(60)",
]
LOSSES = np.asarray(noisy_losses(50), np.float32)


def make(text):
    return st.Scheduler([0.1, 0.02], text, max_lr=[0.5, 0.05])


def expected(text, losses=LOSSES, make=make):
    scheduler = make(text)
    rates = []
    for loss in losses:
        scheduler.step(float(loss))
        rates.append(scheduler.lrs)
    return np.asarray(rates, np.float32)


def scanned(pure, losses, state):
    def update(state, loss):
        state = pure.step(state, loss)
        return state, state.lrs

    return jax.jit(lambda state, losses: jax.lax.scan(update, state, losses))(state, losses)


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_scan(text):
    pure = functional(make(text))
    state, rates = scanned(pure, LOSSES, pure.init())
    assert np.array_equal(rates, expected(text))
    moved, outside = pure.restore(state), make(text)
    for loss in LOSSES:
        outside.step(float(loss))
    assert moved.state() == outside.state(), "every bit of what it knows"


@pytest.mark.parametrize("text", TEXTS)
def test_a_population_under_vmap(text):
    """Each member observes losses of its own."""
    pure = functional(make(text))
    population = np.stack([np.roll(LOSSES, 7 * i) * (i + 1) for i in range(3)])
    states = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), pure.init())
    step = jax.jit(jax.vmap(pure.step))
    for t in range(20):
        states = step(states, population[:, t])
        assert states.lr.shape == (3,)
    assert np.array_equal(states.lrs, [expected(text, losses[:20])[-1] for losses in population])
    shared = jax.vmap(pure.step, in_axes=(0, None))(states, jnp.float32(1.0))
    assert shared.lrs.shape == (3, 2)


def test_the_state_is_a_value():
    """An old one gives the same again, and so does one that went through a file."""
    pure = functional(make(TEXTS[0]))
    states = [pure.init()]
    for loss in LOSSES:
        states.append(jax.jit(pure.step)(states[-1], loss))
    for t in (0, 10, 49):
        again = pure.step(pickle.loads(pickle.dumps(jax.device_get(states[t]))), LOSSES[t])
        assert np.array_equal(again.lrs, states[t + 1].lrs) and np.array_equal(again.saved, states[t + 1].saved)


def test_updates_that_are_not_shown():
    pure, outside = functional(make(TEXTS[0])), make(TEXTS[0])
    state = pure.init()
    for t, loss in enumerate(LOSSES):
        state = pure.step(state, loss if t % 3 == 0 else None)
        outside.step(float(loss)) if t % 3 == 0 else outside.advance()
    assert pure.restore(state).state() == outside.state()


def test_losses_that_are_not_finite():
    losses = LOSSES.copy()
    losses[[3, 10, 11]] = np.nan, np.inf, -np.inf
    pure = functional(make(TEXTS[0]))
    assert np.array_equal(scanned(pure, losses, pure.init())[1], expected(TEXTS[0], losses))


def test_it_begins_where_the_scheduler_is():
    scheduler = make(TEXTS[0])
    for loss in LOSSES[:20]:
        scheduler.step(float(loss))
    pure = functional(scheduler)
    assert np.array_equal(scanned(pure, LOSSES[20:], pure.init())[1], expected(TEXTS[0])[20:])
    assert scheduler.current_step == 20, "it stays as it is"


def test_a_long_scan_and_double_precision():
    with jax.enable_x64(True):
        losses = jnp.asarray(np.random.default_rng(0).random(1000))
        pure = functional(make(TEXTS[0]))
        _, rates = scanned(pure, losses, pure.init())
        outside = make(TEXTS[0])
        assert np.asarray(rates).tolist() == [(outside.step(float(x)), list(outside.lrs))[1] for x in losses]


def test_an_optimizer_of_optax():
    """The rate that a loss leads to is that of the next update; inside a chain, and inside a scan."""
    optimizer = optax.chain(
        optax.scale_by_adam(), scale_by_scheduler(st.Scheduler(0.1, "greedy(patience=0, factor=0.7) * linear(60)"))
    )
    rows = jax.random.normal(jax.random.key(1), (64, 4))

    def loss_of(params):
        return jnp.mean((rows @ params - rows.sum(1)) ** 2)

    def update(carry, _):
        params, state = carry
        loss, gradient = jax.value_and_grad(loss_of)(params)
        changes, state = optimizer.update(gradient, state, params, value=loss)
        return (optax.apply_updates(params, changes), state), (loss, state[1].lr)

    start = jnp.zeros(4)
    (params, _), (losses, rates) = jax.jit(lambda c: jax.lax.scan(update, c, None, 40))((start, optimizer.init(start)))
    outside = st.Scheduler(0.1, "greedy(patience=0, factor=0.7) * linear(60)")
    used = [outside.lr] + [outside.step(float(loss)) for loss in losses]
    assert np.array_equal(rates, np.asarray(used[1:], np.float32))
    assert used[1:] != [0.1 * (1 - t / 60) for t in range(1, 41)] and loss_of(params) < loss_of(start)

    # The same weights as by optax's own adam with these rates.
    own = optax.inject_hyperparams(optax.adam)(learning_rate=0.1)
    weights, state = start, own.init(start)
    for rate in used[:-1]:
        state.hyperparams["learning_rate"] = jnp.float32(rate)
        changes, state = own.update(jax.grad(loss_of)(weights), state, weights)
        weights = optax.apply_updates(weights, changes)
    assert np.allclose(params, weights, rtol=1e-4)


def test_the_gradient_through_a_training():
    """Of the weights, with the rates as constants."""
    pure = functional(st.Scheduler(0.1, "greedy(patience=0)"))

    def train(weight):
        state = pure.init()
        for _ in range(3):
            weight, state = weight - state.lr * weight, pure.step(state, weight**2)
        return weight

    outside, weight, slope = st.Scheduler(0.1, "greedy(patience=0)"), np.float32(1.0), 1.0
    for _ in range(3):
        rate = np.float32(outside.lr)
        outside.step(float(weight**2))
        weight, slope = weight - rate * weight, slope * (1 - rate)
    assert jax.jit(jax.grad(train))(1.0) == pytest.approx(float(slope), rel=1e-6)


def test_what_is_refused():
    with pytest.raises(TypeError, match="scheduler: expected a stepsize.Scheduler, not str"):
        functional("greedy()")
    with pytest.raises(st.StepsizeError, match="observes no loss"):
        functional(st.Scheduler(0.1, "line_search()"))
    with pytest.raises(st.StepsizeError, match="its state grows"):
        functional(st.Scheduler(0.1, "greedy()", record=True))
    with pytest.raises(st.StepsizeError, match="its state grows"):
        functional(st.Scheduler(0.1, "greedy()", norm_capacity=10))
    with pytest.raises(st.StepsizeError, match="2 parameter groups, expected one"):
        scale_by_scheduler(make("greedy()"))
    with pytest.raises(TypeError, match="loss: expected a number"):
        functional(make("greedy()")).step(functional(make("greedy()")).init(), jnp.ones(2))
    optimizer = scale_by_scheduler(st.Scheduler(0.1, "greedy()"))
    with pytest.raises(st.StepsizeError, match=r"call update\(..., value=loss\)"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))
