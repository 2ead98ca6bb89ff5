"""Characters and attributed quotations of a whole book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hierbatch.frontend.books.book import Book
from hierbatch.frontend.dialogue import korean_characters
from hierbatch.frontend.dialogue.character import Character
from hierbatch.frontend.dialogue.english_characters import find_characters
from hierbatch.frontend.dialogue.english_evidence import english_turns
from hierbatch.frontend.dialogue.english_mentions import EnglishMentions
from hierbatch.frontend.dialogue.english_unnamed import find_unnamed
from hierbatch.frontend.dialogue.korean_evidence import KoreanMentions, korean_turns
from hierbatch.frontend.dialogue.korean_names import find_names
from hierbatch.frontend.dialogue.narrator import NARRATOR, is_first_person, with_narrator
from hierbatch.frontend.dialogue.quotations import Span, split_quotations
from hierbatch.frontend.dialogue.speakers import Attribution, Turn, attribute
from hierbatch.frontend.language import detect_language

_SAMPLE_CHARACTERS = 20_000
_I = re.compile(r"\bI\b")
_NA = re.compile(r"(?<![가-힣])(?:나는|내가|나의|나를|난|나도)(?![가-힣])")


@dataclass(frozen=True, slots=True)
class AttributedSpan:
    """Part of a paragraph; for a quotation, the index of its speaker (None if unknown) and the probability of this."""

    start: int
    end: int
    is_quote: bool
    character: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class BookDialogue:
    """Characters of a book, and the spans of every paragraph of every chapter."""

    characters: tuple[Character, ...]
    chapters: tuple[tuple[tuple[AttributedSpan, ...], ...], ...]


def attribute_dialogue(book: Book) -> BookDialogue:
    """Attribute the quotations of a book's paragraphs; headings are left out. The main script decides the language."""
    chapters = [[block.text for block in chapter.blocks if block.kind == "paragraph"] for chapter in book.chapters]
    sample = " ".join(text for paragraphs in chapters for text in paragraphs)[:_SAMPLE_CHARACTERS]
    return attribute_korean(chapters) if detect_language(sample, "en") == "ko" else attribute_english(chapters)


def attribute_english(chapters: Sequence[Sequence[str]]) -> BookDialogue:
    """Attribute the quotations of an English book to its characters.

    Args:
        chapters: the paragraphs of each chapter, in reading order.
    """
    spans = [split_quotations(paragraphs) for paragraphs in chapters]
    characters = find_characters(text for paragraphs in chapters for text in paragraphs)
    narration, quotes = _texts(chapters, spans)
    characters = [*characters, *find_unnamed(narration, characters)]
    mentions, narrator = EnglishMentions(characters), None
    if is_first_person(narration, _I):
        addressed = Counter(index for quote in quotes for index in mentions.addressed_in(quote))
        narrated = Counter(
            found.character for text in narration for found in mentions.names_in(text) if found.character is not None
        )
        characters, narrator = with_narrator(characters, addressed, narrated)
        mentions = EnglishMentions(characters, narrator)
    return _attributed(
        characters, spans, [english_turns(*each, mentions) for each in zip(chapters, spans, strict=True)]
    )


def attribute_korean(chapters: Sequence[Sequence[str]]) -> BookDialogue:
    """Attribute the quotations of a Korean book to its characters.

    Args:
        chapters: the paragraphs of each chapter, in reading order.
    """
    spans = [split_quotations(paragraphs) for paragraphs in chapters]
    narration, _ = _texts(chapters, spans)
    characters, narrator = korean_characters.find_characters(narration, find_names(chapters, spans)), None
    if is_first_person(narration, _NA):
        narrator = len(characters)
        characters = [*characters, Character(NARRATOR, (), "", sum(found.n_mentions for found in characters) // 4)]
    mentions = KoreanMentions(characters, narrator)
    return _attributed(characters, spans, [korean_turns(*each, mentions) for each in zip(chapters, spans, strict=True)])


def _with_script_speakers(
    characters: Sequence[Character], spans: Sequence[Sequence[Sequence[Span]]]
) -> tuple[list[Character], dict[str, int]]:
    """Add the speakers whom a script names before a colon; return all characters, and an index by each such name."""
    names = Counter(part.speaker for paragraphs in spans for parts in paragraphs for part in parts if part.speaker)
    known = {alias.casefold(): at for at, each in reversed(list(enumerate(characters))) for alias in each.aliases}
    added = [name for name in names if name.casefold() not in known]
    found = [*characters]
    for name in added:
        if name.casefold() not in known:  # CAPITALS and capitalized words are one name
            known[name.casefold()] = len(found)
            found.append(Character(name, (name,), "", names[name]))
    return found, {name: known[name.casefold()] for name in names}


def _attributed(
    characters: Sequence[Character],
    spans: Sequence[Sequence[Sequence[Span]]],
    turns_and_appearances: Sequence[tuple[list[Turn], dict[int, list[int]]]],
) -> BookDialogue:
    """Dialogue of a book, from the turns of each chapter and the appearances of the characters there."""
    characters, scripted = _with_script_speakers(characters, spans)
    attributed = [
        _spans(parts, attribute(turns, characters, appearances), scripted)
        for parts, (turns, appearances) in zip(spans, turns_and_appearances, strict=True)
    ]
    return BookDialogue(tuple(characters), tuple(attributed))


def _texts(chapters: Sequence[Sequence[str]], spans: Sequence[Sequence[Sequence[Span]]]) -> tuple[list[str], list[str]]:
    narration: list[str] = []
    quotes: list[str] = []
    for paragraphs, of_chapter in zip(chapters, spans, strict=True):
        for text, parts in zip(paragraphs, of_chapter, strict=True):
            for part in parts:
                (quotes if part.is_quote else narration).append(text[part.start : part.end])
    return narration, quotes


def _spans(
    parts: Sequence[Sequence[Span]], attributions: Sequence[Attribution], scripted: Mapping[str, int]
) -> tuple[tuple[AttributedSpan, ...], ...]:
    remaining = iter(attributions)
    result = []
    for paragraph in parts:
        row = []
        for part in paragraph:
            found = next(remaining, None) if part.is_quote else None
            if part.speaker:
                found = Attribution(scripted[part.speaker], 1.0)
            row.append(
                AttributedSpan(part.start, part.end, True, found.character, found.confidence)
                if found
                else AttributedSpan(part.start, part.end, part.is_quote)
            )
        result.append(tuple(row))
    return tuple(result)
