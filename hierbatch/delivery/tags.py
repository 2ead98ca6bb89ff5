"""Metadata of delivered files: title, author, chapters and the synthetic-speech notice."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.frontend.language import match_language
from hierbatch.storage import read_regular_file

_MAX_COVER_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTags:
    """Metadata of a book; unknown values are empty."""

    title: str
    author: str = ""
    narrator: str = ""
    language: str = ""
    """Language tag, such as `en`."""
    series: str = ""
    number: str = ""
    """Number within the series."""
    year: str = ""
    publisher: str = ""
    isbn: str = ""
    description: str = ""

    @property
    def series_entry(self) -> str:
        """Series and number in one line, such as `The Lamps #2`."""
        return f"{self.series} #{self.number}" if self.series and self.number else self.series


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """Entry of the table of contents in a book file, with start and end in samples."""

    title: str
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class Cover:
    """Cover picture, as the bytes of a JPEG or PNG file."""

    content: bytes

    @property
    def suffix(self) -> str:
        """File name suffix of the image format."""
        return ".jpg" if self.content.startswith(b"\xff\xd8\xff") else ".png"

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels; None if the file's header does not contain them."""
        if self.suffix == ".png":
            return struct.unpack(">II", self.content[16:24]) if len(self.content) >= 24 else None  # its header chunk
        at = 2
        while at + 9 <= len(self.content) and self.content[at] == 0xFF:
            marker, n_bytes = self.content[at + 1], struct.unpack(">H", self.content[at + 2 : at + 4])[0]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a start of frame
                height, width = struct.unpack(">HH", self.content[at + 5 : at + 9])
                return width, height
            at += 2 + n_bytes
        return None

    def __post_init__(self) -> None:
        if not self.content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
            raise InputError(
                "The cover has an unsupported format",
                expected="a JPEG or PNG file",
                fix="convert the picture to JPEG or PNG",
            )


def read_cover(path: Path) -> Cover:
    """Read a cover picture of limited size.

    Raises:
        OSError: the file is missing, not a regular file, or too large.
        InputError: the file is neither JPEG nor PNG.
    """
    return Cover(read_regular_file(path, _MAX_COVER_BYTES))


def synthetic_notice() -> str:
    """Comment tag of every delivered file: the words "AI-generated speech" and the version of hierbatch."""
    return f"AI-generated speech; hierbatch {version('hierbatch')}"


def book_fields(tags: BookTags) -> dict[str, str]:
    """Tags of a whole book, under ffmpeg's names."""
    return _drop_empty(
        {
            "title": tags.title,
            "album": tags.title,
            "artist": tags.author,
            "album_artist": tags.author,
            "composer": tags.narrator,
            "genre": "Audiobook",
            "language": language_code(tags.language),
            "comment": synthetic_notice(),
            "description": tags.description or synthetic_notice(),
            "synopsis": tags.description,
            "date": tags.year,
            "publisher": tags.publisher,
            "narrator": tags.narrator,
            "series": tags.series,
            "series-part": tags.number,
            "grouping": tags.series_entry,
            "isbn": tags.isbn,
            "synthetic": "true",
            "encoded_by": f"hierbatch {version('hierbatch')}",
        }
    )


def chapter_fields(tags: BookTags, title: str, number: int, n_chapters: int) -> dict[str, str]:
    """Tags of a single chapter's file, under ffmpeg's names.

    Args:
        tags: tags of the book.
        title: title of the chapter.
        number: position of the chapter among the `n_chapters`, from 1.
        n_chapters: number of chapters of the book.
    """
    return {**book_fields(tags), "title": title, "track": f"{number}/{n_chapters}"}


def metadata_text(fields: Mapping[str, str], marks: Sequence[ChapterMark] = (), rate_hz: int = 1) -> str:
    """Format tags and chapter marks as an ffmpeg FFMETADATA1 file.

    Args:
        fields: tags under ffmpeg's names.
        marks: chapters, in samples.
        rate_hz: sample rate of the marks.
    """
    lines = [";FFMETADATA1", *(f"{name}={_escaped(value)}" for name, value in fields.items())]
    for mark in marks:
        lines += [
            "[CHAPTER]",
            f"TIMEBASE=1/{rate_hz}",
            f"START={mark.start_sample}",
            f"END={mark.end_sample}",
            f"title={_escaped(mark.title)}",
        ]
    return "\n".join(lines) + "\n"


def language_code(language: str) -> str:
    """ISO 639-2 code of a language, as containers require; empty for an unknown language."""
    found = match_language(language)
    return found.iso639_2 if found else ""


def _drop_empty(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _escaped(value: str) -> str:
    return re.sub(r"([=;#\\\n])", r"\\\1", value.replace("\0", ""))
