"""The sentences of a corpus: from tables and books, each once, with how long it will take to say."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import InputError, ManifestError
from hierbatch.frontend.languages import language_of
from hierbatch.jobs.import_book import ImportBook, import_book
from hierbatch.manifest.schema import Column
from hierbatch.manifest.store import open_table
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.stages.text import ReadText, front_ends

TEXT_COLUMNS = (
    Column("id", pa.string(), "Name of the sentence; empty takes the file's name and the row's number."),
    Column("text", pa.string(), "The sentence."),
    Column("lang", pa.string(), "`en` or `ko`; empty finds it by its letters."),
    Column("license", pa.string(), "Licence of the text."),
)
"""Columns of a table of texts."""

_TABLES, _BOOKS = (".parquet", ".csv", ".jsonl", ".ndjson"), (".epub", ".txt", ".md")
_READ, _SAID = 100, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusText:
    """One sentence to speak; `ref` says where it stands."""

    ref: str
    text: str
    lang: str
    license: str | None


@dataclass(frozen=True, slots=True)
class SecondsACharacter:
    """How long a language takes to say, by the number of characters."""

    by_language: dict[str, float]

    def of(self, text: CorpusText) -> float:
        return len(text.text) * self.by_language[text.lang]


def read_texts(sources: Sequence[Path], language: str = "auto") -> list[CorpusText]:
    """Sentences of tables (a `text` column) and books (cut into sentences), or of all such files in a folder.

    Sentences that stand there twice are taken once. `language` sets that of all, `auto` finds each one's own.

    Raises:
        InputError: nothing there can be read, or nothing stands in it.
        BookError, ManifestError: a file cannot be read.
    """
    seen: set[tuple[str, str]] = set()
    texts: list[CorpusText] = []
    for path in _files(sources):
        for text in _read_table(path, language) if path.suffix.lower() in _TABLES else _read_book(path, language):
            if (key := (text.lang, text.text)) not in seen:
                seen.add(key)
                texts.append(text)
    if not texts:
        raise InputError("There are no texts", wanted="sentences", got=", ".join(map(str, sources)))
    return texts


def estimate_pace(
    texts: Iterable[CorpusText], model: SpeechModel, voices: Mapping[str, Sequence[Any]], seed: int = 0
) -> SecondsACharacter:
    """How long a model takes to say the texts, by what their phonemes let expect and by what it makes of a few.

    `voices` are what the model made of some prompts for each language, which take turns: people differ in their pace.

    Raises:
        InputError: no sentence of a language can be spoken, or the model does not speak it.
    """
    by_language: dict[str, list[CorpusText]] = defaultdict(list)
    for text in texts:
        by_language[text.lang].append(text)
    if strange := sorted(set(by_language) - set(model.languages)):
        raise InputError(
            f"The model does not speak {', '.join(strange)}",
            wanted=" or ".join(model.languages),
            got=", ".join(strange),
        )
    read = ReadText(front_ends())
    paces = {}
    for lang, group in by_language.items():
        sample = random.Random(seed).sample(group, min(_READ, len(group)))
        rows = [row for row in read(_rows(sample, lang)).to_pylist() if not row["error_kind"]]
        if not rows:
            raise InputError(f"No text in language {lang} can be spoken", got=repr(sample[0].text[:80]))
        said = rows[:_SAID]
        requests = [
            SpeechRequest(phonemes=row["phonemes"], language=lang, voice=voice, seed=row["seed"])
            for row, voice in zip(said, cycle(voices[lang]), strict=False)
        ]
        made_s = sum(speech.waveform.duration_s for speech in model.speak(requests))
        # Rounded: another machine's last digits must not make another corpus.
        ratio = round(made_s / sum(row["expected_duration_s"] for row in said), 2)
        expected_s = sum(row["expected_duration_s"] for row in rows)
        paces[lang] = ratio * expected_s / sum(len(row["text"]) for row in rows)
    return SecondsACharacter(paces)


def _rows(texts: Sequence[CorpusText], lang: str) -> pa.Table:
    n_rows = len(texts)
    return pa.table(
        {
            "text": [text.text for text in texts],
            "phonemes": pa.nulls(n_rows, pa.string()),
            "lang": [lang] * n_rows,
            "speed": [1.0] * n_rows,
            "seed": range(1000, 1000 + n_rows),
        }
    )


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    known = (*_TABLES, *_BOOKS)
    for source in sources:
        if source.is_dir():
            found = sorted(path for path in source.rglob("*") if path.suffix.lower() in known)
            yield from (path for path in found if path.name.lower() != "readme.md")
        elif source.suffix.lower() in known and source.is_file():
            yield source
        else:
            raise InputError(f"There are no texts at {source}", wanted=f"a folder, or a file of {' '.join(known)}")


def _read_table(path: Path, language: str) -> Iterator[CorpusText]:
    table = open_table(path, TEXT_COLUMNS)
    problems = [*table.problems, *(["column text is missing"] if "text" not in table.schema.names else [])]
    if problems:
        raise ManifestError(f"{path} is no table of texts", got="; ".join(problems))
    names = [column.name for column in TEXT_COLUMNS if column.name in table.schema.names]
    number = 0
    for batch in table.batches(names):
        for row in batch.to_pylist():
            number += 1
            if row["text"] and row["text"].strip():
                text = " ".join(row["text"].split())
                found = row.get("lang") or language_of(text, "en") if language == "auto" else language
                ref = row.get("id") or f"{path.stem}:{number}"
                yield CorpusText(ref=ref, text=text, lang=found, license=row.get("license"))


def _read_book(path: Path, language: str) -> Iterator[CorpusText]:
    for row in import_book(ImportBook(book=path, language=language)).table.to_pylist():
        if row["kind"] != "heading":
            yield CorpusText(ref=f"{path.stem}:{row['id']}", text=row["text"], lang=row["lang"], license=None)
