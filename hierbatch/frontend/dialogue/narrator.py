"""First-person narrator of a book, found where narration says "I" and rarely names a character whom others address."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from hierbatch.frontend.dialogue.character import Character

NARRATOR = "Narrator"
"""Name of a first-person narrator whose name the book does not give."""

_MIN_SHARE = 0.15
_MAX_NARRATED_SHARE = 0.15
_MIN_ADDRESSES = 3


def is_first_person(narration: Sequence[str], pronoun: re.Pattern[str]) -> bool:
    """True if a good share of the narrating passages contain the pronoun of the first person."""
    passages = [text for text in narration if len(text) > 20]
    return sum(bool(pronoun.search(text)) for text in passages) > _MIN_SHARE * len(passages)


def with_narrator(
    characters: Sequence[Character], addressed: Counter[int], narrated: Counter[int]
) -> tuple[list[Character], int]:
    """Characters including the narrator, and the narrator's index.

    The narrator is the character whom others address most by a name that the narration itself hardly uses. If there
    is none, a character called `Narrator` is added at the end.

    Args:
        characters: characters of the book.
        addressed: for each index in `characters`, the number of quotations that address the character by name.
        narrated: for each index in `characters`, the number of mentions in narration.
    """
    hidden = {
        index: count
        for index, count in addressed.items()
        if count >= _MIN_ADDRESSES and narrated[index] <= _MAX_NARRATED_SHARE * (narrated[index] + count)
    }
    if hidden:
        return list(characters), max(hidden, key=lambda index: hidden[index])
    return [*characters, Character(NARRATOR, (), "", sum(narrated.values()) // 4)], len(characters)
