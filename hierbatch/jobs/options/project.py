"""Options of a book project: its manifest, its cast, and the chapters to make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:
    from hierbatch.manifest.books.row_selection import RowSelection


@dataclass(frozen=True, kw_only=True)
class ChapterChoice(OptionGroup):
    """Chapters that are synthesized and delivered."""

    TITLE: ClassVar[str] = "Chapters"

    chapters: Annotated[str, Option("Chapters to make, e.g. 1-3,10; they keep their numbers. Default: all.")] = ""
    preview: Annotated[bool, Option("Make the first minute of each chapter only.")] = False

    @property
    def selection(self) -> RowSelection:
        """Selection of the rows of these chapters.

        Raises:
            InputError: `chapters` cannot be parsed.
        """
        from hierbatch.manifest.books.row_selection import PREVIEW_S, RowSelection, parse_chapters

        return RowSelection(chapters=parse_chapters(self.chapters), preview_s=PREVIEW_S if self.preview else None)

    @property
    def folder_name(self) -> str:
        """Name of the folder of delivered files; parts of a book have other names, so as not to replace the whole."""
        from hierbatch.manifest.books.row_selection import format_chapters

        name = "preview" if self.preview else "book"
        chapters = format_chapters(self.selection.chapters)
        return f"{name}-{chapters}" if chapters else name


@dataclass(frozen=True, kw_only=True)
class BookProject(ChapterChoice):
    """Manifest, cast and chapters of a book."""

    TITLE: ClassVar[str] = "Project"

    manifest: Annotated[
        Path | None, Option("Edited manifest to speak. Default: OUT/manifest.csv or OUT/manifest.parquet.")
    ] = None
    cast: Annotated[
        Path | None, Option("CSV with character,voice: voices of rows that have a character and no voice.")
    ] = None
    credits: Annotated[bool, Option("Add spoken opening and closing credits from OUT/book.toml.")] = False
    conflicts: Annotated[
        str | None, Option("Side to keep where edits conflict with a changed book: edited or imported. Default: stop.")
    ] = None
