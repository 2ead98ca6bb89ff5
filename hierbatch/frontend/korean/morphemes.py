"""Morphological analysis of Korean by Kiwi."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from kiwipiepy import Kiwi

PARTICLES_AND_ENDINGS = ("J", "E")
"""First letters of the tags of particles and endings."""

_VERBS = ("VV", "VA", "VX", "XSV", "XSA")
_NOUNS = ("NNG", "NNP", "NNB", "NR", "NP", "XR", "SN")


@dataclass(frozen=True, slots=True)
class Morpheme:
    """Morpheme of a text: dictionary form, tag (Sejong tag set), and start and end offset of its syllables."""

    form: str
    tag: str
    start: int
    end: int

    @property
    def is_verb(self) -> bool:
        """True for verbs and adjectives."""
        return self.tag in _VERBS

    @property
    def is_noun(self) -> bool:
        """True for nouns, pronouns, numerals and roots."""
        return self.tag in _NOUNS

    @property
    def is_grammatical(self) -> bool:
        """True for particles, endings, the copula and verbalizing suffixes."""
        return self.tag[0] in PARTICLES_AND_ENDINGS or self.tag in ("VCP", "XSV", "XSA")


def analyse(text: str) -> Sequence[Morpheme]:
    """Analyze a text into morphemes, in order. Contracted morphemes share a syllable: 했 is 하 and 었."""
    tokens = _analyser().tokenize(text)
    return [Morpheme(token.form, token.tag.split("-")[0], token.start, token.start + token.len) for token in tokens]


@functools.cache
def _analyser() -> Kiwi:
    return Kiwi(num_workers=1, load_typo_dict=False, load_multi_dict=False)
