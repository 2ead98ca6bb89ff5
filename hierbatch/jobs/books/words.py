"""Words of a book whose pronunciation should be checked, in a table that the user can complete as a lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hierbatch.errors import TextError
from hierbatch.frontend.doubtful_words import DoubtfulWord, find_doubtful_words, find_second_opinions
from hierbatch.frontend.lexicon import COLUMNS, Lexicon
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.books.import_book import ImportBook, import_book
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.csv_table import write_csv
from hierbatch.manifest.tables.store import open_table
from hierbatch.storage import write_atomically

WORD_COLUMNS = (*COLUMNS, "reason", "count", "phonemes", "sentence")
"""Columns of a lexicon, and columns that help the user to decide on a pronunciation."""

_BOOKS = (".epub", ".txt", ".md")
_MAX_SENTENCE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsJob:
    """Book or manifest, and the table to write."""

    source: Path
    """A book (.epub, .txt, .md) or a manifest."""
    out: Path
    """CSV table to write, which is a lexicon without pronunciations."""
    lexicon: Path | None = None
    """Existing lexicon; its words are left out of the table."""
    second_opinion: bool = False
    """Also list Korean words for which the package g2pk gives a different pronunciation."""
    min_count: int = 1
    """Minimum number of occurrences of a listed word."""


@dataclass(frozen=True, slots=True)
class CheckedWord:
    """Doubtful word with its current pronunciation, which is empty if the word cannot be spoken alone."""

    found: DoubtfulWord
    phonemes: str


def find_words(job: WordsJob) -> list[CheckedWord]:
    """List the doubtful words of a book with their pronunciations, and write the table.

    Raises:
        BookError: the book cannot be read.
        ManifestError: the manifest is invalid.
        InputError: the lexicon is invalid.
        ProgramError: `second_opinion` is set, and g2pk is not installed.
        StorageError: the disk is full.
    """
    sentences, scope = _sentences(job.source)
    lexicon = Lexicon.read(job.lexicon) if job.lexicon else Lexicon([])
    known = {entry.word.casefold() for entry in lexicon.entries}
    front_end = SpeechFrontEnd(lexicon)
    words = [
        CheckedWord(found, _phonemes(front_end, found))
        for found in [*find_doubtful_words(sentences), *(find_second_opinions(sentences) if job.second_opinion else ())]
        if found.n_occurrences >= job.min_count and found.word.casefold() not in known
    ]
    _write(words, scope, job.out)
    return words


def _sentences(source: Path) -> tuple[list[str], str]:
    """Read the sentences and the book title of a source; the title is empty if a manifest contains several books."""
    if source.suffix.lower() in _BOOKS:
        imported = import_book(ImportBook(book=source))
        return imported.table.column("text").to_pylist(), imported.book.title
    table = open_table(source, MANIFEST_COLUMNS)
    names = [name for name in ("text", "book") if name in table.schema.names]
    rows = [row for batch in table.batches(names) for row in batch.to_pylist()]
    titles = {row.get("book") or "" for row in rows}
    return [row["text"] for row in rows if row.get("text")], titles.pop() if len(titles) == 1 else ""


def _phonemes(front_end: SpeechFrontEnd, found: DoubtfulWord) -> str:
    try:
        return front_end.phonemize(found.word, found.language).phonemes
    except TextError:
        return ""


def _write(words: Sequence[CheckedWord], scope: str, path: Path) -> None:
    rows = [
        (
            *(word.found.word, "", "respelling", word.found.language, scope, word.found.reason),
            *(str(word.found.n_occurrences), word.phonemes, word.found.sentence[:_MAX_SENTENCE_CHARACTERS]),
        )
        for word in words
    ]
    schema = pa.schema([(name, pa.string()) for name in WORD_COLUMNS])
    table = pa.Table.from_pylist([dict(zip(WORD_COLUMNS, row, strict=True)) for row in rows], schema=schema)
    with write_atomically(path) as temporary:
        write_csv(table, temporary)
