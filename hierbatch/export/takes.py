"""A run's takes in book order: a small index of all of them, and the sound of one at a time.

Takes lie in the run's parts in the order they were made; the newest plan says which rows the book has and which of
their takes are still wanted. The index holds what the order and the pauses need, some hundred bytes a sentence;
text, timings and sound stay on the disk until their chapter is put together.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import RunError

_PLACE = ("id", "take_key", "chapter", "seq")
_NEEDED = (*_PLACE, "attempt", "status", "finished_at", "sample_rate_hz", "n_samples")
_USEFUL = ("chapter_title", "kind", "source_ref", "pause_after_s", "book", "lang", "expected_duration_s")
_SOUND = ("audio",)
_SCRIPT = ("text", "text_norm", "timings")
_KEPT_GROUPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One sentence of the book: its place, and where its sound lies (no samples where it failed or is not made yet)."""

    id: str
    chapter: int
    seq: int
    kind: str
    source_ref: str
    pause_after_s: float | None
    is_spoken: bool
    expected_duration_s: float
    rate_hz: int
    n_samples: int
    part: int
    row: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is heard, in seconds from the start of its take."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """What a take says: the sentence as it was written, and its words as they were spoken."""

    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ChapterTakes:
    """One chapter's takes in reading order."""

    number: int
    title: str
    takes: tuple[Take, ...]


class RunTakes:
    """The takes of one run that belong to a book.

    Raises:
        RunError: the folder holds no parts, or a part is damaged, or the rows do not stand in a book.
    """

    def __init__(self, run: Path) -> None:
        self._parts = sorted((run / "parts").glob("*.parquet"))
        if not self._parts:
            raise RunError(
                f"There are no takes in {run}", wanted="a run folder with parts/*.parquet", mend="hierbatch run first"
            )
        takes = (row for part in range(len(self._parts)) for row in self._index(part))
        rows = _latest(takes, _planned(run))
        self.title = _commonest(rows, "book")
        self.language = _commonest(rows, "lang")
        self.chapters = tuple(_chapters(rows))
        self._groups: OrderedDict[tuple[int, int, tuple[str, ...]], pa.Table] = OrderedDict()

    def sound(self, take: Take) -> Waveform:
        """The sound of a take that was spoken; raises RunError where it is damaged."""
        content = self._read(take, _SOUND)["audio"]["bytes"]
        return read_sound(content, name=f"the sound of row {take.id}", raises=RunError)

    def script(self, take: Take) -> Script:
        """Text and word timings of a take that was spoken."""
        found = self._read(take, _SCRIPT)
        words = tuple(
            Word(timing["text"], timing["start_s"], timing["end_s"])
            for timing in found["timings"] or ()
            if timing["kind"] == "word"
        )
        return Script(found.get("text") or found.get("text_norm") or "", words)

    def _read(self, take: Take, columns: tuple[str, ...]) -> dict[str, Any]:
        """A take's values, by way of its row group; a few groups are kept, since neighbours are often made together."""
        path = self._parts[take.part]
        try:
            with pq.ParquetFile(path) as file:
                group, row = _row_group(file.metadata, take.row)
                key = (take.part, group, columns)
                if key not in self._groups:
                    known = [name for name in columns if name in file.schema_arrow.names]
                    self._groups[key] = file.read_row_group(group, columns=known)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
        self._groups.move_to_end(key)
        if len(self._groups) > _KEPT_GROUPS:
            self._groups.popitem(last=False)
        return dict(self._groups[key].slice(row, 1).to_pylist()[0])

    def _index(self, part: int) -> Iterator[dict[str, Any]]:
        for row, found in enumerate(_read_rows(self._parts[part], _NEEDED)):
            yield {**found, "part": part, "row": row}


def _read_rows(path: Path, needed: Sequence[str]) -> list[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            lacking = [name for name in needed if name not in names]
            if lacking:
                raise RunError(
                    "The run's rows do not stand in a book",
                    wanted="columns " + ", ".join(needed),
                    got=f"{path.name} lacks {', '.join(lacking)}",
                    mend="make the manifest with `hierbatch import BOOK`, or use `hierbatch export` for clips",
                )
            found = file.read(columns=[name for name in (*needed, *_USEFUL) if name in names]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    return [{**dict.fromkeys(_USEFUL), **row} for row in found]


def _planned(run: Path) -> list[dict[str, Any]]:
    """Rows of the newest generation's plan and of its retries, in files named g0002.parquet, g0002-r001.parquet."""
    plans = [path for path in sorted((run / "plan").glob("g*.parquet")) if not path.stem.endswith("-voices")]
    newest = plans[-1].stem.split("-")[0] if plans else ""
    return [row for path in plans if path.stem.split("-")[0] == newest for row in _read_rows(path, _PLACE)]


def _latest(takes: Iterator[dict[str, Any]], planned: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each id of the plan: its last wanted attempt, or the plan's own row where there is no take yet.

    Without a plan, every id that has a take.
    """
    wanted = {(row["id"], row["take_key"]) for row in planned}
    latest: dict[str, dict[str, Any]] = {}
    for row in takes:
        if wanted and (row["id"], row["take_key"]) not in wanted:
            continue
        known = latest.get(row["id"])
        if known is None or (row["attempt"], row["finished_at"]) >= (known["attempt"], known["finished_at"]):
            latest[row["id"]] = row
    for row in planned:
        latest.setdefault(row["id"], {**row, "status": "unfinished", "part": -1, "row": -1})
    return list(latest.values())


def _chapters(rows: list[dict[str, Any]]) -> Iterator[ChapterTakes]:
    lost = [row["id"] for row in rows if row["chapter"] is None or row["seq"] is None]
    if lost:
        raise RunError(
            "Some rows have no place in the book",
            wanted="a chapter and a seq in every row",
            got=f"{len(lost)} without, the first is {lost[0]}",
        )
    ordered = sorted(rows, key=lambda row: (row["chapter"], row["seq"]))
    for number, group in groupby(ordered, key=lambda row: int(row["chapter"])):
        members = list(group)
        title = next((row["chapter_title"] for row in members if row["chapter_title"]), f"Chapter {number}")
        yield ChapterTakes(number, title, tuple(map(_take, members)))


def _take(row: dict[str, Any]) -> Take:
    is_spoken = row["status"] == "ok"
    return Take(
        id=row["id"],
        chapter=row["chapter"],
        seq=row["seq"],
        kind=row["kind"] or "",
        source_ref=row["source_ref"] or "",
        pause_after_s=row["pause_after_s"],
        is_spoken=is_spoken,
        expected_duration_s=row["expected_duration_s"] or 0.0,
        rate_hz=row["sample_rate_hz"] if is_spoken else 0,
        n_samples=row["n_samples"] if is_spoken else 0,
        part=row["part"],
        row=row["row"],
    )


def _row_group(metadata: pq.FileMetaData, row: int) -> tuple[int, int]:
    """The row group a file's row stands in, and its place there."""
    for group in range(metadata.num_row_groups):
        n_rows = metadata.row_group(group).num_rows
        if row < n_rows:
            return group, row
        row -= n_rows
    raise IndexError(row)


def _commonest(rows: list[dict[str, Any]], name: str) -> str:
    values = [row[name] for row in rows if row[name]]
    return max(set(values), key=values.count) if values else ""


def _damaged(path: Path, error: Exception) -> RunError:
    return RunError(f"{path} cannot be read", got=str(error).splitlines()[0], mend="delete it and run again")
