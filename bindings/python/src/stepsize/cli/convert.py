"""``stepsize convert``: converts the arguments of another library's scheduler to the text form."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module

from .._core.schedule import Schedule, parse
from .._foreign.errors import StepsizeError
from ..peers import PEERS
from ._output import note, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

_ALIASES = {
    "torch": "pytorch", "hf": "transformers", "huggingface": "transformers", "jax": "optax", "llm.c": "llmc",
    "tf": "keras", "tensorflow": "keras", "megatron-lm": "megatron", "trl": "transformers",
    "modded-nanogpt": "modded_nanogpt", "lit-gpt": "litgpt",
}  # fmt: skip
_SCHEDULES = ("schedulers", "schedules")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "convert",
        help="convert another library's scheduler to the text form",
        description="Prints the text form of another library's scheduler:"
        " `stepsize convert torch OneCycleLR max_lr=0.1 total_steps=100`. Without a name it lists those that there"
        " are.",
    )
    parser.add_argument("peer", nargs="?", metavar="LIBRARY", help=f"{', '.join(PEERS)}; also torch, hf …")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the scheduler's name in that library")
    parser.add_argument("values", nargs="*", metavar="KEY=VALUE", help="the scheduler's arguments")
    parser.add_argument(
        "--base-lr", type=float, metavar="LR", help="the optimizer's rate, if an argument is a rate itself"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.peer is None:
        for peer in PEERS:
            print(f"{peer:14} {', '.join(_functions(peer))}")
        return 0
    peer = _ALIASES.get(arguments.peer.lower(), arguments.peer.lower())
    if peer not in PEERS:
        raise StepsizeError(f"unknown library {arguments.peer!r}, expected one of {', '.join(PEERS)}")
    functions = _functions(peer)
    if arguments.name is None:
        for name, function in functions.items():
            print(f"{name}({_parameters(function)})")
        return 0
    if arguments.name not in functions:
        raise StepsizeError(f"unknown name {arguments.name!r}, expected one of {', '.join(functions)}")
    print(_convert(arguments.name, functions[arguments.name], arguments.values, arguments.base_lr))
    return 0


def _functions(peer: str) -> dict[str, Callable[..., Schedule]]:
    module = import_module(f"..peers.{peer}", __package__)
    return {name: getattr(module, name) for name in module.__all__ if inspect.isfunction(getattr(module, name))}


def _parameters(function: Callable[..., Schedule]) -> str:
    parameters = list(inspect.signature(function).parameters.values())
    rate = _rate_name(function)
    return ", ".join(
        each.name if each.default is inspect.Parameter.empty else f"{each.name}={each.default!r}"
        for each in parameters
        if each.name != rate
    )


def _rate_name(function: Callable[..., Schedule]) -> str | None:
    """The parameter that is the optimizer's rate. CyclicLR's own base_lr is none: it has an optimizer_lr, too."""
    names = inspect.signature(function).parameters
    return next((name for name in ("optimizer_lr", "base_lr", "learning_rate") if name in names), None)


def _convert(name: str, function: Callable[..., Schedule], words: list[str], base_lr: float | None) -> Schedule:
    signature = inspect.signature(function)
    rate_name = _rate_name(function)
    given: list[Any] = []
    named: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.isidentifier():
            named[key] = _value(key, value)
        else:
            given.append(_value("", word))
    if rate_name is not None and rate_name in named:
        base_lr = float(named.pop(rate_name))

    def made(rate: float) -> Schedule:
        positional, others = list(given), dict(named)
        if rate_name is not None:
            place = list(signature.parameters).index(rate_name)
            if place <= len(positional):
                positional.insert(place, rate)
            else:
                others[rate_name] = rate
        try:
            bound = signature.bind(*positional, **others)
        except TypeError as error:
            raise StepsizeError(f"{name}: {error}; it takes {_parameters(function)}") from None
        try:
            return function(*bound.args, **bound.kwargs)
        except TypeError as error:
            raise StepsizeError(f"{name}: {error}") from None

    if rate_name is None or base_lr is not None:
        return made(1.0 if base_lr is None else base_lr)
    # The meaning of an argument that is a rate depends on the rate of the optimizer.
    peak = next((value for value in (named.get("max_lr"),) if isinstance(value, (int, float))), None)
    if peak:
        note(f"for a base rate of {number(peak)}")
        return made(float(peak))
    try:
        schedule, other = made(1.0), made(0.5)
    except StepsizeError as error:
        raise StepsizeError(f"{error} (without --base-lr the optimizer's rate counts as 1)") from None
    if schedule != other:
        raise StepsizeError(f"{name}: an argument is a rate itself: give the optimizer's rate with --base-lr")
    return schedule


def _value(key: str, text: str) -> Any:
    """A value in Python's notation; anything else is a text. Nested schedules are in our text form."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if key in _SCHEDULES and isinstance(value, (list, tuple)):
        return [parse(each) if isinstance(each, str) else each for each in value]
    return value
