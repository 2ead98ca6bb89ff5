"""Index of all takes of a run, not only the best of each row: their names, facts and locations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.parts import read_committed_parts, read_part_rows
from hierbatch.manifest.run_layout import RunLayout

_FACTS = ("id", "take_key", "attempt", "status", "error", "flags", "duration_s", "voice", "text_norm", "finished_at")


def take_name(take_key: str, attempt: int) -> str:
    """Name of a take among those of its row, as pages write it."""
    return f"{take_key}-{attempt}"


def parse_take_name(name: str) -> tuple[str, int] | None:
    """Key and attempt from a name; None if it is not one."""
    key, dash, attempt = name.rpartition("-")
    return (key, int(attempt)) if dash and attempt.isascii() and attempt.isdigit() and len(attempt) < 6 else None


@dataclass(frozen=True, slots=True)
class StoredTake:
    """A committed take: its facts without text timings and audio, and its location."""

    facts: dict[str, Any]
    file: Path
    row: int

    @property
    def name(self) -> tuple[str, int]:
        """Key and attempt."""
        return self.facts["take_key"], self.facts["attempt"]

    def read(self, columns: list[str]) -> dict[str, Any]:
        """Read columns of the take; raises VanishedError if its part was compacted."""
        table = read_part_rows(self.file, np.array([self.row], np.int32), columns)
        return dict(table.to_pylist()[0])


class TakeIndex:
    """All takes of a run by row id; parts never change, so only new ones are read by `updated`."""

    def __init__(self, tables: dict[Path, pa.Table] | None = None) -> None:
        self._tables = tables or {}

    def updated(self, layout: RunLayout) -> TakeIndex:
        """Index of the parts that exist now."""
        existing = layout.part_files()
        known = {part: self._tables[part] for part in existing if part in self._tables}
        fresh = dict(read_committed_parts(lambda: [part for part in existing if part not in known], _IDS))
        return TakeIndex(known | fresh)

    def of_row(self, row_id: str) -> list[StoredTake]:
        """Takes of a row, oldest first, each once; a unit processed twice around a crash has committed equal takes."""
        found: dict[tuple[str, int], StoredTake] = {}
        for part, ids in self._tables.items():
            for row in np.flatnonzero(pc.equal(ids.column("id"), row_id).to_numpy(zero_copy_only=False)).tolist():
                try:
                    facts = dict(read_part_rows(part, np.array([row], np.int32), list(_FACTS)).to_pylist()[0])
                except VanishedError:
                    continue  # its rows are in a newer part, which the next update finds
                take = StoredTake(facts, part, row)
                found.setdefault(take.name, take)
        return sorted(found.values(), key=lambda take: (take.facts["finished_at"], take.name[1]))

    def find(self, row_id: str, name: tuple[str, int]) -> StoredTake:
        """Find one take of a row.

        Raises:
            RunError: there is no such take.
        """
        for take in self.of_row(row_id):
            if take.name == name:
                return take
        raise RunError(f"{row_id} has no such take", fix="reload the page")


_IDS = ("id",)
