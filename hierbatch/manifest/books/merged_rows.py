"""Three-way merge of manifests: the last import of a book, its edited version, and a new import of the changed book."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hierbatch.manifest.books.row_alignment import align_rows

Row = dict[str, Any]

EDITED, IMPORTED = "edited", "imported"
"""Values of `prefer`: the version that wins a conflict."""

_PLACE_COLUMNS = frozenset({"id", "sentence_index"})
"""Columns whose values follow from the place of the row; they never cause conflicts."""

_NUMBERED_ID = re.compile(r"(?P<prefix>.*?-)(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """Id of a row that both the user and the new import changed, and the reason for the conflict."""

    id: str
    reason: str


@dataclass(slots=True)
class UsedIds:
    """Highest number used so far with each id prefix, so that the id of a removed row is never used again."""

    highest: dict[str, int] = field(default_factory=dict)

    def add(self, ids: Iterable[str]) -> None:
        """Record ids as used."""
        for row_id in ids:
            if found := _NUMBERED_ID.fullmatch(row_id or ""):
                self.highest[found["prefix"]] = max(self.highest.get(found["prefix"], 0), int(found["number"]))

    def next_like(self, row_id: str) -> str:
        """Return an unused id with the prefix of `row_id`, and record it as used."""
        found = _NUMBERED_ID.fullmatch(row_id)
        prefix = found["prefix"] if found else f"{row_id}-"
        self.highest[prefix] = self.highest.get(prefix, 0) + 1
        return f"{prefix}{self.highest[prefix]:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRows:
    """Result of a merge; if there are conflicts, `rows` is incomplete."""

    rows: list[Row]
    imported: list[Row]
    """Rows of the new import, with the ids of the manifest rows that they continue."""
    n_added: int
    n_removed: int
    n_changed: int
    """Number of rows whose text differs between the last and the new import."""
    n_edited: int
    """Number of rows in which an edit of the manifest was kept."""
    conflicts: tuple[MergeConflict, ...]


def carry_ids(before: Sequence[Row], after: Sequence[Row], used: UsedIds) -> list[Row]:
    """Rows of a new import, with the ids of the earlier rows that they continue; other rows get unused ids.

    Args:
        before: rows of the last import.
        after: rows of the new import.
        used: ids that are or were in use; the new ids are added.
    """
    used.add(row["id"] for row in before)
    matches = align_rows([row["text"] or "" for row in before], [row["text"] or "" for row in after])
    return [
        {**row, "id": used.next_like(row["id"]) if match is None else before[match]["id"]}
        for row, match in zip(after, matches, strict=True)
    ]


def merge_rows(
    base: Sequence[Row], edited: Sequence[Row], imported: Sequence[Row], used: UsedIds, prefer: str | None = None
) -> MergedRows:
    """Merge the edits of a manifest into a new import.

    Args:
        base: rows of the last import, with the ids of the manifest.
        edited: rows of the manifest.
        imported: rows of the new import.
        used: ids that are or were in use; the new ids are added.
        prefer: version that wins conflicts, `edited` or `imported`; None leaves conflicts open and reports them.
    """
    used.add(row["id"] for row in edited)
    fresh = carry_ids(base, imported, used)
    before = {row["id"]: row for row in base}
    mine = {row["id"]: row for row in edited}
    merge = _Merge(before, mine, prefer)
    rows = [merged for row in fresh if (merged := merge.row(row)) is not None]
    kept = merge.without_counterpart({row["id"] for row in fresh})
    rows = _insert(rows, edited, [row for row in edited if row["id"] not in before or row["id"] in kept])
    _number_sentences(rows)
    ids = {row["id"] for row in fresh}
    return MergedRows(
        rows=rows,
        imported=fresh,
        n_added=sum(row["id"] not in before for row in fresh),
        n_removed=sum(row["id"] not in ids for row in base),
        n_changed=sum(row["id"] in before and row["text"] != before[row["id"]]["text"] for row in fresh),
        n_edited=merge.n_edited,
        conflicts=tuple(merge.conflicts),
    )


class _Merge:
    """Merger of single rows; collects the conflicts."""

    def __init__(self, before: Mapping[str, Row], mine: Mapping[str, Row], prefer: str | None) -> None:
        self._before, self._mine, self._prefer = before, mine, prefer
        self.conflicts: list[MergeConflict] = []
        self.n_edited = 0

    def row(self, fresh: Row) -> Row | None:
        """Row of the new import, merged with the edits of the manifest; None if the row is to be left out."""
        before, mine = self._before.get(fresh["id"]), self._mine.get(fresh["id"])
        if before is None:
            return fresh
        if mine is None:
            changed = fresh["text"] != before["text"]
            reason = "removed from the manifest, and changed in the book"
            return fresh if changed and self._decide(fresh["id"], reason) == IMPORTED else None
        merged, is_edited = {**mine, "id": fresh["id"]}, False
        for name, value in fresh.items():
            if name in _PLACE_COLUMNS or mine.get(name) == before.get(name):
                merged[name] = value
            elif value in (before.get(name), mine.get(name)):
                is_edited = True
            else:
                reason = f"{name} is {mine.get(name)!r} in the manifest, and now {value!r} in the book"
                is_mine = self._decide(fresh["id"], reason) == EDITED
                merged[name] = mine.get(name) if is_mine else value
                is_edited |= is_mine
        own = [name for name in mine if name not in fresh and mine[name] is not None]
        self.n_edited += is_edited or bool(own)
        return merged

    def without_counterpart(self, ids: set[str]) -> set[str]:
        """Ids of edited rows that are kept although they are not in `ids`, the ids of the new import."""
        gone = [row_id for row_id in self._before if row_id not in ids and row_id in self._mine]
        edited = [row_id for row_id in gone if self._is_edited(row_id)]
        reason = "edited in the manifest, and no longer in the book"
        return {row_id for row_id in edited if self._decide(row_id, reason) == EDITED}

    def _is_edited(self, row_id: str) -> bool:
        before, mine = self._before[row_id], self._mine[row_id]
        names = (before.keys() | mine.keys()) - _PLACE_COLUMNS
        return any(before.get(name) != mine.get(name) for name in names)

    def _decide(self, row_id: str, reason: str) -> str | None:
        if self._prefer is None:
            self.conflicts.append(MergeConflict(row_id, reason))
        return self._prefer


def _insert(rows: list[Row], edited: Sequence[Row], added: Sequence[Row]) -> list[Row]:
    """Insert the `added` rows, which only the manifest has, each after the row that precedes it in the manifest."""
    if not added:
        return rows
    names, present = {row["id"] for row in added}, {row["id"] for row in rows}
    following: defaultdict[str | None, list[Row]] = defaultdict(list)
    anchor: Row | None = None
    for row in edited:
        if row["id"] in names:
            inherited = {
                name: anchor[name] for name in ("book", "chapter", "chapter_title") if anchor and name in anchor
            }
            following[anchor["id"] if anchor else None].append(
                {**row, **{name: value for name, value in inherited.items() if row.get(name) is None}}
            )
        elif row["id"] in present:
            anchor = row
    return [*following[None], *(one for row in rows for one in (row, *following[row["id"]]))]


def _number_sentences(rows: Sequence[Row]) -> None:
    """Number the rows of each chapter from 1, in the order of `rows`."""
    numbers: defaultdict[Any, int] = defaultdict(int)
    for row in rows:
        numbers[row.get("chapter")] += 1
        row["sentence_index"] = numbers[row.get("chapter")]
