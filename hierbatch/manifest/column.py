"""Declaration of a column, and of the scale on which reports and plots show its values."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Title, unit and range of a measure; the outermost bins of its histogram also count values outside the range."""

    title: str
    short: str
    """Short title, for lines with many values."""
    unit: str = ""
    low: float
    high: float
    n_decimals: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name, Arrow type, a one-sentence description, and a scale if its values are a measure."""

    name: str
    type: pa.DataType
    description: str
    scale: Scale | None = None
