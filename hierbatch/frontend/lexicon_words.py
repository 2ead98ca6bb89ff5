"""Words of normalized text, with the lexicon's stand-ins opened again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hierbatch.frontend.characters import PLACEHOLDERS
from hierbatch.frontend.lexicon import LexiconEntry
from hierbatch.frontend.phonemes import Word, split_stress
from hierbatch.frontend.symbols import VOWELS

Phonemizer = Callable[[Sequence[str]], list[Word]]

_STAND_IN = re.compile(f"[{PLACEHOLDERS}]")
_SIBILANTS = frozenset({"s", "z", "ʃ", "ʒ", "tʃ", "dʒ"})
_VOICELESS = frozenset({"p", "t", "k", "f", "θ"})


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of a clause: as it is written, as a phonemizer should hear it, and its phones where they are given."""

    written: str
    spoken: str
    phones: Word = ()


def stand_in_words(piece: str, entries: Mapping[str, LexiconEntry], phonemizer: Phonemizer) -> list[SpokenWord]:
    """The words a piece of normalized text stands for: itself, or those of a lexicon entry with what hangs on it."""
    found = _STAND_IN.search(piece)
    if found is None:
        return [SpokenWord(piece, piece)]
    entry = entries.get(found[0])
    head, tail = piece[: found.start()], _STAND_IN.sub("", piece[found.end() :])
    if entry is None:
        rest = head + tail
        return [SpokenWord(rest, rest)] if rest else []
    if entry.language == "ko":
        return [_korean_word(entry, head, tail, phonemizer)]
    return _english_words(entry, head, tail, phonemizer)


def _korean_word(entry: LexiconEntry, head: str, tail: str, phonemizer: Phonemizer) -> SpokenWord:
    """A respelling goes through the sound rules with its particle; IPA is said as given, and its particle after it."""
    written = f"{head}{'-'.join(entry.word.split())}{tail}"
    if entry.kind == "respelling":
        return SpokenWord(written, head + entry.pronunciation.replace(" ", "") + tail)
    given = (phone for word in entry.phones for phone in word)
    return SpokenWord(written, written, (*_said(head, phonemizer), *given, *_said(tail, phonemizer)))


def _said(text: str, phonemizer: Phonemizer) -> Word:
    return tuple(phone for word in phonemizer([text]) for phone in word) if text else ()


def _english_words(entry: LexiconEntry, head: str, tail: str, phonemizer: Phonemizer) -> list[SpokenWord]:
    written = entry.word.split()
    said = (
        list(entry.phones)
        if entry.kind == "ipa"
        else [_respelled(word, phonemizer) for word in entry.pronunciation.split()]
    )
    if len(said) != len(written):
        written, said = ["-".join(written)], [tuple(phone for word in said for phone in word)]
    if head:
        written[0] = head + written[0]
    if tail in ("'s", "'"):
        said[-1] = said[-1] + (_possessive(said[-1]) if tail == "'s" else ())
    written[-1] += tail
    return [SpokenWord(word, word, phones) for word, phones in zip(written, said, strict=True)]


def _respelled(respelling: str, phonemizer: Phonemizer) -> Word:
    """Phones of a respelling's parts; where one part is in capitals, it alone is stressed."""
    parts = [part for part in respelling.split("-") if part]
    loud = [part.isupper() and len(part) > 1 for part in parts]
    word: list[str] = []
    for part, is_loud in zip(parts, loud, strict=True):
        phones = list(_said(part.lower(), phonemizer))
        if any(loud):
            phones = [split_stress(phone)[0] for phone in phones]
        if is_loud:
            first = next((index for index, phone in enumerate(phones) if phone in VOWELS), None)
            phones = [f"ˈ{phone}" if index == first else phone for index, phone in enumerate(phones)]
        word.extend(phones)
    return tuple(word)


def _possessive(word: Word) -> Word:
    last = split_stress(word[-1])[0]
    if last in _SIBILANTS:
        return ("ɪ", "z")
    return ("s",) if last in _VOICELESS else ("z",)
