"""Fields that ffmpeg does not write: series, narrator, publisher, ISBN and synthetic mark of M4B, comment of MP3.

mutagen, from the extra `tags`, writes them under the names that Apple's players and Audiobookshelf read.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hierbatch.delivery.tags import BookTags
from hierbatch.programs import require_package

_FREE = "----:com.apple.iTunes:"


def has_itunes_fields(tags: BookTags) -> bool:
    """True if a book has a series, a publisher or an ISBN, which only these fields can store."""
    return any((tags.series, tags.publisher, tags.isbn))


def can_write_itunes_fields() -> bool:
    """True if mutagen is installed."""
    return find_spec("mutagen") is not None


def write_itunes_fields(path: Path, tags: BookTags) -> None:
    """Add the fields that ffmpeg does not write to a finished M4B file; all other content stays unchanged.

    Args:
        path: the M4B file.
        tags: metadata of the book.

    Raises:
        ProgramError: mutagen is not installed.
    """
    mp4 = require_package("mutagen.mp4", extra="tags")
    file = mp4.MP4(path)
    plain = {"\xa9nrt": tags.narrator, "\xa9pub": tags.publisher, "\xa9mvn": tags.series}
    free = {
        "SERIES": tags.series,
        "SERIES-PART": tags.number,
        "NARRATOR": tags.narrator,
        "PUBLISHER": tags.publisher,
        "ISBN": tags.isbn,
        "SYNTHETIC": "true",
    }
    for name, value in plain.items():
        if value:
            file[name] = [value]
    if tags.series and tags.number.isdigit():
        file["\xa9mvi"] = [int(tags.number)]
        file["shwm"] = [1]  # show work and movement
    for name, value in free.items():
        if value:
            file[f"{_FREE}{name}"] = [mp4.MP4FreeForm(value.encode())]
    file.save()


def write_comment(path: Path, comment: str) -> None:
    """Write the comment of an MP3 file where players look for it; ffmpeg writes it as a field of its own.

    Args:
        path: the MP3 file.
        comment: text of the comment.

    Raises:
        ProgramError: mutagen is not installed.
    """
    id3 = require_package("mutagen.id3", extra="tags")
    tags = id3.ID3(path)
    tags.delall("TXXX:comment")
    tags.add(id3.COMM(encoding=id3.Encoding.UTF16, lang="eng", desc="", text=[comment]))
    tags.update_to_v23()
    tags.save(path, v2_version=3)
