"""Files next to an audiobook that libraries and players read: cue sheet, chapters and metadata.

`cue` is a cue sheet, `chapters` is chapter JSON of Podcasting 2.0, and `audiobookshelf` is the `metadata.json` of
Audiobookshelf.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from hierbatch.delivery.edition import Edition, EditionFile, edition_files, safe_file_name
from hierbatch.delivery.tags import BookTags, synthetic_notice
from hierbatch.delivery.timeline import ChapterTimeline

CUE, CHAPTERS, AUDIOBOOKSHELF = "cue", "chapters", "audiobookshelf"
SIDECARS = (CUE, CHAPTERS, AUDIOBOOKSHELF)
"""Kinds of sidecar files, by their names in a list of formats."""

_FRAMES_PER_S = 75
_CHAPTERS_VERSION = "1.2.0"


def sidecar_texts(edition: Edition, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield relative paths and contents of the sidecar files of an edition.

    Args:
        edition: edition whose files the sidecar files describe.
        names: kinds of sidecar files, see `SIDECARS`.
    """
    files = [file for file in edition_files(edition) if not file.kind.is_packed]
    books = [[file] for file in files if file.kind.is_whole_book]
    kinds = [kind for kind in edition.formats if not kind.is_whole_book and not kind.is_packed]
    sets = [[file for file in files if file.kind is kind] for kind in kinds]
    for group in filter(None, (*books, *sets)):
        is_book = group[0].kind.is_whole_book
        stem = (
            group[0].name.with_suffix("") if is_book else Path(group[0].name.parent, safe_file_name(edition.tags.title))
        )
        if CUE in names:
            yield stem.with_name(f"{stem.name}.cue"), cue_sheet(group, edition.tags)
        if CHAPTERS in names and is_book:
            yield stem.with_name(f"{stem.name}.chapters.json"), podcast_chapters(group[0].chapters, edition.tags)
    if AUDIOBOOKSHELF in names and files:
        yield Path("metadata.json"), audiobookshelf_metadata(edition.timelines, edition.tags)


def all_sidecar_texts(editions: Sequence[Edition], names: Sequence[str]) -> dict[Path, str]:
    """Contents of the sidecar files of all editions, by relative path.

    A file that several editions have, such as `metadata.json`, describes the edition with a file of the whole book.

    Args:
        editions: editions of the book, whose chapters may have different durations.
        names: kinds of sidecar files, see `SIDECARS`.
    """
    ordered = sorted(editions, key=lambda edition: any(kind.is_whole_book for kind in edition.formats))
    return {path: text for edition in ordered for path, text in sidecar_texts(edition, names)}


def cue_sheet(files: Sequence[EditionFile], tags: BookTags) -> str:
    """Format a cue sheet: every chapter is a track.

    Args:
        files: one file with all chapters, or one file per chapter.
        tags: metadata of the book.
    """
    lines = ["REM GENRE Audiobook", *([f"REM DATE {tags.year}"] if tags.year else [])]
    lines.append(f"REM COMMENT {_quoted(synthetic_notice())}")
    lines += [f"PERFORMER {_quoted(tags.author)}"] if tags.author else []
    lines.append(f"TITLE {_quoted(tags.title)}")
    number = 0
    for file in files:
        lines.append(f"FILE {_quoted(file.name.name)} {'MP3' if file.kind.name == 'mp3' else 'WAVE'}")
        for chapter, start_s in zip(file.chapters, _starts_s(file.chapters), strict=True):
            number += 1
            lines += [f"  TRACK {number:02d} AUDIO", f"    TITLE {_quoted(chapter.title)}"]
            lines += [f"    PERFORMER {_quoted(tags.narrator)}"] if tags.narrator else []
            lines.append(f"    INDEX 01 {_cue_time(start_s)}")
    return "\n".join(lines) + "\n"


def podcast_chapters(chapters: Sequence[ChapterTimeline], tags: BookTags) -> str:
    """Format chapters as JSON of the Podcasting 2.0 namespace.

    Args:
        chapters: chapters of one file.
        tags: metadata of the book.
    """
    page: dict[str, Any] = {"version": _CHAPTERS_VERSION, "title": tags.title, "author": tags.author}
    page["chapters"] = [
        {"startTime": round(start_s, 3), "title": chapter.title}
        for chapter, start_s in zip(chapters, _starts_s(chapters), strict=True)
    ]
    return _json({name: value for name, value in page.items() if value})


def audiobookshelf_metadata(chapters: Sequence[ChapterTimeline], tags: BookTags) -> str:
    """Format the `metadata.json` of an Audiobookshelf folder.

    Args:
        chapters: chapters of the book.
        tags: metadata of the book.
    """
    starts_s = _starts_s(chapters)
    return _json(
        {
            "tags": ["synthetic speech"],
            "chapters": [
                {
                    "id": number,
                    "start": round(start_s, 3),
                    "end": round(start_s + chapter.duration_s, 3),
                    "title": chapter.title,
                }
                for number, (chapter, start_s) in enumerate(zip(chapters, starts_s, strict=True))
            ],
            "title": tags.title,
            "authors": _people(tags.author),
            "narrators": _people(tags.narrator),
            "series": [tags.series_entry] if tags.series else [],
            "genres": ["Audiobook"],
            "publishedYear": tags.year or None,
            "publisher": tags.publisher or None,
            "description": tags.description or None,
            "isbn": tags.isbn or None,
            "language": tags.language or None,
            "explicit": False,
            "abridged": False,
        }
    )


def _starts_s(chapters: Sequence[ChapterTimeline]) -> list[float]:
    """Start of each chapter, in seconds, in a file that contains all of them in order."""
    ends = list(accumulate(chapter.n_samples for chapter in chapters))
    rate_hz = chapters[0].rate_hz if chapters else 1
    return [start / rate_hz for start in (0, *ends[:-1])]


def _cue_time(seconds: float) -> str:
    frames = round(seconds * _FRAMES_PER_S)
    minutes, rest = divmod(frames, 60 * _FRAMES_PER_S)
    return f"{minutes:02d}:{rest // _FRAMES_PER_S:02d}:{rest % _FRAMES_PER_S:02d}"


def _people(names: str) -> list[str]:
    return [name for entry in names.split(",") if (name := entry.strip())]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'").replace("\n", " ") + '"'


def _json(page: dict[str, Any]) -> str:
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"
