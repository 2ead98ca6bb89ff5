"""Between decibels and what they stand for."""

from __future__ import annotations

import math


def power_db(power: float) -> float:
    """Decibels of a mean square; -inf for zero."""
    return 10 * math.log10(power) if power > 0 else -math.inf


def amplitude_gain(gain_db: float) -> float:
    """The factor that raises a sound by `gain_db`."""
    return float(10 ** (gain_db / 20))
