"""A book to read and hear at once: EPUB 3 whose sentences are marked while they are spoken.

The times are the ones the model spoke by, so no aligner guesses them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hierbatch.export.overlay import Clip, chapter_clips
from hierbatch.export.publication import Content, made_publication
from hierbatch.export.source_publication import kept_publication
from hierbatch.export.tags import BookTags, Cover
from hierbatch.export.takes import BookTakes
from hierbatch.export.timeline import ChapterTimeline
from hierbatch.storage import storage_error

_STORED = (".m4a", ".jpg", ".jpeg", ".png", ".gif", ".mp3", ".mp4", ".woff", ".woff2")
"""Already packed: not packed again."""


@dataclass(frozen=True, slots=True)
class Readalong:
    """What a publication is made of; `sounds` are the chapters' files, one a timeline.

    `source` is the EPUB whose markup is kept; without one the pages are made of the rows.
    """

    timelines: Sequence[ChapterTimeline]
    sounds: Sequence[Path]
    tags: BookTags
    cover: Cover | None = None
    source: Path | None = None


def write_readalong(readalong: Readalong, takes: BookTakes, target: Path) -> None:
    """Write the publication; the chapters' sound files are moved into it and are gone after.

    Raises:
        BookError: the source is damaged, or is not the book the rows are of.
        StorageError: the disk is full.
    """
    names = [f"{number:03d}.m4a" for number in range(1, len(readalong.sounds) + 1)]
    clips: dict[str, Clip] = {}
    for timeline, name in zip(readalong.timelines, names, strict=True):
        clips.update((clip.row_id, clip) for clip in chapter_clips(timeline, takes, name))
    now = datetime.now(UTC)
    if readalong.source is None:
        publication = made_publication(takes, readalong.timelines, clips, readalong.tags, readalong.cover, now)
    else:
        publication = kept_publication(readalong.source, takes, clips, names, readalong.tags, now)
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, publication.contents)
            for name, sound in zip(names, readalong.sounds, strict=True):
                archive.write(sound, publication.sound_folder + name, zipfile.ZIP_STORED)
                sound.unlink()
    except OSError as error:
        raise storage_error(error, target) from error


def _write(archive: zipfile.ZipFile, contents: Iterable[Content]) -> None:
    # EPUB 3.3, OCF 4.3: the first member is `mimetype`, stored, without extra fields.
    archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
    for content in contents:
        packing = zipfile.ZIP_STORED if content.name.lower().endswith(_STORED) else zipfile.ZIP_DEFLATED
        archive.writestr(content.name, content.data, packing)
