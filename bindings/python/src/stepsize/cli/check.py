"""``stepsize check``: explains a schedule in words, and warns of likely mistakes."""

from __future__ import annotations

import textwrap

from .._core.structure import Part
from ._inputs import Plan, about, add_plan, named, summary
from ._output import needs, number, say, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from .._core.schedule import Schedule

# Up to this many updates every one is checked; beyond, this many evenly spaced ones.
_EVERY = 1 << 22
_CHUNK = 1 << 16
_MOST_PARTS = 50
_MOST_PHASES, _FEW_PHASES = 20, 6
# Operations on a schedule that do not move its updates.
_TRANSPARENT = ("clamp", "take")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "check", help="explain a schedule in words, and warn of likely mistakes",
        description="Explains a schedule and warns of a floor that is never reached, a rate of 0 inside the run, a"
        " warm-up longer than the run, a multiplier above 1, and a run of another length. Exit status 1 if there"
        " are warnings.",
    )  # fmt: skip
    add_plan(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print only warnings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    needs("rich", "check")
    from rich.text import Text

    plan = Plan(arguments)
    if not arguments.quiet:
        say(Text(plan.text, style="bold"))
        for line in words(plan):
            say(line)
    found = warnings(plan)
    for warning in found:
        say(Text.assemble(("warning: ", "yellow bold"), warning))
    if not found and not arguments.quiet:
        say(Text("no warnings", style="green"))
    return 1 if found else 0


# ---- In words -------------------------------------------------------------------------------------------


def words(plan: Plan) -> Iterator[str]:
    schedule = plan.schedule
    length = schedule.length
    yield "The schedule has no end." if length is None else f"The schedule has {length} updates."
    for controller in plan.controllers:
        yield f"Controller {controller}: {about(controller)}"
    parts, more = shortened(_stages(schedule), _MOST_PARTS, _MOST_PARTS)
    for part in parts:
        until = "on" if part.end is None else f"to {part.end - 1}"
        first = schedule.at(part.start)
        if part.end is None:
            change = f"multiplier {number(first)} at first"
        elif part.end == part.start:
            change = "nothing"
        else:
            change = f"multiplier {number(first)} to {number(schedule.at(part.end - 1))}"
        count = "" if part.end is None else f" ({part.end - part.start})"
        yield f"  updates {part.start} {until}{count}: {change}"
        yield f"    {textwrap.shorten(str(part.schedule), 200, placeholder='…')}: {_what(part.schedule)}"
    if more:
        yield f"  … and {more} more parts"
    phases, more = shortened(schedule.phases(plan.steps), _MOST_PHASES, _FEW_PHASES)
    for phase in phases:
        end = length if phase.until is None else phase.until
        until = "on, without an end" if end is None else f"to {end - 1}"
        yield f'  phase "{phase.name}": updates {phase.start + phase.position} {until}'
    if more:
        yield f"  … and {more} more phases"
    if length is not None:
        yield f"After the end the last value is held: {number(schedule.at(length))}."


def _stages(schedule: Schedule) -> tuple[Part, ...]:
    """The parts of a sequence."""
    return schedule.parts if schedule.structure.form == "sequence" else (Part(schedule, 0),)


def _what(schedule: Schedule) -> str:
    structure, parts = schedule.structure, schedule.parts
    if structure.form == "call":
        # A composition has a part, too, but not among its parameters.
        inner = " of the schedule in it" if "schedule" in structure.parameter_names else ""
        return summary(structure.name).rstrip(".") + inner
    if structure.form == "group":
        return _what(parts[0].schedule)
    if structure.form == "sequence":
        return f"a sequence of {len(parts)} parts"
    factors = [named(part.schedule) or "a schedule" for part in parts]
    return "the product of " + " and ".join(
        [number(structure.factor), *factors] if structure.form == "scale" else factors
    )


# ---- Warnings -------------------------------------------------------------------------------------------


def warnings(plan: Plan) -> list[str]:
    """The warnings for a schedule in a run."""
    return [*_run(plan), *_values(plan), *_pieces(plan)]


def _run(plan: Plan) -> Iterator[str]:
    length, steps = plan.schedule.length, plan.given_steps
    if steps is None or length is None:
        return
    if steps > length:
        held = plan.schedule.curve(1, length, plan.base_lr)[0]
        yield (
            f"the run has {steps} updates, the schedule {length}: from update {length} on the rate is held at"
            f" {number(held)}"
        )
    elif steps < length:
        last, meant = (plan.schedule.curve(1, step, plan.base_lr)[0] for step in (steps - 1, length - 1))
        yield (
            f"the run has {steps} updates, the schedule {length}: it is cut off at the rate {number(last)}, before the"
            f" {number(meant)} at its end"
        )


def _values(plan: Plan) -> Iterator[str]:
    """Warnings from the values."""
    schedule = plan.schedule
    stride = max(1, -(-plan.steps // _EVERY))
    zeros, first_zero, last_zero = 0, 0, 0
    highest, highest_at = -1.0, 0
    count = -(-plan.steps // stride)
    for begin in range(0, count, _CHUNK):
        values = schedule.curve(min(_CHUNK, count - begin), begin * stride, stride=stride)
        high = max(values)
        if high > highest:
            highest, highest_at = high, (begin + values.index(high)) * stride
        if min(values) == 0:
            steps = [(begin + i) * stride for i, value in enumerate(values) if value == 0]
            first_zero = first_zero if zeros else steps[0]
            last_zero = steps[-1]
            zeros += len(steps)
    looked = "" if stride == 1 else f" (every {stride}th update was checked)"
    if zeros == 1:
        where = " the first" if first_zero == 0 else " the last" if first_zero == plan.steps - 1 else ""
        yield f"the rate is 0 at update {first_zero}{',' + where if where else ''}: that update changes nothing{looked}"
    elif zeros > 1:
        which = f"at {zeros} updates between {first_zero} and {last_zero}"
        if zeros == last_zero - first_zero + 1:
            which = f"from update {first_zero} to {last_zero}"
        yield f"the rate is 0 {which}: those updates change nothing{looked}"
    if highest > 1:
        rate = schedule.curve(1, highest_at, plan.base_lr)[0]
        yield (
            f"the multiplier is above 1: {number(highest)} at update {highest_at}, a rate of {number(rate)}; usually"
            f" the base rate is the peak{looked}"
        )


def _pieces(plan: Plan) -> Iterator[str]:
    """Warnings from the parts of the text."""
    for piece, start, steps in _placed(plan.schedule, 0, plan.steps):
        kind = piece.structure
        for name in ("steps", "warmup"):
            updates = kind.number(name) if name != "steps" or kind.name == "warmup" else None
            if updates is not None and updates > steps:
                yield (
                    f"the warm-up of {int(updates)} updates from update {start} on is longer than the rest of the run"
                    f" ({max(0, steps)}): the full rate is never reached"
                )
        if steps <= 0:
            yield f"{textwrap.shorten(str(piece), 60, placeholder='…')} begins at update {start}: the run ends before"
            continue
        name = "min" if kind.name == "clamp" else "floor"
        floor = kind.number(name)
        if floor is not None and floor > 0:
            length = piece.length
            end = steps if length is None else min(steps, length)
            lowest, at = _lowest(piece, end)
            # The floor may be reached at the end itself.
            if min(lowest, piece.at(end)) > floor * (1 + 1e-9):
                yield (
                    f"the {'floor' if name == 'floor' else 'minimum'} {number(floor)} of {kind.name} is never reached:"
                    f" its lowest multiplier in the run is {number(lowest)}, at update {start + at}"
                )


def _lowest(schedule: Schedule, end: int) -> tuple[float, int]:
    """The lowest multiplier before `end`, and its update; of a long run every k-th is looked at, and the last."""
    stride = max(1, end // _EVERY)
    values = schedule.curve((end - 1) // stride + 1, (end - 1) % stride, stride=stride)
    lowest = min(values)
    return lowest, (end - 1) % stride + values.index(lowest) * stride


def _placed(schedule: Schedule, start: int, steps: int) -> Iterator[tuple[Schedule, int, int]]:
    """The named schedules that count the plan's own updates, the update at which each begins, and how many of its
    updates are in the run."""
    structure = schedule.structure
    if structure.form == "call":
        yield schedule, start, steps
        if structure.name not in _TRANSPARENT:
            return
        if structure.name == "take":
            steps = min(steps, int(structure.number("length") or 0))
    for part in schedule.parts:
        yield from _placed(part.schedule, start + part.start, steps - part.start)
