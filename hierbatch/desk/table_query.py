"""Filters, order and page of the table, as SQL with bound values; only known column names are accepted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from hierbatch.analysis.take_measures import TakeMeasure
from hierbatch.errors import InputError

MAX_LIMIT = 200
_SORTABLE = ("position", "id", "voice", "language", "status", "text_norm", "verdict")
_SHOWN = {
    "all": "true",
    "undecided": "verdict IS NULL AND (status <> 'ok' OR len(flags) > 0) OR verdict = 'reject'",
    "flagged": "len(flags) > 0",
    "failed": "status <> 'ok'",
    "unplayed": "status = 'ok' AND NOT coalesce(listened, false)",
    "rejected": "verdict = 'reject'",
    "kept": "verdict IN ('keep', 'pin')",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableQuery:
    """Query for one page of the table; `show` names a predefined condition."""

    show: str = "all"
    equal: Mapping[str, str] = field(default_factory=dict)
    """Values of `voice`, `language` and `error_kind`, and a flag (`flag`), that the takes must have."""
    text: str = ""
    """Substring of the id or of the normalized text."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Lowest and highest value by measure."""
    ids: tuple[str, ...] | None = None
    """Rows of a sample; None means all."""
    sort: str = "position"
    is_descending: bool = False
    offset: int = 0
    limit: int = 50

    @classmethod
    def from_request(cls, wanted: Mapping[str, Any]) -> Self:
        """Parse a query that the page sent; raises InputError."""
        try:
            ranges = {
                str(name): (float(low), float(high)) for name, (low, high) in dict(wanted.get("ranges") or {}).items()
            }
            query = cls(
                show=str(wanted.get("show", "all")),
                equal={str(name): str(value) for name, value in dict(wanted.get("equal") or {}).items() if value},
                text=str(wanted.get("text", ""))[:200],
                ranges=ranges,
                sort=str(wanted.get("sort", "position")),
                is_descending=wanted.get("is_descending") is True,
                offset=max(0, int(wanted.get("offset", 0))),
                limit=min(MAX_LIMIT, max(1, int(wanted.get("limit", 50)))),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError("The query cannot be read", got=str(error)[:80], fix="reload the page") from error
        if query.show not in _SHOWN or not set(query.equal) <= {"voice", "language", "error_kind", "flag"}:
            raise InputError("The query has an unknown filter", expected=", ".join(_SHOWN), fix="reload the page")
        if any(math.isnan(limit) for limits in query.ranges.values() for limit in limits):
            raise InputError("A range is not a number", fix="reload the page")
        return query

    def without(self, column: str) -> Self:
        """Copy of the query without the range of one measure."""
        return replace(self, ranges={name: limits for name, limits in self.ranges.items() if name != column})

    def where(self, measures: Sequence[TakeMeasure]) -> tuple[str, list[Any]]:
        """Condition of a WHERE clause, and the values to bind; raises InputError for an unknown measure."""
        conditions = [f"({_SHOWN[self.show]})"]
        values: list[Any] = []
        for name, value in self.equal.items():
            conditions.append("list_contains(flags, ?)" if name == "flag" else f"{quoted(name)} = ?")
            values.append(value)
        if self.text:
            conditions.append("(contains(lower(text_norm), lower(?)) OR contains(id, ?))")
            values += [self.text, self.text]
        for name, (low, high) in self.ranges.items():
            _check_measure(name, measures)
            conditions.append(f"{quoted(name)} BETWEEN ? AND ?")
            values += [low, high]
        if self.ids is not None:
            conditions.append("list_contains(?, id)")
            values.append(list(self.ids))
        return " AND ".join(conditions), values

    def order(self, measures: Sequence[TakeMeasure]) -> str:
        """Content of an ORDER BY clause, with ties broken by position; raises InputError for an unknown column."""
        if self.sort not in _SORTABLE:
            _check_measure(self.sort, measures)
        return f"{quoted(self.sort)} {'DESC' if self.is_descending else 'ASC'} NULLS LAST, position"


def quoted(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _check_measure(name: str, measures: Sequence[TakeMeasure]) -> None:
    known = [measure.column for measure in measures]
    if name not in known:
        raise InputError("The run has no such measure", expected=", ".join(known), got=name[:60], fix="reload the page")
