"""`hierbatch cast`: list the characters of a book with their lines, and cast a voice for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SHOWN = 20


def cast(
    book: Annotated[Path, typer.Argument(help="Book: .epub, .txt or .md.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Cast to write: CSV with character, voice and lines.")
    ] = Path("cast.csv"),
    manifest: Annotated[
        Path | None,
        typer.Option(help="Also write the rows, divided at quotations: .parquet, or .csv for editing."),
    ] = None,
    voices: Annotated[
        Path | None, typer.Option(help="Voices table; each main character gets one of its voices.")
    ] = None,
    narrator: Annotated[
        str | None, typer.Option(help="Voice of narration and minor characters. Default: the first of --voices.")
    ] = None,
    language: Annotated[str, typer.Option(help="en or ko for all rows; auto detects each sentence.")] = "auto",
    keep: Annotated[str, typer.Option(help="Parts to read that are skipped by default, as for `import`.")] = "",
) -> None:
    """Attribute the quotations of a book to characters by rules, and cast a voice for each.

    Example: hierbatch cast novel.epub --voices voices.csv --manifest novel.csv --out cast.csv
    """
    from hierbatch.jobs.books.cast import UNCERTAIN_BELOW, CastBook, cast_book

    made = cast_book(
        CastBook(book=book, out=out, manifest=manifest, voices=voices, narrator=narrator, language=language, keep=keep)
    )
    for member in made.members[:_SHOWN]:
        print(f"{member.n_lines:6d} lines {member.n_words:7d} words  {member.name}  {member.voice}")
    if len(made.members) > _SHOWN:
        print(f"       and {len(made.members) - _SHOWN} more")
    share = made.n_uncertain / max(1, made.n_quotations)
    print(
        f"{made.n_quotations} quotations; the speaker of {made.n_uncertain} ({share:.0%}) is uncertain: "
        f"character_confidence below {UNCERTAIN_BELOW}."
    )
    print(f"{out}: {len(made.members)} characters")
    if manifest is not None:
        print(f"{manifest}: rows with character, character_confidence and is_quote")
