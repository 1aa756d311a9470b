"""When the entrants without a base rate were frozen; None while they are being designed.

Until then they do not run on the report problems: what has been seen there can no longer be reported as unseen.
"""

FROZEN: str | None = "2026-11-28"
