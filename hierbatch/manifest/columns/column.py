"""Declaration of a column, and of the scale on which reports and plots show its values."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Title, unit and range for reports and plots of a measure.

    Values outside the range are counted in the first or last bin of the histogram.
    """

    title: str
    short: str
    """Short title, for lines with many values."""
    unit: str = ""
    low: float
    high: float
    n_decimals: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """Declaration of a column: name, Arrow type, and one sentence of description; a measure also has a scale."""

    name: str
    type: pa.DataType
    description: str
    scale: Scale | None = None
