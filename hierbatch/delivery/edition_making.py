"""Mastering and encoding of an edition, several chapters at once.

The raw audio of a chapter is on disk only until the chapter is encoded in every format: at any time, the disk
holds the raw audio of one chapter per thread, and of the chapters that wait for their turn in a file of the whole book.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.chapters import assemble_chapter
from hierbatch.delivery.edition import Edition, EditionFile, edition_files
from hierbatch.delivery.encode import book_encoder, chapter_encoder, finish_book
from hierbatch.delivery.encoded_files import EncodedFiles, encoded_hash
from hierbatch.delivery.itunes_tags import can_write_itunes_fields, write_comment, write_itunes_fields
from hierbatch.delivery.mastered_chapters import MasteredChapters, chapter_hash, read_chapter
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.delivery.subtitles import WRITERS, Cue, chapter_cues
from hierbatch.delivery.tags import ChapterMark, book_fields, chapter_fields
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.threads import map_ahead
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.storage import staging_folder

_PCM_SUFFIX = ".f32"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterMaker:
    """Maker of the audio of an edition's chapters, one at a time; several threads may call its methods."""

    edition: Edition
    takes: BookTakes
    folder: Path
    """Folder for intermediate audio."""
    tone: SharedRoomTone
    kept: MasteredChapters | None = None
    """Store of mastered chapters to reuse, to which new ones are added; None for no store."""

    def name(self, chapter: ChapterTimeline) -> str:
        """Hash under which the mastered chapter is stored."""
        return chapter_hash(chapter, self.edition.profile, self.edition.resampler)

    def master(self, chapter: ChapterTimeline) -> tuple[Path, bool]:
        """Master a chapter unless it is stored; return the file of its samples, and True if it was mastered now."""
        edition, name = self.edition, self.name(chapter)
        if self.kept and (found := self.kept.find(name)):
            return found, False
        assembled, mastered = (self.folder / f"{kind}-{name}{_PCM_SUFFIX}" for kind in ("assembled", "mastered"))
        write_pcm(assembled, assemble_chapter(chapter, self.takes.sounds, edition.to_rate))
        master_chapter(assembled, mastered, edition.rate_hz, edition.profile, self.tone)
        assembled.unlink()
        if self.kept is None:
            return mastered, True
        path = self.kept.add(name, mastered, edition.rate_hz)
        mastered.unlink()
        return path, True

    def encode(self, file: EditionFile, mastered: Path, path: Path, gain_db: float = 0.0) -> None:
        """Encode a mastered chapter as a file of its own.

        Args:
            file: output file of the edition that contains only this chapter.
            mastered: file of the samples, as `master` returns it.
            path: file to write.
            gain_db: gain before encoding, for files whose codec raises peaks over the limit.
        """
        edition, [chapter] = self.edition, file.chapters
        fields = chapter_fields(edition.tags, chapter.title, chapter.number, len(edition.timelines))
        with chapter_encoder(path, file.kind, edition.rate_hz, fields, edition.cover) as feed:
            feed_all(mastered, feed, gain_db)
        if file.kind.name == "mp3" and can_write_itunes_fields():
            write_comment(path, fields["comment"])


def chapter_files(files: Sequence[EditionFile], chapter: ChapterTimeline) -> list[EditionFile]:
    """Select the output files that contain only the given chapter."""
    return [file for file in files if not file.kind.is_whole_book and file.chapters[0] is chapter]


def feed_all(mastered: Path, feed: Callable[[Samples], None], gain_db: float = 0.0) -> None:
    """Read all samples of a mastered chapter, and pass them to an encoder.

    Args:
        mastered: file of the samples, as `ChapterMaker.master` returns it.
        feed: function of the encoder that receives a block of samples.
        gain_db: gain that is applied to the samples.
    """
    gain = np.float32(amplitude_gain(gain_db))
    for block in read_pcm(mastered) if mastered.suffix == _PCM_SUFFIX else read_chapter(mastered):
        feed(block if gain_db == 0 else block * gain)


def make_edition(
    edition: Edition,
    takes: BookTakes,
    folder: Path,
    on_chapter: Callable[[ChapterTimeline], None],
    kept: MasteredChapters | None = None,
    encoded: EncodedFiles | None = None,
) -> None:
    """Make all files of an edition, as `edition_files` lists them, and their subtitles.

    Args:
        edition: edition whose files are made.
        takes: source of text and audio.
        folder: output folder; intermediate audio is also written to it.
        on_chapter: function called, in book order, after each chapter that was mastered and not reused.
        kept: store of mastered chapters to reuse, to which new ones are added; None for no store.
        encoded: store of files that were encoded before; valid ones are moved to `folder`; None for no store.

    Raises:
        RunError: a take's audio is damaged, or a chapter is silent.
        ProgramError: the encoder failed.
        StorageError: the disk is full.
    """
    files = edition_files(edition)
    for file in files:
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        _write_subtitles(file, edition.subtitles, takes, folder)
    tone_file = folder / "room_tone.f32"
    tone = SharedRoomTone(tone_file, edition.rate_hz, edition.profile.room_tone_db)
    maker = ChapterMaker(edition=edition, takes=takes, folder=folder, tone=tone, kept=kept)
    books = [file for file in files if file.kind.is_whole_book]
    wanted = [file for file in files if not _take(encoded, edition, file, folder)]
    _make_files(maker, wanted, folder, on_chapter)
    tone_file.unlink(missing_ok=True)
    for book in books:
        _finish(edition, book, folder)


def encode_again(
    edition: Edition, file: EditionFile, takes: BookTakes, folder: Path, gain_db: float, kept: MasteredChapters | None
) -> None:
    """Replace one file of an edition by one at another level; the mastered chapters stay the same.

    Args:
        edition: edition of the file.
        file: file to encode.
        takes: source of the audio.
        folder: output folder, as in `make_edition`.
        gain_db: gain of the new file, relative to the mastered chapters.
        kept: store of mastered chapters; None masters the chapters again.

    Raises:
        RunError: a take's audio is damaged.
        ProgramError: the encoder failed.
        StorageError: the disk is full.
    """
    with staging_folder(folder) as scratch:
        tone = SharedRoomTone(scratch / "room_tone.f32", edition.rate_hz, edition.profile.room_tone_db)
        maker = ChapterMaker(edition=edition, takes=takes, folder=scratch, tone=tone, kept=kept)
        _make_files(maker, [file], folder, lambda _: None, gain_db)
    if file.kind.is_whole_book:
        _finish(edition, file, folder)


def _make_files(
    maker: ChapterMaker,
    files: Sequence[EditionFile],
    folder: Path,
    on_chapter: Callable[[ChapterTimeline], None],
    gain_db: float = 0.0,
) -> None:
    """Master all chapters that the given files need, and encode the files with a gain."""
    edition = maker.edition
    books = [file for file in files if file.kind.is_whole_book]

    def make_chapter(chapter: ChapterTimeline) -> tuple[Path, bool] | None:
        own_files = chapter_files(files, chapter)
        if not own_files and not books:
            if maker.kept:
                maker.kept.find(maker.name(chapter))  # it is still in use
            return None
        mastered, is_new = maker.master(chapter)
        for file in own_files:
            maker.encode(file, mastered, folder / file.name, gain_db)
        return mastered, is_new

    with ExitStack() as stack:
        feeds = [
            stack.enter_context(book_encoder(_untagged(folder, book), book.kind, edition.rate_hz)) for book in books
        ]
        for chapter, made in zip(edition.timelines, map_ahead(make_chapter, edition.timelines), strict=True):
            if made is None:
                continue
            mastered, is_new = made
            for feed in feeds:
                feed_all(mastered, feed, gain_db)
            if maker.kept is None:
                mastered.unlink()
            if is_new:
                on_chapter(chapter)


def _take(encoded: EncodedFiles | None, edition: Edition, file: EditionFile, folder: Path) -> bool:
    """Move a file from the store of encoded files to the output folder; return False if the store lacks the file."""
    target = _untagged(folder, file) if file.kind.is_whole_book else folder / file.name
    return encoded is not None and encoded.take(encoded_hash(edition, file), target)


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
    """Path of the encoded audio of a whole book before chapter marks, tags and cover are added."""
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
