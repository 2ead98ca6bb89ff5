"""Standard pronunciation of Korean text, written in Hangul as it sounds."""

from __future__ import annotations

from collections.abc import Sequence

from hierbatch.frontend.korean.boundaries import find_boundaries
from hierbatch.frontend.korean.morphemes import analyse
from hierbatch.frontend.korean.sound_rules import pronounce
from hierbatch.frontend.korean.syllables import split_syllable

# Article 16: the last consonant of a letter's name is another one before a vowel, 히읗이 [히으시].
_LETTER_NAMES = {
    "디귿": "디긋",
    "지읒": "지읏",
    "치읓": "치읏",
    "키읔": "키윽",
    "티읕": "티읏",
    "피읖": "피읍",
    "히읗": "히읏",
}


def pronounce_words(words: Sequence[str]) -> list[str]:
    """Pronunciation of the words of one phrase in Hangul, one entry per word; a coda may move to the next word.

    Args:
        words: words of Hangul syllables only.

    >>> pronounce_words(["닭", "앞에"])
    ['다', '가페']
    """
    if not words:
        return []
    boundaries = find_boundaries(words, analyse(" ".join(words)))
    syllables = [split_syllable(character) for word in words for character in _respell_letter_names(word)]
    spoken = "".join(map(str, pronounce(syllables, boundaries)))
    pronounced, start = [], 0
    for word in words:
        pronounced.append(spoken[start : start + len(word)])
        start += len(word)
    return pronounced


def _respell_letter_names(word: str) -> str:
    for name, respelled in _LETTER_NAMES.items():
        word = word.replace(name, respelled)
    return word
