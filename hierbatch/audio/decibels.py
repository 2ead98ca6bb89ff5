"""Conversion between decibels and linear values."""

from __future__ import annotations

import math


def power_db(power: float) -> float:
    """Level of a mean square in dB; -inf for zero."""
    return 10 * math.log10(power) if power > 0 else -math.inf


def amplitude_gain(gain_db: float) -> float:
    """Linear factor of a gain in dB."""
    return float(10 ** (gain_db / 20))
