"""Sentence segmentation for English and Korean, with abbreviations and quoted speech."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hierbatch.frontend.clauses import split_long
from hierbatch.frontend.language import detect_language, get_language
from hierbatch.frontend.pause_marks import split_at_pauses

CLAUSE_PAUSE_S = 0.2
"""Pause in seconds between the parts of an over-long sentence, much shorter than between two sentences."""

_LOOK_AHEAD, _LOOK_BEHIND = 100, 200

_ENDING = re.compile(r"""(?<![.!?…。！？])(?P<mark>[.!?…。！？]++|[—–](?=["”’]))(?P<close>["'”’»」』)\]]*)\s+(?=\S)""")
_OPENING = "\"'“‘«「『([<〈《"
_QUOTES = frozenset("\"'”’»」』")
_MISSING_SPACE_KOREAN = re.compile(
    r"(?<=[다요죠까네오라자어아지])([.!?])(?=[가-힣])(?!(?:이?라[고는며]|고|며)(?:\s|$))"
)

# Abbreviations that never end a sentence, those that do not before a number, and those that do only before a word
# that typically begins a sentence.
_NEVER_LAST_NAMES = (
    "mr mrs ms messrs mme mlle dr prof rev hon capt col cmdr lt sgt gen maj adm gov supt insp vs cf viz e.g i.e"
)
_NEVER_LAST = frozenset(_NEVER_LAST_NAMES.split())
_BEFORE_NUMBER_NAMES = "no nos p pp vol vols ch chap fig figs sec jan feb mar apr jun jul aug sep sept oct nov dec"
_BEFORE_NUMBER = frozenset(_BEFORE_NUMBER_NAMES.split())
_RARELY_LAST_NAMES = "st mt ft jr sr esq inc ltd co corp bros dept etc al est ca approx sen rep pres fr ave rd"
_RARELY_LAST = frozenset(_RARELY_LAST_NAMES.split())
_BEGINNING_NAMES = (
    "the a an he she it they we you i this that these those there here his her its their our my your but and then "
    "when what why how who where in on at if as for so no yes not after before with one now all some"
)
_BEGINNINGS = frozenset(_BEGINNING_NAMES.split())
_LAST_TOKEN = re.compile(r"(?<![\w.])(?:[A-Za-z]\.)*[A-Za-z]+$")
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"\d|[IVXLC]{2,}\b")
_ENUMERATES = re.compile(r"^\s*[(]?\d{1,3}$|\d{4}\. ?\d{1,2}\. ?\d{1,2}$")  # "1. 국정", "1987. 10. 29. 공포"
_LIST_NUMBER = re.compile(r"[(]?(?:\d{1,3}|[IVXLC]{1,6})")

_SPEECH_TAG = re.compile(
    r"(?:(?:the|my|[A-Z][\w’'.-]*)\s+){1,3}(?:said|says|asked|cried|replied|answered|whispered|shouted|exclaimed|"
    r"continued|added|remarked|returned|muttered|murmured|observed|began|called|inquired|enquired|demanded|repeated|"
    r"interrupted|suggested|responded|thought|pleaded|screamed)\b"
)
_KOREAN_QUOTATIVE = re.compile(r"이?라[고는며던]|[고며는]\s|하[고며는니던자였]|했|한다|외[치쳤]|소리[치쳤]|부르짖")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Unit of synthesis: its text, its language code, and the silence after it in seconds.

    The silence is set after a pause mark of the author and between the parts of an over-long sentence. Otherwise it is
    None, and the position of the sentence in the book determines the silence.
    """

    text: str
    language: str
    pause_after_s: float | None = None


def split_sentences(text: str, language: str, max_characters: int | None = None) -> list[Sentence]:
    """Split a paragraph into sentences, in order; all text is kept except for pause marks.

    A very short sentence is joined to its neighbor. A pause mark before the first word is ignored, since it belongs to
    the preceding paragraph.

    Args:
        text: one paragraph.
        language: language of sentences without letters.
        max_characters: length above which a sentence is split at clauses (default: the limit of its language).

    Raises:
        TextError: a pause mark is invalid.
    """
    sentences: list[Sentence] = []
    for segment, pause_s in split_at_pauses(text):
        whole = _join_short([Sentence(part, detect_language(part, language)) for part in _split_at_marks(segment)])
        limited = [part for sentence in whole for part in _limit(sentence, max_characters)]
        if limited and pause_s is not None:
            limited[-1] = replace(limited[-1], pause_after_s=pause_s)
        sentences += limited
    return sentences


def _limit(sentence: Sentence, max_characters: int | None) -> list[Sentence]:
    """Split a sentence that is too long into parts with a short pause between them."""
    limit = max_characters or get_language(sentence.language).max_characters
    parts = split_long(sentence.text, sentence.language, limit)
    return [
        *(Sentence(part, sentence.language, CLAUSE_PAUSE_S) for part in parts[:-1]),
        *(Sentence(part, sentence.language) for part in parts[-1:]),
    ]


def _split_at_marks(text: str) -> Iterator[str]:
    # Korean texts often lack the space after a full stop; between Hangul it always ends a sentence.
    text = _MISSING_SPACE_KOREAN.sub(r"\1 ", " ".join(text.split()))
    start = 0
    for ending in _ENDING.finditer(text):
        after = text[ending.end() : ending.end() + _LOOK_AHEAD]
        # A part of a long sentence is enough before a mark: the work stays linear.
        before = text[max(start, ending.start() - _LOOK_BEHIND) : ending.start()]
        if _is_end(before, ending["mark"], ending["close"], after):
            yield text[start : ending.end()].strip()
            start = ending.end()
    if text[start:].strip():
        yield text[start:].strip()


def _is_end(before: str, mark: str, close: str, after: str) -> bool:
    word = after.lstrip(_OPENING)
    if not word or not (word[0].isalnum() or word[0] in "…—–-$£€₩¥#"):
        return False
    if "가" <= word[0] <= "힣":
        is_quoted = bool(_QUOTES & set(close)) or mark[-1] in "!?！？"
        return not (is_quoted and _KOREAN_QUOTATIVE.match(after)) and not (mark == "." and _ENUMERATES.search(before))
    if word[0].islower():
        return False
    if _QUOTES & set(close) and _SPEECH_TAG.match(after):
        return False
    return mark != "." or not _is_abbreviation(before, word)


def _is_abbreviation(before: str, following: str) -> bool:
    """True if the full stop after `before` belongs to an abbreviation, an initial or a number."""
    before = before.lstrip()
    if _LIST_NUMBER.fullmatch(before) or (before[-1:].isdigit() and following[0].isdigit()):
        return True
    token = _LAST_TOKEN.search(before)
    if token is None:
        return False
    name = token.group().casefold()
    if name in _NEVER_LAST:
        return True
    if name in _BEFORE_NUMBER:
        return bool(_NUMBER.match(following))
    is_initial = "." in name or (len(name) == 1 and token.group().isupper() and name != "i")
    if not is_initial and name not in _RARELY_LAST:
        return False
    first = _FIRST_WORD.match(following)
    return not (first and first.group().casefold() in _BEGINNINGS)


def _join_short(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Join a short sentence, which models synthesize badly, to the next one if both are in the same language.

    A short last sentence is joined to the previous one.
    """
    joined: list[Sentence] = []
    for sentence in sentences:
        previous = joined[-1] if joined else None
        if previous and (
            not _has_words(sentence.text) or not _has_words(previous.text) or _may_join(previous, sentence)
        ):
            language = sentence.language if _has_words(sentence.text) else previous.language
            joined[-1] = Sentence(f"{previous.text} {sentence.text}", language)
        else:
            joined.append(sentence)
    if len(joined) > 1 and _is_short(joined[-1]) and joined[-2].language == joined[-1].language:
        last = joined.pop()
        joined[-1] = replace(joined[-1], text=f"{joined[-1].text} {last.text}")
    return joined


def _may_join(previous: Sentence, sentence: Sentence) -> bool:
    if not _has_words(sentence.text) or not _has_words(previous.text):
        return True
    return previous.language == sentence.language and _is_short(previous)


def _is_short(sentence: Sentence) -> bool:
    n_letters = sum(character.isalnum() for character in sentence.text)
    limit = get_language(sentence.language).short_sentence
    return n_letters <= limit.letters and (limit.words is None or len(sentence.text.split()) <= limit.words)


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
