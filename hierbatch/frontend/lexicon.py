"""Pronunciation lexicon: user-defined pronunciations from a CSV file.

    word,pronunciation,kind,language,scope
    Hermione,her-MY-oh-nee,respelling,en,
    Nguyen,wɪn,ipa,en,sample_book
    독립문,동닙문,respelling,ko,

A respelling uses ordinary letters of the same language (in English, hyphens separate the syllables and capitals mark
the stress); IPA is converted to phones of the shared table. A word with a capital matches only as written; a word
without capitals matches in upper and lower case. The longest entry wins. An entry with an empty scope applies
everywhere; an entry with a book as its scope applies to that book and takes precedence there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.csv_cells import restore_cell
from hierbatch.errors import InputError
from hierbatch.frontend.characters import clean_characters
from hierbatch.frontend.ipa import split_phones
from hierbatch.frontend.language import get_language, language_codes
from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.symbols import PHONES, VOWELS

COLUMNS = ("word", "pronunciation", "kind", "language", "scope")
REASON = "reason"
"""Column that marks a table of words to check; in such a table, rows without a pronunciation have no effect."""
KINDS = ("respelling", "ipa")
_FIRST_PLACEHOLDER, _LAST_PLACEHOLDER = 0xE000, 0xF8FF
_MAX_FAULTS_SHOWN = 5
_MAX_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconEntry:
    """Pronunciation of one word or phrase; `phones` has the phones of each word of an IPA pronunciation."""

    word: str
    pronunciation: str
    kind: str
    language: str
    scope: str = ""
    phones: tuple[Phones, ...] = ()

    @property
    def is_exact(self) -> bool:
        """True if the entry is case-sensitive."""
        return self.word != self.word.lower()


@dataclass(frozen=True, slots=True)
class MarkedText:
    """Text with a private-use character in place of each word of the lexicon, and the entry for each such character."""

    text: str
    entries: dict[str, LexiconEntry]


class Lexicon:
    """Lexicon entries by language; their words are matched in a text before it is normalized."""

    def __init__(self, entries: Iterable[LexiconEntry]) -> None:
        self.entries = tuple(entries)
        self._of_language = {
            language: tuple(entry for entry in self.entries if entry.language == language)
            for language in language_codes()
        }
        self._patterns = {language: _pattern(entries) for language, entries in self._of_language.items()}

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a lexicon from a CSV file.

        Raises:
            InputError: the file is missing, too large or not UTF-8, or has wrong columns or invalid rows; the message
                lists these rows.
        """
        entries: dict[tuple[str, str, str], LexiconEntry] = {}
        faults: list[str] = []
        for number, row in _read_rows(path).items():
            entry, fault = _read_entry(row)
            key = (row["word"], row["language"], row["scope"])
            if key in entries and not fault:
                fault = f"{row['word']!r} occurs twice for the same language and scope"
            if fault or entry is None:
                faults.append(f"row {number}: {fault}")
            else:
                entries[key] = entry
        if faults:
            more = f"; and {len(faults) - _MAX_FAULTS_SHOWN} more" if len(faults) > _MAX_FAULTS_SHOWN else ""
            raise InputError(
                f"The lexicon {path} has invalid rows",
                expected=f"kind {' or '.join(KINDS)}, language {' or '.join(language_codes())}, "
                f"and IPA of {' '.join(PHONES)}",
                got="; ".join(faults[:_MAX_FAULTS_SHOWN]) + more,
                fix="correct or remove these rows",
            )
        return cls(entries.values())

    def scoped(self, scope: str) -> Lexicon:
        """Lexicon of one book: the entries of the book, and the general entries that they do not override."""
        own = [entry for entry in self.entries if scope and entry.scope == scope]
        overridden = {(entry.word, entry.language) for entry in own}
        general = [
            entry for entry in self.entries if not entry.scope and (entry.word, entry.language) not in overridden
        ]
        return Lexicon([*own, *general])

    def mark(self, text: str, language: str) -> MarkedText:
        """Replace each word of the lexicon in a text with one private-use character."""
        pattern, of_language = self._patterns[language], self._of_language[language]
        found: dict[str, LexiconEntry] = {}
        if pattern is None:
            return MarkedText(text, found)

        def substitute(match: re.Match[str]) -> str:
            index = int(str(match.lastgroup)[1:])
            placeholder = chr(_FIRST_PLACEHOLDER + index)
            found[placeholder] = of_language[index]
            return placeholder

        return MarkedText(pattern.sub(substitute, text), found)


def _pattern(entries: Sequence[LexiconEntry]) -> re.Pattern[str] | None:
    """Pattern of all entries, each as a named group with the index of the entry; None without entries.

    Raises:
        InputError: there are too many entries.
    """
    if len(entries) > _LAST_PLACEHOLDER - _FIRST_PLACEHOLDER:
        raise InputError(
            "The lexicon is too long",
            expected="at most 6399 entries per language",
            got=f"{len(entries)} entries",
            fix="remove entries",
        )
    # The longest first; among those of equal length, case-sensitive entries first.
    ordered = sorted(enumerate(entries), key=lambda pair: (-len(pair[1].word), not pair[1].is_exact))
    alternatives = [f"(?P<e{index}>{_entry_pattern(entry)})" for index, entry in ordered]
    return re.compile("|".join(alternatives)) if alternatives else None


def _entry_pattern(entry: LexiconEntry) -> str:
    words = r"\s+".join(re.escape(word) for word in entry.word.split())
    if not entry.is_exact:
        words = f"(?i:{words})"
    language = get_language(entry.language)
    if not language.noun_ends:
        return rf"(?<![\w']){words}(?!\w)"
    if re.search(f"[{language.letters}]$", entry.word):
        return rf"(?<![{language.letters}]){words}{language.noun_ends}"
    # Next to a particle, a Latin word ends with its last Latin letter ("Harry는").
    return rf"(?<![A-Za-z\d']){words}(?![A-Za-z\d])"


def _read_rows(path: Path) -> dict[int, dict[str, str]]:
    """Read the rows of the file, by row number."""
    try:
        with path.open("rb") as file:  # a pipe is allowed, but has no size
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise OSError(f"more than {_MAX_BYTES >> 20} MB")
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        columns = reader.fieldnames or ()
        rows = [{name: restore_cell((row.get(name) or "").strip()) for name in COLUMNS} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The lexicon {path} cannot be read", expected="a CSV file in UTF-8", got=str(error), fix="check the path"
        ) from error
    missing = [name for name in ("word", "pronunciation", "kind", "language") if name not in columns]
    if missing:
        raise InputError(
            f"The lexicon {path} has the wrong columns",
            expected=",".join(COLUMNS),
            got=",".join(columns) or "an empty file",
            fix=f"add {', '.join(missing)} to its first line",
        )
    # In a table of words to check, a word without a pronunciation was found right.
    is_checklist = REASON in columns
    return {number: row for number, row in enumerate(rows, 2) if row["pronunciation"] or not is_checklist}


def read_entry(row: dict[str, str]) -> LexiconEntry:
    """Create an entry from the values of `COLUMNS`.

    Raises:
        InputError: a value is invalid.
    """
    entry, fault = _read_entry(row)
    if entry is None:
        raise InputError(
            "The pronunciation is invalid", expected=f"IPA of {' '.join(PHONES)}", got=fault, fix="change it"
        )
    return entry


def _read_entry(row: dict[str, str]) -> tuple[LexiconEntry | None, str]:
    """Parse a row; return the entry and an empty text, or None and a description of the fault."""
    empty = [name for name in ("word", "pronunciation") if not row[name]]
    if empty:
        return None, f"{' and '.join(empty)} is empty"
    if row["kind"] not in KINDS:
        return None, f"kind is {row['kind']!r}"
    if row["language"] not in language_codes():
        return None, f"language is {row['language']!r}"
    phones: tuple[Phones, ...] = ()
    if row["kind"] == "ipa":
        spelling = get_language(row["language"]).ipa
        read = [split_phones(word, spelling) for word in row["pronunciation"].split()]
        unknown = [symbol for _, symbols in read for symbol in symbols]
        if unknown:
            return None, f"the IPA of {row['word']!r} has the unknown symbol {' '.join(dict.fromkeys(unknown))}"
        phones = tuple(_with_stress(word) if spelling.has_stress else word for word, _ in read if word)
        if not phones:
            return None, f"the IPA of {row['word']!r} has no phone"
    word = clean_characters(row["word"])
    return LexiconEntry(**{**row, "word": word}, phones=phones), ""


def _with_stress(word: Phones) -> Phones:
    """Add primary stress to the first vowel of a word that has no primary stress."""
    if any(phone.startswith("ˈ") for phone in word):
        return word
    first = next((index for index, phone in enumerate(word) if phone in VOWELS), None)
    return word if first is None else (*word[:first], "ˈ" + word[first], *word[first + 1 :])
