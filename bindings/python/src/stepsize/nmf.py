"""Stochastic non-negative matrix factorization with a proven bound on the learning rate. Needs numpy."""

from __future__ import annotations

from ctypes import POINTER, byref, c_double, cast, sizeof
from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy as np

from ._core.controller import Controller
from ._core.scheduler import Scheduler
from ._foreign import abi, abi_learn, convert
from ._foreign.errors import StepsizeError, failure
from ._foreign.learn import learn
from ._foreign.library import create, message_of, new_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ._core.schedule import Schedule

    class _Base:
        def __init__(self) -> None: ...
        def __getstate__(self) -> dict[str, Any]: ...

    class _Transformer: ...
else:
    try:
        from sklearn.base import BaseEstimator as _Base
        from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

        class _Transformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
            pass

    except ImportError:
        from inspect import signature

        class _Base:
            """The interface that clone and pipelines need of an estimator, for when scikit-learn is not installed."""

            def get_params(self, deep=True):
                names = [name for name in signature(type(self).__init__).parameters if name != "self"]
                return {name: getattr(self, name) for name in names}

            def set_params(self, **params):
                for name, value in params.items():
                    if name not in self.get_params():
                        raise ValueError(f"Invalid parameter {name!r} for estimator {self!r}.")
                    setattr(self, name, value)
                return self

            def __repr__(self):
                return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

            def __getstate__(self):
                return self.__dict__.copy()

        class _Transformer:
            pass


__all__ = ["StochasticNMF"]

_BOUNDS = {
    None: abi_learn.STEPSIZE_NMF_BOUND_NONE,
    "apriori": abi_learn.STEPSIZE_NMF_BOUND_APRIORI,
    "state": abi_learn.STEPSIZE_NMF_BOUND_STATE,
    "minibatch": abi_learn.STEPSIZE_NMF_BOUND_MINIBATCH,
}
_ORDERS = {"alternating": abi_learn.STEPSIZE_NMF_ALTERNATING, "simultaneous": abi_learn.STEPSIZE_NMF_SIMULTANEOUS}


class StochasticNMF(_Transformer, _Base):
    """X = W @ H without negative entries, by projected gradient steps on random batches of rows.

    The loss of a batch B of rows is ``||X_B - W_B @ H||**2 / 2``. Each update takes its rate from a
    ``stepsize.Scheduler`` and cuts it to the bound, so that it cannot raise the loss of its batch. A scikit-learn
    transformer; scikit-learn itself is not needed.

    Args:
        n_components: Rows of ``components_``; None for the smaller side of X.
        schedule: A schedule, its text, or a controller such as ``GreedyLR()``; None for a constant 1. Steps are
            updates: there are ``ceil(rows / batch_size)`` in a pass. A controller observes
            ``||X_B - W_B @ H||**2 / ||X_B||**2``.
        bound: "state": theta/L from the current factors and the rows of the batch; "apriori": known before
            the first step and smaller; "minibatch": the state's, and stability of H in mean square under random
            batches; None: no bound, which may diverge.
        base_lr: The rate at schedule value 1; None for the bound itself, so that a schedule scales the bound (without a
            bound, that of the state).
        batch_size: Rows of an update; None for all of them.
        max_iter: The largest number of passes over X.
        tol: Stop when a pass has lowered the mean relative loss by less than this fraction of the first one's; 0
            for never.
        order: "alternating": W, then H, ``w_steps`` and ``h_steps`` steps each; "simultaneous": both at once.
        w_steps: Steps of W in one update.
        h_steps: Steps of H in one update.
        theta: Rate times curvature at the bound, in (0, 1.404].
        transform_steps: Steps of W in ``transform``.
        random_state: An integer, a ``numpy.random.RandomState``, or None for numpy's global one. The same integer makes
            the same bits.
        verbose: 1 prints a line for each pass.
        progress: Called after each pass with (passes done, max_iter, mean relative loss); True stops.

    Attributes:
        components_: H.
        reconstruction_err_: ``||X - W @ H||`` at the end, for the W that ``transform`` finds.
        loss_history_: ``||X_B - W_B @ H||**2 / ||X_B||**2`` before each update.
        lr_history_: The rates of W and of H in each update, an array with two columns.
        clipped_: For each update whether the bound cut a rate.
        n_iter_: The number of passes.
        n_features_in_: Columns of X.
    """

    components_: NDArray[np.float64]
    n_features_in_: int
    n_iter_: int
    _scheduler: Scheduler | None
    _norm: float
    _first_seed: int

    def __init__(
        self,
        n_components: int | None = None,
        *,
        schedule: Schedule | Controller | str | None = None,
        bound: str | None = "state",
        base_lr: float | None = None,
        batch_size: int | None = 256,
        max_iter: int = 100,
        tol: float = 1e-4,
        order: str = "alternating",
        w_steps: int = 20,
        h_steps: int = 10,
        theta: float = 1.4,
        transform_steps: int = 100,
        random_state: Any = None,
        verbose: int = 0,
        progress: Callable[[int, int, float], object] | None = None,
    ) -> None:
        self.n_components = n_components
        self.schedule = schedule
        self.bound = bound
        self.base_lr = base_lr
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.order = order
        self.w_steps = w_steps
        self.h_steps = h_steps
        self.theta = theta
        self.transform_steps = transform_steps
        self.random_state = random_state
        self.verbose = verbose
        self.progress = progress

    # ---- Fitting ----

    def fit(self, X: Any, y: object = None) -> StochasticNMF:
        """Finds both factors; W is not kept: ``transform`` finds it again."""
        self._fit(X)
        return self

    def fit_transform(self, X: Any, y: object = None) -> NDArray[np.float64]:
        """``fit``, then the W that belongs to X."""
        return self._fit(X)

    def partial_fit(self, X: Any, y: object = None) -> StochasticNMF:
        """One update on the given rows, which are its whole batch: for data that come in pieces.

        W of these rows starts from ``transform``. The first piece needs as many columns as there are components. The
        norm for the a-priori bound and the ball is that of all rows seen so far.
        """
        first = not hasattr(self, "components_")
        x = self._checked(X, reset=first)
        if first:
            self._begin()
            self._norm = 0.0
            self._first_seed = self._seed()
        if self._scheduler is None:
            self._scheduler = self._new_scheduler()
        self._norm = float(np.hypot(self._norm, np.linalg.norm(x)))
        rank = self._rank(x) if first else len(self.components_)
        model = _Model(self, x, rank, self._first_seed, None, self._norm)
        if not first:
            model.replace(self._solve(x, self.components_), self.components_)
        self._update(model)
        self.components_ = model.factors(w=False)[1]
        self.n_iter_ += 1
        self._finish()
        return self

    def _fit(self, X: Any) -> NDArray[np.float64]:
        x = self._checked(X, reset=True)
        passes = _at_least(self.max_iter, "max_iter", 1)
        tol = convert.to_float(self.tol, "tol")
        if not tol >= 0:
            raise StepsizeError(f"tol = {tol!r}, expected a number >= 0")
        self._begin()
        self._norm, self._first_seed = float(np.linalg.norm(x)), self._seed()
        model = _Model(self, x, self._rank(x), self._first_seed, self.batch_size, 0.0)
        self._scheduler = self._new_scheduler()
        first = previous = 0.0
        for self.n_iter_ in range(1, passes + 1):
            losses = [self._update(model) for _ in range(model.batches)]
            mean = sum(losses) / len(losses)
            if self.verbose:
                print(f"pass {self.n_iter_}/{passes}: relative loss {mean:.6g}", flush=True)
            if self.progress is not None and self.progress(self.n_iter_, passes, mean) is True:
                break
            if self.n_iter_ == 1:
                first = mean
            elif previous - mean <= tol * first and tol > 0:
                break
            previous = mean
        self.components_ = model.factors(w=False)[1]
        w = self._solve(x, self.components_)
        model.replace(w, None)
        self.reconstruction_err_ = float(np.sqrt(2 * model.loss()))
        self._finish()
        return w

    def _begin(self) -> None:
        self._losses: list[float] = []
        self._rates: list[tuple[float, float]] = []
        self._cuts: list[bool] = []
        self._scheduler = None
        self.n_iter_ = 0

    def _finish(self) -> None:
        self.n_components_ = len(self.components_)
        self.loss_history_ = np.array(self._losses)
        self.lr_history_ = np.array(self._rates).reshape(-1, 2)
        self.clipped_ = np.array(self._cuts, bool)

    def _update(self, model: _Model) -> float:
        scheduler = self._scheduler
        assert scheduler is not None
        update = model.step(scheduler.lr)
        loss = 2 * update.loss / update.squares if update.squares > 0 else 0.0
        scheduler.step(loss)
        self._losses.append(loss)
        self._rates.append((update.w_rate, update.h_rate))
        self._cuts.append(bool(update.clipped))
        return loss

    def _new_scheduler(self) -> Scheduler:
        base = 1.0 if self.base_lr is None else self.base_lr
        if isinstance(self.schedule, Controller):
            scheduler = Scheduler(base, controller=self.schedule)
        else:
            scheduler = Scheduler(base, self.schedule)
        if self._losses:  # restored: the schedule continues where it was
            scheduler.current_step = len(self._losses)
        return scheduler

    def _seed(self) -> int:
        state = self.random_state
        if state is None or isinstance(state, np.random.RandomState):
            state = np.random if state is None else state
            return int(state.randint(2**31 - 1))
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31 - 1))
        return convert.to_int64(state, "random_state")

    def _rank(self, x: NDArray[np.float64]) -> int:
        if self.n_components is None:
            return int(min(x.shape))
        return _at_least(self.n_components, "n_components", 1)

    # ---- Using ----

    def transform(self, X: Any) -> NDArray[np.float64]:
        """W for rows of X and ``components_``."""
        self._check_fitted()
        return self._solve(self._checked(X, reset=False), self.components_)

    def inverse_transform(self, X: Any) -> NDArray[np.float64]:
        """W @ ``components_``."""
        self._check_fitted()
        product: NDArray[np.float64] = np.asarray(X, np.float64) @ self.components_
        return product

    def _solve(self, x: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64]:
        steps = _at_least(self.transform_steps, "transform_steps", 1)
        w, error = np.empty((len(x), len(h))), new_error()
        status = learn.stepsize_nmf_transform(
            _pointer(h), *h.shape, _pointer(x), len(x), _stride(x), steps, _pointer(w), byref(error)
        )
        if status:
            raise failure(message_of(error), status)
        return w

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    # ---- Checks ----

    def _checked(self, X: Any, *, reset: bool) -> NDArray[np.float64]:
        """X as doubles with contiguous rows, without a copy if it is so already."""
        x: NDArray[np.float64]
        try:
            from sklearn.utils.validation import validate_data  # type: ignore[import-untyped]
        except ImportError:
            x = np.asarray(X, np.float64)
            if x.ndim != 2 or 0 in x.shape:
                raise ValueError(f"X: expected a matrix with at least one entry, not the shape {x.shape}") from None
            if not np.isfinite(x.sum()) and not np.isfinite(x).all():
                raise ValueError("X contains NaN or infinity") from None
            if reset:
                self.n_features_in_ = x.shape[1]
            elif x.shape[1] != self.n_features_in_:
                raise ValueError(
                    f"X has {x.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_}"
                ) from None
        else:
            x = validate_data(self, X, reset=reset, dtype=np.float64, ensure_non_negative=True)
        if x.size and (x.strides[1] != x.itemsize and x.shape[1] > 1 or _stride(x) < x.shape[1]):
            x = np.ascontiguousarray(x)
        return x if x.flags.aligned else x.copy()

    def _check_fitted(self) -> None:
        if hasattr(self, "components_"):
            return
        message = f"This {type(self).__name__} instance is not fitted yet: call fit or partial_fit first."
        try:
            from sklearn.exceptions import NotFittedError  # type: ignore[import-untyped]
        except ImportError:
            raise StepsizeError(message) from None
        raise NotFittedError(message)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.positive_only = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__().copy()
        # A handle of the library cannot be copied; partial_fit makes a new one at the same step.
        if "_scheduler" in state:
            state["_scheduler"] = None
        return state


class _Model:
    """A factorization in the library, which reads X in place."""

    def __init__(
        self, owner: StochasticNMF, x: NDArray[np.float64], rank: int, seed: int, batch: int | None, norm: float
    ) -> None:
        options = abi_learn.stepsize_nmf_options()
        learn.stepsize_nmf_defaults(byref(options), sizeof(options))
        options.rank, options.seed, options.norm = rank, seed, norm
        options.batch_size = 0 if batch is None else _at_least(batch, "batch_size", 1)
        options.relative = owner.base_lr is None
        options.order = _word(owner.order, "order", _ORDERS)
        options.bound = _word(owner.bound, "bound", _BOUNDS)
        options.theta = convert.to_float(owner.theta, "theta")
        options.w_steps = convert.to_int64(owner.w_steps, "w_steps")
        options.h_steps = convert.to_int64(owner.h_steps, "h_steps")
        self.x, self.rank = x, rank
        self.batches = -(-len(x) // min(options.batch_size or len(x), len(x)))
        self.data, self.stride = _pointer(x), _stride(x)
        self.handle = create(learn.stepsize_nmf_create, byref(options), self.data, *x.shape, self.stride)
        finalize(self, learn.stepsize_nmf_destroy, self.handle)
        self.update = abi_learn.stepsize_nmf_update(size=sizeof(abi_learn.stepsize_nmf_update))

    def step(self, rate: float) -> abi_learn.stepsize_nmf_update:
        error = new_error()
        status = learn.stepsize_nmf_step(
            self.handle, self.data, self.stride, rate, byref(self.update), byref(error)
        )
        if status:
            raise failure(message_of(error), status)
        return self.update

    def loss(self) -> float:
        loss, error = c_double(), new_error()
        status = learn.stepsize_nmf_loss(self.handle, self.data, self.stride, byref(loss), byref(error))
        if status:
            raise failure(message_of(error), status)
        return loss.value

    def factors(self, w: bool = True) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.empty((len(self.x) if w else 0, self.rank))
        h = np.empty((self.rank, self.x.shape[1]))
        learn.stepsize_nmf_get_factors(self.handle, _pointer(rows), rows.size, _pointer(h), h.size)
        return rows, h

    def replace(self, w: NDArray[np.float64], h: NDArray[np.float64] | None) -> None:
        error = new_error()
        parts, count = (None, 0) if h is None else (_pointer(h), h.size)
        status = learn.stepsize_nmf_set_factors(self.handle, _pointer(w), w.size, parts, count, byref(error))
        if status:
            raise failure(message_of(error), status)


def _pointer(array: NDArray[np.float64]) -> Any:
    return cast(array.ctypes.data, POINTER(c_double))


def _stride(x: NDArray[np.float64]) -> int:
    """Doubles from one row to the next."""
    stride, rest = divmod(x.strides[0], x.itemsize)
    if len(x) == 1:
        return int(x.shape[1])
    return stride if rest == 0 else 0


def _at_least(value: Any, name: str, least: int) -> int:
    number: int = convert.to_int64(value, name)
    if number < least:
        raise StepsizeError(f"{name} = {number}, expected an integer >= {least}")
    return number


def _word(value: Any, name: str, words: dict[Any, int]) -> int:
    if isinstance(value, (str, type(None))) and value in words:
        return words[value]
    raise StepsizeError(f"{name} = {value!r}, expected one of {', '.join(map(repr, words))}", abi.STEPSIZE_ERROR_NAME)
