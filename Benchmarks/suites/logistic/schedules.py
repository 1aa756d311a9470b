"""The schedules under comparison, all by the library: text forms, and those that are refined from a run."""

from __future__ import annotations

import numpy as np
import stepsize


def texts(updates: int) -> dict[str, str]:
    """Name: text form, for a run of this many updates. Of wsd the last fifth is the cooldown."""
    cuts = [round(updates * part) for part in (0.3, 0.6, 0.9)]
    return {
        "flat": "constant()",
        "1/t": "inverse_time(1)",
        "1/sqrt t": "power_law(1)",
        "step-wise": f"multistep({cuts})",
        "cosine": f"cosine({updates})",
        "linear": f"linear({updates})",
        "wsd": f'wsd({updates}, decay={max(1, updates // 5)}, shape="1-sqrt")',
        "rex": f"rex({updates})",
    }


REFINED = "refined"
# The same where the gradients do not vanish; elsewhere with a floor under the norms. Told apart in the report, and
# left out of its ranks.
CAPPED = "refined capped"
FROM_RUNS = (REFINED, CAPPED)
NAMES = (*texts(10), *FROM_RUNS)


def multipliers(name: str, updates: int) -> np.ndarray:
    return np.asarray(stepsize.parse(texts(updates)[name]).curve(updates))


def refinement(name: str, norms: np.ndarray, optimizer: str) -> stepsize.Refinement:
    """The schedule that the gradient norms of one run ask for, one multiplier per update, and its diagnosis."""
    return stepsize.refine(norms, optimizer=optimizer, capped=name == CAPPED)


def refined(name: str, norms: np.ndarray, optimizer: str) -> np.ndarray:
    return np.asarray(refinement(name, norms, optimizer).schedule.curve(len(norms)))
