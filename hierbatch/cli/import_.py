"""`hierbatch import`: convert a book or a table to a manifest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.frontend.books.keeping import KEEP_CHOICES
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.books.import_book import ImportedBook

_MAX_EXAMPLES = 3


def import_(
    source: Annotated[
        Path, typer.Argument(parser=local_path, help="Book (.epub, .txt, .md) or table of rows (.csv, .jsonl).")
    ],
    output: Annotated[Path, typer.Option("--out", "-o", help="Manifest to write: .parquet, or .csv for editing.")],
    voice: Annotated[str | None, typer.Option(help="Voice of every row. Default: chosen by the run.")] = None,
    language: Annotated[str, typer.Option(help="en or ko for all rows; auto detects each sentence.")] = "auto",
    keep: Annotated[
        str, typer.Option(help=f"Parts to read that are skipped by default: {', '.join(KEEP_CHOICES)}.")
    ] = "",
    credits: Annotated[bool, typer.Option("--credits", help="Add rows of opening and closing credits.")] = False,
    conflicts: Annotated[
        str | None,
        typer.Option(help="Side to keep where edits conflict with a changed book: edited or imported. Default: stop."),
    ] = None,
) -> None:
    """Convert a book to a manifest of sentences, or a table to Parquet.

    An existing manifest of a book is updated, not overwritten: its edits and ids are kept.

    Example: hierbatch import book.epub --out book.parquet
    """
    if source.suffix.lower() in (".csv", ".jsonl", ".ndjson"):
        from hierbatch.jobs.import_rows import import_rows

        print(f"{output}: {import_rows(source, output)} rows")
        return
    from hierbatch.jobs.books.import_book import ImportBook, import_book, lexicon_path

    imported = import_book(
        ImportBook(
            book=source,
            out=output,
            voice=voice,
            language=language,
            keep=keep,
            credits=credits,
            conflicts=conflicts,
        )
    )
    print_import_summary(imported)
    for notice in imported.update.notices if imported.update else ():
        print(notice)
    print(f"{output}: {imported.table.num_rows} rows")
    if imported.details:
        print(f"{imported.details}: title, author and other details, to be edited")
    if imported.lexicon:
        print(f"{lexicon_path(output)}: {len(imported.lexicon)} pronunciations of the book, for --lexicon")


def print_import_summary(imported: ImportedBook) -> None:
    """Print the chapters of a book, and the skipped text with reasons."""
    book = imported.book
    print(f"{book.title}{f', by {book.author}' if book.author else ''}")
    for number, (chapter, n_rows) in enumerate(zip(book.chapters, imported.n_rows, strict=True), start=1):
        sizes = f"{n_rows:6d} sentences {chapter.n_characters:8d} characters"
        print(f"{number:5d} {sizes}  {'  ' * (chapter.level - 1)}{chapter.title}")
    reasons = Counter(skipped.reason for skipped in book.skipped)
    if reasons:
        print("Not read aloud:")
    for reason, n_places in reasons.items():
        found = [skipped for skipped in book.skipped if skipped.reason == reason]
        places = ", ".join(skipped.label for skipped in found[:_MAX_EXAMPLES]) + (
            ", ..." if n_places > _MAX_EXAMPLES else ""
        )
        print(f"  {reason}: {sum(skipped.n_characters for skipped in found)} characters ({places})")
    for remark in book.remarks:
        print(f"Note: {remark}.")
    if imported.warning:
        print(f"WARNING: {imported.warning}.")
