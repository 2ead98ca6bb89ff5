"""Names of persons in Korean narration that no dictionary has, found by the particles after them.

A noun is a person if it is the subject of the narration after quotations, and also takes a particle that only persons
and animals take (에게, 한테, 더러, 께서), or is called by name in a quotation, or is such a subject often.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hierbatch.frontend.dialogue.quotations import Span

_WORD = re.compile(
    r"(?:(?<![가-힣])(?P<first>[가-힣]) )?(?<![가-힣])(?P<noun>[가-힣]{2,4}?)"
    r"(?P<particle>에게서|에게|한테|더러|께서|은|는|이|가|을|를|의|과|와|도)(?![가-힣])"
)
_AFTER_CONSONANT, _AFTER_VOWEL = frozenset("은이을과"), frozenset("는가를와")
_ANIMATE = frozenset(("에게", "에게서", "한테", "더러", "께서"))
_SUBJECT = frozenset("은는이가도") | {"께서"}
_VOCATIVE = re.compile(r"(?<![가-힣])(?P<noun>[가-힣]{2,3})(?P<particle>야|아)(?=[\s!,.?…~”\"’']|$)")
_THINGS = frozenset(
    (
        "소리",
        "목소리",
        "음성",
        "얼굴",
        "눈물",
        "눈살",
        "웃음",
        "울음",
        "한숨",
        "대답",
        "생각",
        "바람",
        "그것",
        "이것",
        "저것",
    )
) | frozenset(("무엇", "여기", "거기", "방안", "손가락", "말끝", "말씨"))
"""Nouns that often begin the narration after a quotation and are not persons."""
_INITIAL = re.compile(r"(?<![A-Za-z가-힣])[A-Z](?:여사|선생님|선생|사감|교수|박사|부인|사장|군|양|씨)")
"""A person whom the author names by an initial: `B여사`, `H군`."""
_ORDINAL = re.compile(
    r"(?<![가-힣])(?P<name>(?:첫째|둘째|셋째|세째|넷째|네째|다섯째) [가-힣]{2,3})(?:은|는|이|가|도)(?![가-힣])"
)
"""One of several persons: `둘째 처녀`."""
_MIN_PARTICLES, _MIN_BESIDE_QUOTES, _MIN_WITHOUT_PROOF, _MIN_CALLS, _SURNAME_SHARE = 3, 2, 4, 2, 0.8
_N_FINALS, _FIRST_SYLLABLE = 28, 0xAC00


@dataclass(slots=True)
class _Noun:
    particles: set[str] = field(default_factory=set)
    n_subjects: int = 0
    n_beside_quotes: int = 0
    n_calls: int = 0
    first_words: Counter[str] = field(default_factory=Counter)


def find_names(chapters: Sequence[Sequence[str]], spans: Sequence[Sequence[Sequence[Span]]]) -> dict[str, int]:
    """Names of persons, with the number of times that each is a subject.

    Args:
        chapters: the paragraphs of each chapter.
        spans: narration and quotations of each paragraph.
    """
    nouns: defaultdict[str, _Noun] = defaultdict(_Noun)
    others: Counter[str] = Counter()
    for paragraphs, parts in zip(chapters, spans, strict=True):
        after_quote = False
        for text, found in zip(paragraphs, parts, strict=True):
            for part in found:
                passage = text[part.start : part.end]
                if part.is_quote:
                    _read_calls(passage, nouns)
                else:
                    _read(passage, after_quote, nouns)
                    others.update(_INITIAL.findall(passage))
                    others.update(match["name"] for match in _ORDINAL.finditer(passage))
                after_quote = part.is_quote
    persons = {_name(noun, facts): facts.n_subjects for noun, facts in nouns.items() if _is_person(noun, facts)}
    return persons | {name: n for name, n in others.items() if n >= _MIN_BESIDE_QUOTES}


def _read(text: str, is_after_quote: bool, nouns: defaultdict[str, _Noun]) -> None:
    is_first_subject = is_after_quote
    for match in _WORD.finditer(text):
        noun, particle = match["noun"], match["particle"]
        if not _agrees(noun, particle):
            continue
        facts = nouns[noun]
        facts.particles.add(particle)
        facts.first_words[match["first"] or ""] += 1
        if particle in _SUBJECT:
            facts.n_subjects += 1
            facts.n_beside_quotes += is_first_subject
            is_first_subject = False


def _read_calls(quote: str, nouns: defaultdict[str, _Noun]) -> None:
    for match in _VOCATIVE.finditer(quote):
        has_final = _has_final(match["noun"])
        if has_final == (match["particle"] == "아"):
            nouns[match["noun"]].n_calls += 1


def _has_final(noun: str) -> bool:
    return (ord(noun[-1]) - _FIRST_SYLLABLE) % _N_FINALS != 0


def _agrees(noun: str, particle: str) -> bool:
    """True if a particle has the form that it takes after the last syllable of a noun."""
    has_final = _has_final(noun)
    if particle in _AFTER_CONSONANT:
        return has_final
    return not has_final if particle in _AFTER_VOWEL else True


def _is_person(noun: str, facts: _Noun) -> bool:
    if noun in _THINGS or facts.n_subjects < _MIN_BESIDE_QUOTES:
        return False
    if facts.n_calls >= _MIN_CALLS:
        return True
    if facts.particles & _ANIMATE:
        return len(facts.particles) >= _MIN_PARTICLES and facts.n_beside_quotes >= _MIN_BESIDE_QUOTES
    return facts.n_beside_quotes >= _MIN_WITHOUT_PROOF


def _name(noun: str, facts: _Noun) -> str:
    """A noun, with its surname if the same one nearly always precedes it."""
    first, n_times = facts.first_words.most_common(1)[0]
    return f"{first} {noun}" if first and n_times >= _SURNAME_SHARE * facts.first_words.total() else noun
