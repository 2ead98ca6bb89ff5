"""Cast of a book: its characters with their lines, a voice for each, and a manifest divided at quotations."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import InputError, PromptError
from hierbatch.frontend.books.book import Block, Book
from hierbatch.frontend.books.keeping import reasons_to_keep
from hierbatch.frontend.books.reading import read_book
from hierbatch.frontend.dialogue.book_dialogue import AttributedSpan, BookDialogue, attribute_dialogue
from hierbatch.frontend.dialogue.casting import VoiceRegister, cast_voices
from hierbatch.jobs.books.editable_manifest import DIVIDED, update_manifest
from hierbatch.jobs.books.import_book import (
    BOOK_SCHEMA,
    ImportBook,
    chapter_rows,
    check_options,
    default_language,
)
from hierbatch.manifest.books.cast import NARRATION
from hierbatch.manifest.tables.csv_table import write_csv
from hierbatch.manifest.voices.voice_file import recording_of
from hierbatch.manifest.voices.voices import VoiceRow, read_voices
from hierbatch.storage import write_atomically

CAST_COLUMNS = ("character", "voice", "lines", "words", "gender", "aliases", "sample_line")
_CAST_SCHEMA = pa.schema([(name, pa.int64() if name in ("lines", "words") else pa.string()) for name in CAST_COLUMNS])
DIALOGUE_SCHEMA = pa.schema(
    [
        *BOOK_SCHEMA,
        pa.field("character", pa.string()),
        pa.field("character_confidence", pa.float32()),
        pa.field("is_quote", pa.bool_()),
    ]
)
"""Columns of a manifest that is divided at quotations."""

_PAUSE_INSIDE_PARAGRAPH_S = 0.15
"""Pause in seconds where the voice changes within a paragraph, as long as the pause at a comma."""
_SAMPLE_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class CastBook:
    """Book to cast, and the files to write."""

    book: Path
    out: Path
    """Cast table to write, as CSV."""
    manifest: Path | None = None
    """Manifest to write, with rows divided at quotations (.parquet or .csv); None writes no manifest."""
    voices: Path | None = None
    """Table of the voices to choose from; None leaves the column `voice` of the cast empty."""
    narrator: str | None = None
    """Voice of the narration and of minor characters; None takes the first voice of the table."""
    language: str = "auto"
    """Language code for every row, or `auto` to detect the language of each sentence."""
    keep: str = ""
    """Parts of the book to read although they are skipped by default, separated by commas; see `KEEP_CHOICES`."""


@dataclass(frozen=True, slots=True)
class CastMember:
    """Character who speaks in the book, with a voice and the numbers of quotations (`n_lines`) and words.

    `sample_line` is the quotation that is attributed to the character with the most certainty.
    """

    name: str
    voice: str
    n_lines: int
    n_words: int
    gender: str
    aliases: tuple[str, ...]
    sample_line: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Members of the cast, ordered by their number of lines, largest first, and the number of quotations in the book.

    `n_uncertain` is the number of quotations without a probable speaker.
    """

    members: tuple[CastMember, ...]
    n_quotations: int
    n_uncertain: int


UNCERTAIN_BELOW = 0.5
"""Probability of the speaker below which the user should check who speaks a quotation."""


def cast_book(job: CastBook) -> Cast:
    """Find the characters of a book and their lines, and write the cast and the manifest.

    Raises:
        BookError: the book cannot be read, or its language is not supported.
        InputError: an option is invalid, the narrator is not in the voices table, or edits of the manifest conflict
            with the book.
        ManifestError: the voices table is invalid, or the existing manifest cannot be read.
        PromptError: the recording of a voice cannot be read.
        StorageError: the disk is full.
    """
    options = ImportBook(book=job.book, out=job.manifest, language=job.language, keep=job.keep)
    check_options(options)
    voices = read_voices(job.voices) if job.voices else ()
    narrator = _narrator(voices, job.narrator)
    book = read_book(job.book, reasons_to_keep(job.keep))
    language = default_language(book, options)
    dialogue = attribute_dialogue(book)
    lines = list(_lines(book, dialogue))
    voice_of: dict[int, str] = {}
    if voices:
        n_lines = Counter(line.character for line in lines if line.character is not None)
        registers = _registers(_fitting(voices, language, narrator))
        voice_of = cast_voices(dialogue.characters, n_lines, _together(lines), registers, narrator)
    members = _members(dialogue, lines, voice_of)
    if job.manifest is not None:
        update_manifest(_manifest(book, dialogue, options, language), job.manifest, kind=DIVIDED)
    _write_cast(members, narrator, job.out)
    uncertain = [line for line in lines if (line.confidence or 0.0) < UNCERTAIN_BELOW]
    return Cast(tuple(members), len(lines), len(uncertain))


@dataclass(frozen=True, slots=True)
class _Line:
    chapter: int
    paragraph: int
    text: str
    character: int | None
    confidence: float | None


def _lines(book: Book, dialogue: BookDialogue) -> Sequence[_Line]:
    lines = []
    for number, (chapter, spans) in enumerate(zip(book.chapters, dialogue.chapters, strict=True)):
        paragraphs = [block.text for block in chapter.blocks if block.kind == "paragraph"]
        for at, (text, parts) in enumerate(zip(paragraphs, spans, strict=True)):
            lines += [
                _Line(number, at, text[part.start : part.end], part.character, part.confidence)
                for part in parts
                if part.is_quote
            ]
    return lines


def _together(lines: Sequence[_Line]) -> Counter[tuple[int, int]]:
    """Number of answers between two characters, keyed by the pair of their indices, the lower index first."""
    together: Counter[tuple[int, int]] = Counter()
    for before, after in itertools.pairwise(lines):
        is_answer = before.chapter == after.chapter and after.paragraph - before.paragraph in (1, 2)
        if before.character is None or after.character is None or before.character == after.character:
            continue
        if is_answer:
            low, high = sorted((before.character, after.character))
            together[low, high] += 1
    return together


def _narrator(voices: Sequence[VoiceRow], narrator: str | None) -> str:
    names = [voice.voice for voice in voices]
    if narrator is not None and narrator not in names:
        raise InputError(
            "The narrator is not in the voices table",
            expected=", ".join(names) or "a voices table",
            got=narrator,
            fix="correct --narrator, or add --voices",
        )
    return narrator or (names[0] if names else "")


def _fitting(voices: Sequence[VoiceRow], language: str, narrator: str) -> list[VoiceRow]:
    """Voices that have no language or that of the book, and the narrator's; all voices if fewer than two fit."""
    found = [voice for voice in voices if voice.voice == narrator or voice.language in (None, "", language)]
    return found if len(found) > 1 else list(voices)


def _registers(voices: Sequence[VoiceRow]) -> list[VoiceRegister]:
    """Register of each voice: its name, and the median F0 measured on its prompt."""
    from hierbatch.audio.files import read_sound
    from hierbatch.audio.pitch import estimate_f0, median_f0_hz

    registers = []
    for voice in voices:
        prompt = read_sound(
            recording_of(voice.read_prompt()), name=f"the prompt of voice {voice.voice}", raises=PromptError
        )
        registers.append(VoiceRegister(voice.voice, median_f0_hz(estimate_f0(prompt))))
    return registers


def _members(dialogue: BookDialogue, lines: Sequence[_Line], voice_of: dict[int, str]) -> list[CastMember]:
    by_character: dict[int, list[_Line]] = {}
    for line in lines:
        if line.character is not None:
            by_character.setdefault(line.character, []).append(line)
    members = []
    for index, own in by_character.items():
        character = dialogue.characters[index]
        sample = max(own, key=lambda line: (line.confidence or 0.0, min(len(line.text), _SAMPLE_CHARACTERS)))
        members.append(
            CastMember(
                character.name,
                voice_of.get(index, ""),
                len(own),
                sum(len(line.text.split()) for line in own),
                character.gender,
                character.aliases,
                sample.text[:_SAMPLE_CHARACTERS],
            )
        )
    return sorted(members, key=lambda member: (-member.n_lines, member.name))


def _manifest(book: Book, dialogue: BookDialogue, options: ImportBook, language: str) -> pa.Table:
    rows: list[dict[str, Any]] = []
    chapters, columns = [], []
    for chapter, spans in zip(book.chapters, dialogue.chapters, strict=True):
        blocks, further = _divided(chapter.blocks, spans, dialogue)
        chapters.append(replace(chapter, blocks=tuple(blocks)))
        columns.append(further)
    divided = replace(book, chapters=tuple(chapters))
    for number, further in enumerate(columns, start=1):
        rows += chapter_rows(divided, number, options, language, further)
    return pa.Table.from_pylist(rows, schema=DIALOGUE_SCHEMA)


def _divided(
    blocks: Sequence[Block], spans: Sequence[Sequence[AttributedSpan]], dialogue: BookDialogue
) -> tuple[list[Block], list[dict[str, Any]]]:
    """Divide the paragraphs of a chapter at quotations; return all blocks, and the values of their added columns."""
    divided: list[Block] = []
    columns: list[dict[str, Any]] = []
    paragraphs = iter(spans)
    for block in blocks:
        if block.kind != "paragraph":
            divided.append(block)
            columns.append({"is_quote": False})
            continue
        parts = [part for part in next(paragraphs) if block.text[part.start : part.end].strip()]
        for part in parts:
            is_last = part is parts[-1]
            pause_s = block.pause_after_s if is_last else _PAUSE_INSIDE_PARAGRAPH_S
            divided.append(replace(block, text=block.text[part.start : part.end].strip(), pause_after_s=pause_s))
            speaker = None if part.character is None else dialogue.characters[part.character].name
            columns.append({"is_quote": part.is_quote, "character": speaker, "character_confidence": part.confidence})
    return divided, columns


def _write_cast(members: Sequence[CastMember], narrator: str, path: Path) -> None:
    """Write the cast as CSV: a row for the narration, if it has a voice, and a row for each member."""
    narration = [(NARRATION, narrator, 0, 0, "", "", "")] if narrator else []
    rows = narration + [
        (m.name, m.voice, m.n_lines, m.n_words, m.gender, "; ".join(m.aliases), m.sample_line) for m in members
    ]
    table = pa.Table.from_pylist([dict(zip(CAST_COLUMNS, row, strict=True)) for row in rows], schema=_CAST_SCHEMA)
    with write_atomically(path) as temporary:
        write_csv(table, temporary)
