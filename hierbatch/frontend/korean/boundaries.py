"""Boundaries between the syllables of a Korean phrase, from its morphemes and the tables of word sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hierbatch.frontend.korean.lexical_sounds import (
    MAX_WORD,
    phrase_boundaries,
    suffix,
    tenses_after_l,
    word_boundaries,
)
from hierbatch.frontend.korean.morphemes import Morpheme
from hierbatch.frontend.korean.sound_rules import Boundary, Joint
from hierbatch.frontend.korean.syllables import SILENT, split_syllable

_TENSED_BY_L = frozenset("ㄷㅅㅈ")
_TENSED_BY_S = frozenset("ㄱㄷㅂㅅㅈ")
# Syllables with an ㅅ of their own, at the end of the first part of a compound.
_WITH_S = frozenset(
    "옷첫헛엿못덧풋붓갓맛멋낫뜻곳것짓웃뭇벗엇잣옛섯릇롯샷벗긋끗굿엣텃삿팟컷킷넷셋럿힛숏핫댓밧룻렛씻젯벳겟펫닷잇"
)
_REAL_VOWELS = frozenset("ㅏㅓㅗㅜㅟ")
_LINKED_NOUN_CODAS = frozenset("ㅅㅈㅊㅌㅋㅍㄲㅆㄳㄺㄻㄼㄽㄾㄿㅄ")
_INSERTING_PREFIXES = frozenset("한홑맨풋헛덧짓막군늦신")
_Y_GLIDES = frozenset("ㅑㅕㅛㅠ")
_LINKED_WORDS = frozenset(["일", "엿", "약", "잎", "이불", "양", "연대"])
_TENSING_NUMBERS = frozenset("일칠팔열")
_VERB_STEMS_IN_NOUNS = ("덮어", "찾아", "쫓아", "맞아", "꽂아", "짚어", "엎어", "깎아", "묶어", "볶아", "닦아", "섞어")
_AFTER_NEOP = frozenset("죽둥적")
_FULL_WORD_SUFFIXES = frozenset({"어치", "아치"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Two syllables in sequence, the offset after the first in the text, and whether a space is between them."""

    before: str
    after: str
    end: int
    has_space: bool


@dataclass(frozen=True, slots=True)
class _Positions:
    """Morphemes by offset in the text: those that cover an offset, and the first that starts at it."""

    covering: Mapping[int, Sequence[Morpheme]]
    starting: Mapping[int, Morpheme]

    @classmethod
    def of(cls, morphemes: Sequence[Morpheme]) -> _Positions:
        covering: dict[int, list[Morpheme]] = {}
        starting: dict[int, Morpheme] = {}
        for morpheme in morphemes:
            starting.setdefault(morpheme.start, morpheme)
            for offset in range(morpheme.start, morpheme.end):
                covering.setdefault(offset, []).append(morpheme)
        return cls(covering, starting)


def find_boundaries(words: Sequence[str], morphemes: Sequence[Morpheme]) -> list[Boundary]:
    """Find the boundary after each syllable but the last.

    Args:
        words: words of Hangul syllables.
        morphemes: morphemes of the words joined by spaces.
    """
    text = " ".join(words)
    lexical = phrase_boundaries(text) or _lexical_boundaries(text, morphemes)
    positions = _Positions.of(morphemes)
    return [lexical.get(place.end - 1) or _boundary(place, positions) for place in _places(text)]


def _places(text: str) -> Iterator[_Place]:
    for end in range(1, len(text)):
        if text[end] == " ":
            yield _Place(text[end - 1], text[end + 1], end, has_space=True)
        elif text[end - 1] != " ":
            yield _Place(text[end - 1], text[end], end, has_space=False)


def _lexical_boundaries(text: str, morphemes: Sequence[Morpheme]) -> dict[int, Boundary]:
    """Boundaries in words of the table, by the offset of the syllable before them; the longest word wins.

    A word must begin with a morpheme; a word of two syllables must also end with one.
    """
    ends = {morpheme.end for morpheme in morphemes}
    found: dict[int, Boundary] = {}
    for start in sorted({morpheme.start for morpheme in morphemes}, reverse=True):
        for size in range(min(MAX_WORD, len(text) - start), 1, -1):
            word = text[start : start + size]
            boundaries = word_boundaries(word)
            if boundaries is not None and (start + size in ends or size > 2):
                found.update({start + index: boundary for index, boundary in boundaries.items()})
                break
    return found


def _boundary(place: _Place, morphemes: _Positions) -> Boundary:
    after_start = place.end + place.has_space
    covering = morphemes.covering.get(place.end - 1, ())
    inside = [item for item in covering if item.end > after_start]
    before = next((item for item in reversed(covering) if item.end == place.end), None)
    after = morphemes.starting.get(after_start)
    if inside and not place.has_space:
        boundary = _inside(place, inside[-1])
        return replace(boundary, keeps_b=True) if place.before == "넓" and place.after in _AFTER_NEOP else boundary
    if before is None or after is None:
        return Boundary(Joint.SPACE if place.has_space else Joint.INSIDE)
    boundary = _between(place, before, after)
    if place.before == "밟" or (place.before == "넓" and place.after in _AFTER_NEOP):
        boundary = replace(boundary, keeps_b=True)
    if _tenses_next(place, before, after):
        boundary = replace(boundary, is_tensed=True)
    return boundary


def _inside(place: _Place, morpheme: Morpheme) -> Boundary:
    """Boundary within one morpheme."""
    index = place.end - 1 - morpheme.start
    left, right = split_syllable(place.before), split_syllable(place.after)
    if morpheme.tag[0] == "E":
        begins_with_l = morpheme.form[0] in "ᆯ을" and index == 0
        return Boundary(is_tensed=begins_with_l and left.coda == "ㄹ")  # 할지라도, 먹을수록
    if morpheme.is_verb or morpheme.tag[0] == "J":
        return Boundary()
    if morpheme.tag == "MAG" and _is_middle_of_twice(morpheme.form, index):
        return Boundary(Joint.COMPOUND, inserts_n=True)  # 야금야금
    found = _of_suffix(morpheme.form, index)
    if found:
        return found
    if left.coda == "ㄹ" and right.onset in _TENSED_BY_L and tenses_after_l(morpheme.form, index):
        return Boundary(is_tensed=True)
    if left.coda == "ㅅ" and right.onset in _TENSED_BY_S and place.before not in _WITH_S:
        return Boundary(drops_s=True)
    is_full_word = left.coda in _LINKED_NOUN_CODAS and right.onset == SILENT and right.nucleus in _REAL_VOWELS
    if is_full_word and not morpheme.form.startswith(_VERB_STEMS_IN_NOUNS):
        return Boundary(Joint.COMPOUND)  # 겉옷
    return Boundary()


def _is_middle_of_twice(word: str, index: int) -> bool:
    half = len(word) // 2
    return half > 1 and index == half - 1 and word[:half] * 2 == word


def _of_suffix(word: str, index: int) -> Boundary | None:
    """Boundary before the last syllable of a noun derived by a suffix; None for other words and positions."""
    found = suffix(word[index + 1]) if index + 1 < len(word) else None
    is_derived = found and index + 1 >= found.min_stem and not word[: index + 2].endswith(found.exceptions)
    return found.boundary if found and is_derived and index + 2 == len(word) else None


def _between(place: _Place, before: Morpheme, after: Morpheme) -> Boundary:
    """Boundary between two morphemes."""
    if place.has_space and after.tag == "NNB" and place.after == "리":
        return Boundary(Joint.COMPOUND)  # 몇 리 [면니]
    if place.has_space:
        return Boundary(Joint.SPACE, inserts_n=_inserts_n_over_space(before, after))
    if after.is_grammatical:
        return _before_grammatical(before, after)
    if after.tag == "XSN" or (after.end - after.start == 1 and before.is_noun):
        found = suffix(place.after)
        stem = before.form + place.after
        if found and len(before.form) >= found.min_stem and not stem.endswith(found.exceptions):
            return found.boundary
        if after.tag == "XSN" and after.form not in _FULL_WORD_SUFFIXES:
            return Boundary()
    if before.tag[0] in "EJ" and not after.is_noun:
        return Boundary()  # 먹어보다: an ending before an auxiliary verb
    return Boundary(Joint.COMPOUND, inserts_n=_inserts_n(before, after))


def _before_grammatical(before: Morpheme, after: Morpheme) -> Boundary:
    if after.tag in ("XSV", "XSA") or after.form.startswith("하"):
        return Boundary(Joint.COMPOUND)  # 꽃하고 [꼬타고]
    if after.form == "요" and after.tag[0] == "J":
        return Boundary(Joint.COMPOUND, inserts_n=True)
    return Boundary(is_stem=before.is_verb and after.tag[0] == "E")


def _inserts_n(before: Morpheme, after: Morpheme) -> bool:
    """True if ㄴ is inserted between two morphemes, before ㅣ, ㅑ, ㅕ, ㅛ or ㅠ (article 29)."""
    first = split_syllable(after.form[0]) if "가" <= after.form[0] <= "힣" else None
    if first is None or first.onset != SILENT:
        return False
    if before.tag == "XPN" or before.form in _INSERTING_PREFIXES:
        return True
    if before.tag == "NR" and after.tag == "NR":
        return after.form[0] not in "일이"
    if before.is_noun and after.is_noun:
        return after.form in _LINKED_WORDS or (first.nucleus in _Y_GLIDES and after.end - after.start > 1)
    return False


def _inserts_n_over_space(before: Morpheme, after: Morpheme) -> bool:
    if after.form in _LINKED_WORDS and (before.tag in ("ETM", "MM") or (before.tag == "NR" and after.form != "일")):
        return True  # 할 일, 한 일, 삼 연대; but 십일 일
    return after.tag == "VV" and ((before.tag == "MAG" and before.form in ("잘", "못")) or before.tag == "NNG")


def _tenses_next(place: _Place, before: Morpheme, after: Morpheme) -> bool:
    left, right = split_syllable(place.before), split_syllable(place.after)
    if left.coda != "ㄹ":
        return False
    if before.tag == "ETM" and before.form[-1] in "ᆯ을":
        return True  # article 27: 할 것을
    is_counted = before.tag in ("NR", "MM") and before.form[-1] in _TENSING_NUMBERS and after.is_noun
    return is_counted and right.onset in _TENSED_BY_L
