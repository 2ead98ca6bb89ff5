"""Input symbols of a text-to-vector network, and the conversion of phoneme strings to these symbols.

A bundle's configuration names a vocabulary, or, for a network trained elsewhere, lists its symbols and the spelling of
each phoneme in these symbols.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hierbatch.errors import BundleError, TextError
from hierbatch.frontend import symbols as phoneme_table
from hierbatch.frontend.phonemes import split_stress, split_words
from hierbatch.models.hierspeechpp.english_text import SYMBOLS, espeak_spelling, intersperse_blanks
from hierbatch.models.prosody.words import NO_WORD, word_of_symbols

PUBLISHED, PHONEMES = "published", "phonemes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Symbols of a network in the order of their ids; the first symbol is the blank.

    `spell` converts a phoneme string token by token: to espeak-ng's spelling for the vocabulary `published`, to the
    phones themselves, with any stress mark before them, for `phonemes`, and by `spelling` for other vocabularies.
    """

    name: str
    symbols: tuple[str, ...]
    spelling: Mapping[str, str] = field(default_factory=dict)
    """Spelling of phonemes, stress marks and punctuation; those that are symbols themselves need no entry."""

    def spell(self, phonemes: str) -> list[tuple[str, ...]]:
        """Symbols of each token of a phoneme string; `ids` rejects those that are not in the vocabulary."""
        if self.name == PUBLISHED:
            return [tuple(letters) for letters in espeak_spelling(phonemes)]
        tokens = [self._spell_token(token) for token in _tokens(phonemes)]
        return tokens

    def ids(self, tokens: Sequence[Sequence[str]]) -> list[int]:
        """Ids of spelled tokens, without blanks.

        Raises:
            TextError: a symbol is not in the vocabulary.
        """
        numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        unknown = sorted({symbol for token in tokens for symbol in token} - numbers.keys())
        if unknown:
            raise TextError(
                "The model has no symbol for some characters",
                got=" ".join(unknown),
                fix="remove or replace these characters",
            )
        return [numbers[symbol] for token in tokens for symbol in token]

    @property
    def silent_ids(self) -> frozenset[int]:
        """Ids of symbols between words: those without a letter, and this package's separators."""
        silent = {phoneme_table.START, *phoneme_table.SEPARATORS}
        return frozenset(
            number
            for number, symbol in enumerate(self.symbols)
            if symbol in silent or not any(unicodedata.category(each)[0] in "LM" for each in symbol)
        )

    def _spell_token(self, token: str) -> tuple[str, ...]:
        phone, stress = split_stress(token)
        mark = phoneme_table.STRESS_MARKS[stress]
        return tuple(symbol for sound in (mark, phone) if sound for symbol in self._spell_sound(sound))

    def _spell_sound(self, sound: str) -> tuple[str, ...]:
        spelled = self.spelling.get(sound)
        if spelled is not None:
            return tuple(spelled) if spelled not in self.symbols else (spelled,)
        return (sound,) if sound in self.symbols or len(sound) == 1 else tuple(sound)


def published_vocabulary() -> Vocabulary:
    """Return the 178 symbols of the published network; both apostrophes have the id of the second."""
    return Vocabulary(name=PUBLISHED, symbols=SYMBOLS)


def phoneme_vocabulary() -> Vocabulary:
    """Return the phoneme table of hierbatch, English and Korean, followed by the two stress marks."""
    marks = tuple(mark for mark in phoneme_table.STRESS_MARKS if mark)
    return Vocabulary(name=PHONEMES, symbols=(*phoneme_table.SYMBOLS, *marks))


def vocabulary_of(values: Mapping[str, object] | str | None) -> Vocabulary:
    """Create the vocabulary that a bundle's configuration gives as a name, or as a mapping of `symbols` and `spelling`.

    Raises:
        BundleError: the vocabulary is unknown or malformed.
    """
    if values is None or values == PUBLISHED:
        return published_vocabulary()
    if values == PHONEMES:
        return phoneme_vocabulary()
    if isinstance(values, Mapping):
        symbols, spelling = values.get("symbols"), values.get("spelling", {})
        if isinstance(symbols, list | tuple | str) and isinstance(spelling, Mapping):
            return Vocabulary(name="own", symbols=tuple(symbols), spelling=dict(spelling))
    raise BundleError(
        "The vocabulary of the bundle is unknown", expected=f"{PUBLISHED}, {PHONEMES}, or symbols", got=repr(values)
    )


def symbol_ids_with_blanks(ids: Sequence[int]) -> list[int]:
    """Insert the id of the blank before, between and after ids of symbols."""
    return intersperse_blanks(ids)


def words_with_blanks(ids: Sequence[int], silent: Collection[int]) -> npt.NDArray[np.int64]:
    """Word index of each symbol of `symbol_ids_with_blanks`, or `NO_WORD`; a blank belongs to the symbol before it.

    Args:
        ids: ids without blanks.
        silent: ids of symbols between words.
    """
    return np.concatenate([[NO_WORD], np.repeat(word_of_symbols(ids, silent), 2)])


def _tokens(phonemes: str) -> list[str]:
    """Tokens of a phoneme string, including separators."""
    tokens: list[str] = []
    for word, separator in split_words(phonemes):
        tokens += [*word, separator]
    return tokens
