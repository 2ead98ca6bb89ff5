"""Takes of a run in book order: an index of all takes in memory, and their audio in small batches.

`manifest.takes` selects the take of each row; this module groups the takes by chapter. The index has the values that
determine order and pauses, about a hundred bytes per sentence; audio stays on disk until its chapter is assembled.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import RunError
from hierbatch.manifest.books.row_selection import RowSelection
from hierbatch.manifest.takes.takes import Takes

_REQUIRED = ("id", "chapter", "sentence_index")
_OPTIONAL = ("chapter_title", "kind", "source_ref", "pause_after_s", "book", "language", "expected_duration_s")
_AUDIO_INFO = ("id", "status", "sample_rate_hz", "n_samples", "take_key", "attempt")
_TEXT = ("id", "text", "text_norm", "timings")
_READ_BATCH = 64
"""Number of takes whose audio is read at once (about five megabytes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTake:
    """Sentence of the book, with its position and the length of its audio (0 samples for a failed or pending row)."""

    id: str
    chapter: int
    sentence_index: int
    kind: str
    source_ref: str
    pause_after_s: float | None
    is_spoken: bool
    expected_duration_s: float
    rate_hz: int
    n_samples: int
    language: str = ""
    take_key: str = ""
    """Key of the take; key and attempt together determine the audio."""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class TimedWord:
    """Spoken word, with times in seconds from the start of its take."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """Text of a take as written, and its words as spoken."""

    text: str
    words: tuple[TimedWord, ...]


@dataclass(frozen=True, slots=True)
class ChapterTakes:
    """Takes of one chapter in reading order."""

    number: int
    title: str
    takes: tuple[BookTake, ...]


class BookTakes:
    """Takes of a book's run, by chapter.

    Raises:
        RunError: the folder is not a run, its rows have no book position, or its files are damaged.
    """

    def __init__(
        self,
        run: Path,
        selection: RowSelection | None = None,
        mark: Callable[[Waveform], Waveform] | None = None,
    ) -> None:
        """Index the takes.

        Args:
            run: run of the book.
            selection: rows to deliver; None delivers all.
            mark: function that puts a watermark into a delivered sound; None leaves the sounds unchanged.
        """
        self._run, self._mark = run, mark
        self._lock = threading.Lock()
        with _damage_as_run_error(run):
            self._takes = Takes(run)
            planned = [_with_edited_pause(row, self._takes) for row in _planned_rows(self._takes, selection)]
            made = {row["id"]: row for row in self._takes.table(_AUDIO_INFO).to_pylist()}
        self.title = _most_common(planned, "book")
        self.language = _most_common(planned, "language")
        self.chapters = tuple(_chapters(planned, made))

    @property
    def snapshot(self) -> Takes:
        """Takes of the run, not grouped by chapter."""
        return self._takes

    def sounds(self, takes: Sequence[BookTake]) -> Iterator[Waveform]:
        """Yield the audio of takes in order, with the watermark if one is set; raises RunError if audio is damaged."""
        stored = self.stored_sounds(takes)
        return map(self._mark, stored) if self._mark else stored

    def stored_sounds(self, takes: Sequence[BookTake]) -> Iterator[Waveform]:
        """Yield the audio of takes in order as stored, without a watermark; raises RunError if the audio is damaged."""
        for start in range(0, len(takes), _READ_BATCH):
            batch = takes[start : start + _READ_BATCH]
            # Several chapters are read at once; a reader of the takes may have to locate its rows again.
            with _damage_as_run_error(self._run), self._lock:
                encoded = self._takes.sounds([take.id for take in batch])
            for take in batch:
                yield read_sound(encoded[take.id], name=f"the audio of row {take.id}", raises=RunError)

    def transcript(self, take: BookTake) -> Transcript:
        """Read the text and word timings of a synthesized take."""
        table, position = self._texts
        row = table.slice(position[take.id], 1).to_pylist()[0]
        words = tuple(
            TimedWord(timing["text"], timing["start_s"], timing["end_s"])
            for timing in row["timings"] or ()
            if timing["kind"] == "word"
        )
        return Transcript(row.get("text") or row["text_norm"] or "", words)

    @cached_property
    def _texts(self) -> tuple[pa.Table, dict[str, int]]:
        with _damage_as_run_error(self._run):
            table = self._takes.table([name for name in _TEXT if name in self._takes.schema.names])
        return table, {row_id: position for position, row_id in enumerate(table.column("id").to_pylist())}


def _planned_rows(takes: Takes, selection: RowSelection | None) -> list[dict[str, Any]]:
    """Read all selected rows with their positions in the book."""
    names = takes.plan_schema.names
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise RunError(
            "The run's rows have no position in a book",
            expected="columns " + ", ".join(_REQUIRED),
            got=f"a plan without {', '.join(missing)}",
            fix="make the manifest with `hierbatch import BOOK`, or use `hierbatch export` for clips",
        )
    table = takes.planned([name for name in (*_REQUIRED, *_OPTIONAL) if name in names])
    rows = (table.filter(pa.array(selection.mask(table))) if selection else table).to_pylist()
    unplaced = [row["id"] for row in rows if row["chapter"] is None or row["sentence_index"] is None]
    if unplaced:
        raise RunError(
            "Some rows have no position in the book",
            expected="chapter and sentence_index in every row",
            got=f"{len(unplaced)} without, the first is {unplaced[0]}",
            fix="fill both columns, or make the manifest with `hierbatch import BOOK`",
        )
    return [{**dict.fromkeys(_OPTIONAL), **row} for row in rows]


def _with_edited_pause(row: dict[str, Any], takes: Takes) -> dict[str, Any]:
    """Apply the pause that a reviewer has set; unlike other edits, it needs no new take."""
    pause_s = takes.choices.row(row["id"]).edit.pause_after_s
    return row if pause_s is None else {**row, "pause_after_s": pause_s}


def _chapters(planned: list[dict[str, Any]], made: Mapping[str, dict[str, Any]]) -> Iterator[ChapterTakes]:
    ordered = sorted(planned, key=lambda row: (row["chapter"], row["sentence_index"]))
    for number, group in groupby(ordered, key=lambda row: int(row["chapter"])):
        rows = list(group)
        title = next((row["chapter_title"] for row in rows if row["chapter_title"]), f"Chapter {number}")
        yield ChapterTakes(number, title, tuple(_take(row, made.get(row["id"])) for row in rows))


def _take(row: Mapping[str, Any], made: Mapping[str, Any] | None) -> BookTake:
    is_spoken = made is not None and made["status"] == "ok"
    return BookTake(
        id=row["id"],
        chapter=row["chapter"],
        sentence_index=row["sentence_index"],
        kind=row["kind"] or "",
        source_ref=row["source_ref"] or "",
        pause_after_s=row["pause_after_s"],
        is_spoken=is_spoken,
        expected_duration_s=row["expected_duration_s"] or 0.0,
        language=row["language"] or "",
        rate_hz=made["sample_rate_hz"] if made and is_spoken else 0,
        n_samples=made["n_samples"] if made and is_spoken else 0,
        take_key=made["take_key"] if made else "",
        attempt=made["attempt"] if made else 0,
    )


def _most_common(rows: list[dict[str, Any]], name: str) -> str:
    counts = Counter(row[name] for row in rows if row[name])
    return str(counts.most_common(1)[0][0]) if counts else ""


@contextmanager
def _damage_as_run_error(run: Path) -> Iterator[None]:
    """Context that converts errors in reading a run's files to RunError."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise RunError(
            f"A file of {run} cannot be read",
            got=str(error).splitlines()[0],
            fix="delete the damaged part file and run again",
        ) from error
