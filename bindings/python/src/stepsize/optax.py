"""Stepsize in optax and JAX.

``schedule`` makes what optax calls a schedule, for ``optax.adam(schedule(...))``: the exact rates as a table that is
looked up inside ``jit`` and ``scan``. Rates that a controller moves cannot be known when the program is traced: make
the optimizer with ``optax.inject_hyperparams`` and write each rate into its state by ``inject``::

    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=scheduler.lr)
    opt_state = optimizer.init(params)
    for batch in batches:
        params, opt_state, loss = update(params, opt_state, batch)  # jitted; not traced again for another rate
        opt_state = inject(opt_state, scheduler.step(loss))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.schedule import Schedule, as_schedule, held_rates
from ._foreign import convert
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["inject", "schedule"]


def schedule(
    schedule: Schedule | str, base_lr: float = 1.0, *, length: int | None = None, dtype: Any = None
) -> Callable[[Any], Any]:
    """A function that returns the rate of an update, for concrete and traced numbers.

    The rate is that of ``stepsize.Scheduler(base_lr, schedule)``, rounded to `dtype`. The table takes one number for
    each update: 4 MB for a million of them in 32 bits.

    Args:
        schedule: A schedule or its text.
        base_lr: The base rate: finite, >= 0.
        length: Updates in the table (an integer >= 1); after them the last rate is held. None for the schedule's own
            length, and its last value after it: a schedule without an end needs a number.
        dtype: A JAX type of floating-point numbers; None for JAX's default.
    """
    import jax.numpy as jnp
    import numpy as np

    made = as_schedule(schedule, "schedule")
    # In numpy until it is used: a JAX array made while tracing could not be kept.
    rates = np.asarray(held_rates(made, base_lr, length))

    def rate(count: Any) -> Any:
        table = jnp.asarray(rates, dtype=dtype or jnp.zeros(()).dtype)
        return jnp.take(table, jnp.clip(jnp.asarray(count), 0, len(rates) - 1), axis=0)

    return rate


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
