"""A run's takes in book order: a small index of all of them, and their sound a few at a time.

Which take of a row counts is `manifest.takes`' to say; here they stand in chapters. The index holds what the order and
the pauses need, some hundred bytes a sentence; sound stays on the disk until its chapter is put together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from hierbatch.manifest.takes import Takes

_NEEDED = ("id", "chapter", "seq")
_PLACE = ("chapter_title", "kind", "source_ref", "pause_after_s", "book", "lang", "expected_duration_s")
_SOUND = ("id", "status", "sample_rate_hz", "n_samples")
_SCRIPT = ("id", "text", "text_norm", "timings")
_READ_TOGETHER = 64
"""Takes whose sound is read at once: some five megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One sentence of the book and its place; it has no samples where it failed or is not made yet."""

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
    lang: str = ""


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


class BookTakes:
    """The takes of one run that stands in a book.

    Raises:
        RunError: the folder is no run, its rows do not stand in a book, or its files are damaged.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        with _told_damage(run):
            self._takes = Takes(run)
            planned = _planned_rows(self._takes)
            made = {row["id"]: row for row in self._takes.table(_SOUND).to_pylist()}
        self.title = _commonest(planned, "book")
        self.language = _commonest(planned, "lang")
        self.chapters = tuple(_chapters(planned, made))

    def sounds(self, takes: Sequence[Take]) -> Iterator[Waveform]:
        """The sound of spoken takes one after the other, read some dozens at a time; raises RunError if damaged."""
        for start in range(0, len(takes), _READ_TOGETHER):
            together = takes[start : start + _READ_TOGETHER]
            with _told_damage(self._run):
                encoded = self._takes.sounds([take.id for take in together])
            for take in together:
                yield read_sound(encoded[take.id], name=f"the sound of row {take.id}", raises=RunError)

    def script(self, take: Take) -> Script:
        """Text and word timings of a spoken take."""
        table, place = self._scripts
        found = table.slice(place[take.id], 1).to_pylist()[0]
        words = tuple(
            Word(timing["text"], timing["start_s"], timing["end_s"])
            for timing in found["timings"] or ()
            if timing["kind"] == "word"
        )
        return Script(found.get("text") or found["text_norm"] or "", words)

    @cached_property
    def _scripts(self) -> tuple[pa.Table, dict[str, int]]:
        with _told_damage(self._run):
            table = self._takes.table([name for name in _SCRIPT if name in self._takes.schema.names])
        return table, {row_id: place for place, row_id in enumerate(table.column("id").to_pylist())}


def _planned_rows(takes: Takes) -> list[dict[str, Any]]:
    """Every row that was asked for and its place in the book."""
    names = takes.plan_schema.names
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise RunError(
            "The run's rows do not stand in a book",
            wanted="columns " + ", ".join(_NEEDED),
            got=f"the plan lacks {', '.join(lacking)}",
            mend="make the manifest with `hierbatch import BOOK`, or use `hierbatch export` for clips",
        )
    rows = takes.planned([name for name in (*_NEEDED, *_PLACE) if name in names]).to_pylist()
    lost = [row["id"] for row in rows if row["chapter"] is None or row["seq"] is None]
    if lost:
        raise RunError(
            "Some rows have no place in the book",
            wanted="a chapter and a seq in every row",
            got=f"{len(lost)} without, the first is {lost[0]}",
        )
    return [{**dict.fromkeys(_PLACE), **row} for row in rows]


def _chapters(planned: list[dict[str, Any]], made: Mapping[str, dict[str, Any]]) -> Iterator[ChapterTakes]:
    ordered = sorted(planned, key=lambda row: (row["chapter"], row["seq"]))
    for number, group in groupby(ordered, key=lambda row: int(row["chapter"])):
        rows = list(group)
        title = next((row["chapter_title"] for row in rows if row["chapter_title"]), f"Chapter {number}")
        yield ChapterTakes(number, title, tuple(_take(row, made.get(row["id"])) for row in rows))


def _take(row: Mapping[str, Any], made: Mapping[str, Any] | None) -> Take:
    is_spoken = made is not None and made["status"] == "ok"
    return Take(
        id=row["id"],
        chapter=row["chapter"],
        seq=row["seq"],
        kind=row["kind"] or "",
        source_ref=row["source_ref"] or "",
        pause_after_s=row["pause_after_s"],
        is_spoken=is_spoken,
        expected_duration_s=row["expected_duration_s"] or 0.0,
        lang=row["lang"] or "",
        rate_hz=made["sample_rate_hz"] if made and is_spoken else 0,
        n_samples=made["n_samples"] if made and is_spoken else 0,
    )


def _commonest(rows: list[dict[str, Any]], name: str) -> str:
    counts = Counter(row[name] for row in rows if row[name])
    return str(counts.most_common(1)[0][0]) if counts else ""


@contextmanager
def _told_damage(run: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise RunError(
            f"A file of {run} cannot be read",
            got=str(error).splitlines()[0],
            mend="delete the damaged part and run again",
        ) from error
