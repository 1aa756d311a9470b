"""Megatron's learning rate and weight decay schedules (Megatron-LM, megatron/core/optimizer_param_scheduler.py).

Time is counted in SAMPLES, as Megatron does: its scheduler adds the global batch size B after each update, so that
update u has `schedule.at(u * B)`, and n updates are `schedule.curve(n, stride=B)`. `lr_warmup_steps`,
`lr_decay_steps`, `wsd_decay_steps` and `wd_incr_steps` are samples, too.

`get_lr` returns rates as multiples of `base_lr`: give 1.0 for the rates themselves. For per-group overrides of max_lr,
min_lr, start_wd and end_wd make one call each. Wrong names are an error at once; Megatron notices some of them only
when the warm-up, or the whole stable part, is over.
"""

from __future__ import annotations

from .._core.named import Clamp, Constant, Cooldown, InverseSqrt, Ramp, Shift, Take
from .._foreign.errors import StepsizeError
from ._rates import as_fraction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Literal

    from .._core.schedule import Schedule

__all__ = ["get_lr", "get_wd"]

_LR_STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")
_WSD_SHAPES: dict[str, Literal["linear", "cosine", "exponential", "1-sqrt"]] = {
    "linear": "linear", "cosine": "cosine", "exponential": "exponential", "minus_sqrt": "1-sqrt",
}  # fmt: skip


def get_lr(
    base_lr: float,
    init_lr: float,
    max_lr: float,
    min_lr: float,
    lr_warmup_steps: int,
    lr_decay_steps: int,
    lr_decay_style: str,
    wsd_decay_steps: int | None = None,
    lr_wsd_decay_style: str | None = None,
) -> Schedule:
    """Megatron OptimizerParamScheduler.get_lr: a line from `init_lr` to `max_lr`, then the decay style.

    The warm-up is inclusive (n <= lr_warmup_steps) and lies inside `lr_decay_steps`. Styles: "constant", "linear",
    "cosine", "inverse-square-root" (which jumps to `min_lr` after `lr_decay_steps`) and "WSD", which takes
    `wsd_decay_steps` and `lr_wsd_decay_style`: "linear", "cosine", "exponential" (2 0.5^x - 1) or "minus_sqrt".
    """
    _expect("lr_decay_style", lr_decay_style, _LR_STYLES)
    if not init_lr <= max_lr:
        raise StepsizeError(f"init_lr = {init_lr}, expected a number <= max_lr = {max_lr}")
    if not min_lr <= max_lr:
        raise StepsizeError(f"min_lr = {min_lr}, expected a number <= max_lr = {max_lr}")
    if not 0 <= lr_warmup_steps < lr_decay_steps:
        raise StepsizeError(
            f"lr_warmup_steps = {lr_warmup_steps}, expected an integer >= 0 and < lr_decay_steps = {lr_decay_steps}"
        )
    peak, low = as_fraction("max_lr", max_lr, base_lr), as_fraction("min_lr", min_lr, base_lr)
    ramp: Schedule = Ramp(lr_warmup_steps, start=as_fraction("init_lr", init_lr, base_lr), end=peak)
    decay_steps = lr_decay_steps - lr_warmup_steps

    if lr_decay_style == "WSD":
        if wsd_decay_steps is None or lr_wsd_decay_style is None:
            raise TypeError("WSD needs wsd_decay_steps and lr_wsd_decay_style")
        _expect("lr_wsd_decay_style", lr_wsd_decay_style, _WSD_SHAPES)
        shape, floor = _WSD_SHAPES[lr_wsd_decay_style], min_lr / max_lr if max_lr else 0.0
        anneal = peak * Cooldown(wsd_decay_steps, shape=shape, floor=floor, q=0.5)
        stable_steps = decay_steps - wsd_decay_steps
        if stable_steps >= 0:
            return ramp >> Constant(stable_steps, value=peak) >> anneal
        # The annealing is longer than what the warm-up leaves: it begins during the warm-up, which keeps its last step.
        if lr_warmup_steps == 0:
            return Shift(anneal, by=stable_steps)
        return ramp >> Constant(1, value=peak) >> Shift(anneal, by=stable_steps - 1)

    if wsd_decay_steps is not None or lr_wsd_decay_style is not None:
        raise TypeError(f"wsd_decay_steps, lr_wsd_decay_style: no effect on the style {lr_decay_style!r}")
    if lr_decay_style == "constant":
        return ramp >> Constant(value=peak)
    if lr_decay_style == "inverse-square-root":
        if lr_warmup_steps == 0:  # sample 1 has the full rate, too
            ramp, decay_steps = Constant(1, value=peak), decay_steps - 1
        decay = Clamp(peak * InverseSqrt(max(lr_warmup_steps, 1)), min=low)
        return ramp >> Take(decay, length=decay_steps + 1) >> Constant(value=low)
    return ramp >> Ramp(decay_steps, start=peak, end=low, shape=_shape(lr_decay_style))


def get_wd(start_wd: float, end_wd: float, wd_incr_steps: int, wd_incr_style: str) -> Schedule:
    """Megatron OptimizerParamScheduler.get_wd: the weight decay itself, rising over `wd_incr_steps` samples.

    Styles: "constant", "linear" and "cosine". A group's `wd_mult` is a factor: ``wd_mult * get_wd(...)``.
    """
    _expect("wd_incr_style", wd_incr_style, ("constant", "linear", "cosine"))
    if not 0 <= start_wd <= end_wd:
        raise StepsizeError(f"start_wd = {start_wd}, expected a number in [0, end_wd = {end_wd}]")
    if wd_incr_style == "constant":
        if start_wd != end_wd:
            raise StepsizeError(f"start_wd = {start_wd}, expected end_wd = {end_wd}: the style is constant")
        return Constant(value=end_wd)
    return Ramp(wd_incr_steps, start=start_wd, end=end_wd, shape=_shape(wd_incr_style))


def _shape(style: str) -> Literal["linear", "cosine"]:
    return "linear" if style == "linear" else "cosine"


def _expect(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise StepsizeError(f"{name} = {value!r}, expected one of {', '.join(map(repr, allowed))}")
