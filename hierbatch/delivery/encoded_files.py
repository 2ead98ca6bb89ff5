"""Store of encoded files that are made before their book is complete, each named by a hash of all its inputs.

When the book is made, stored files whose hashes still apply are used, and all other files are encoded then; the book is
the same either way. A file is moved into the store only when it is complete, so that a stopped process leaves no
incomplete file in the store.
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
from hierbatch.json_object import parse_json_object
from hierbatch.storage import replace_file, storage_error, write_atomically


class EncodedFiles:
    """Store of encoded files in a folder; `scratch` is a folder inside it for files that are being made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.scratch = folder / "scratch"

    def __contains__(self, name: str) -> bool:
        return self._path(name).is_file()

    def add(self, name: str, file: Path, report: FileReport | None = None) -> None:
        """Move a complete file into the folder, and store the report of its check, if there is one.

        Args:
            name: hash of the file, as `encoded_hash` returns it.
            file: file to move.
            report: report of its check against the profile; None if it was not checked.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        if report is not None:
            with write_atomically(self._report(name)) as temporary:
                temporary.write_text(json.dumps(asdict(report), default=str), encoding="utf-8")
        replace_file(file, self._path(name))

    def take(self, name: str, target: Path) -> bool:
        """Move the file with the given hash to `target`, and return True; False if there is no such file.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        if name not in self:
            return False
        try:
            shutil.move(self._path(name), target)
        except OSError as error:
            raise storage_error(error, target) from error
        return True

    def report(self, name: str) -> FileReport | None:
        """Read the report of the check of a file; None if the file was not checked."""
        try:
            saved = parse_json_object(self._report(name).read_bytes())
            rows = tuple(CheckRow(**row) for row in saved.pop("rows"))
            return FileReport(rows=rows, **(saved | {"path": Path(saved["path"])}))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def clear_scratch(self) -> None:
        """Create the folder for files that are being made, or empty it.

        Raises:
            StorageError: the disk is full, read-only or gone.
            InputError: the folder cannot be written to.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        try:
            self.scratch.mkdir(parents=True)
        except OSError as error:
            raise storage_error(error, self.scratch) from error

    def remove_all(self) -> None:
        """Delete the folder with all its files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _report(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def encoded_hash(edition: Edition, file: EditionFile) -> str:
    """Hash of everything that the encoded audio of a file depends on, with the file name extension.

    The hash does not include the tags of a file of the whole book, since they are added after encoding.
    """
    names = [chapter_hash(chapter, edition.profile, edition.resampler) for chapter in file.chapters]
    return hash_of_chapters(edition, file, names)


def hash_of_chapters(edition: Edition, file: EditionFile, names: Sequence[str]) -> str:
    """Result of `encoded_hash` for known hashes of the chapters.

    Args:
        edition: edition with the tags and the cover.
        file: output file of the edition.
        names: hash of each chapter of the file, as `chapter_hash` returns it.
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
