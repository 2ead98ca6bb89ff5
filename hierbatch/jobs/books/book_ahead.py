"""Mastering of chapters while the rest of their book is being synthesized.

Each result is stored under a hash of its inputs, see `MasteredChapters` and `EncodedFiles`; `make_book` uses the
results that are still valid, and makes the rest. A chapter is ready when each of its rows has a take that no
retake will replace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from hierbatch.audio.waveform import Samples
from hierbatch.delivery.chapters import edge_silence_s
from hierbatch.delivery.edition import Edition, EditionFile, edition_files
from hierbatch.delivery.edition_making import ChapterMaker, chapter_files, feed_all
from hierbatch.delivery.encode import AudioFormat, book_encoder
from hierbatch.delivery.encoded_files import EncodedFiles, encoded_hash, hash_of_chapters
from hierbatch.delivery.mastered_chapters import MasteredChapters
from hierbatch.delivery.peak_limit import keep_peaks_below_limit
from hierbatch.delivery.report import check_file
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.delivery.takes import BookTake, BookTakes, ChapterTakes
from hierbatch.delivery.threads import map_ahead
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.engine.retakes import flawed_rows
from hierbatch.errors import HierbatchError
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.book_plan import plan_book
from hierbatch.manifest.runs.run_layout import RunLayout

_POLL_S = 1.0
_MIN_WAIT_PER_SCAN = 10.0
"""Minimum pause between two readings of the run, as a multiple of the duration of a reading."""
_PRESUMED_RATE_HZ = 16_000


def make_ahead(job: BookJob, is_synthesized: Callable[[], bool]) -> None:
    """Master and encode chapters as they become ready, until the synthesis has ended and all chapters are made.

    Args:
        job: book to make.
        is_synthesized: function that returns True once no further take will be committed.

    Raises:
        RunError: the audio of a take is damaged.
        ProgramError: the encoder failed.
        StorageError: the disk is full.
    """
    layout = RunLayout(job.run)
    with AheadBook(job) as book:
        n_parts, rested_until = -1, 0.0
        while True:
            is_last = is_synthesized()  # before the takes are read
            found = len(layout.part_files())
            if is_last or (found != n_parts and time.monotonic() >= rested_until):
                started = time.monotonic()
                takes, n_parts = BookTakes(job.run, job.chapters.selection), found
                rested_until = time.monotonic() + _MIN_WAIT_PER_SCAN * (time.monotonic() - started)
                book.make_ready(takes, is_last=is_last)
            if is_last:
                return
            time.sleep(_POLL_S)


class AheadBook:
    """Maker of the chapters and files of a book that is not complete yet.

    Args:
        job: book to make, whose run is on this machine.
    """

    def __init__(self, job: BookJob) -> None:
        self._job = job
        self._kept = MasteredChapters(job.kept_chapters)
        self._encoded = EncodedFiles(job.encoded_files)
        self._tones: dict[tuple[str, int], SharedRoomTone] = {}
        self._streams: dict[tuple[str, int, str], BookStream] = {}
        self._edge_silence: dict[BookTake, tuple[float, float]] = {}
        self._encoded.clear_scratch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams.values():
            stream.discard()

    def make_ready(self, takes: BookTakes, *, is_last: bool) -> None:
        """Make all chapters that are ready and not made yet.

        Args:
            takes: takes of the run.
            is_last: True if no further take will be committed, so that every chapter is ready.
        """
        unsettled = frozenset() if is_last else unsettled_rows(takes)

        def edge_silence(take: BookTake) -> tuple[float, float]:
            if take.id in unsettled:
                return 0.0, 0.0
            if take not in self._edge_silence:
                self._edge_silence[take] = edge_silence_s(next(takes.sounds([take])))
            return self._edge_silence[take]

        chapters = [_presumed(chapter, unsettled) for chapter in takes.chapters]
        for edition in plan_book(self._job, takes, chapters, edge_silence).editions:
            self._make_edition(edition, takes, unsettled)

    def _make_edition(self, edition: Edition, takes: BookTakes, unsettled: frozenset[str]) -> None:
        maker = ChapterMaker(
            edition=edition, takes=takes, folder=self._encoded.scratch, tone=self._tone(edition), kept=self._kept
        )
        names = [maker.name(chapter) for chapter in edition.timelines]
        ready = [
            (chapter, name)
            for chapter, name in zip(edition.timelines, names, strict=True)
            if not any(placed.take.id in unsettled for placed in chapter.placements)
        ]
        files = edition_files(edition)
        streams = {
            name: self._stream(edition, file)
            for file in files
            if file.kind.is_whole_book and (name := hash_of_chapters(edition, file, names)) not in self._encoded
        }
        made = map_ahead(lambda each: self._make_chapter(maker, files, each[0]), ready)
        mastered: dict[str, Path] = {}
        for (_, name), path in zip(ready, made, strict=True):
            mastered[name] = path
            for stream in streams.values():
                stream.feed(names, mastered)
        for name, stream in streams.items():
            if stream.fed == names:
                self._encoded.add(name, stream.close())

    def _make_chapter(self, maker: ChapterMaker, files: Sequence[EditionFile], chapter: ChapterTimeline) -> Path:
        mastered, _ = maker.master(chapter)
        for file in chapter_files(files, chapter):
            name = encoded_hash(maker.edition, file)
            if name not in self._encoded:
                path = self._encoded.scratch / name
                maker.encode(file, mastered, path)
                report = keep_peaks_below_limit(
                    partial(check_file, path, maker.edition.profile, is_ours=True),
                    partial(maker.encode, file, mastered, path),
                )
                self._encoded.add(name, path, report)
        return mastered

    def _tone(self, edition: Edition) -> SharedRoomTone:
        key = (edition.profile.name, edition.rate_hz)
        if key not in self._tones:
            path = self._encoded.scratch / f"tone-{edition.profile.name}-{edition.rate_hz}.f32"
            self._tones[key] = SharedRoomTone(path, edition.rate_hz, edition.profile.room_tone_db)
        return self._tones[key]

    def _stream(self, edition: Edition, book: EditionFile) -> BookStream:
        key = (edition.profile.name, edition.rate_hz, book.kind.name)
        if key not in self._streams:
            path = self._encoded.scratch / f"stream-{'-'.join(map(str, key))}"
            self._streams[key] = BookStream(path, book.kind, edition.rate_hz)
        return self._streams[key]


class BookStream:
    """Encoder of a file of the whole book, which receives the chapters in order, as they become ready.

    Args:
        path: file to write.
        kind: format of the file.
        rate_hz: sample rate in Hz.
    """

    def __init__(self, path: Path, kind: AudioFormat, rate_hz: int) -> None:
        self._path, self._kind, self._rate_hz = path, kind, rate_hz
        self._stack = ExitStack()
        self._feed: Callable[[Samples], None] | None = None
        self.fed: list[str] = []
        """Hashes of the chapters that were encoded so far."""

    def feed(self, names: Sequence[str], mastered: Mapping[str, Path]) -> None:
        """Encode the next chapters that are ready; restart the file if a chapter has changed since it was encoded.

        Args:
            names: hashes of all chapters of the book, in order.
            mastered: files of the mastered chapters, keyed by hash.
        """
        if list(names[: len(self.fed)]) != self.fed:
            self.discard()
        while len(self.fed) < len(names) and (path := mastered.get(names[len(self.fed)])):
            if self._feed is None:
                self._feed = self._stack.enter_context(book_encoder(self._path, self._kind, self._rate_hz))
            feed_all(path, self._feed)
            self.fed.append(names[len(self.fed)])

    def close(self) -> Path:
        """Finish the file, and return its path."""
        self._stack.close()
        self._feed = None
        return self._path

    def discard(self) -> None:
        """Close the encoder; the next call of `feed` starts the file again."""
        with suppress(HierbatchError):
            self.close()
        self.fed = []


def unsettled_rows(takes: BookTakes) -> frozenset[str]:
    """Ids of the rows without a successful take, and of the rows whose take may be replaced by a retake."""
    unspoken = (take.id for chapter in takes.chapters for take in chapter.takes if not take.is_spoken)
    return frozenset((*unspoken, *flawed_rows(takes.snapshot).column("id").to_pylist()))


def _presumed(chapter: ChapterTakes, unsettled: frozenset[str]) -> ChapterTakes:
    """Chapter in which unsettled rows without audio count as spoken, with their expected durations.

    Chapters without speech are not delivered, so an unfinished chapter would otherwise change the numbers of later
    chapters.
    """
    takes = (
        replace(
            take,
            is_spoken=True,
            rate_hz=_PRESUMED_RATE_HZ,
            n_samples=round(take.expected_duration_s * _PRESUMED_RATE_HZ),
        )
        if take.id in unsettled and not take.is_spoken
        else take
        for take in chapter.takes
    )
    return replace(chapter, takes=tuple(takes))
