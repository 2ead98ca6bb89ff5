"""Measured columns of a take with their titles, units and ranges, for tables and plots.

A run may lack any of them; a missing column is left out everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMeasure:
    """One measured column; `low` and `high` bound its histogram, whose outermost bins also count values outside."""

    column: str
    title: str
    short: str
    unit: str
    low: float
    high: float
    n_decimals: int = 1

    @property
    def axis(self) -> str:
        """Title with the unit, for plot axes."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


MEASURES = (
    TakeMeasure(column="duration_s", title="Duration", short="length", unit="s", low=0, high=60),
    TakeMeasure(
        column="duration_ratio", title="Duration over expected", short="ratio", unit="", low=0, high=6, n_decimals=2
    ),
    TakeMeasure(column="loudness_lufs", title="Loudness", short="loudness", unit="LUFS", low=-60, high=0),
    TakeMeasure(column="peak_db", title="Peak", short="peak", unit="dBFS", low=-60, high=0),
    TakeMeasure(column="f0_median_hz", title="Median F0", short="F0", unit="Hz", low=40, high=640, n_decimals=0),
    TakeMeasure(column="f0_std_semitones", title="F0 spread", short="F0 spread", unit="semitones", low=0, high=12),
    TakeMeasure(column="snr_db", title="Speech over noise floor", short="SNR", unit="dB", low=0, high=100),
    TakeMeasure(
        column="speaker_similarity",
        title="Similarity to the prompt",
        short="similarity",
        unit="",
        low=-1,
        high=1,
        n_decimals=2,
    ),
    TakeMeasure(column="cer", title="Character error rate", short="CER", unit="", low=0, high=2, n_decimals=2),
    TakeMeasure(
        column="semantic_distance",
        title="Semantic distance",
        short="semantic distance",
        unit="",
        low=0,
        high=2,
        n_decimals=2,
    ),
)

BY_COLUMN = {measure.column: measure for measure in MEASURES}


def measures_in(columns: Collection[str]) -> tuple[TakeMeasure, ...]:
    """Measures whose columns a table has."""
    return tuple(measure for measure in MEASURES if measure.column in columns)


def format_value(measure: TakeMeasure, value: float) -> str:
    """Format a value with its unit."""
    return f"{value:.{measure.n_decimals}f} {measure.unit}".rstrip()
