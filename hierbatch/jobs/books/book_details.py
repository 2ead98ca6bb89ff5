"""File with the details of a book, next to its manifest: an import writes it once, and jobs on a run read it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from hierbatch.delivery.book_file import BOOK_FILE, BookFile, read_book_file, write_book_file
from hierbatch.delivery.tags import Cover, read_cover
from hierbatch.engine.run_record import read_record
from hierbatch.errors import InputError
from hierbatch.frontend.books.book import Book
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.object_path import is_remote
from hierbatch.storage import write_atomically

_PROJECT_STEM = "manifest"


def details_path(manifest: Path) -> Path:
    """Path of the details next to a manifest: `book.toml` for `manifest.csv` or `.parquet`, otherwise `NAME.toml`."""
    return manifest.with_name(BOOK_FILE) if manifest.stem == _PROJECT_STEM else manifest.with_suffix(".toml")


def write_details(book: Book, manifest: Path) -> Path | None:
    """Write the details and the cover of an imported book next to the manifest; existing files are kept.

    Returns:
        Path of the file with the details; None if the file already existed.

    Raises:
        StorageError: the disk is full.
    """
    path = details_path(manifest)
    if path.exists():
        return None
    details = {name: value for name, value in asdict(book.details).items() if value}
    cover_name = ""
    if book.cover:
        prefix = "" if manifest.stem == _PROJECT_STEM else f"{manifest.stem}."
        cover_name = f"{prefix}cover{Cover(book.cover).suffix}"
        if not (cover_file := manifest.with_name(cover_name)).exists():
            with write_atomically(cover_file) as temporary:
                temporary.write_bytes(book.cover)
    known = BookFile(title=book.title, author=book.author, language=book.language, cover=cover_name, **details)
    write_book_file(known, path)
    return path


def known_details(book: Book, manifest: Path | None) -> BookFile:
    """Details in the file next to the manifest; without such a file, the title and the author of `book`.

    If the file has no title, that of `book` is added.

    Raises:
        InputError: the file is invalid.
    """
    path = details_path(manifest) if manifest else None
    if path and path.exists():
        found = read_book_file(path)
        return replace(found, title=found.title or book.title)
    return BookFile(title=book.title, author=book.author)


def find_details(run: Path) -> tuple[BookFile, Cover | None]:
    """Find the details and the cover of the book of a run.

    The file of details is searched for in the run folder, next to the manifest of the run, and in the project folder
    that contains the run. If there is none, the details are empty and the cover is None.

    Raises:
        InputError: the file is invalid, or its cover cannot be read.
        RunError: the record of the run is damaged.
    """
    found = next((path for path in _candidates(run) if path.is_file()), None)
    return read_details(found) if found else (BookFile(), None)


def read_details(path: Path) -> tuple[BookFile, Cover | None]:
    """Read a file with the details of a book, and the cover that the file names; the cover is None if it names none.

    Raises:
        InputError: the file is invalid, or its cover cannot be read.
    """
    details = read_book_file(path)
    return details, _read_cover(path, details.cover)


def _candidates(run: Path) -> list[Path]:
    if is_remote(run):
        return []
    found = [run / BOOK_FILE]
    record = RunLayout(run).record_file
    if record.is_file():
        manifest = read_record(record)["generations"][-1]["origin"].get("manifest")
        if isinstance(manifest, str) and manifest and "://" not in manifest:
            found.append(details_path(Path(manifest)))
    if any((run.parent / f"{_PROJECT_STEM}{suffix}").is_file() for suffix in (".csv", ".parquet")):
        found.append(run.parent / BOOK_FILE)
    return found


def _read_cover(details: Path, name: str) -> Cover | None:
    if not name:
        return None
    try:
        return read_cover(details.parent.joinpath(name))
    except OSError as error:
        raise InputError(
            f"The cover of {details} cannot be read",
            got=error.strerror or str(error),
            fix="correct its line `cover`, or remove it",
        ) from error
