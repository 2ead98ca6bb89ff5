"""Words that identify speakers in English narration: verbs of speech, titles, person nouns, first names."""

from __future__ import annotations

import functools
import re

from hierbatch.frontend.tables import read_lines, read_words

MALE_PRONOUNS = frozenset(("he", "him", "his", "himself"))
FEMALE_PRONOUNS = frozenset(("she", "her", "hers", "herself"))


@functools.cache
def titles() -> dict[str, str]:
    """Titles without their stop, with the gender of their bearer: `m`, `f`, or `n` for either."""
    return _by_gender("dialogue/english_titles.txt")


@functools.cache
def not_names() -> frozenset[str]:
    """Words that are capitalized without naming a person."""
    return read_words("dialogue/english_not_names.txt")


@functools.cache
def speech_verbs() -> frozenset[str]:
    """Forms of verbs that introduce direct speech."""
    return read_words("dialogue/english_speech_verbs.txt")


@functools.cache
def person_nouns() -> dict[str, str]:
    """Common nouns of persons, with their gender: `m`, `f`, or `n` for either."""
    return _by_gender("dialogue/english_person_nouns.txt")


@functools.cache
def first_name_genders() -> dict[str, str]:
    """Frequent first names with their gender, `m` or `f`."""
    return _by_gender("dialogue/english_first_names.txt")


@functools.cache
def nicknames() -> dict[str, frozenset[str]]:
    """First names that each nickname may abbreviate, by nickname; the nickname itself is included."""
    full: dict[str, set[str]] = {}
    for name, *shorts in map(str.split, read_lines("dialogue/english_nicknames.txt")):
        for short in shorts:
            full.setdefault(short, {short}).add(name)
    return {short: frozenset(names) for short, names in full.items()}


@functools.cache
def verb_pattern() -> re.Pattern[str]:
    """Pattern of one verb of speech as a whole word."""
    return re.compile(rf"\b(?:{'|'.join(sorted(speech_verbs()))})\b", re.IGNORECASE)


def _by_gender(table: str) -> dict[str, str]:
    """Gender of each word in a table whose lines begin with a gender."""
    return {word: gender for gender, *words in map(str.split, read_lines(table)) for word in words}
