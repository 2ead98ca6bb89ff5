"""Words of a book whose pronunciation should be checked: names, acronyms, other scripts, heteronyms, loanwords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hierbatch.frontend.dialogue.english_lexicon import titles
from hierbatch.frontend.english.heteronyms import find_heteronyms, heteronyms
from hierbatch.frontend.foreign_words import find_foreign_words
from hierbatch.frontend.korean.loanwords import has_established_form
from hierbatch.frontend.korean.morphemes import analyse
from hierbatch.frontend.korean.pronunciation import pronounce_words
from hierbatch.frontend.language import detect_language

REASONS = {
    "name": "a name, or another capitalized word",
    "acronym": "capital letters: letter by letter, or a word",
    "mixed": "letters and figures in one word",
    "foreign": "another script, transliterated",
    "heteronym": "a word with several pronunciations; no rule decided",
    "loanword": "a foreign word in a Korean sentence, pronounced by rule",
    "second opinion": "a Korean word that g2pk pronounces differently",
}
"""Reasons to check a word, each with its explanation."""

_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’-][A-Za-zÀ-ÿ]+)*")
_MIXED = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]{2,}\b")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s|am|pm|km|kg|cm|mm|m|g)", re.IGNORECASE)
_ACRONYM = re.compile(r"\b[A-Z]{2,6}s?\b")
_ROMAN = re.compile(r"[IVXLCDM]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;“”\"‘’(\[—-]\s*)$")
_NEVER_NAMES = frozenset(("I", "I'm", "I’m", "I'll", "I’ll", "I've", "I’ve", "I'd", "I’d", "O", "Oh"))
_PROPER_NOUN = "NNP"
_MIN_NAME_CHARACTERS = 2
_HANGUL = re.compile("[가-힣]+")


@dataclass(slots=True)
class DoubtfulWord:
    """Word as written, with its language, the reason to check it, the number of occurrences and the first sentence."""

    word: str
    language: str
    reason: str
    n_occurrences: int
    sentence: str


def find_doubtful_words(sentences: Iterable[str], language: str = "en") -> list[DoubtfulWord]:
    """Find the words to check, the most frequent first.

    Args:
        sentences: sentences of a book, in order.
        language: language of sentences without letters.
    """
    found: dict[tuple[str, str], DoubtfulWord] = {}
    plain: set[str] = set()
    for sentence in sentences:
        spoken = detect_language(sentence, language)
        if spoken == "en":
            plain.update(match.group() for match in _WORD.finditer(sentence) if match.group().islower())
        for word, reason in _doubts(sentence, spoken):
            entry = found.setdefault((word, spoken), DoubtfulWord(word, spoken, reason, 0, sentence))
            entry.n_occurrences += 1
    # A word that also occurs in lower case is an ordinary one at an unusual place, such as a heading.
    words = [entry for entry in found.values() if entry.reason != "name" or entry.word.lower() not in plain]
    return sorted(words, key=lambda entry: (-entry.n_occurrences, entry.word))


def _doubts(sentence: str, language: str) -> Iterator[tuple[str, str]]:
    for word in find_foreign_words(sentence, hanja=language == "ko"):
        yield word, "foreign"
    for match in _MIXED.finditer(sentence):
        if not _ORDINAL.fullmatch(match.group()):
            yield match.group(), "mixed"
    for match in _ACRONYM.finditer(sentence):
        if not _ROMAN.fullmatch(match.group()):
            yield match.group(), "acronym"
    yield from _korean(sentence) if language == "ko" else _english(sentence)


def _english(sentence: str) -> Iterator[tuple[str, str]]:
    matches = list(_WORD.finditer(sentence))
    words = [match.group() for match in matches]
    decided = find_heteronyms(words)
    for index, match in enumerate(matches):
        word = match.group()
        if word.lower() in heteronyms() and index not in decided:
            yield word.lower(), "heteronym"
        is_name = word[0].isupper() and not word.isupper() and word not in _NEVER_NAMES and word.lower() not in titles()
        if is_name and not _SENTENCE_START.search(sentence[max(0, match.start() - 3) : match.start()]):
            yield re.sub(r"['’]s$", "", word), "name"


def _korean(sentence: str) -> Iterator[tuple[str, str]]:
    for morpheme in analyse(sentence):
        if morpheme.tag == _PROPER_NOUN and len(morpheme.form) >= _MIN_NAME_CHARACTERS:
            yield morpheme.form, "name"
    for match in _WORD.finditer(sentence):
        word = match.group()
        if not word.isupper() and not has_established_form(word):
            yield word, "loanword"


def find_second_opinions(sentences: Iterable[str]) -> list[DoubtfulWord]:
    """Find the Korean words that g2pk and `pronounce_words` pronounce differently in isolation, in order of appearance.

    Raises:
        ProgramError: g2pk is not installed; it needs Python 3.12 or older.
    """
    from hierbatch.frontend.korean.g2pk_pronunciation import pronounce_words_by_g2pk

    found: dict[str, DoubtfulWord] = {}
    for sentence in sentences:
        for match in _HANGUL.finditer(sentence):
            word = match.group()
            entry = found.setdefault(word, DoubtfulWord(word, "ko", "second opinion", 0, sentence))
            entry.n_occurrences += 1
    return [entry for word, entry in found.items() if pronounce_words([word])[0] != pronounce_words_by_g2pk([word])[0]]
