"""Production of the files of a book that share one mastering, several chapters at once.

The raw audio of a chapter is on disk from its mastering until it is encoded in every format: that of one chapter per
thread, and of chapters that wait for their turn in a file of the whole book.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.resample import Resampler, resample
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.chapters import assemble_chapter
from hierbatch.delivery.encode import AudioFormat, book_encoder, chapter_encoder, finish_book
from hierbatch.delivery.itunes_tags import can_write_itunes_fields, write_itunes_fields
from hierbatch.delivery.mastered_chapters import MasteredChapters, chapter_hash, read_chapter
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import Profile
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.delivery.subtitles import FILE_SUFFIXES, WRITERS, Cue, chapter_cues
from hierbatch.delivery.tags import BookTags, ChapterMark, Cover, book_fields, chapter_fields
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.threads import map_ahead
from hierbatch.delivery.timeline import ChapterTimeline

_PCM_SUFFIX = ".f32"
_MAX_NAME_CHARACTERS = 60  # 180 bytes of Hangul: file systems allow 255
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Book at one level and sample rate, with its output formats, subtitles, tags and cover."""

    profile: Profile
    rate_hz: int
    formats: tuple[AudioFormat, ...]
    subtitles: tuple[str, ...]
    timelines: Sequence[ChapterTimeline]
    tags: BookTags
    cover: Cover | None
    to_rate: Resampler = resample
    """Function that resamples a take to the edition's rate."""
    resampler: str = ""
    """Name of the resampler; empty for the default."""


@dataclass(frozen=True, slots=True)
class EditionFile:
    """Output file of an edition; `name` is its path relative to the book's folder, `chapters` its contents."""

    name: Path
    kind: AudioFormat
    chapters: tuple[ChapterTimeline, ...]

    def sidecar(self, kind: str) -> Path:
        """Path of the subtitle file of a kind next to the audio file."""
        return self.name.with_suffix(f".{FILE_SUFFIXES[kind]}")

    @property
    def duration_s(self) -> float:
        return sum(chapter.duration_s for chapter in self.chapters)


def publication_name(edition: Edition) -> Path:
    """File name of the EPUB that contains packed chapters."""
    return Path(f"{safe_file_name(edition.tags.title)}.epub")


def edition_files(edition: Edition) -> list[EditionFile]:
    """List all output files of an edition; nothing is written."""
    files = []
    for kind in edition.formats:
        if kind.is_whole_book:
            name = Path(f"{safe_file_name(edition.tags.title)}.{kind.name}")
            files.append(EditionFile(name, kind, tuple(edition.timelines)))
            continue
        for chapter in edition.timelines:
            name = Path(kind.name, f"{chapter.number:02d} {safe_file_name(chapter.title)}.{kind.extension}")
            files.append(EditionFile(name, kind, (chapter,)))
    return files


def make_edition(
    edition: Edition,
    takes: BookTakes,
    folder: Path,
    on_chapter: Callable[[ChapterTimeline], None],
    kept: MasteredChapters | None = None,
) -> None:
    """Make all of `edition_files` and their subtitles.

    Args:
        edition: edition whose files are made.
                takes: source of text and audio.
                folder: output folder; intermediate audio is also written to it.
                on_chapter: function called after each chapter that was mastered, in order.
                kept: store of mastered chapters, which are reused; None stores none.

    Raises:
        RunError: a take's audio is damaged, or a chapter is silent.
        ProgramError: the encoder failed.
        StorageError: the disk is full.
    """
    files = edition_files(edition)
    for file in files:
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        _write_subtitles(file, edition.subtitles, takes, folder)
    books = [file for file in files if file.kind.is_whole_book]
    tone_file = folder / "room_tone.f32"
    tone = SharedRoomTone(tone_file, edition.rate_hz, edition.profile.room_tone_db)

    def make_chapter(chapter: ChapterTimeline) -> tuple[Path, bool]:
        mastered, is_new = _master(edition, chapter, takes, folder, tone, kept)
        for file in files:
            if not file.kind.is_whole_book and file.chapters[0] is chapter:
                _encode_chapter(edition, file, chapter, mastered, folder)
        return mastered, is_new

    with ExitStack() as stack:
        feeds = [
            stack.enter_context(book_encoder(_untagged(folder, book), book.kind, edition.rate_hz)) for book in books
        ]
        for chapter, (mastered, is_new) in zip(
            edition.timelines, map_ahead(make_chapter, edition.timelines), strict=True
        ):
            for feed in feeds:
                _feed_all(_read(mastered), feed)
            if kept is None:
                mastered.unlink()
            if is_new:
                on_chapter(chapter)
    tone_file.unlink(missing_ok=True)
    for book in books:
        _finish(edition, book, folder)


def _master(
    edition: Edition,
    chapter: ChapterTimeline,
    takes: BookTakes,
    folder: Path,
    tone: SharedRoomTone,
    kept: MasteredChapters | None,
) -> tuple[Path, bool]:
    """Master a chapter unless it is stored; return the file of its samples, and True if it was mastered now."""
    name = chapter_hash(chapter, edition.profile, edition.resampler)
    if kept and (found := kept.find(name)):
        return found, False
    assembled, mastered = (folder / f"{kind}-{name}{_PCM_SUFFIX}" for kind in ("assembled", "mastered"))
    write_pcm(assembled, assemble_chapter(chapter, takes.sounds, edition.to_rate))
    master_chapter(assembled, mastered, edition.rate_hz, edition.profile, tone)
    assembled.unlink()
    if kept is None:
        return mastered, True
    path = kept.add(name, mastered, edition.rate_hz)
    mastered.unlink()
    return path, True


def _read(mastered: Path) -> Iterator[Samples]:
    return read_pcm(mastered) if mastered.suffix == _PCM_SUFFIX else read_chapter(mastered)


def _encode_chapter(
    edition: Edition, file: EditionFile, chapter: ChapterTimeline, mastered: Path, folder: Path
) -> None:
    fields = chapter_fields(edition.tags, chapter.title, chapter.number, len(edition.timelines))
    path = folder / file.name
    with chapter_encoder(path, file.kind, edition.rate_hz, fields, edition.cover) as feed:
        _feed_all(_read(mastered), feed)


def _feed_all(blocks: Iterator[Samples], feed: Callable[[Samples], None]) -> None:
    for block in blocks:
        feed(block)


def _finish(edition: Edition, book: EditionFile, folder: Path) -> None:
    marks = []
    position = 0
    for chapter in book.chapters:
        marks.append(ChapterMark(chapter.title, position, position + chapter.n_samples))
        position += chapter.n_samples
    sound = _untagged(folder, book)
    path = folder / book.name
    finish_book(sound, path, book.kind, book_fields(edition.tags), marks, edition.rate_hz, edition.cover)
    sound.unlink()
    if book.kind.name == "m4b" and can_write_itunes_fields():
        write_itunes_fields(path, edition.tags)


def _untagged(folder: Path, book: EditionFile) -> Path:
    """Path of the book's encoded audio before chapter marks, tags and cover are added."""
    return folder / f"untagged-{book.name.name}"


def _write_subtitles(file: EditionFile, kinds: Sequence[str], takes: BookTakes, folder: Path) -> None:
    if not kinds or file.kind.is_packed:
        return
    cues: list[Cue] = []
    offset_s = 0.0
    for chapter in file.chapters:
        cues += chapter_cues(chapter, takes.transcript, offset_s)
        offset_s += chapter.duration_s
    for kind in kinds:
        (folder / file.sidecar(kind)).write_text(WRITERS[kind](cues), encoding="utf-8")


def safe_file_name(title: str) -> str:
    """File name for a title, valid on all common file systems."""
    plain = " ".join(_UNSAFE.sub(" ", title).split())[:_MAX_NAME_CHARACTERS].strip(". ")
    return plain or "untitled"
