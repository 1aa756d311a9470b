"""Rates for compiled programs: from the table, and from the host after it."""

import pytest
import stepsize as st
from stepsize._rates import TABLE_LENGTH, Rates

pytestmark = pytest.mark.framework
np = pytest.importorskip("numpy")

LONG = 10_000_000_000
ENDS = [0, 1, TABLE_LENGTH - 1, TABLE_LENGTH, TABLE_LENGTH + 1, 2**31 - 2, 2**31 - 1]
TEXTS = [
    f"linear({LONG})", f"warmup(500) >> cosine({LONG}, floor=0.1)", "inverse_sqrt(100)", f"repeat(linear(7), {LONG})",
    f"constant({TABLE_LENGTH}) >> linear(3)", f"linear({TABLE_LENGTH - 1})", f"linear({TABLE_LENGTH})",
]  # fmt: skip


def exact(text, updates, base=0.3):
    schedule = st.parse(text)
    return np.asarray([schedule.curve(1, t, base)[0] for t in updates]).astype(np.float32)


@pytest.mark.parametrize("text", TEXTS)
def test_a_long_schedule_takes_no_more_memory_than_a_short_one(text):
    rates = Rates(text, 0.3, None)
    assert len(rates.table) == rates.table_length <= TABLE_LENGTH
    assert [rates.at(t) for t in (*ENDS, LONG // 3, LONG, 2**63 - 1)] == [
        st.parse(text).curve(1, t, 0.3)[0] for t in (*ENDS, LONG // 3, LONG, 2**63 - 1)
    ]


def test_what_is_held():
    assert [Rates("linear(4)", 1.0, 3).at(t) for t in (-5, 0, 2, 3, 9)] == [1, 1, 0.5, 0.5, 0.5]
    assert list(Rates("linear(4)", 1.0, None).table) == [1, 0.75, 0.5, 0.25, 0]
    assert Rates("constant()", 1.0, None).is_whole is False and Rates("constant()", 1.0, 5).is_whole is True


def test_what_is_refused():
    with pytest.raises(st.StepsizeError, match="length = 0, expected an integer >= 1"):
        Rates("linear(3)", 1.0, 0)
    with pytest.raises(st.StepsizeError, match="base_lr = -1.0"):
        Rates("linear(3)", -1.0, None)
    with pytest.raises(TypeError, match="schedule: expected a schedule or its text"):
        Rates(3, 1.0, None)


# ---- JAX ----


@pytest.fixture
def jnp():
    return pytest.importorskip("jax").numpy


@pytest.mark.parametrize("text", TEXTS)
def test_in_jax_under_every_transformation(text, jnp):
    import jax

    rates = Rates(text, 0.3, None)
    rate, expected = lambda t: rates.in_jax(t, jnp.float32), exact(text, ENDS)  # noqa: E731
    steps = jnp.asarray(ENDS)
    assert np.array_equal([rate(t) for t in ENDS], expected)
    assert np.array_equal([jax.jit(rate)(t) for t in steps], expected)
    assert np.array_equal(jax.jit(rate)(steps), expected)
    assert np.array_equal(jax.jit(jax.vmap(rate))(steps), expected)
    assert np.array_equal(jax.vmap(jax.vmap(rate))(steps[None])[0], expected)
    start = TABLE_LENGTH - 3
    scanned = jax.jit(lambda t: jax.lax.scan(lambda t, _: (t + 1, rate(t)), t, None, 6))(start)[1]
    assert np.array_equal(scanned, exact(text, range(start, start + 6)))


def test_in_jax_with_the_gradient_of_a_training(jnp):
    """The weights after a few updates have a derivative, though the host is asked for the rates."""
    import jax

    rates = Rates("inverse_sqrt(100)", 0.3, None)

    def train(weight):
        def update(carry, _):
            weight, t = carry
            return (weight - rates.in_jax(t, jnp.float32) * weight, t + 1), None

        return jax.lax.scan(update, (weight, TABLE_LENGTH), None, 3)[0][0]

    expected = np.prod(1 - exact("inverse_sqrt(100)", range(TABLE_LENGTH, TABLE_LENGTH + 3)))
    assert jax.jit(jax.grad(train))(1.0) == pytest.approx(float(expected), rel=1e-6)


def test_in_jax_with_every_sort_of_number(jnp):
    import jax

    rates = Rates(f"linear({LONG})", 1.0, None)
    assert rates.in_jax(LONG // 2, jnp.float32) == rates.in_jax(np.int64(LONG // 2), jnp.float32) == 0.5
    for integers in (jnp.int8, jnp.uint8, jnp.int16, jnp.uint32):
        assert rates.in_jax(jnp.asarray(100, integers), jnp.float32) == np.float32(rates.at(100))
    assert rates.in_jax(jnp.asarray(2**21), jnp.bfloat16).dtype == jnp.bfloat16
    with pytest.raises(TypeError, match="count: expected integers"):
        rates.in_jax(jnp.asarray(1.0), jnp.float32)
    with jax.enable_x64(True):
        assert jax.jit(lambda t: rates.in_jax(t, jnp.float64))(LONG - 1) == rates.at(LONG - 1)
