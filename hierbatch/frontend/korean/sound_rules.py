"""Sound rules of Korean between two syllables: articles 5 to 25 of the Standard Pronunciation (표준 발음법).

A `Boundary` describes the transition between two syllables; `boundaries.py` finds the boundaries of a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hierbatch.frontend.korean.syllables import SILENT, HangulSyllable


class Joint(Enum):
    """Kind of boundary between two syllables."""

    INSIDE = "inside one morpheme, or before a particle, ending or suffix"
    COMPOUND = "between two full words written as one"
    SPACE = "between two words of one phrase"
    PAUSE = "no sound passes"


@dataclass(frozen=True, slots=True)
class Boundary:
    """Boundary between two syllables, with the properties that depend on the words."""

    joint: Joint = Joint.INSIDE
    is_stem: bool = False
    """The syllable before the boundary ends the stem of a verb, and the syllable after it begins the ending."""
    is_tensed: bool = False
    """The onset after the boundary is tense in this word (articles 26 to 28)."""
    inserts_n: bool = False
    """ㄴ is inserted before ㅣ, ㅑ, ㅕ, ㅛ, ㅠ (article 29)."""
    keeps_n: bool = False
    """ㄴ before ㄹ stays, and ㄹ becomes ㄴ (exceptions of article 20)."""
    drops_s: bool = False
    """The coda ㅅ only joins two nouns: it is silent and tenses the next onset (article 30: 냇가 [내까])."""
    keeps_b: bool = False
    """ㄼ becomes ㅂ before a consonant (article 10: 밟-, 넓죽하다, 넓둥글다)."""


_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_Y_VOWELS = frozenset("ㅣㅑㅕㅛㅠ")
# Articles 9 to 11: the sound of a coda on its own.
_FINAL = {
    **dict.fromkeys("ㄱㄲㅋㄳㄺ", "ㄱ"), **dict.fromkeys("ㄴㄵㄶ", "ㄴ"), **dict.fromkeys("ㄷㅅㅆㅈㅊㅌㅎ", "ㄷ"),
    **dict.fromkeys("ㄹㄼㄽㄾㅀ", "ㄹ"), **dict.fromkeys("ㅁㄻ", "ㅁ"), **dict.fromkeys("ㅂㅍㅄㄿ", "ㅂ"),
    "ㅇ": "ㅇ", "": "",
}  # fmt: skip
_CLUSTERS = {
    "ㄳ": ("ㄱ", "ㅅ"), "ㄵ": ("ㄴ", "ㅈ"), "ㄶ": ("ㄴ", "ㅎ"), "ㄺ": ("ㄹ", "ㄱ"), "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"), "ㄽ": ("ㄹ", "ㅅ"), "ㄾ": ("ㄹ", "ㅌ"), "ㄿ": ("ㄹ", "ㅍ"), "ㅀ": ("ㄹ", "ㅎ"),
    "ㅄ": ("ㅂ", "ㅅ"),
}  # fmt: skip
_H_CODAS = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}


def pronounce(syllables: Sequence[HangulSyllable], boundaries: Sequence[Boundary]) -> list[HangulSyllable]:
    """Apply the sound rules to syllables as spelled.

    Args:
        syllables: syllables of one phrase.
        boundaries: boundary after each syllable but the last.
    """
    spoken = [HangulSyllable(item.onset, item.nucleus, item.coda) for item in syllables]
    for before, after, boundary in zip(spoken, spoken[1:], boundaries, strict=False):
        if boundary.joint is Joint.PAUSE:
            before.coda = _FINAL[before.coda]
        else:
            _join(before, after, boundary)
    if spoken:
        spoken[-1].coda = _FINAL[spoken[-1].coda]
    for written, item in zip(syllables, spoken, strict=True):
        _simplify_vowel(written, item)
    return spoken


def _join(before: HangulSyllable, after: HangulSyllable, boundary: Boundary) -> None:
    if boundary.inserts_n and before.coda and after.onset == SILENT and after.nucleus in _Y_VOWELS:
        after.onset = "ㄴ"
        before.coda = _FINAL[before.coda]
    if not before.coda:
        if boundary.is_tensed:
            after.onset = _TENSE.get(after.onset, after.onset)
    elif after.onset == SILENT:
        _link(before, after, boundary.joint)
    elif after.onset == "ㅎ":
        _aspirate(before, after, boundary.joint)
    elif before.coda in _H_CODAS:
        _drop_h(before, after, is_tensed=boundary.is_tensed)
    else:
        _assimilate(before, after, boundary)


def _link(before: HangulSyllable, after: HangulSyllable, joint: Joint) -> None:
    """Move a coda to the vowel after it (articles 13 to 17)."""
    if joint is not Joint.INSIDE:
        before.coda = _FINAL[before.coda]
        if before.coda == SILENT or (joint is Joint.SPACE and before.coda in "ㄴㄹㅁ"):
            return
    coda = before.coda
    if coda == SILENT:
        return
    if coda in _H_CODAS:
        before.coda, moved = "", _H_CODAS[coda]
    elif coda in _CLUSTERS:
        before.coda, moved = _CLUSTERS[coda]
        moved = _TENSE["ㅅ"] if moved == "ㅅ" else moved
    else:
        before.coda, moved = "", coda
    if joint is Joint.INSIDE and coda in ("ㄷ", "ㅌ", "ㄾ") and after.nucleus in "ㅣㅕ":
        moved = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}[moved]
    after.onset = moved or SILENT


def _aspirate(before: HangulSyllable, after: HangulSyllable, joint: Joint) -> None:
    """Merge a coda with the ㅎ after it (article 12, note 1; article 17, note)."""
    coda = before.coda
    rest, last = _CLUSTERS.get(coda, ("", coda))
    if joint is not Joint.INSIDE or last not in _ASPIRATED:
        # Of a cluster, a word of its own keeps one consonant: 닭 한 마리 [다칸마리], but 밝히다 [발키다].
        rest, last = ("", _FINAL[coda])
    if coda in ("ㄶ", "ㅀ"):
        before.coda = _H_CODAS[coda]
    elif last in _ASPIRATED:
        before.coda = rest
        is_palatal = coda == "ㄷ" and joint is Joint.INSIDE and after.nucleus in "ㅣㅕ"
        after.onset = "ㅊ" if is_palatal else _ASPIRATED[last]
    else:
        before.coda = last


def _drop_h(before: HangulSyllable, after: HangulSyllable, *, is_tensed: bool) -> None:
    """Resolve ㅎ, ㄶ, ㅀ before a consonant (article 12)."""
    rest = _H_CODAS[before.coda]
    if is_tensed:
        after.onset, before.coda = _TENSE.get(after.onset, after.onset), rest  # 싫증 [실쯩]
    elif after.onset in "ㄱㄷㅈ":
        after.onset, before.coda = _ASPIRATED[after.onset], rest
    elif after.onset == "ㅅ":
        after.onset, before.coda = "ㅆ", rest
    else:
        before.coda = rest or "ㄷ"
        _assimilate(before, after, Boundary())


def _assimilate(before: HangulSyllable, after: HangulSyllable, boundary: Boundary) -> None:
    """Reduce a coda before a consonant, then tense the consonant or assimilate both (articles 9 to 11, 18 to 28)."""
    coda = before.coda
    if boundary.drops_s:
        before.coda, after.onset = "", _TENSE[after.onset]
        return
    tenses = boundary.is_tensed or boundary.keeps_b or _FINAL[coda] in _NASAL
    if boundary.is_stem and after.onset != "ㅂ":
        tenses = tenses or coda in ("ㄴ", "ㄵ", "ㅁ", "ㄻ", "ㄼ", "ㄾ")
    keeps_l = coda == "ㄺ" and boundary.is_stem and after.onset == "ㄱ"  # 맑게 [말께]
    keeps_b = coda == "ㄼ" and boundary.keeps_b
    before.coda = "ㄹ" if keeps_l else "ㅂ" if keeps_b else _FINAL[coda]
    if tenses:
        after.onset = _TENSE.get(after.onset, after.onset)
    if boundary.joint is not Joint.SPACE or boundary.inserts_n:
        _assimilate_liquid(before, after, keeps_n=boundary.keeps_n)
    if after.onset in "ㄴㅁ":
        before.coda = _NASAL.get(before.coda, before.coda)


def _assimilate_liquid(before: HangulSyllable, after: HangulSyllable, *, keeps_n: bool) -> None:
    """Assimilate ㄴ and ㄹ to each other, and ㄹ to another consonant before it (articles 19 and 20)."""
    if after.onset == "ㄹ" and before.coda == "ㄴ" and not keeps_n:
        before.coda = "ㄹ"
    elif after.onset == "ㄹ" and before.coda != "ㄹ":
        after.onset = "ㄴ"
    elif after.onset == "ㄴ" and before.coda == "ㄹ":
        after.onset = "ㄹ"


def _simplify_vowel(written: HangulSyllable, spoken: HangulSyllable) -> None:
    """Simplify a vowel by article 5: 가져 [가저], 무늬 [무니]."""
    if spoken.onset in "ㅈㅉㅊ":
        spoken.nucleus = {"ㅕ": "ㅓ", "ㅑ": "ㅏ", "ㅛ": "ㅗ", "ㅠ": "ㅜ", "ㅖ": "ㅔ", "ㅒ": "ㅐ"}.get(
            spoken.nucleus, spoken.nucleus
        )
    if written.onset != SILENT and spoken.nucleus == "ㅢ":
        spoken.nucleus = "ㅣ"
