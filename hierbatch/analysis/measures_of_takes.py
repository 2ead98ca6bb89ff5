"""The measured columns of a take that tables and pictures show: what each is called, its unit, and its range.

A run may lack any of them; what is absent is left out everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMeasure:
    """One column; `low` and `high` bound its histogram, what lies outside is counted in the outermost bins."""

    column: str
    title: str
    short: str
    unit: str
    low: float
    high: float
    n_decimals: int = 1

    @property
    def axis(self) -> str:
        """The title with its unit."""
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
    TakeMeasure(
        column="character_error", title="Letters misheard", short="misheard", unit="", low=0, high=2, n_decimals=2
    ),
    TakeMeasure(
        column="semantic_dist",
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
    """The measures that a table has."""
    return tuple(measure for measure in MEASURES if measure.column in columns)


def shown(measure: TakeMeasure, value: float) -> str:
    """A value as people read it, with its unit."""
    return f"{value:.{measure.n_decimals}f} {measure.unit}".rstrip()
