"""Pronunciation lexicon made from the pronunciations that an EPUB file contains."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hierbatch.csv_cells import protect_cell
from hierbatch.frontend.books.ssml import Pronunciation
from hierbatch.frontend.ipa import split_phones
from hierbatch.frontend.language import detect_language, get_language
from hierbatch.frontend.lexicon import COLUMNS, Lexicon
from hierbatch.frontend.x_sampa import x_sampa_to_ipa
from hierbatch.storage import write_atomically

_MAX_ENTRIES = 3_000
_X_SAMPA = frozenset({"sampa", "xsampa"})
"""Names that books use for the alphabet X-SAMPA, without the prefix `x-`."""


@dataclass(frozen=True, slots=True)
class BookLexicon:
    """Rows of a lexicon (see `hierbatch.frontend.lexicon`), and remarks on pronunciations that were left out."""

    rows: tuple[dict[str, str], ...]
    remarks: tuple[str, ...]


def read_pronunciations(pronunciations: Iterable[Pronunciation], book: str, language: str) -> BookLexicon:
    """Convert the pronunciations that a book contains to rows of a lexicon.

    Words with several pronunciations are left out, since a lexicon does not record where each of them applies.

    Args:
        pronunciations: pronunciations in the book.
        book: title of the book, to which the rows are limited.
        language: language code (`en` or `ko`) for words without letters.
    """
    spoken: defaultdict[str, set[str]] = defaultdict(set)
    n_foreign = 0
    for found in pronunciations:
        phonemes = _to_ipa(found)
        is_known = bool(phonemes) and not any(
            unknown
            for word in phonemes.split()
            for unknown in split_phones(word, get_language(detect_language(found.word, language)).ipa)[1]
        )
        if is_known:
            spoken[found.word].add(phonemes)
        else:
            n_foreign += 1
    rows = [
        {
            "word": word,
            "pronunciation": next(iter(phonemes)),
            "kind": "ipa",
            "language": detect_language(word, language),
            "scope": book,
        }
        for word, phonemes in spoken.items()
        if len(phonemes) == 1
    ]
    remarks = []
    if n_foreign:
        remarks.append(f"{n_foreign} pronunciations of the book are left out: their alphabet or symbols are not known")
    if n_several := len(spoken) - len(rows):
        remarks.append(f"{n_several} words of the book are left out of its lexicon: each has several pronunciations")
    return BookLexicon(tuple(rows[:_MAX_ENTRIES]), tuple(remarks))


def _to_ipa(found: Pronunciation) -> str:
    """Pronunciation in IPA; empty if it cannot be converted."""
    if found.alphabet in _X_SAMPA:
        return x_sampa_to_ipa(found.phonemes) or ""
    return found.phonemes.replace("/", "").strip("[]") if found.alphabet == "ipa" else ""


def write_lexicon(rows: Iterable[dict[str, str]], path: Path, user: Path | None = None) -> None:
    """Write the lexicon of a book, joined with the user's lexicon, whose entries take precedence.

    Args:
        rows: rows of the lexicon of the book.
        path: CSV file to write.
        user: the user's lexicon, if there is one.

    Raises:
        InputError: the user's lexicon is invalid.
        StorageError: the disk is full.
    """
    own = Lexicon.read(user).entries if user else ()
    given = {(entry.word.casefold(), entry.language) for entry in own}
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    from_user = ({name: getattr(entry, name) for name in COLUMNS} for entry in own)
    of_book = (row for row in rows if (row["word"].casefold(), row["language"]) not in given)
    for row in (*from_user, *of_book):
        writer.writerow({name: protect_cell(cell) for name, cell in row.items()})
    with write_atomically(path) as temporary:
        temporary.write_text(lines.getvalue(), encoding="utf-8")
