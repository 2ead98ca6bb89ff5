"""Read-along books: EPUB 3 that highlights each sentence while it is played.

The times are derived from the word timings of the model, so no forced alignment is needed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hierbatch.delivery.overlay import OverlayClip, chapter_clips
from hierbatch.delivery.publication import PublicationFile, build_publication
from hierbatch.delivery.source_publication import annotate_publication
from hierbatch.delivery.tags import BookTags, Cover
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.storage import storage_error

_STORED = (".m4a", ".jpg", ".jpeg", ".png", ".gif", ".mp3", ".mp4", ".woff", ".woff2")
"""Suffixes of compressed files, which are stored without further compression."""


@dataclass(frozen=True, slots=True)
class Readalong:
    """Inputs of a publication; `sounds` are the chapters' audio files, one per timeline.

    `source` is an EPUB whose markup is preserved; without it, the pages are built from the rows.
    """

    timelines: Sequence[ChapterTimeline]
    sounds: Sequence[Path]
    tags: BookTags
    cover: Cover | None = None
    source: Path | None = None


def write_readalong(readalong: Readalong, takes: BookTakes, target: Path) -> None:
    """Write the EPUB; the chapters' audio files are copied into the EPUB and then deleted.

    Args:
        readalong: audio, timelines, tags and optional source EPUB.
        takes: the book's rows.
        target: output EPUB.

    Raises:
        BookError: the source is damaged, or the rows do not come from it.
        StorageError: the disk is full.
    """
    names = [f"{number:03d}.m4a" for number in range(1, len(readalong.sounds) + 1)]
    clips: dict[str, OverlayClip] = {}
    for timeline, name in zip(readalong.timelines, names, strict=True):
        clips.update((clip.row_id, clip) for clip in chapter_clips(timeline, takes, name))
    now = datetime.now(UTC)
    if readalong.source is None:
        publication = build_publication(takes, readalong.timelines, clips, readalong.tags, readalong.cover, now)
    else:
        publication = annotate_publication(readalong.source, takes, clips, names, readalong.tags, now)
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, publication.files)
            for name, sound in zip(names, readalong.sounds, strict=True):
                archive.write(sound, publication.sound_folder + name, zipfile.ZIP_STORED)
                sound.unlink()
    except OSError as error:
        raise storage_error(error, target) from error


def _write(archive: zipfile.ZipFile, files: Iterable[PublicationFile]) -> None:
    # EPUB 3.3, OCF 4.3: the first member is `mimetype`, stored, without extra fields.
    archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
    for file in files:
        compression = zipfile.ZIP_STORED if file.name.lower().endswith(_STORED) else zipfile.ZIP_DEFLATED
        archive.writestr(file.name, file.data, compression)
