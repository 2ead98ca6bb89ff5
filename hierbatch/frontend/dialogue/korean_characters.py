"""Characters of a Korean book: proper names and nouns of persons that act as subjects."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hierbatch.frontend.dialogue.character import Character, Gender
from hierbatch.frontend.korean.morphemes import Morpheme, analyse
from hierbatch.frontend.tables import read_lines, read_words

_SUBJECT = frozenset(["이", "가", "은", "는", "께서", "도", "아", "야"])
_MIN_SUBJECTS = 2
_MAX_CHARACTERS = 20_000
"""Maximum length of text passed to the analyzer at a time, in characters, which bounds its memory."""
_DIMINUTIVE_NAME = re.compile(r"(?<![가-힣])(?P<name>[가-힣]{2})이(?:가|는|를|도|의|와|에게|한테|더러|보고)(?![가-힣])")
"""A given name with the suffix 이, unknown to the analyzer; only such names have 이 before another particle."""
_DIMINUTIVE = re.compile(r"(?<=[가-힣]{2})이$")


@functools.cache
def person_nouns() -> dict[str, Gender]:
    """Common nouns of persons, with their gender, `m` or `f`; empty for either."""
    genders: dict[str, Gender] = {"m": "m", "f": "f"}
    return {
        noun: genders.get(gender, "")
        for gender, *nouns in map(str.split, read_lines("dialogue/korean_person_nouns.txt"))
        for noun in nouns
    }


@functools.cache
def speech_stems() -> frozenset[str]:
    """Beginnings of the verb forms that follow or introduce direct speech."""
    return read_words("dialogue/korean_speech_stems.txt")


def find_characters(narration: Iterable[str], names: Mapping[str, int] | None = None) -> list[Character]:
    """Characters that are subjects in the narration, proper names at least twice; the most frequent first.

    Args:
        narration: passages of narration.
        names: names of persons that no dictionary has, with the number of times that each is a subject.
    """
    subjects: Counter[str] = Counter()
    known = names or {}
    for text in narration:
        subjects.update(match["name"] + "이" for match in _DIMINUTIVE_NAME.finditer(text))
        for start in range(0, len(text), _MAX_CHARACTERS):
            subjects.update(_subjects(text[start : start + _MAX_CHARACTERS]))
    for name, n_subjects in known.items():
        subjects[name] = max(subjects[name], n_subjects)
    named = {name: n for name, n in subjects.items() if n >= _MIN_SUBJECTS or name in person_nouns() or name in known}
    groups: dict[str, list[str]] = {}
    for name in sorted(named, key=lambda name: -named[name]):
        key = _DIMINUTIVE.sub("", name.replace(" ", ""))
        groups.setdefault(key, []).append(name)
    characters = [
        Character(members[0], tuple(members), _gender(members[0]), sum(named[name] for name in members))
        for members in groups.values()
    ]
    return sorted(characters, key=lambda character: (-character.n_mentions, character.name))


def _subjects(text: str) -> Iterable[str]:
    """Persons directly before a subject or topic particle."""
    morphemes = analyse(text)
    for at, particle in enumerate(morphemes):
        if particle.tag in ("JKS", "JX", "JKV") and particle.form in _SUBJECT and at:
            nouns = _nouns_before(morphemes, at)
            if nouns and _is_person(nouns):
                yield text[nouns[0].start : nouns[-1].end]


def _nouns_before(morphemes: Sequence[Morpheme], end: int) -> list[Morpheme]:
    """Nouns, letters and suffixes before a particle, without spaces, and a surname one space before them."""
    nouns: list[Morpheme] = []
    position = morphemes[end].start
    for morpheme in reversed(morphemes[:end]):
        is_surname = morpheme.tag == "NNP" and len(morpheme.form) == 1 and morpheme.end == position - 1
        is_part = morpheme.tag in ("NNP", "NNG", "XSN", "SL") and morpheme.end == position
        if not (is_part or is_surname):
            break
        nouns.insert(0, morpheme)
        position = morpheme.start
    return nouns


def _is_person(nouns: Sequence[Morpheme]) -> bool:
    whole = "".join(morpheme.form for morpheme in nouns)
    return nouns[-1].form in person_nouns() or whole in person_nouns() or any(m.tag == "NNP" for m in nouns)


def _gender(name: str) -> Gender:
    for length in range(min(3, len(name)), 0, -1):
        if (gender := person_nouns().get(name[-length:])) is not None:
            return gender
    return ""
