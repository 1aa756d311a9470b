"""The rates of a schedule for frameworks that ask for the rate of an update, inside a compiled program or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.schedule import as_schedule
from ._foreign import convert
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from array import array

    from ._core.schedule import Schedule

# Updates in a table, which is a constant of a compiled program: 4 MB in 32 bits.
TABLE_LENGTH = 2**20


class Rates:
    """The rates of ``Scheduler(base_lr, schedule)``, from `length` updates on (None: never) that of the last one.

    Attributes:
        table_length: Updates in the table.
        is_whole: Whether the rates after the table are that of its last update.
    """

    def __init__(self, schedule: Schedule | str, base_lr: float, length: int | None) -> None:
        if length is not None:
            length = convert.to_int64(length, "length")
            if length < 1:
                raise StepsizeError(f"length = {length}, expected an integer >= 1")
        self.schedule = as_schedule(schedule, "schedule", length)
        self.base_lr = convert.to_float(base_lr, "base_lr")
        ends = self.schedule.length
        # The last update with a rate of its own.
        self._last = convert.INT64_MAX if ends is None else ends
        if length is not None:
            self._last = min(self._last, length - 1)
        self.is_whole = self._last < TABLE_LENGTH
        self.table_length = self._last + 1 if self.is_whole else TABLE_LENGTH
        self._table: array[float] | None = None
        self.at(0)  # which refuses a base rate

    def at(self, update: int) -> float:
        """The rate of an update; before 0 that of update 0."""
        return self.schedule.curve(1, min(update, self._last), self.base_lr)[0]

    @property
    def table(self) -> array[float]:
        """The rates of the first updates."""
        if self._table is None:
            self._table = self.schedule.curve(self.table_length, base_lr=self.base_lr)
        return self._table

    def in_jax(self, update: Any, dtype: Any) -> Any:
        """The rate of an update, or of an array of them, inside or outside a program that JAX compiles: looked up in
        the table, and asked for by a call of the host from its end on."""
        import jax
        import jax.numpy as jnp
        import numpy as np

        if isinstance(update, (int, np.integer)):  # which may have more bits than JAX's integers
            return jnp.asarray(self.at(int(update)), dtype)
        update = jnp.asarray(update)
        if not jnp.issubdtype(update.dtype, jnp.integer):
            raise convert.wrong_type("count", "integers", update)
        # Made here, since an array of JAX made while tracing could not be kept.
        table = jnp.asarray(np.asarray(self.table), dtype)

        def near() -> Any:
            last = min(len(self.table) - 1, jnp.iinfo(update.dtype).max)
            return jnp.take(table, jnp.clip(update, 0, last), axis=0)

        def ask(updates: Any) -> Any:
            asked = np.asarray(updates)
            return np.asarray([self.at(int(each)) for each in asked.flat]).reshape(asked.shape).astype(dtype)

        def far() -> Any:
            return jax.pure_callback(ask, jax.ShapeDtypeStruct(update.shape, dtype), update, vmap_method="expand_dims")

        if self.is_whole or jnp.iinfo(update.dtype).max < self.table_length:
            return near()
        # Where `update` is traced by vmap, both are done.
        return jax.lax.cond(jnp.any(update >= self.table_length), far, near)
