"""The schedules under comparison, all by the library: text forms, and the one that is refined from a run."""

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
NAMES = (*texts(10), REFINED)


def multipliers(name: str, updates: int) -> np.ndarray:
    return np.asarray(stepsize.parse(texts(updates)[name]).curve(updates))


def refined(norms: np.ndarray, optimizer: str) -> np.ndarray:
    """The schedule that the gradient norms of one run ask for, one multiplier per update."""
    return np.asarray(stepsize.refine(norms, optimizer=optimizer).schedule.curve(len(norms)))
