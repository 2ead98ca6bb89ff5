"""Columns of takes that hold measures, with their titles, units and ranges, for tables and plots.

A run may lack some of these columns; tables and plots then leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from hierbatch.manifest.columns.column import Column, Scale
from hierbatch.manifest.columns.measures import declared_columns
from hierbatch.manifest.columns.schema import TAKE_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMeasure(Scale):
    """Column of a measure, with its scale (title, unit and range)."""

    column: str

    @property
    def axis(self) -> str:
        """Title with the unit, for plot axes."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def measures_of(schema: pa.Schema) -> tuple[TakeMeasure, ...]:
    """Measures of a table of takes, in the order of the known columns; columns added by other packages come last."""
    columns = (column for column in TAKE_COLUMNS if column.name in schema.names)
    return _measures((*columns, *declared_columns(schema)))


def format_value(measure: TakeMeasure, value: float) -> str:
    """Format a value with its unit."""
    return f"{value:.{measure.n_decimals}f} {measure.unit}".rstrip()


def _measures(columns: Iterable[Column]) -> tuple[TakeMeasure, ...]:
    return tuple(TakeMeasure(column=column.name, **asdict(column.scale)) for column in columns if column.scale)
