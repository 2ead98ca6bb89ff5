"""Encoded files that are made before their book is complete, each under a hash of everything its content depends on.

A finished book takes the files whose hashes are still right and makes the others: it is the same either way. A file is
renamed into the folder when it is complete, so a process that is stopped leaves nothing incomplete.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from hierbatch.delivery.edition import Edition, EditionFile
from hierbatch.delivery.mastered_chapters import chapter_hash
from hierbatch.delivery.report import CheckRow, FileReport
from hierbatch.delivery.tags import chapter_fields
from hierbatch.storage import replace_file, storage_error, write_atomically


class EncodedFiles:
    """Folder of encoded files; `scratch` is a folder inside it for files that are being made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.scratch = folder / "scratch"

    def __contains__(self, name: str) -> bool:
        return self._path(name).is_file()

    def add(self, name: str, file: Path, report: FileReport | None = None) -> None:
        """Move a complete file into the folder, with the report of its check if it has one; raises StorageError."""
        if report is not None:
            with write_atomically(self._report(name)) as temporary:
                temporary.write_text(json.dumps(asdict(report), default=str), encoding="utf-8")
        replace_file(file, self._path(name))

    def take(self, name: str, target: Path) -> bool:
        """Move a file to `target`; False if it is not there. Raises StorageError."""
        if name not in self:
            return False
        try:
            shutil.move(self._path(name), target)
        except OSError as error:
            raise storage_error(error, target) from error
        return True

    def report(self, name: str) -> FileReport | None:
        """Report of a file that was checked; None if there is none."""
        try:
            saved = json.loads(self._report(name).read_text(encoding="utf-8"))
            rows = tuple(CheckRow(**row) for row in saved.pop("rows"))
            return FileReport(rows=rows, **(saved | {"path": Path(saved["path"])}))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def clear_scratch(self) -> None:
        """Empty the folder for files that are being made; raises StorageError or InputError."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        try:
            self.scratch.mkdir(parents=True)
        except OSError as error:
            raise storage_error(error, self.scratch) from error

    def remove_all(self) -> None:
        """Remove all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _report(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def encoded_hash(edition: Edition, file: EditionFile) -> str:
    """Hash of everything the encoded audio of a file depends on; tags of a whole book are added afterwards."""
    names = [chapter_hash(chapter, edition.profile, edition.resampler) for chapter in file.chapters]
    return hash_of_chapters(edition, file, names)


def hash_of_chapters(edition: Edition, file: EditionFile, names: Sequence[str]) -> str:
    """`encoded_hash` from the hashes of the chapters.

    Args:
        edition: format, tags and cover.
        file: one of its files.
        names: `chapter_hash` of each chapter of the file.
    """
    fields: dict[str, str] = {}
    if not file.kind.is_whole_book:
        [chapter] = file.chapters
        fields = chapter_fields(edition.tags, chapter.title, chapter.number, len(edition.timelines))
    has_cover = edition.cover is not None and file.kind.supports_cover and not file.kind.is_whole_book
    content = {
        "chapters": list(names),
        "rate_hz": edition.rate_hz,
        "format": asdict(file.kind),
        "fields": fields,
        "cover": hashlib.sha256(edition.cover.content).hexdigest() if edition.cover and has_cover else "",
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    return f"{digest}.{file.kind.extension}"
