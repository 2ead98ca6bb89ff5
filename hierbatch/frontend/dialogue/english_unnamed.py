"""Persons without a name in an English book, to whom a noun attributes speech: `said the old man`."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hierbatch.frontend.dialogue.character import Character, Gender
from hierbatch.frontend.dialogue.english_characters import name_words
from hierbatch.frontend.dialogue.english_lexicon import person_nouns, verb_pattern

_KINDS = "old|young|little|tall|first|second|third"
_MIN_SPEECHES = 3
_GENERAL = frozenset(
    ("other", "voice", "cousin", "friend", "companion", "fellow", "child", "man", "woman", "boy", "girl")
)
"""Nouns that often refer to named persons, and count as unnamed persons only with a word such as `old`."""


@functools.cache
def _pattern() -> re.Pattern[str]:
    nouns = "|".join(sorted(person_nouns(), key=len, reverse=True))
    return re.compile(rf"\b[Tt]he (?:\w+ )??(?P<name>(?:(?:{_KINDS}) )?(?P<noun>{nouns}))\b(?![’'-])")


def find_unnamed(narration: Iterable[str], characters: Sequence[Character]) -> list[Character]:
    """Persons without a name who speak several times, the most frequent first.

    Args:
        narration: passages of narration.
        characters: characters with names; their titles (`the captain`) do not count as unnamed persons.
    """
    titles = {name_words(alias)[0] for character in characters for alias in character.aliases}
    speeches: Counter[str] = Counter()
    nouns: dict[str, str] = {}
    for text in narration:
        for match in _pattern().finditer(text):
            name, noun = match["name"], match["noun"]
            if (name == noun and noun in _GENERAL) or noun in titles or not _speaks(text, match):
                continue
            speeches[name] += 1
            nouns[name] = noun
    return [
        Character(f"the {name}", (f"the {name}", f"The {name}"), _gender(nouns[name]), n)
        for name, n in speeches.most_common()
        if n >= _MIN_SPEECHES
    ]


def _speaks(text: str, match: re.Match[str]) -> bool:
    """True if a verb of speech is directly before or after a person."""
    before = text[: match.start()].split()
    return bool(
        (before and verb_pattern().fullmatch(before[-1].strip(",;—")))
        or verb_pattern().match(text[match.end() :].lstrip())
    )


def _gender(noun: str) -> Gender:
    gender = person_nouns()[noun]
    return "m" if gender == "m" else "f" if gender == "f" else ""
