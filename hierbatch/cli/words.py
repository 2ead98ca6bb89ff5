"""`hierbatch words`: words of a book whose pronunciation should be checked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

_SHOWN = 25


def words(
    source: Annotated[Path, typer.Argument(help="Book (.epub, .txt, .md) or manifest.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Table to write: CSV, a lexicon to complete.")] = Path(
        "words.csv"
    ),
    lexicon: Annotated[Path | None, typer.Option(help="Lexicon whose words are left out.")] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Also list Korean words that g2pk pronounces differently.")
    ] = False,
    min_count: Annotated[int, typer.Option(min=1, help="Smallest number of occurrences of a listed word.")] = 1,
) -> None:
    """List names, acronyms, foreign words and other words to check before a book is spoken.

    Fill in `pronunciation` where the phonemes are wrong, and pass the table as --lexicon; other rows have no effect.

    Example: hierbatch words novel.epub --out words.csv
    """
    from hierbatch.frontend.doubtful_words import REASONS
    from hierbatch.jobs.books.words import WordsJob, find_words

    found = find_words(
        WordsJob(source=source, out=out, lexicon=lexicon, second_opinion=second_opinion, min_count=min_count)
    )
    for word in found[:_SHOWN]:
        entry = word.found
        print(f"{entry.n_occurrences:6d}  {entry.word:20}  {entry.reason:10}  {word.phonemes}")
    if len(found) > _SHOWN:
        print(f"        and {len(found) - _SHOWN} more")
    for reason, n_words in Counter(word.found.reason for word in found).items():
        print(f"{n_words:6d}  {reason}: {REASONS[reason]}")
    print(f"{out}: {len(found)} words")
