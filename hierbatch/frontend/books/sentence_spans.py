"""Positions of sentences in the text of the block that they come from.

Sentences are matched by their letters and digits alone, so it makes no difference that their text was cleaned up,
normalized and joined across lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """Start and end of a sentence in the text of its block, in characters; `element_id` is the id for its `<span>`."""

    element_id: str
    start: int
    end: int


def find_sentences(text: str, sentences: Mapping[str, str]) -> list[SentenceSpan]:
    """Find consecutive sentences in the text of a block.

    A sentence whose letters are not found (it was edited, or a note was removed from it) gets the text between its
    neighbors; it is left out if there are no letters or digits between them.

    Args:
        text: text of the block.
        sentences: text of each sentence by element id, in order.
    """
    letters, positions = _letters(text)
    found: dict[str, tuple[int, int]] = {}
    position = 0
    for element_id, sentence in sentences.items():
        own_letters, _ = _letters(sentence)
        start = letters.find(own_letters, position) if own_letters else -1
        if start >= 0:
            position = start + len(own_letters)
            found[element_id] = (positions[start], positions[position - 1] + 1)
    return _with_marks(text, _with_gaps(text, list(sentences), found))


def _letters(text: str) -> tuple[str, list[int]]:
    """Letters and digits of a text, decomposed and case-folded, and the position of each in the text."""
    letters: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if part.isalnum():
                letters.append(part)
                positions.append(position)
    return "".join(letters), positions


def _with_gaps(text: str, ids: Sequence[str], found: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Start and end of each sentence by element id; a missing sentence gets the text between its neighbors.

    Of several missing sentences in a row, only the first gets this text.
    """
    placed: dict[str, tuple[int, int]] = {}
    end = 0
    for number, element_id in enumerate(ids):
        if element_id in found:
            placed[element_id] = found[element_id]
            end = found[element_id][1]
            continue
        following = next((found[later][0] for later in ids[number + 1 :] if later in found), len(text))
        letters = [position for position in range(end, following) if text[position].isalnum()]
        if letters:
            placed[element_id] = (letters[0], letters[-1] + 1)
            end = letters[-1] + 1
    return placed


def _with_marks(text: str, placed: Mapping[str, tuple[int, int]]) -> list[SentenceSpan]:
    """Extend spans by the adjacent punctuation: up to the first space after, and from the last space before."""
    ids, spans = list(placed), []
    start = len(text) - len(text.lstrip())
    for number, element_id in enumerate(ids):
        end = placed[element_id][1]
        if number + 1 < len(ids):
            between = text[end : placed[ids[number + 1]][0]]
            end += _n_marks(between)
            spans.append(SentenceSpan(element_id, start, end))
            start = end + len(text[end:]) - len(text[end:].lstrip())
        else:
            spans.append(SentenceSpan(element_id, start, len(text.rstrip())))
    return spans


def _n_marks(between: str) -> int:
    """Number of characters before the first space."""
    return next((position for position, character in enumerate(between) if character.isspace()), len(between))
