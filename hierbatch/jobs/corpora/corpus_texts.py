"""Sentences of a corpus, read from tables and books without duplicates, and their expected durations."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import InputError, ManifestError
from hierbatch.frontend.language import detect_language
from hierbatch.jobs.books.import_book import ImportBook, import_book
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.tables.headers import missing_columns
from hierbatch.manifest.tables.store import open_table
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.names import printable_name
from hierbatch.stages.text import PhonemizeText, front_ends

TEXT_COLUMNS = (
    Column("id", pa.string(), "Id of the sentence; if empty, file name and row number."),
    Column("text", pa.string(), "The sentence."),
    Column("language", pa.string(), "`en` or `ko`; if empty, detected by script."),
    Column("license", pa.string(), "License of the text."),
)
"""Columns of a text table."""

_TABLE_SUFFIXES, _BOOK_SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson"), (".epub", ".txt", ".md")
_N_PHONEMIZED, _N_SYNTHESIZED = 100, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusText:
    """One sentence to synthesize; `ref` is the id of the sentence, or its place in the source file."""

    ref: str
    text: str
    language: str
    license: str | None


@dataclass(frozen=True, slots=True)
class SecondsPerCharacter:
    """Speaking rate of each language, in seconds per character."""

    by_language: dict[str, float]

    def estimate_s(self, text: CorpusText) -> float:
        """Expected duration of a text, in seconds."""
        return len(text.text) * self.by_language[text.language]


def read_texts(
    sources: Sequence[Path], language: str = "auto", on_message: Callable[[str], None] = lambda message: None
) -> list[CorpusText]:
    """Read sentences from tables (column `text`), books (split into sentences), and folders of both.

    Repeated sentences are dropped.

    Args:
        sources: files and folders.
        language: language of all sentences; `auto` detects the language of each sentence.
        on_message: function that receives each remark on a book, such as that a large part of it is not read.

    Raises:
        InputError: a path has an unknown format or does not exist, or there are no sentences.
        BookError, ManifestError: a file cannot be read.
    """
    seen: set[tuple[str, str]] = set()
    texts: list[CorpusText] = []
    for path in _files(sources):
        for text in (
            _read_table(path, language)
            if path.suffix.lower() in _TABLE_SUFFIXES
            else _read_book(path, language, on_message)
        ):
            if (key := (text.language, text.text)) not in seen:
                seen.add(key)
                texts.append(text)
    if not texts:
        raise InputError(
            "There are no texts",
            expected="at least one sentence",
            got=", ".join(map(str, sources)),
            fix="add sentences to the texts",
        )
    return texts


def estimate_pace(
    texts: Iterable[CorpusText], model: SpeechModel, voices: Mapping[str, Sequence[Any]], seed: int = 0
) -> SecondsPerCharacter:
    """Estimate how fast a model speaks each language.

    Durations are predicted from the phonemes of sample sentences, and corrected by the measured durations of a few
    synthesized sentences.

    Args:
        texts: sentences to draw samples from.
        model: speech model to measure.
        voices: encoded prompts by language; they are used in turn, because speakers differ in their rate.
        seed: seed of the sample.

    Raises:
        InputError: no sentence of a language can be synthesized, or the model does not support a language.
    """
    by_language: dict[str, list[CorpusText]] = defaultdict(list)
    for text in texts:
        by_language[text.language].append(text)
    if unsupported := sorted(set(by_language) - set(model.languages)):
        raise InputError(
            f"The model does not speak {', '.join(unsupported)}",
            expected=" or ".join(model.languages),
            got=", ".join(unsupported),
            fix="choose another with --model, or leave out these texts",
        )
    read = PhonemizeText(front_ends())
    paces = {}
    for language, group in by_language.items():
        sample = random.Random(seed).sample(group, min(_N_PHONEMIZED, len(group)))
        rows = [row for row in read(_rows(sample, language)).to_pylist() if not row["error_kind"]]
        if not rows:
            raise InputError(
                f"No text in language {language} can be synthesized",
                got=repr(sample[0].text[:80]),
                fix="correct the texts, or set the language with --language",
            )
        measured = rows[:_N_SYNTHESIZED]
        requests = [
            SpeechRequest(phonemes=row["phonemes"], language=language, voice=voice, seed=row["seed"])
            for row, voice in zip(measured, cycle(voices[language]), strict=False)
        ]
        synthesized_s = sum(speech.waveform.duration_s for speech in model.speak(requests))
        # Rounded, so that floating-point differences between machines do not change the corpus.
        ratio = round(synthesized_s / sum(row["expected_duration_s"] for row in measured), 2)
        expected_s = sum(row["expected_duration_s"] for row in rows)
        paces[language] = ratio * expected_s / sum(len(row["text"]) for row in rows)
    return SecondsPerCharacter(paces)


def _rows(texts: Sequence[CorpusText], language: str) -> pa.Table:
    n_rows = len(texts)
    return pa.table(
        {
            "text": [text.text for text in texts],
            "phonemes": pa.nulls(n_rows, pa.string()),
            "language": [language] * n_rows,
            "speed": [1.0] * n_rows,
            "seed": range(1000, 1000 + n_rows),
        }
    )


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    known = (*_TABLE_SUFFIXES, *_BOOK_SUFFIXES)
    for source in sources:
        if source.is_dir():
            found = sorted(path for path in source.rglob("*") if path.suffix.lower() in known)
            yield from (path for path in found if path.name.lower() != "readme.md")
        elif source.suffix.lower() in known and source.is_file():
            yield source
        else:
            raise InputError(
                f"There are no texts at {source}",
                expected=f"a folder, or a file of {' '.join(known)}",
                fix="correct the path",
            )


def _read_table(path: Path, language: str) -> Iterator[CorpusText]:
    table = open_table(path, TEXT_COLUMNS)
    errors = [*table.problems, *missing_columns(table.schema.names, ("text",))]
    if errors:
        raise ManifestError(f"{path} is not a valid text table", got="; ".join(errors), fix="correct the table")
    names = [column.name for column in TEXT_COLUMNS if column.name in table.schema.names]
    number = 0
    for batch in table.batches(names):
        for row in batch.to_pylist():
            number += 1
            if row["text"] and row["text"].strip():
                text = " ".join(row["text"].split())
                found = row.get("language") or detect_language(text, "en") if language == "auto" else language
                ref = row.get("id") or f"{printable_name(path.stem)}:{number}"
                yield CorpusText(ref=ref, text=text, language=found, license=row.get("license"))


def _read_book(path: Path, language: str, on_message: Callable[[str], None]) -> Iterator[CorpusText]:
    imported = import_book(ImportBook(book=path, language=language))
    for remark in filter(None, (*imported.book.remarks, imported.warning)):
        on_message(f"{path.name}: {remark}")
    for row in imported.table.to_pylist():
        if row["kind"] != "heading":
            yield CorpusText(
                ref=f"{printable_name(path.stem)}:{row['id']}", text=row["text"], language=row["language"], license=None
            )
