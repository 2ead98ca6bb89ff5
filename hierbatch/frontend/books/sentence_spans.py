"""Where sentences stand in the text they were taken from.

A sentence is found by its letters alone: what was tidied, spelled in another Unicode form or broken over lines on the
way from the page to the sentence makes no difference.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Where a sentence stands in its block's text, in characters; `element_id` is the id its element gets."""

    element_id: str
    start: int
    end: int


def find_sentences(text: str, sentences: Mapping[str, str]) -> list[Span]:
    """Where sentences stand, by the ids they get; they follow each other.

    A sentence whose letters are not there (it was edited, or a note was cut out of it) stands in what its found
    neighbours leave free, and nowhere if they leave no letter.
    """
    letters, places = _letters(text)
    found: dict[str, tuple[int, int]] = {}
    position = 0
    for element_id, sentence in sentences.items():
        wanted, _ = _letters(sentence)
        at = letters.find(wanted, position) if wanted else -1
        if at >= 0:
            position = at + len(wanted)
            found[element_id] = (places[at], places[position - 1] + 1)
    return _with_marks(text, _with_gaps(text, list(sentences), found))


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits alone, decomposed and in one case, and where in the text each stands."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if part.isalnum():
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def _with_gaps(text: str, ids: Sequence[str], found: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Sentences that were not found put where their neighbours leave letters; only the first of several in a row."""
    placed: dict[str, tuple[int, int]] = {}
    end = 0
    for number, element_id in enumerate(ids):
        if element_id in found:
            placed[element_id] = found[element_id]
            end = found[element_id][1]
            continue
        following = next((found[later][0] for later in ids[number + 1 :] if later in found), len(text))
        letters = [place for place in range(end, following) if text[place].isalnum()]
        if letters:
            placed[element_id] = (letters[0], letters[-1] + 1)
            end = letters[-1] + 1
    return placed


def _with_marks(text: str, placed: Mapping[str, tuple[int, int]]) -> list[Span]:
    """Spans with the marks that belong to them: up to the first space behind, from the last space before."""
    ids, spans = list(placed), []
    start = len(text) - len(text.lstrip())
    for number, element_id in enumerate(ids):
        end = placed[element_id][1]
        if number + 1 < len(ids):
            between = text[end : placed[ids[number + 1]][0]]
            end += _n_marks(between)
            spans.append(Span(element_id, start, end))
            start = end + len(text[end:]) - len(text[end:].lstrip())
        else:
            spans.append(Span(element_id, start, len(text.rstrip())))
    return spans


def _n_marks(between: str) -> int:
    """Characters up to the first space."""
    return next((place for place, character in enumerate(between) if character.isspace()), len(between))
