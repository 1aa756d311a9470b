"""Stepsize in scikit-learn's estimators that learn by ``partial_fit``: SGDClassifier, SGDRegressor, MLPClassifier …

    model = SGDClassifier(learning_rate="constant", eta0=0.1)
    scheduler = stepsize.Scheduler(0.1, "greedy(patience=5) * linear(1000)")
    for inputs, targets in batches:
        partial_fit(model, scheduler, inputs, targets, classes=classes, loss=lambda: log_loss(...))

Within one call the rate is constant: a call is an update of the scheduler, whatever the number of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._foreign.caller import warn
from ._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core.scheduler import Scheduler

__all__ = ["partial_fit"]
# The least rate that has all its bits in 32 bits.
_LEAST = 2.0**-126


def partial_fit(
    model: Any,
    scheduler: Scheduler,
    inputs: Any,
    targets: Any,
    *,
    loss: float | Callable[[], float] | None = None,
    **options: Any,
) -> Any:
    """Sets the model's rate, calls ``model.partial_fit(inputs, targets, **options)``, and goes to the next update.

    Args:
        model: An estimator with ``partial_fit`` and a parameter ``eta0`` (and ``learning_rate="constant"``) or
            ``learning_rate_init`` (with ``solver="sgd"`` or ``"adam"``).
        scheduler: Where its rate is 0, which is an error in scikit-learn, the model gets the least that is none.
        inputs, targets: The rows of this call.
        loss: What the controller observes: a number, or a function that is called after the fit. None for the model's
            ``loss_``, if it has one.
        options: ``classes``, ``sample_weight``.
    """
    parameters = model.get_params()
    rate = scheduler.lr
    if rate < _LEAST:
        warn(
            f"the rate of update {scheduler.current_step} is {rate!r}, an error in scikit-learn; the model gets"
            f" {_LEAST!r}: make fewer updates, or give a longer schedule or a min_lr"
        )
        rate = _LEAST
    if "eta0" in parameters:
        if parameters.get("learning_rate", "constant") != "constant":
            raise StepsizeError(
                f"model: learning_rate={parameters['learning_rate']!r} changes the rate by itself: make it with"
                ' learning_rate="constant"'
            )
        model.set_params(eta0=rate)
    elif "learning_rate_init" in parameters:
        model.set_params(learning_rate_init=rate)
        optimizer = getattr(model, "_optimizer", None)
        if optimizer is not None:  # it was made by the first call and keeps the rate of that time
            optimizer.learning_rate_init = optimizer.learning_rate = rate
    else:
        raise StepsizeError(f"model: {type(model).__name__} has neither eta0 nor learning_rate_init")
    model.partial_fit(inputs, targets, **options)
    if not scheduler.needs_loss:
        scheduler.step()
        return model
    if loss is None:
        loss = getattr(model, "loss_", None)
        if loss is None:
            raise StepsizeError("the scheduler needs a loss, and the model has none: pass a number or a function")
    scheduler.step(loss() if callable(loss) else loss)
    return model
