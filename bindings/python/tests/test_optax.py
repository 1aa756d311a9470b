"""stepsize.optax in real optimizers of optax: under jit and scan, resumed, moved by a controller."""

import pickle

import pytest
import stepsize as st
from frameworks import EXAMPLES, noisy_losses, run

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
np = pytest.importorskip("numpy")
import jax.numpy as jnp  # noqa: E402
from stepsize.optax import inject, schedule  # noqa: E402

pytestmark = pytest.mark.framework
TEXTS = ["warmup(5) >> cosine(20, floor=0.1)", "linear(12)", "linear(30) * cosine(30)", "repeat(linear(4), 3)"]


def exact(text, base, count):
    scheduler = st.Scheduler(base, text)
    rates = [scheduler.lr] + [scheduler.step() for _ in range(count - 1)]
    return np.asarray(rates).astype(np.float32)


@pytest.mark.parametrize("text", TEXTS)
def test_rates_under_jit_vmap_and_scan_are_those_of_a_scheduler(text):
    expected, rate = exact(text, 0.3, 40), schedule(text, 0.3)
    steps = jnp.arange(40)
    assert np.array_equal([rate(int(i)) for i in steps], expected)
    assert np.array_equal(jax.jit(jax.vmap(rate))(steps), expected)
    assert np.array_equal(jax.jit(lambda: jax.lax.scan(lambda t, _: (t + 1, rate(t)), 0, None, 40))()[1], expected)
    assert rate(-3) == expected[0] and rate(10**6) == np.float32(0.3 * st.parse(text).at(10**6))


def test_made_inside_a_traced_function():
    """The table leaves no tracer behind."""
    jitted = jax.jit(lambda t: schedule("linear(4)")(t))
    assert [float(jitted(t)) for t in range(6)] == [1, 0.75, 0.5, 0.25, 0, 0]


def test_double_precision_is_exact():
    expected = st.parse("cosine(9)").curve(10, base_lr=0.1)
    with jax.enable_x64(True):
        rate = schedule("cosine(9)", 0.1)
        assert [float(rate(t)) for t in range(10)] == list(expected)


def test_a_length():
    with pytest.raises(st.StepsizeError, match="length = 0, expected an integer >= 1"):
        schedule("linear(3)", length=0)
    rate = schedule("inverse_sqrt(4)", length=50)
    assert np.array_equal([rate(t) for t in range(50)], exact("inverse_sqrt(4)", 1.0, 50))
    assert rate(50) == rate(49) and schedule("linear(8)", length=3)(jnp.arange(8))[-1] == 0.75


def test_an_optimizer_without_an_end():
    """Past the table, too."""
    optimizer = optax.sgd(schedule("warmup(3) >> inverse_sqrt(4)"))
    state = optimizer.init(jnp.zeros(()))
    for count in (0, 2, 100, 2**20 - 1, 2**20, 2**30, 2**31 - 1):
        there = jax.tree.map(lambda leaf, count=count: jnp.full_like(leaf, count), state)
        change, _ = jax.jit(optimizer.update)(jnp.ones(()), there)
        assert -change == np.float32(st.parse("warmup(3) >> inverse_sqrt(4)").at(count))


def problem():
    rows = jax.random.normal(jax.random.key(1), (64, 4))
    return lambda params: jnp.mean((rows @ params - 1.0) ** 2)


def train(optimizer, params, state, count, loss_of):
    @jax.jit
    def update(params, state):
        changes, state = optimizer.update(jax.grad(loss_of)(params), state, params)
        return optax.apply_updates(params, changes), state

    for _ in range(count):
        params, state = update(params, state)
    return params, state


def test_a_run_equals_one_with_the_schedule_of_optax():
    """Linear decay is optax's own to a rounding; so are the weights."""
    loss_of, start = problem(), jnp.zeros(4)
    ours, theirs = (
        train(optimizer, start, optimizer.init(start), 20, loss_of)[0]
        for optimizer in (optax.sgd(schedule("linear(20)", 0.1)), optax.sgd(optax.linear_schedule(0.1, 0.0, 20)))
    )
    assert np.allclose(ours, theirs, rtol=1e-6) and not np.allclose(ours, start)


def test_interrupted_and_resumed():
    """The optimizer's own state holds the number of the update: nothing else is to be saved."""
    text = "warmup(3) >> cosine(17)"
    make = lambda: optax.sgd(schedule(text, 0.1))  # noqa: E731

    def used(optimizer, state, count):
        rates, update = [], jax.jit(optimizer.update)
        for _ in range(count):
            change, state = update(jnp.ones(()), state)
            rates.append(-change)
        return rates, state

    before, state = used(make(), make().init(jnp.zeros(())), 7)
    after, _ = used(make(), pickle.loads(pickle.dumps(jax.device_get(state))), 13)
    assert np.array_equal(before + after, exact(text, 0.1, 20))


def controlled(scheduler, params, state, losses, optimizer, traces):
    @jax.jit
    def update(params, state, loss):
        traces.append(1)
        changes, state = optimizer.update(params - 1.0, state, params)
        return optax.apply_updates(params, changes), state, loss

    used = []
    for loss in losses:
        used.append(float(optax.tree_utils.tree_get(state, "learning_rate")))
        params, state, loss = update(params, state, jnp.float32(loss))
        state = inject(state, scheduler.step(loss))
    return params, state, used


def test_greedy_through_inject_hyperparams_and_resumed():
    make = lambda: st.Scheduler(0.1, "greedy(patience=1, factor=0.8) * linear(60)")  # noqa: E731
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.inject_hyperparams(optax.adamw)(learning_rate=0.1)
    )
    losses, traces, start = noisy_losses(40), [], jnp.zeros(4)
    _, _, used = controlled(make(), start, optimizer.init(start), losses, optimizer, traces)
    assert len(traces) == 1, "another rate must not compile again"

    reference = make()
    expected = [reference.lr] + [reference.step(float(np.float32(loss))) for loss in losses[:-1]]
    assert used == [float(np.float32(rate)) for rate in expected]
    assert len({rate / (1 - i / 60) > 0.1001 for i, rate in enumerate(expected)}) == 2, "the controller did nothing"

    first = make()
    params, state, before = controlled(first, start, optimizer.init(start), losses[:13], optimizer, [])
    saved = pickle.dumps((first.state(), jax.device_get((params, state))))
    scheduler_state, (params, state) = pickle.loads(saved)
    _, _, after = controlled(
        st.Scheduler.from_state(scheduler_state), params, state, losses[13:], optimizer, []
    )
    assert before + after == used


def test_two_groups():
    make = optax.inject_hyperparams(optax.sgd)
    optimizer = optax.multi_transform(
        {"a": make(learning_rate=1.0), "b": make(learning_rate=0.1)}, {"x": "a", "y": "b"}
    )
    state = optimizer.init({"x": jnp.zeros(2), "y": jnp.zeros(2)})
    scheduler = st.Scheduler([1.0, 0.1], "linear(4)")
    scheduler.step()
    for group, rate in zip("ab", scheduler.lrs):
        state = inject(state, rate, where=lambda path, _, group=group: f"'{group}'" in str(path))
    rates = {
        group: float(inner.inner_state.hyperparams["learning_rate"]) for group, inner in state.inner_states.items()
    }
    assert rates == {"a": 0.75, "b": float(np.float32(0.075))}


def test_a_state_without_the_rate():
    state = optax.adam(0.1).init(jnp.zeros(2))
    with pytest.raises(st.StepsizeError, match=r"make the optimizer with optax.inject_hyperparams"):
        inject(state, 0.1)


def test_the_example_runs():
    lines = run(EXAMPLES / "optax_greedy.py").splitlines()
    assert len(lines) == 2
    for line in lines:
        assert float(line.split()[-1]) < 0.05 * float(line.split()[-4])


@pytest.mark.parametrize("wrap", [
    lambda rate: optax.contrib.prodigy(rate), lambda rate: optax.contrib.mechanize(optax.adam(rate)),
], ids=["prodigy", "mechanize"])  # fmt: skip
def test_methods_of_optax_that_find_the_rate_take_our_schedules(wrap):
    def run(rate):
        method, params = wrap(rate), jax.numpy.arange(4.0)
        state, rates = method.init(params), []
        for _ in range(30):
            changes, state = method.update(2 * params - 1, state, params)
            params = optax.apply_updates(params, changes)
            rates.append(params)
        return jax.numpy.stack(rates)

    ours, theirs = run(schedule("linear(30)")), run(optax.linear_schedule(1.0, 0.0, 30))
    assert jax.numpy.allclose(ours, theirs, rtol=1e-5) and not jax.numpy.allclose(ours[0], ours[-1], rtol=1e-7)
