"""Stepsize in optax and JAX.

``schedule`` makes what optax calls a schedule, for ``optax.adam(schedule(...))``: the exact rates, looked up inside
``jit``, ``vmap`` and ``scan``. Rates that a controller moves are found while the program runs: inside the compiled
program by ``scale_by_scheduler`` or ``functional``, whose state is a part of the program's; or between two calls of it.
Then make the optimizer with ``optax.inject_hyperparams`` and write each rate into its state by ``inject``::

    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=scheduler.lr)
    opt_state = optimizer.init(params)
    for batch in batches:
        params, opt_state, loss = update(params, opt_state, batch)  # jitted; not traced again for another rate
        opt_state = inject(opt_state, scheduler.step(loss))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._foreign import convert
from ._foreign.errors import StepsizeError
from ._jax import SchedulerState, functional, scale_by_scheduler
from ._rates import Rates

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core.schedule import Schedule

__all__ = ["SchedulerState", "functional", "inject", "scale_by_scheduler", "schedule"]


def schedule(
    schedule: Schedule | str, base_lr: float = 1.0, *, length: int | None = None, dtype: Any = None
) -> Callable[[Any], Any]:
    """A function that returns the rate of an update, for concrete and traced numbers.

    The rate is that of ``stepsize.Scheduler(base_lr, schedule)``, rounded to `dtype`. The first 2**20 updates are a
    table in the compiled program, one number for each: 4 MB in 32 bits where there are as many. The rate of an update
    after these is asked for by a call of the host (``jax.pure_callback``), which the program waits for.

    Args:
        schedule: A schedule or its text.
        base_lr: The base rate: finite, >= 0.
        length: Updates (an integer >= 1) after which the last rate is held, and of which a text gives shares
            (``"warmup(10%) >> cosine(90%)"``); None for never, and for a text without.
        dtype: A JAX type of floating-point numbers; None for JAX's default.
    """
    import jax.numpy as jnp

    rates = Rates(schedule, base_lr, length)
    return lambda count: rates.in_jax(count, dtype or jnp.zeros(()).dtype)


def inject(
    opt_state: Any, rate: float, name: str = "learning_rate", *, where: Callable[[Any, Any], bool] | None = None
) -> Any:
    """The state of an optimizer with another rate: a new state, of the same shapes and types.

    Args:
        opt_state: The state of an optimizer made by ``optax.inject_hyperparams``, or with one inside
            (``chain``, ``multi_transform``, ``MultiSteps``).
        rate: The rate, such as ``scheduler.lr``.
        name: The hyperparameter's name.
        where: Which of several, as the ``filtering`` of ``optax.tree_utils.tree_set``: a function of the path and the
            value; for one rate in each group of parameters.
    """
    import jax.numpy as jnp
    import optax

    found = optax.tree_utils.tree_get_all_with_path(opt_state, name, filtering=where)
    if not found:
        raise StepsizeError(
            f"name = {name!r}: the state has no hyperparameter of that name: make the optimizer with"
            f" optax.inject_hyperparams(optax.adam)({name}=...)"
        )
    values = {jnp.asarray(value).dtype for _, value in found}
    if len(values) > 1:
        raise StepsizeError(f"name = {name!r}: several of different types: choose one by `where`")
    # Of the same type as before, so that the update is not traced again.
    value = jnp.asarray(convert.to_float(rate, "rate"), dtype=values.pop())
    return optax.tree_utils.tree_set(opt_state, where, **{name: value})
