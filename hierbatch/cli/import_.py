"""`hierbatch import`: a book, or a table of rows, to a manifest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hierbatch.jobs.import_book import ImportedBook

_N_EXAMPLES = 3


def import_(
    source: Annotated[Path, typer.Argument(help="A book (.epub .txt .md), or a table of rows (.csv .jsonl).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Manifest to write: .parquet, or .csv to edit it.")],
    voice: Annotated[str | None, typer.Option(help="Voice of every row; without it the run decides.")] = None,
    lang: Annotated[str, typer.Option(help="auto finds each sentence's language; en or ko set it for all.")] = "auto",
) -> None:
    """Cut a book into chapters and sentences, or turn a CSV or JSON Lines table into a Parquet manifest."""
    if source.suffix.lower() in (".csv", ".jsonl", ".ndjson"):
        from hierbatch.jobs.import_rows import import_rows

        print(f"{output}: {import_rows(source, output)} rows")
        return
    from hierbatch.jobs.import_book import ImportBook, import_book

    imported = import_book(ImportBook(book=source, output=output, voice=voice, language=lang))
    tell_import(imported)
    print(f"{output}: {imported.table.num_rows} rows")


def tell_import(imported: ImportedBook) -> None:
    """Print a book's chapters, and what of it is not read aloud and why."""
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
        places = ", ".join(skipped.what for skipped in found[:_N_EXAMPLES]) + (
            ", ..." if n_places > _N_EXAMPLES else ""
        )
        print(f"  {reason}: {sum(skipped.n_characters for skipped in found)} characters ({places})")
    for remark in book.remarks:
        print(f"Note: {remark}.")
