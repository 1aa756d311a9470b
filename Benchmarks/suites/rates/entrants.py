"""The entrants: schedules and controllers by their text forms, optimizers of other packages, calibrated settings.

A new schedule or controller is one line here. One whose text the installed library does not know takes no part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any

import stepsize

from . import packages

BOTH, EVERY = ("sgd", "adamw"), ("sgd", "adamw", "muon")


@dataclass(frozen=True)
class Entrant:
    """`text` gives the text form, from the length T, the base rate and the optimizer.

    needs_base: whether there is a base rate to tune; else it runs at 1 and any base rate is the same run.
    core: takes part where runs are dear, too.
    longest: the longest runs in which it takes part, where an update of it takes much longer than others.
    """

    name: str
    kind: str
    text: Callable[[int, float, str], str]
    optimizers: tuple[str, ...] = EVERY
    needs_base: bool = True
    core: bool = False
    longest: int = 1_000_000
    # The optimizer of another package, instead of the suite's own; by the name of the optimizer.
    package: dict[str, Callable[[list, float], Any]] = field(default_factory=dict)
    requires: str = "stepsize"
    calibrated: str = ""  # of which entrant the tuned rates of the tuning problems give the one base rate
    refined: bool = False  # from the gradient norms of linear's best run

    @property
    def has_length(self) -> bool:
        """Whether the form depends on the length of the run."""
        return self.refined or self.text(1000, 0.1, "sgd") != self.text(2000, 0.1, "sgd")


def warm(updates: int) -> int:
    return max(1, updates // 20)


def of_optimizer(sgd: str, others: str) -> Callable[[int, float, str], str]:
    return lambda updates, base, optimizer: (sgd if optimizer == "sgd" else others).format(T=updates)


def plain(form: str) -> Callable[[int, float, str], str]:
    """{T}: the length; {W}: a twentieth of it; {M}: the rest; {F}: a fifth; {D}, {U}: base / 1000, base * 1000;
    {L}, {X}: base / 10, base * 10; {O}: 1, which transformers' GreedyLR has as its highest rate, or base."""
    return lambda updates, base, _: form.format(
        T=updates, W=warm(updates), M=updates - warm(updates), F=max(1, updates // 5), H=max(1, updates // 7),
        C=[round(updates * part) for part in (0.3, 0.6, 0.9)], P=max(1, updates // 50), Q=max(1, updates // 20),
        O=repr(max(1.0, base)), D=repr(base / 1000), U=repr(base * 1000), L=repr(base / 10), X=repr(base * 10),
    )  # fmt: skip


def schedule(name: str, form: str, **more: Any) -> Entrant:
    return Entrant(name, "schedule", plain(form), **more)


def controller(name: str, form: str, **more: Any) -> Entrant:
    return Entrant(name, "controller", plain(form), **more)


WIDE = "greedy(patience=5, factor=0.9, min_lr={D}, max_lr={U})"
HYPER = 'hypergradient("multiplicative", beta=0.02)'
LINEAR, CONSTANT, WARM_COSINE = "linear", "constant", "warm-up, cosine"

ALL = [
    schedule(CONSTANT, "constant()", core=True),
    schedule("step-wise", "multistep({C})"),
    schedule("exponential", "geometric({T}, 0.01)"),
    schedule("cosine", "cosine({T})", core=True),
    schedule(LINEAR, "linear({T})", core=True),
    schedule("warm-up, constant", "warmup({W})"),
    schedule(WARM_COSINE, "warmup({W}) >> cosine({M})", core=True),
    schedule("warm-up, linear", "warmup({W}) >> linear({M})"),
    schedule("wsd, 1-sqrt", "wsd({T}, decay={F})", core=True),
    schedule("wsd, linear", 'wsd({T}, decay={F}, shape="linear")'),
    schedule("wsd, cosine", 'wsd({T}, decay={F}, shape="cosine")'),
    schedule("inverse square root", "warmup({W}) >> inverse_sqrt({W})"),
    schedule("one-cycle", "onecycle({T})"),
    schedule("restarts", "restarts({H}, growth=2)"),
    controller("plateau", 'plateau("optax", accumulation={P}, patience=3, factor=0.5)'),
    controller("greedy", "greedy()", core=True),
    controller("greedy, as in transformers", 'greedy("huggingface", min_lr={L}, max_lr={X})'),
    controller("greedy, as in the paper", 'greedy("paper", min_lr={L}, max_lr={X})'),
    # arXiv 2512.14527: patience 10, lowest rate a tenth of the first, the loss averaged over 50 updates.
    controller("greedy, its authors' settings",
               'greedy("huggingface", patience=10, min_lr={L}, max_lr={O}, smooth=true, window=50)', core=True),
    controller("greedy x linear", "greedy() * linear({T})", core=True),
    controller("greedy wide x linear", WIDE + " * linear({T})"),
    controller("learned", 'learned("mlp", total={T})'),
    controller("hypergradient", HYPER, longest=500),
    controller("hypergradient x linear", HYPER + " * linear({T})", longest=500),
    controller("line search", "line_search()", optimizers=("sgd",), longest=500),
    Entrant("refined", "schedule", plain("linear({T})"), optimizers=BOTH, refined=True),
    # Without a base rate.
    Entrant("polyak x linear", "no rate", of_optimizer("polyak(c=10) * linear({T})", 'polyak(norm="l1") * linear({T})'),
            optimizers=BOTH, needs_base=False, core=True),
    Entrant("polyak sps", "no rate", of_optimizer('polyak("sps", c=5)', 'polyak("sps", norm="l1")'), optimizers=BOTH,
            needs_base=False),
    Entrant("dog", "no rate", plain("dog()"), optimizers=BOTH, needs_base=False),
    Entrant("dog x linear", "no rate", plain("dog() * linear({T})"), optimizers=BOTH, needs_base=False),
    Entrant("dadapt x linear", "no rate", plain("dadapt() * linear({T})"), optimizers=BOTH, needs_base=False,
            core=True),
    Entrant("auto", "no rate", of_optimizer('auto({T}, "sgd")', "auto({T})"), optimizers=BOTH, needs_base=False,
            core=True),
    Entrant("auto, without a length", "no rate", of_optimizer('auto(none, "sgd")', "auto()"), optimizers=BOTH,
            needs_base=False, core=True),
    # Other packages.
    Entrant("schedule-free", "package", plain("constant()"), optimizers=BOTH, requires="schedulefree", core=True,
            longest=500,
            package={"sgd": packages.schedule_free_sgd, "adamw": packages.schedule_free_adamw}),
    Entrant("prodigy", "package", plain("constant()"), optimizers=("adamw",), needs_base=False, requires="prodigyopt",
            longest=5000,
            package={"adamw": packages.prodigy}),
    Entrant("prodigy x linear", "package", plain("linear({T})"), optimizers=("adamw",), needs_base=False,
            requires="prodigyopt", longest=5000, package={"adamw": packages.prodigy}, core=True),
    # One rate for all problems.
    Entrant("calibrated linear", "calibrated", plain("linear({T})"), needs_base=False, calibrated=LINEAR, core=True),
    Entrant("calibrated AdamW", "calibrated", plain("warmup({W}) >> cosine({M})"), optimizers=("adamw",),
            needs_base=False, calibrated=WARM_COSINE, core=True),
]  # fmt: skip

ENTRANTS = {entrant.name: entrant for entrant in ALL}


@cache
def available(name: str) -> bool:
    """Whether the installed packages have it."""
    entrant = ENTRANTS[name]
    if find_spec(entrant.requires) is None:
        return False
    try:
        stepsize.Scheduler(0.1, entrant.text(1000, 0.1, entrant.optimizers[0])).close()
    except stepsize.StepsizeError:
        return False
    return True


def takes_part(entrant: Entrant, optimizer: str, length: int, core: bool) -> bool:
    fits = optimizer in entrant.optimizers and length <= entrant.longest and (entrant.core or not core)
    return fits and available(entrant.name)


def tunes_itself(entrant: Entrant) -> bool:
    """Without any base rate: what must not see the report problems before it is frozen."""
    return not entrant.needs_base and not entrant.calibrated
