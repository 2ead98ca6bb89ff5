"""English grapheme-to-phoneme conversion by espeak-ng (through `phonemizer`) to the phones of the shared table."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from hierbatch.errors import ProgramError
from hierbatch.frontend.english.heteronyms import find_heteronyms
from hierbatch.frontend.english.ipa import ENGLISH_IPA, ENGLISH_REWRITES
from hierbatch.frontend.ipa import split_phones
from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.symbols import PHONES

if TYPE_CHECKING:
    from phonemizer.backend import EspeakBackend

_PHONES = frozenset(PHONES)
_MAX_WORDS_MERGED = 4
_PLAIN_WORDS = re.compile(r"(?:[A-Za-z'-]+ )*[A-Za-z'-]+")
"""Text without marks or blanks that the phonemizer would remove."""
_FLAGS = re.compile(r"\(.+?\)")
_SEPARATORS = re.compile("_+")


class EnglishPhonemizer:
    """Phonemizer of the words of one clause, with weak forms by context; all instances share one espeak-ng voice.

    Raises:
        ProgramError: the espeak-ng library of the `espeakng-loader` wheel cannot be loaded.
    """

    def __init__(self) -> None:
        self._backend = load_espeak(preserve_punctuation=False)
        self._speak: Callable[[str], str] = self._backend._espeak.text_to_phonemes
        self._marks: re.Pattern[str] = self._backend._punctuator._marks_re
        self._clause = functools.lru_cache(maxsize=20_000)(self._phonemize)
        self._isolated = functools.lru_cache(maxsize=50_000)(self._phonemize_isolated)

    def __call__(self, words: Sequence[str]) -> list[Phones]:
        """Phones of each word, one entry per word; empty for a word without pronunciation."""
        if not words:
            return []
        spoken = self._words_in_context(words)
        for index, phones in (find_heteronyms(words) | _letter_names(words)).items():
            spoken[index] = phones
        return spoken

    def _words_in_context(self, words: Sequence[str]) -> list[Phones]:
        groups = list(self._clause(" ".join(words)))
        if len(groups) == len(words):
            return groups
        # espeak joins small words ("of the" is one group): divide the phones among the words again.
        return _divide_groups(groups, [self._isolated(word) for word in words])

    def _phonemize_isolated(self, word: str) -> Phones:
        return tuple(phone for group in self._phonemize(word) for phone in group)

    def _phonemize(self, text: str) -> tuple[Phones, ...]:
        """Phones of each group of words; the same steps as `phonemizer.phonemize`, without those that change nothing.

        As with the options of that function, marks are removed, stress is kept, and language flags are removed.
        """
        if not _PLAIN_WORDS.fullmatch(text):
            text = self._marks.sub(" ", text).strip()
        line = self._speak(text)
        if "(" in line:
            line = _FLAGS.sub("", line)
        return tuple(word for group in line.split() if (word := _to_table(group)))


@functools.cache
def load_espeak(*, preserve_punctuation: bool) -> EspeakBackend:
    """Load the espeak-ng voice for American English.

    Raises:
        ProgramError: the espeak-ng library of the `espeakng-loader` wheel cannot be loaded.
    """
    try:
        import espeakng_loader
        from phonemizer.backend import EspeakBackend  # slow, and Korean without Latin words does without it
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        EspeakWrapper.set_library(espeakng_loader.get_library_path())
        EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
        logger = logging.getLogger(__name__)
        logger.setLevel(logging.ERROR)  # it warns of joined words, which are divided again here
        return EspeakBackend(
            "en-us",
            logger=logger,
            with_stress=True,
            preserve_punctuation=preserve_punctuation,
            language_switch="remove-flags",
        )
    except (ImportError, OSError, RuntimeError) as error:
        raise ProgramError(
            "espeak-ng cannot be loaded",
            expected="the library inside the espeakng-loader package",
            got=str(error),
            fix="pip install --force-reinstall espeakng-loader phonemizer",
        ) from error


def _letter_names(words: Sequence[str]) -> dict[int, Phones]:
    """Phones of letter names that look like words, by index: a capital A, and an I next to another letter ("F B I")."""
    if "A" not in words and "I" not in words:
        return {}
    names: dict[int, Phones] = {index: ("ˈeɪ",) for index, word in enumerate(words) if word == "A"}
    for index, word in enumerate(words):
        neighbours = (*words[max(index - 1, 0) : index], *words[index + 1 : index + 2])
        if word == "I" and any(len(other) == 1 and other.isupper() and other != "I" for other in neighbours):
            names[index] = ("ˈaɪ",)
    return names


@functools.lru_cache(maxsize=50_000)
def _to_table(group: str) -> Phones:
    """Convert espeak phones, joined by underscores, to symbols of the table, dropping marks that it does not have."""
    word: list[str] = []
    for phone in _SEPARATORS.split(group):
        mark, bare = (phone[0], phone[1:]) if phone[:1] in ("ˈ", "ˌ") else ("", phone)
        symbols = (bare,) if bare in _PHONES else _rewrite(bare)
        word.extend((mark if index == 0 else "") + symbol for index, symbol in enumerate(symbols))
    return tuple(word)


def _rewrite(phone: str) -> Phones:
    """Rewrite an espeak-ng phone that is not in the table; one without a rewrite is decomposed ("tsʲ" becomes t s)."""
    return ENGLISH_REWRITES[phone] if phone in ENGLISH_REWRITES else split_phones(phone, ENGLISH_IPA)[0]


def _divide_groups(groups: Sequence[Phones], isolated: Sequence[Phones]) -> list[Phones]:
    """Divide joined groups of phones into words, close to the pronunciation of each word in isolation.

    Dynamic programming over (groups, words): a group covers one to four words, at the cost of the edit distance between
    the phones of the group and those of the words. If there is no division, the isolated pronunciations are returned.
    """
    bare = [_without_stress(word) for word in isolated]
    max_surplus = len(isolated) - len(groups)
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for index, group in enumerate(map(_without_stress, groups)):
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for n_words, (cost, sizes) in best.items():
            covered: Phones = ()
            for size in range(1, min(_MAX_WORDS_MERGED, len(isolated) - n_words) + 1):
                covered += bare[n_words + size - 1]
                if not 0 <= n_words + size - index - 1 <= max_surplus:
                    continue
                total = cost + _distance(group, covered)
                if total < following.get(n_words + size, (10**6, ()))[0]:
                    following[n_words + size] = (total, (*sizes, size))
                if group == covered:
                    break
        best = following
    if len(isolated) not in best:
        return list(isolated)
    divided: list[Phones] = []
    for group, size in zip(groups, best[len(isolated)][1], strict=True):
        divided.extend(_divide(group, bare[len(divided) : len(divided) + size]))
    return divided


def _divide(group: Phones, parts: Sequence[Phones]) -> list[Phones]:
    """Split a group into as many words as `parts`, so that each word is closest in edit distance to its part."""
    words: list[Phones] = []
    for position, part in enumerate(parts[:-1]):
        after = len(parts) - position - 1
        candidates = range(1, max(2, len(group) - after + 1))
        rest = tuple(phone for later in parts[position + 1 :] for phone in later)
        bare = _without_stress(group)
        costs = {at: _distance(bare[:at], part) + _distance(bare[at:], rest) for at in candidates}
        end = min(costs, key=costs.__getitem__)
        words.append(group[:end])
        group = group[end:]
    return [*words, group]


@functools.lru_cache(maxsize=100_000)
def _distance(phones: Phones, reference: Phones) -> int:
    return Levenshtein.distance(phones, reference)


@functools.lru_cache(maxsize=50_000)
def _without_stress(word: Phones) -> Phones:
    return tuple(phone.lstrip("ˈˌ") for phone in word)
