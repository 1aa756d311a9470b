"""Parameter groups whose rates fall from the last layer of a model to its first."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from .._foreign import convert
from .._foreign.errors import StepsizeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import torch

_NUMBERED = re.compile(r"(.*?)\.?\b(\d+)\.")


def layer_decay(
    model: torch.nn.Module,
    lr: float,
    decay: float = 0.75,
    *,
    weight_decay: float = 0.05,
    no_weight_decay: Collection[str] = (),
    min_scale: float = 0.0,
    layer_of: Callable[[str], int] | None = None,
) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer, with the rate ``lr * decay**k`` for the k-th layer before the last::

        optimizer = torch.optim.AdamW(layer_decay(model, 1e-3, 0.75))
        scheduler = stepsize.torch.Scheduler(optimizer, "warmup(500) >> cosine(9500)")

    The layers of a timm model are timm's. Otherwise the blocks of the model's longest numbered list (``blocks.0``,
    ``encoder.layer.0``, ``model.layers.0``, ``h.0`` …) are one layer each, parameters before it are the first layer,
    and those after it the last.

    Args:
        model: The model; frozen parameters are left out.
        lr: The rate of the last layer.
        decay: The rate of a layer over that of the next one, in (0, 1].
        weight_decay: For all but vectors, scalars and `no_weight_decay`, which have 0.
        no_weight_decay: Names of parameters, or patterns such as ``"*.pos_embed"``; in addition those of the model's
            method ``no_weight_decay``, if it has one.
        min_scale: The least fraction of `lr` for any layer.
        layer_of: The number of the layer of a parameter's name, for other models.
    """
    rate, factor, least = (
        convert.to_float(value, name) for value, name in ((lr, "lr"), (decay, "decay"), (min_scale, "min_scale"))
    )
    if not 0 < factor <= 1:
        raise StepsizeError(f"decay = {decay!r}, expected a number in (0, 1]")
    names = [name for name, _ in model.named_parameters()]
    layers = _layers(model, names) if layer_of is None else {name: layer_of(name) for name in names}
    own = getattr(model, "no_weight_decay", None)
    plain = [*no_weight_decay, *(own() if callable(own) else ())]
    last = max(layers.values(), default=0)
    groups: dict[tuple[int, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        layer = layers[name]
        is_plain = parameter.ndim <= 1 or any(fnmatch(name, pattern) for pattern in plain)
        weight = 0.0 if is_plain else float(weight_decay)
        group = {"params": [], "lr": rate * max(least, factor ** (last - layer)), "weight_decay": weight}
        groups.setdefault((layer, weight), group)["params"].append(parameter)
    return list(groups.values())


def _layers(model: torch.nn.Module, names: list[str]) -> dict[str, int]:
    """The layer of each parameter, from 0."""
    if hasattr(model, "group_matcher"):
        from timm.models import group_parameters

        layers: dict[str, int] = group_parameters(model, model.group_matcher(coarse=False), reverse=True)  # type: ignore[operator]
        return layers
    places = {name: (found[1], int(found[2])) for name in names if (found := _NUMBERED.match(name))}
    counts: defaultdict[str, set[int]] = defaultdict(set)
    for stack, number in places.values():
        counts[stack].add(number)
    longest = max(map(len, counts.values()), default=0)
    stacks = [stack for stack, numbers in counts.items() if len(numbers) == longest]
    if len(stacks) != 1:
        raise StepsizeError(
            f"layer_decay: the model has {len(stacks)} lists of {longest} numbered layers"
            f" ({', '.join(map(repr, stacks)) or 'none'}), expected one that is the longest: pass layer_of"
        )
    order = {number: place + 1 for place, number in enumerate(sorted(counts[stacks[0]]))}
    result, after = {}, 0
    for name in names:
        stack, number = places.get(name, ("", -1))
        if stack == stacks[0] and number >= 0:
            after = longest + 1
            result[name] = order[number]
        else:
            result[name] = after
    return result
