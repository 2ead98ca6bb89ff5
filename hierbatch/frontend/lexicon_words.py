"""Words of normalized text, with the placeholders of the lexicon expanded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hierbatch.frontend.characters import PLACEHOLDERS
from hierbatch.frontend.language import get_language
from hierbatch.frontend.language_definition import Phonemizer
from hierbatch.frontend.lexicon import LexiconEntry
from hierbatch.frontend.phonemes import Phones, split_stress
from hierbatch.frontend.symbols import VOWELS

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_SIBILANTS = frozenset({"s", "z", "ʃ", "ʒ", "tʃ", "dʒ"})
_VOICELESS = frozenset({"p", "t", "k", "f", "θ"})


@dataclass(frozen=True, slots=True)
class ClauseWord:
    """Word of a clause: as written, as passed to a phonemizer, and its phones if the lexicon specifies them."""

    written: str
    respelling: str
    phones: Phones = ()


def expand_placeholders(token: str, entries: Mapping[str, LexiconEntry], phonemizer: Phonemizer) -> list[ClauseWord]:
    """Expand a token of normalized text to the words of its lexicon entry, or to itself if it has no placeholder.

    Args:
        token: text between spaces and punctuation marks.
        entries: lexicon entry of each placeholder.
        phonemizer: phonemizer of the language.
    """
    found = _PLACEHOLDER.search(token)
    if found is None:
        return [ClauseWord(token, token)]
    entry = entries.get(found[0])
    head, tail = token[: found.start()], _PLACEHOLDER.sub("", token[found.end() :])
    if entry is None:
        rest = head + tail
        return [ClauseWord(rest, rest)] if rest else []
    if get_language(entry.language).noun_ends:
        return [_word_with_particles(entry, head, tail, phonemizer)]
    return _separate_words(entry, head, tail, phonemizer)


def _word_with_particles(entry: LexiconEntry, head: str, tail: str, phonemizer: Phonemizer) -> ClauseWord:
    """Join an entry with its particle: a respelling is phonemized with the particle; IPA is kept before it."""
    written = f"{head}{'-'.join(entry.word.split())}{tail}"
    if entry.kind == "respelling":
        return ClauseWord(written, head + entry.pronunciation.replace(" ", "") + tail)
    ipa = (phone for word in entry.phones for phone in word)
    return ClauseWord(written, written, (*_phonemize(head, phonemizer), *ipa, *_phonemize(tail, phonemizer)))


def _phonemize(text: str, phonemizer: Phonemizer) -> Phones:
    return tuple(phone for word in phonemizer([text]) for phone in word) if text else ()


def _separate_words(entry: LexiconEntry, head: str, tail: str, phonemizer: Phonemizer) -> list[ClauseWord]:
    written = entry.word.split()
    pronounced = (
        list(entry.phones)
        if entry.kind == "ipa"
        else [_phonemize_respelling(word, phonemizer) for word in entry.pronunciation.split()]
    )
    if len(pronounced) != len(written):
        written, pronounced = ["-".join(written)], [tuple(phone for word in pronounced for phone in word)]
    if head:
        written[0] = head + written[0]
    if tail in ("'s", "'"):
        pronounced[-1] = pronounced[-1] + (_possessive(pronounced[-1]) if tail == "'s" else ())
    written[-1] += tail
    return [ClauseWord(word, word, phones) for word, phones in zip(written, pronounced, strict=True)]


def _phonemize_respelling(respelling: str, phonemizer: Phonemizer) -> Phones:
    """Phones of a respelling. If parts are in capitals, only those parts are stressed."""
    parts = [part for part in respelling.split("-") if part]
    is_capital = [part.isupper() and len(part) > 1 for part in parts]
    word: list[str] = []
    for part, is_stressed in zip(parts, is_capital, strict=True):
        phones = list(_phonemize(part.lower(), phonemizer))
        if any(is_capital):
            phones = [split_stress(phone)[0] for phone in phones]
        if is_stressed:
            first = next((index for index, phone in enumerate(phones) if phone in VOWELS), None)
            phones = [f"ˈ{phone}" if index == first else phone for index, phone in enumerate(phones)]
        word.extend(phones)
    return tuple(word)


def _possessive(word: Phones) -> Phones:
    last = split_stress(word[-1])[0]
    if last in _SIBILANTS:
        return ("ɪ", "z")
    return ("s",) if last in _VOICELESS else ("z",)
