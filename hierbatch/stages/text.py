"""Front-end stage: text to phonemes. It runs before any model, so invalid sentences cost no model time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.errors import RowError, SetupError, TextError
from hierbatch.frontend.language import expected_duration_s
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.phonemes import check_phonemes, split_words
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.manifest.columns.schema import PLAN_COLUMNS, TEXT_COLUMNS
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.stages.takes import failure_reason

_TYPES = {column.name: column.type for column in (*PLAN_COLUMNS, *TEXT_COLUMNS)} | {"phonemes": pa.string()}


class FrontEnds:
    """One front end per book, created on first use: lexicon entries can be scoped to a single book."""

    def __init__(self, lexicon: Lexicon | None = None, versions: Mapping[str, str] | None = None) -> None:
        self._lexicon = lexicon
        self._versions = dict(versions or {})
        self._front_ends: dict[str, SpeechFrontEnd] = {}

    def __call__(self, book: str) -> SpeechFrontEnd:
        """Return the front end of a book, by its title; rows outside any book have an empty title."""
        if book not in self._front_ends:
            self._front_ends[book] = SpeechFrontEnd(
                self._lexicon.scoped(book) if self._lexicon else None, self._versions
            )
        return self._front_ends[book]

    def __reduce__(self) -> tuple[Any, ...]:
        # Created again after pickling: a front end uses libraries that cannot leave their process.
        return (FrontEnds, (self._lexicon, self._versions))


def front_ends(lexicon: Lexicon | None = None, versions: Mapping[str, str] | None = None) -> FrontEnds:
    """Create the front ends of all books from one lexicon and the phoneme versions that a bundle records."""
    return FrontEnds(lexicon, versions)


class PhonemizeText:
    """Stage that adds `phonemes` to rows that have none, and the expected duration to all rows.

    Rows that already have phonemes keep them; the text of such a row is kept if it has as many words as the phonemes,
    and is cleared otherwise.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "phonemes", "language", "speed")
    writes: ClassVar[tuple[str, ...]] = (
        "text_norm", "phonemes", "expected_duration_s", "error_kind", "error", "foreign_words",
    )  # fmt: skip

    def __init__(self, front_ends: FrontEnds, unusable_voices: Mapping[str, RowError] | None = None) -> None:
        self._front_ends = front_ends
        self._unusable = unusable_voices or {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Add phonemes and expected durations to rows."""
        columns = [name for name in (*self.reads, "book", "voice") if name in rows.column_names]
        results = [self._read(row) for row in rows.select(columns).to_pylist()]
        for name in self.writes:
            rows = with_column(rows, name, pa.array([row[name] for row in results], _TYPES[name]))
        return rows

    def _read(self, row: dict[str, Any]) -> dict[str, Any]:
        text_norm, phonemes, kind, error = row.get("text") or "", row["phonemes"] or "", None, None
        foreign_words: tuple[str, ...] = ()
        try:
            if row.get("voice") in self._unusable:
                raise self._unusable[row["voice"]]
            if phonemes:
                check_phonemes(phonemes)
                text_norm = text_norm if len(text_norm.split()) == len(split_words(phonemes)) else ""
            elif text_norm.strip():
                spoken = self._front_ends(row.get("book") or "").phonemize(text_norm, row["language"])
                text_norm, phonemes = spoken.text_norm, spoken.phonemes
                foreign_words = spoken.foreign_words
            else:
                raise TextError(
                    "The row has nothing to speak", expected="text or phonemes", got="an empty row", fix="add a text"
                )
        except SetupError:
            raise
        except Exception as problem:  # noqa: BLE001 - one row must never stop the others
            kind, error = failure_reason(problem)
        return {
            "text_norm": text_norm,
            "phonemes": phonemes,
            "expected_duration_s": 0.0 if kind else expected_duration_s(phonemes, row["language"], row["speed"]),
            "error_kind": kind,
            "error": error,
            "foreign_words": " ".join(foreign_words) or None,
        }
