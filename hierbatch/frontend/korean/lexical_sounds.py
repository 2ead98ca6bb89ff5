"""Sounds of particular words that no rule predicts: tables for articles 20 and 26 to 29 of the Standard Pronunciation.

A word in the tables has marks between its syllables:

    '   the next onset is tense: 물'고기
    ~   an ㄴ is inserted: 솜~이불
    +   two full words: 겉+옷 [거돋]
    =   only the general rules: 방=법
    -   ㄴ stays before ㄹ: 생산-량

A word that begins with ^ applies only if it is the whole phrase: 졸지 is then a noun, but a verb in "졸지 마라".
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hierbatch.frontend.korean.sound_rules import Boundary, Joint
from hierbatch.frontend.tables import read_lines

_MARKS = {
    "'": Boundary(is_tensed=True),
    "~": Boundary(Joint.COMPOUND, inserts_n=True),
    "+": Boundary(Joint.COMPOUND),
    "=": Boundary(),
    "-": Boundary(keeps_n=True),
}
MAX_WORD = 8
"""Length of the longest word in the table, in syllables."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """Boundary before a suffix of one syllable; `exceptions` are endings of nouns that only look derived.

    The suffix needs at least `min_stem` syllables before it.
    """

    boundary: Boundary
    min_stem: int
    exceptions: tuple[str, ...]


def word_boundaries(word: str) -> Mapping[int, Boundary] | None:
    """Boundaries in a word of the table, by the index of the syllable before them; None for other words.

    >>> word_boundaries("물고기") == {0: Boundary(is_tensed=True)}
    True
    """
    return _words().get(word)


def phrase_boundaries(word: str) -> Mapping[int, Boundary] | None:
    """Boundaries in a word of the table that applies only as a whole phrase; None for other words."""
    return _words().get(f"^{word}")


def suffix(syllable: str) -> Suffix | None:
    """Find the suffix with a special sound by its syllable; None for other syllables."""
    return _suffixes().get(syllable)


def tenses_after_l(word: str, index: int) -> bool:
    """True if ㄹ tenses the ㄷ, ㅅ or ㅈ after it in a Sino-Korean word (article 26).

    Args:
        word: a noun or root.
        index: index of the syllable that ends in ㄹ.
    """
    pairs, words, exceptions = _sino_korean()
    pair = word[index : index + 2]
    if pair[0] == pair[1]:
        return False  # one character twice: 절절하다
    return word in words or (pair in pairs and word not in exceptions)


@functools.cache
def _words() -> dict[str, dict[int, Boundary]]:
    words: dict[str, dict[int, Boundary]] = {}
    for entry in " ".join(read_lines("korean/word_sounds.txt")).split():
        is_phrase, marked, bare = entry.startswith("^"), entry.removeprefix("^"), ""
        boundaries: dict[int, Boundary] = {}
        for character in marked:
            if character in _MARKS:
                previous = boundaries.get(len(bare) - 1)
                mark = _MARKS[character]
                boundaries[len(bare) - 1] = replace(mark, joint=previous.joint) if previous else mark
            else:
                bare += character
        words[f"^{bare}" if is_phrase else bare] = boundaries
    return words


@functools.cache
def _suffixes() -> dict[str, Suffix]:
    suffixes = {}
    for line in read_lines("korean/suffix_sounds.tsv"):
        marked, min_stem, exceptions = line.split("\t")
        suffixes[marked[1:]] = Suffix(_MARKS[marked[0]], int(min_stem), tuple(exceptions.split()))
    return suffixes


@functools.cache
def _sino_korean() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    groups: dict[str, set[str]] = {"+": set(), "=": set(), "-": set()}
    for line in read_lines("korean/sino_korean_l.txt"):
        groups[line[0]].update(line[1:].split())
    return frozenset(groups["+"]), frozenset(groups["="]), frozenset(groups["-"])
