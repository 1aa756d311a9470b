"""A scheduler inside a program that JAX compiles: a pure function of a state that is a part of the program's.

The rules of the controllers are in the library alone, which works in double precision: the program calls it on the host
(``jax.pure_callback``), with the saved state as an array of bytes, and gets the next one back. So the decisions are
those of a ``stepsize.Scheduler``, bit for bit, under ``jit``, ``scan`` and ``vmap``, on any device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._core.scheduler import Scheduler
from ._foreign import convert
from ._foreign.abi import STEPSIZE_NEEDS_SEARCH
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _Change = Callable[[Scheduler, list[float]], object]

# A saved state grows by 16 bytes for each phase that ends early; there is room for this many.
_ENDINGS = 64
# In front of the saved state in its array: its size.
_PREFIX = 4
# Schedulers that are kept for the states that were given out last.
_KEPT = 256


class SchedulerState(NamedTuple):
    """The state of a scheduler as a pytree.

    Attributes:
        lrs: The rates of the current update, one for each parameter group.
        saved: The saved state, in an array of bytes whose size does not change.
    """

    lrs: Any
    saved: Any

    @property
    def lr(self) -> Any:
        """The rate of the current update, of the first group."""
        return self.lrs[..., 0]


class Functional:
    """What ``functional`` makes.

        pure = functional(stepsize.Scheduler(1e-3, "greedy(patience=5) * linear(1000)"))
        state = pure.init()
        state = pure.step(state, loss)      # inside jit, scan, vmap
        state.lr
    """

    def __init__(self, scheduler: Scheduler, dtype: Any) -> None:
        if not isinstance(scheduler, Scheduler):
            raise convert.wrong_type("scheduler", "a stepsize.Scheduler", scheduler)
        if scheduler._needs & STEPSIZE_NEEDS_SEARCH:
            raise StepsizeError("scheduler: its controller observes no loss: call it between compiled updates")
        later = Scheduler.from_state(scheduler.state())
        later.advance()
        if scheduler.norms is not None or len(later.record) > 0:
            raise StepsizeError("scheduler: made with record or norm_capacity, its state grows: make it without")
        self._start = scheduler.state()
        self._lrs = scheduler.lrs
        self._needs_loss = scheduler.needs_loss
        self._capacity = _PREFIX + len(self._start) + 16 * _ENDINGS
        self._dtype = dtype
        self._kept: dict[bytes, Scheduler] = {}

    def init(self) -> SchedulerState:
        """The state that the scheduler had when this was made from it."""
        import jax.numpy as jnp

        return SchedulerState(jnp.asarray(self._lrs, self._type()), jnp.asarray(self._packed(self._start)))

    def step(self, state: SchedulerState, loss: Any = None) -> SchedulerState:
        """The state of the next update.

        Args:
            state: From ``init`` or ``step``.
            loss: The loss of this update: a number or an array without dimensions, concrete or traced. None for an
                update that is not shown to the controller.
        """
        shown = loss is not None and self._needs_loss
        step: _Change = lambda scheduler, row: scheduler.step(row[0]) if shown else scheduler.advance()  # noqa: E731
        if not shown and not self._needs_loss:
            step = lambda scheduler, row: scheduler.step()  # noqa: E731
        return self._changed(state, {"loss": loss if shown else 0.0}, step)

    def observe(self, state: SchedulerState, **numbers: Any) -> SchedulerState:
        """The state with the rates of this update, after the controller has observed it.

        Args:
            state: From ``init`` or ``step``.
            numbers: Those that ``scheduler.observes`` names, as ``stepsize.optax.scalars`` computes them: numbers or
                arrays without dimensions, concrete or traced, of all groups together.
        """
        names = tuple(numbers)
        return self._changed(state, numbers, lambda scheduler, row: scheduler.observe(**dict(zip(names, row))))

    def _changed(self, state: SchedulerState, numbers: dict[str, Any], change: _Change) -> SchedulerState:
        import jax
        import jax.numpy as jnp

        # In the bits that they have: the library works in 64.
        given = {name: jnp.asarray(value) for name, value in numbers.items()}
        for name, value in given.items():
            if value.ndim:
                raise convert.wrong_type(name, "a number", numbers[name])
        # The compiled program holds no more than it must: these are data, their derivatives of no use.
        row = jax.lax.stop_gradient(jnp.stack([*given.values()]))
        shapes = SchedulerState(
            jax.ShapeDtypeStruct((len(self._lrs),), self._type()), jax.ShapeDtypeStruct((self._capacity,), jnp.uint8)
        )
        call: Callable[..., Any] = lambda saved, rows: self._call(saved, rows, change)  # noqa: E731
        return jax.pure_callback(call, shapes, state.saved, row, vmap_method="broadcast_all")  # type: ignore[no-any-return]

    def restore(self, state: SchedulerState) -> Scheduler:
        """The scheduler of a state, outside of a compiled program: to look at, to save, or to continue with."""
        import numpy as np

        return Scheduler.from_state(_unpacked(np.asarray(state.saved)))

    def _type(self) -> Any:
        import jax.numpy as jnp

        return self._dtype or jnp.zeros(()).dtype

    def _packed(self, state: bytes) -> Any:
        import numpy as np

        room = self._capacity - _PREFIX - len(state)
        if room < 0:
            raise StepsizeError(f"state: more than {_ENDINGS} phases have ended early; JAX's arrays cannot grow")
        whole = len(state).to_bytes(_PREFIX, "little") + state + bytes(room)
        return np.frombuffer(whole, np.uint8)

    def _call(self, saved: Any, rows: Any, change: _Change) -> SchedulerState:
        """One change, or a batch of them."""
        import numpy as np

        states, numbers = np.asarray(saved), np.asarray(rows)
        pairs = zip(states.reshape(-1, self._capacity), numbers.reshape(-1, numbers.shape[-1]))
        done = [self._change(_unpacked(state), [float(number) for number in row], change) for state, row in pairs]
        lrs = np.asarray([lrs for lrs, _ in done]).astype(self._type()).reshape(*numbers.shape[:-1], -1)
        return SchedulerState(lrs, np.asarray([state for _, state in done]).reshape(states.shape))

    def _change(self, state: bytes, row: list[float], change: _Change) -> tuple[tuple[float, ...], Any]:
        # The scheduler that gave this state out, where it has not gone on since: the same result, sooner.
        scheduler = self._kept.pop(state, None) or Scheduler.from_state(state)
        change(scheduler, row)
        after = scheduler.state()
        packed = self._packed(after)
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[after] = scheduler
        return scheduler.lrs, packed


def _unpacked(saved: Any) -> bytes:
    whole: bytes = saved.tobytes()
    return whole[_PREFIX : _PREFIX + int.from_bytes(whole[:_PREFIX], "little")]


def functional(scheduler: Scheduler, *, dtype: Any = None) -> Functional:
    """The scheduler as pure functions: ``init()`` returns its state, ``step(state, loss)`` that of the next update.

    Args:
        scheduler: A ``stepsize.Scheduler``, without or with a controller that observes the loss. It stays as it is.
        dtype: A JAX type of floating-point numbers for the rates; None for JAX's default.
    """
    return Functional(scheduler, dtype)


def scale_by_scheduler(scheduler: Scheduler) -> Any:
    """The last link of a chain, in place of ``optax.scale_by_learning_rate``: it multiplies by minus the rate.

        optimizer = optax.chain(optax.scale_by_adam(), scale_by_scheduler(stepsize.Scheduler(1e-3, "greedy()")))
        updates, opt_state = optimizer.update(grads, opt_state, params, value=loss)

    A controller observes `value`, the loss of the update, as that of ``optax.contrib.reduce_on_plateau``; the rate that
    comes of it is that of the next update.

    Args:
        scheduler: As for ``functional``, with one parameter group.
    """
    import jax
    import optax

    pure = functional(scheduler)
    if scheduler.observes:
        raise StepsizeError("scheduler: its controller observes the gradient: use functional, with observe and scalars")
    if len(scheduler.lrs) > 1:
        raise StepsizeError(f"scheduler: {len(scheduler.lrs)} parameter groups, expected one: use functional")

    def init(params: Any) -> SchedulerState:
        return pure.init()

    def update(updates: Any, state: SchedulerState, params: Any = None, *, value: Any = None, **more: Any) -> Any:
        if value is None and scheduler.needs_loss:
            raise StepsizeError("value: the controller needs the loss: call update(..., value=loss)")
        scaled = jax.tree.map(lambda each: (-state.lr).astype(each.dtype) * each, updates)
        return scaled, pure.step(state, value)

    return optax.GradientTransformationExtraArgs(init, update)


def scalars(names: Iterable[str], grads: Any, params: Any, *, start: Any = None, update: Any = None) -> dict[str, Any]:
    """The numbers of these names for ``Functional.observe`` and ``stepsize.Scheduler.observe``, except the loss: traced
    inside of compiled programs.

        numbers = scalars(scheduler.observes, grads, params, start=params_at_the_start)
        state = pure.observe(state, loss=loss, **numbers)

    Args:
        names: Such as ``scheduler.observes``.
        grads: The gradients, as a pytree.
        params: The parameters before the update.
        start: Those at the start; for "distance", "start_norm" and "dot_start".
        update: What the last update has added to the parameters (zeros in the first one); for "dot_update" and
            "update_norm".
    """
    import jax
    import jax.numpy as jnp
    import optax

    def back() -> Any:
        return jax.tree.map(jnp.subtract, start, params)

    norm, dot = optax.tree_utils.tree_norm, optax.tree_utils.tree_vdot
    known: dict[str, tuple[Callable[[], Any], Any]] = {
        "grad_norm": (lambda: norm(grads), ()),
        "grad_l1": (lambda: sum(jnp.abs(each).sum() for each in jax.tree.leaves(grads)), ()),
        "distance": (lambda: norm(back()), start),
        "start_norm": (lambda: norm(start), start),
        "dot_start": (lambda: dot(grads, back()), start),
        "dot_update": (lambda: dot(grads, update), update),
        "update_norm": (lambda: norm(update), update),
        "dot_x": (lambda: dot(grads, params), ()),
    }
    found = {}
    for name in names:
        if name == "loss":
            continue
        if name not in known:
            raise StepsizeError(f"{name}: depends on the optimizer: compute it as docs/tuning-free.md defines it")
        compute, given = known[name]
        if given is None:
            raise StepsizeError(f"{name}: needs {'update' if 'update' in name else 'start'}")
        found[name] = compute()
    return found
