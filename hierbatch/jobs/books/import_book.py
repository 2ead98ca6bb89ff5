"""Import of a book file as manifest rows, one per sentence, in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import BookError, InputError, TextError
from hierbatch.frontend.books.book import Block, Book
from hierbatch.frontend.books.headings import numeral_value
from hierbatch.frontend.books.keeping import reasons_to_keep
from hierbatch.frontend.books.language_tags import language_of_tag
from hierbatch.frontend.books.reading import read_book
from hierbatch.frontend.clauses import split_long
from hierbatch.frontend.language import detect_language, get_language, language_codes, match_language
from hierbatch.frontend.pause_marks import split_at_pauses, strip_pause_marks
from hierbatch.frontend.sentences import Sentence, split_sentences
from hierbatch.jobs.books.book_details import known_details, write_details
from hierbatch.jobs.books.book_lexicon import read_pronunciations, write_lexicon
from hierbatch.jobs.books.credits import credit_rows
from hierbatch.jobs.books.editable_manifest import ManifestUpdate, update_manifest
from hierbatch.manifest.books.merged_rows import EDITED, IMPORTED
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, arrow_schema

_OMITTED_COLUMNS = frozenset({"source", "phonemes", "seed", "speed", "pitch_semitones", "prosody"})
BOOK_SCHEMA = arrow_schema([column for column in MANIFEST_COLUMNS if column.name not in _OMITTED_COLUMNS], "manifest")
"""Columns of an imported book."""

_MAX_PARAGRAPH_CHARACTERS = 20_000
_NO_HEADING_NUMERALS = frozenset("DM")  # "MIX", "CD": words far more often than the number of a chapter
_SAMPLE_CHARACTERS = 20_000
_MAX_UNREAD_SHARE, _MAX_REASONS = 1 / 3, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBook:
    """Book to import, and options of the import."""

    book: Path
    out: Path | None = None
    """Manifest to write, as Parquet, or as CSV for editing by hand; None writes no file."""
    voice: str | None = None
    """Voice of every row; None leaves the choice to the run."""
    language: str = "auto"
    """Language code for every row, or `auto` to detect the language of each sentence."""
    keep: str = ""
    """Parts of the book to read although they are skipped by default, such as `index,notes`; see `KEEP_CHOICES`."""
    max_characters: int | None = None
    """Maximum length of a sentence in characters; None takes the limit of the language."""
    credits: bool = False
    """Add rows of opening and closing credits, with the details in the file next to the manifest or in the book."""
    conflicts: str | None = None
    """Version that wins if an edit of an existing manifest conflicts with the changed book: `edited` or `imported`.

    None refuses the import.
    """


@dataclass(frozen=True, slots=True)
class ImportedBook:
    """Parsed book and its manifest rows; `n_rows` contains the number of rows of each chapter.

    `lexicon` contains rows for the pronunciations in the book, and `update` is the effect of the import on the manifest
    in `ImportBook.out`, or None if no manifest is written.
    """

    book: Book
    table: pa.Table
    n_rows: tuple[int, ...]
    lexicon: tuple[dict[str, str], ...] = ()
    update: ManifestUpdate | None = None
    details: Path | None = None
    """File with the details of the book; None if this import did not write it."""

    @property
    def warning(self) -> str:
        """Warning if more than a third of the text is not read aloud; otherwise empty."""
        if self.book.unread_share <= _MAX_UNREAD_SHARE:
            return ""
        unread: Counter[str] = Counter()
        for skipped in self.book.skipped:
            unread[skipped.reason] += skipped.n_characters
        largest = ", ".join(f"{reason} ({size:,} characters)" for reason, size in unread.most_common(_MAX_REASONS))
        return f"{self.book.unread_share:.0%} of the text of this book is not read aloud: {largest}"


def import_book(job: ImportBook) -> ImportedBook:
    """Read a book and convert its sentences to manifest rows.

    `sentence_index` is counted within a chapter, so that a change in one chapter does not change the ids in others.
    Sentences of the same paragraph have the same `source_ref`. An existing manifest is not overwritten: the import is
    merged into it, and edited rows keep their edits and their ids.

    Raises:
        BookError: the book cannot be read, or its language is not supported.
        InputError: an option is invalid, the manifest cannot be written, or its edits conflict with the book.
        ManifestError: the existing manifest cannot be read.
        StorageError: the disk is full.
    """
    check_options(job)
    book = read_book(job.book, reasons_to_keep(job.keep))
    default = default_language(book, job)
    chapters = [chapter_rows(book, number, job, default) for number in range(1, len(book.chapters) + 1)]
    rows = [row for chapter in chapters for row in chapter]
    if job.credits:
        opening, closing = credit_rows(known_details(book, job.out), default, len(chapters), job.voice)
        rows = [*opening, *rows, *closing]
    table = pa.Table.from_pylist(rows, schema=BOOK_SCHEMA)
    lexicon = read_pronunciations(book.pronunciations, book.title, default)
    book = replace(book, remarks=(*book.remarks, *lexicon.remarks))
    update, details = None, None
    if job.out is not None:
        update = update_manifest(table, job.out, job.conflicts)
        details = write_details(book, job.out)
        if lexicon.rows:
            path = lexicon_path(job.out)
            write_lexicon(lexicon.rows, path, path if path.exists() else None)
    n_rows = tuple(len(chapter) for chapter in chapters)
    return ImportedBook(book, table, n_rows, lexicon.rows, update, details)


def lexicon_path(manifest: Path) -> Path:
    """Path of the lexicon for the pronunciations in a book, next to the manifest."""
    return manifest.with_suffix(".lexicon.csv")


def check_options(job: ImportBook) -> None:
    """Check the options of an import before the book is read.

    Raises:
        InputError: the language, the choice for conflicts or the suffix of the manifest is not supported.
    """
    choices = ("auto", *language_codes())
    if job.language not in choices:
        raise InputError(
            "Unknown language",
            expected=", ".join(choices),
            got=repr(job.language),
            fix="correct --language",
        )
    if job.conflicts not in (None, EDITED, IMPORTED):
        raise InputError(
            "Unknown choice for conflicts",
            expected=f"{EDITED} or {IMPORTED}",
            got=repr(job.conflicts),
            fix="correct --conflicts",
        )
    if job.out is not None and job.out.suffix.lower() not in (".parquet", ".csv"):
        raise InputError(
            "The manifest format is not supported",
            expected="a name ending in .parquet or .csv",
            got=str(job.out),
            fix="rename the output file",
        )


def default_language(book: Book, job: ImportBook) -> str:
    """Language of text without letters, taken from the option, the metadata of the book, or the script of its text.

    Raises:
        BookError: the language is not supported.
    """
    if job.language != "auto":
        return job.language
    tag = language_of_tag(book.language)
    if language := match_language(tag):
        return language.code
    text = " ".join(block.text for chapter in book.chapters for block in chapter.blocks)[:_SAMPLE_CHARACTERS]
    found = detect_language(text, "")
    if tag or not found:
        raise BookError(
            f"{job.book.name} is in an unsupported language",
            expected="a book in English (en) or Korean (ko)",
            got=f"language {book.language!r}" if tag else "text in neither script",
            fix="if its tag is wrong, import it with --language en or --language ko",
        )
    return found


def chapter_rows(
    book: Book, number: int, job: ImportBook, default: str, columns: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Manifest rows of one chapter.

    Args:
        book: the parsed book.
        number: number of the chapter, from 1.
        job: import options.
        default: language of text without letters.
        columns: values of additional columns for the rows of each block, in the order of the blocks; empty for none.

    Raises:
        BookError: a pause mark is invalid.
    """
    chapter = book.chapters[number - 1]
    title = strip_pause_marks(chapter.title)
    rows: list[dict[str, Any]] = []
    for block, further in zip(chapter.blocks, columns or [{}] * len(chapter.blocks), strict=True):
        leading_s, sentences = _sentences(block, job, default)
        if rows and leading_s is not None:
            rows[-1]["pause_after_s"] = leading_s
        for sentence in sentences:
            sentence_index = len(rows) + 1
            rows.append(
                {
                    "id": f"c{number:03d}-{sentence_index:05d}",
                    "text": sentence.text,
                    "voice": job.voice,
                    "language": sentence.language if job.language == "auto" else job.language,
                    "book": book.title,
                    "chapter": number,
                    "chapter_title": title,
                    "sentence_index": sentence_index,
                    "kind": block.kind,
                    "source_ref": block.source_ref,
                    "pause_after_s": sentence.pause_after_s,
                    **further,
                }
            )
    return rows


def _sentences(block: Block, job: ImportBook, default: str) -> tuple[float | None, list[Sentence]]:
    """Split a block into sentences.

    Returns:
        Duration in seconds of a pause before the first word, which becomes the pause after the previous row (None
        without a pause mark there), and the sentences.
    """
    try:
        segments = split_at_pauses(block.text)
        if block.kind == "heading":
            sentences = [part for segment in segments for part in _heading_parts(*segment, job, default)]
        else:
            parts = split_long(block.text, default, _MAX_PARAGRAPH_CHARACTERS)
            sentences = [sentence for part in parts for sentence in split_sentences(part, default, job.max_characters)]
    except TextError as error:
        raise BookError(
            f"{block.source_ref}: {error.what}", expected=error.expected, got=error.got, fix=error.fix
        ) from error
    if sentences and block.pause_after_s is not None and sentences[-1].pause_after_s is None:
        sentences[-1] = replace(sentences[-1], pause_after_s=block.pause_after_s)
    return (segments[0][1] if segments and not segments[0][0] else None), sentences


def _heading_parts(text: str, pause_s: float | None, job: ImportBook, default: str) -> list[Sentence]:
    """Split a heading if it is too long; otherwise return it as one sentence.

    A heading that is only a Roman numeral becomes a number, since "I" would be read as the pronoun.
    """
    is_numeral = text.isascii() and not _NO_HEADING_NUMERALS.intersection(text)
    number = numeral_value(text.rstrip(".")) if is_numeral else None
    spoken = str(number) if number else text
    language = detect_language(spoken, default)
    parts = split_long(spoken, language, job.max_characters or get_language(language).max_characters)
    return [Sentence(part, language, pause_s if index == len(parts) - 1 else None) for index, part in enumerate(parts)]
