"""Files of a book that share one mastering: level, sample rate, formats, tags and chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.resample import Resampler, resample
from hierbatch.delivery.encode import AudioFormat
from hierbatch.delivery.profiles import Profile
from hierbatch.delivery.subtitles import FILE_SUFFIXES
from hierbatch.delivery.tags import BookTags, Cover
from hierbatch.delivery.timeline import ChapterTimeline

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
    """Output file of an edition; `name` is its path relative to the book's folder."""

    name: Path
    kind: AudioFormat
    chapters: tuple[ChapterTimeline, ...]

    def sidecar(self, kind: str) -> Path:
        """Path, relative to the book's folder, of the subtitle file of the given kind (a key of `FILE_SUFFIXES`)."""
        return self.name.with_suffix(f".{FILE_SUFFIXES[kind]}")

    @property
    def duration_s(self) -> float:
        """Duration of all chapters in seconds."""
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


def safe_file_name(title: str) -> str:
    """File name for a title: at most 60 characters, none of which common file systems forbid."""
    plain = " ".join(_UNSAFE.sub(" ", title).split())[:_MAX_NAME_CHARACTERS].strip(". ")
    return plain or "untitled"
