"""What the benchmark suite recommends for a run, from its stored results: the advice of docs/which.md, with reasons."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .._core.scheduler import Scheduler
from .._foreign import convert
from .._foreign.errors import StepsizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LABELS = {"adamw": "AdamW", "sgd": "SGD with momentum"}


@dataclass(frozen=True)
class Recommendation:
    """A line to use, and why.

    Attributes:
        text: The text form: a schedule, a controller, or both; ready for a ``Scheduler`` with the base rate below.
        name: What the benchmark suite calls it.
        needs_base_lr: Whether a base rate has to be found for it; otherwise the base rate is 1.
        regret: The mean last loss over that of the best tuned schedule, minus one: 0.01 is 1 % above it.
        pairs: On how many pairs of a problem and an optimizer.
        measured_updates: The length of the runs that were measured.
        reasons: What was asked, what was measured, and what to be careful with; sentences.
        alternatives: What came next, best first; without alternatives of their own.
    """

    text: str
    name: str
    needs_base_lr: bool
    regret: float
    pairs: int
    measured_updates: int
    reasons: tuple[str, ...] = ()
    alternatives: tuple[Recommendation, ...] = ()

    @property
    def next_best(self) -> Recommendation | None:
        """The second one; None where nothing else was measured."""
        return self.alternatives[0] if self.alternatives else None

    @property
    def figure(self) -> str:
        """The figure behind it, in words."""
        return f"{_percent(self.regret)} against the best tuned schedule, mean of {self.pairs} problems"

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"  {reason}" for reason in self.reasons)])


def recommend(
    total: int | None = None,
    *,
    optimizer: str = "adamw",
    tune: bool = False,
    noisy_labels: bool = False,
    fine_tuning: bool = False,
    longer: bool = False,
    base_lr: float | None = None,
) -> Recommendation:
    """The schedule, controller or both that did best in the benchmark suite, for what is known of a run::

        advice = stepsize.recommend(10_000)
        scheduler = stepsize.Scheduler(1.0, advice.text)

    The figures are of small models on real and generated data; docs/which.md has the table, docs/rates.md how it was
    measured. A difference of a few percent to the next best one is none.

    Args:
        total: Updates of the run; None where that is not known.
        optimizer: "adamw" (also for Adam) or "sgd" (with momentum 0.9).
        tune: Whether the base rate can be tuned, by several runs or the finder.
        noisy_labels: Whether many labels are wrong.
        fine_tuning: Whether a model that has been trained is trained on.
        longer: Whether the run may be continued to about twice `total`.
        base_lr: The base rate, for the bounds of a controller that has some; None for 1.

    Raises:
        StepsizeError: For an unknown optimizer, a total below 1, or `longer` without a total.
    """
    if optimizer not in _LABELS:
        raise StepsizeError(f"optimizer = {optimizer!r}, expected one of {', '.join(map(repr, _LABELS))}")
    if total is not None and convert.to_int64(total, "total") < 1:
        raise StepsizeError(f"total = {total}, expected an integer >= 1, or None")
    if longer and total is None:
        raise StepsizeError("longer = True, expected a total that the run may exceed")
    wanted = [word for word, given in (
        ("longer run", longer), ("fine-tuning", fine_tuning), ("noisy labels", noisy_labels)) if given]  # fmt: skip
    data = _measured()
    reasons = [
        f"Asked: {_length_text(total)}; {_LABELS[optimizer]}; the base rate {'can' if tune else 'cannot'} be tuned"
        f"{''.join(f'; {word}' for word in wanted)}."
    ]
    # The most special case that was measured; without one, that of all problems.
    for about in [*wanted, ""]:
        cases = [
            case for case in data["cases"]
            if case["about"] == about and case["optimizer"] == optimizer and (about or case["tune"] == tune)
            and case["knows_length"] == (total is not None)
        ]  # fmt: skip
        # What is special was measured at tuned rates: who cannot tune takes what needs no rate.
        usable = [(case, _fitting(case, tune)) for case in cases]
        usable = [(case, entrants) for case, entrants in usable if entrants]
        if usable:
            break
        if about:
            pairs = sum(case["pairs"] for case in cases)
            reasons.append(f"Too little was measured for “{about}” (problems: {pairs}): the advice is without it.")
    else:
        raise StepsizeError("recommend: the results that this package holds have no such case")
    case, entrants = min(usable, key=lambda one: _distance(one[0]["updates"], total))
    # Some schedules have no form for a very short run, such as a one-cycle of one update.
    made = [(each, one) for each in entrants if (one := _made(each, case, total, base_lr))]
    first, *others = (one for _, one in made)
    reasons.append(
        f"Measured: {first.name}, {first.figure} with this optimizer, in runs of {case['updates']:,} updates"
        f" ({_nearest(case['updates'], total)}{data['measured']['date']}, {data['measured']['part']} problems,"
        f" profile {data['measured']['profile']})."
    )
    if others:
        reasons.append(f"Next best: {others[0].text}, {_percent(others[0].regret)}.")
    if first.needs_base_lr:
        reasons.append("It needs a base rate: tune it, or take that of stepsize.torch.find or `stepsize find`.")
    else:
        reasons.append("It needs no base rate: give the scheduler and the optimizer 1.")
    if made[0][0]["has_bounds"]:
        reasons.append(f"Its bounds are for a base rate of {1.0 if base_lr is None else base_lr:g}.")
    return Recommendation(
        first.text, first.name, first.needs_base_lr, first.regret, first.pairs, first.measured_updates,
        tuple(reasons), tuple(others),
    )  # fmt: skip


@cache
def _measured() -> dict[str, Any]:
    """What the report of the benchmark suite has written (`make report-rates`)."""
    found: dict[str, Any] = json.loads((files(__package__) / "measured.json").read_text(encoding="utf-8"))
    return found


def _fitting(case: dict[str, Any], tune: bool) -> list[dict[str, Any]]:
    """Entrants of a case, best first. Where untuned rates were measured, those that have one count at any of them."""
    entrants: list[dict[str, Any]] = case["entrants"]
    return [one for one in entrants if tune or not case["tune"] or not one["needs_base_lr"]]


def _made(
    entrant: dict[str, Any], case: dict[str, Any], total: int | None, base_lr: float | None
) -> Recommendation | None:
    """None where the library has no such schedule for a run of this length."""
    text: str = entrant["text"]
    if entrant["has_bounds"] and base_lr is not None:
        text = re.sub(r"(m(?:in|ax)_lr=)([-+.\w]+)", lambda found: found[1] + repr(float(found[2]) * base_lr), text)
    try:
        text = bound(text, total)
    except StepsizeError:
        return None
    return Recommendation(
        text, entrant["name"], entrant["needs_base_lr"], entrant["regret"], case["pairs"],
        case["updates"],
    )  # fmt: skip


def bound(text: str, total: int | None) -> str:
    """A text with the shares of a total as numbers of updates, as the library prints it."""
    if total is not None:
        # A number of observations, of which the library takes no share.
        text = re.sub(
            r"(accumulation=)([\d.]+)%", lambda found: f"{found[1]}{max(1, round(total * float(found[2]) / 100))}", text
        )
    with Scheduler(1.0, text, total=total) as scheduler:
        return str(scheduler)


def _distance(measured: int, total: int | None) -> float:
    """Of two lengths, by their ratio; where none is known the longest that was measured is nearest."""
    return -measured if total is None else abs(math.log(measured / total))


def _nearest(measured: int, total: int | None) -> str:
    return "" if measured == total else "the longest that was measured; " if total is None else "the nearest length; "


def _length_text(total: int | None) -> str:
    return "length unknown" if total is None else f"{total:,} updates"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:+.1f} %"
