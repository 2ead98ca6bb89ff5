"""Syllables of words, from their phones: maximal onset in English, one vowel per block in Korean."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hierbatch.frontend.phonemes import Phones, split_stress
from hierbatch.frontend.symbols import VOWELS

_GLIDES = frozenset({"w", "j", "ɰ"})
_LIQUIDS = frozenset({"l", "ɹ", "w", "j"})
_BEFORE_LIQUID = frozenset({"p", "b", "t", "d", "k", "ɡ", "f", "θ", "ʃ", "v", "h", "m", "n"})
_AFTER_S = frozenset({"p", "t", "k", "m", "n", "l", "w", "f", "j"})
_NOT_BEFORE_L = frozenset({"t", "d", "θ", "ʃ", "h", "m", "n", "v"})
_SONORITY = ("l", "ɹ", "ɾ", "m", "n", "ŋ", "z", "v", "ð", "ʒ", "s", "ʃ", "f", "θ", "h")
"""Consonants that can carry a note in a word without a vowel, the best first."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """Phones of one syllable; the nucleus carries the note."""

    onset: Phones
    nucleus: str
    coda: Phones

    @property
    def phones(self) -> Phones:
        """Phones in order."""
        return (*self.onset, self.nucleus, *self.coda)


def split_syllables(phones: Phones, language: str) -> tuple[Syllable, ...]:
    """Divide the phones of a word into syllables, one for each vowel.

    A word without a vowel, such as "hm", is one syllable around its most sonorous consonant.

    >>> [" ".join(syllable.phones) for syllable in split_syllables(("l", "ˈɪ", "ɾ", "ə", "l"), "en")]
    ['l ˈɪ', 'ɾ ə l']
    """
    nuclei = [index for index, phone in enumerate(phones) if split_stress(phone)[0] in VOWELS]
    if not nuclei:
        nuclei = [_most_sonorous(phones)]
    longest_onset = _LONGEST_ONSETS.get(language, _one_consonant)
    starts = [0]
    for before, after in itertools.pairwise(nuclei):
        starts.append(after - longest_onset(phones[before + 1 : after]))
    ends = [*starts[1:], len(phones)]
    return tuple(
        Syllable(phones[start:nucleus], phones[nucleus], phones[nucleus + 1 : end])
        for start, nucleus, end in zip(starts, nuclei, ends, strict=True)
    )


def _most_sonorous(phones: Phones) -> int:
    ranks = [_SONORITY.index(phone) if phone in _SONORITY else len(_SONORITY) for phone in phones]
    return ranks.index(min(ranks))


def _one_consonant(between: Phones) -> int:
    """Number of consonants in the next onset: at most one and a glide after it; the velar nasal closes a syllable."""
    n_glides = 1 if between and between[-1] in _GLIDES else 0
    rest = between[: len(between) - n_glides]
    return n_glides + (1 if rest and rest[-1] != "ŋ" and not rest[-1].endswith("\u031a") else 0)


def _english_onset(between: Phones) -> int:
    """Number of consonants in the next onset: those of the longest cluster that can begin an English word."""
    for n_phones in range(min(3, len(between)), 0, -1):
        if _begins_english_word(between[len(between) - n_phones :]):
            return n_phones
    return 0


def _begins_english_word(cluster: Phones) -> bool:
    if len(cluster) == 1:
        return cluster[0] not in ("ŋ", "ʒ")
    first, second = cluster[0], cluster[1]
    if len(cluster) == 3:
        return first == "s" and second in ("p", "t", "k") and _begins_english_word(cluster[1:])
    if first == "s":
        return second in _AFTER_S
    if second not in _LIQUIDS or first not in _BEFORE_LIQUID:
        return False
    return (
        second == "j"
        or (second == "l" and first not in _NOT_BEFORE_L)
        or (second in ("ɹ", "w") and first not in "mnvh")
    )


_LONGEST_ONSETS: Mapping[str, Callable[[Phones], int]] = {"en": _english_onset, "ko": _one_consonant}
