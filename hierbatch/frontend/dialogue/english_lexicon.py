"""Words that identify speakers in English narration: verbs of speech, titles, person nouns, first names."""

from __future__ import annotations

import functools
import re

from hierbatch.frontend.tables import read_lines, read_words

MALE_TITLES = frozenset(
    [
        "mr",
        "sir",
        "lord",
        "master",
        "monsieur",
        "count",
        "duke",
        "king",
        "prince",
        "baron",
        "uncle",
        "father",
        "brother",
        "squire",
        "herr",
    ]
)
FEMALE_TITLES = frozenset(
    [
        "mrs",
        "ms",
        "miss",
        "mme",
        "lady",
        "madame",
        "madam",
        "mlle",
        "countess",
        "duchess",
        "queen",
        "princess",
        "aunt",
        "mother",
        "sister",
    ]
)
OTHER_TITLES = frozenset(
    [
        "dr",
        "doctor",
        "captain",
        "colonel",
        "major",
        "general",
        "sergeant",
        "inspector",
        "professor",
        "reverend",
        "rev",
        "judge",
        "cousin",
        "lieutenant",
    ]
)
TITLES = MALE_TITLES | FEMALE_TITLES | OTHER_TITLES

MALE_PRONOUNS = frozenset(("he", "him", "his", "himself"))
FEMALE_PRONOUNS = frozenset(("she", "her", "hers", "herself"))

NOT_NAMES = frozenset(
    [
        "i",
        "god",
        "heaven",
        "lord",
        "christ",
        "christmas",
        "easter",
        "english",
        "french",
        "german",
        "italian",
        "spanish",
        "irish",
        "scotch",
        "american",
        "indian",
        "london",
        "england",
        "france",
        "europe",
        "america",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "chapter",
        "yes",
        "no",
        "oh",
        "ah",
        "well",
        "why",
        "what",
        "dear",
        "sir",
        "madam",
        "mamma",
        "papa",
        "mama",
        "ma'am",
        "majesty",
        "highness",
        "ladyship",
        "lordship",
        "grace",
        "honour",
        "excellency",
        "good",
        "morning",
        "night",
        "street",
        "road",
        "square",
        "house",
        "hall",
        "park",
        "the",
        "but",
        "and",
        "then",
        "now",
        "here",
        "there",
        "this",
        "that",
        "these",
        "those",
        "he",
        "she",
        "it",
        "they",
        "we",
        "you",
        "his",
        "her",
        "its",
        "their",
        "our",
        "my",
        "your",
        "who",
        "when",
        "where",
        "how",
        "if",
        "as",
        "for",
        "so",
        "not",
        "come",
        "let",
        "look",
        "do",
        "never",
    ]
)


@functools.cache
def speech_verbs() -> frozenset[str]:
    """Forms of verbs that introduce direct speech."""
    return read_words("dialogue/english_speech_verbs.txt")


@functools.cache
def person_nouns() -> dict[str, str]:
    """Common nouns of persons, with their gender: `m`, `f`, or `n` for either."""
    return {
        noun: gender
        for gender, *nouns in map(str.split, read_lines("dialogue/english_person_nouns.txt"))
        for noun in nouns
    }


@functools.cache
def first_name_genders() -> dict[str, str]:
    """Frequent first names with their gender, `m` or `f`."""
    return {
        name: gender
        for gender, *names in map(str.split, read_lines("dialogue/english_first_names.txt"))
        for name in names
    }


@functools.cache
def nicknames() -> dict[str, frozenset[str]]:
    """First names that a nickname may stand for, itself included."""
    full: dict[str, set[str]] = {}
    for name, *shorts in map(str.split, read_lines("dialogue/english_nicknames.txt")):
        for short in shorts:
            full.setdefault(short, {short}).add(name)
    return {short: frozenset(names) for short, names in full.items()}


@functools.cache
def verb_pattern() -> re.Pattern[str]:
    """Pattern of one verb of speech as a whole word."""
    return re.compile(rf"\b(?:{'|'.join(sorted(speech_verbs()))})\b", re.IGNORECASE)
