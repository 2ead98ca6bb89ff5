"""Hangul words to phonemes: g2pk's standard pronunciation, then jamo to the shared table's symbols."""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import types
from collections.abc import Callable, Sequence

from hierbatch.errors import ProgramError
from hierbatch.frontend.english import EnglishPhonemizer
from hierbatch.frontend.loanwords import Loanwords
from hierbatch.frontend.normalization.korean_counters import NOUN_ENDS
from hierbatch.frontend.normalization.rules import one_of
from hierbatch.frontend.normalization.tables import read_lines
from hierbatch.frontend.phonemes import Word

_SYLLABLES_FROM, _SYLLABLES_TO = 0xAC00, 0xD7A3
_N_VOWELS, _N_CODAS = 21, 28
_LATIN = re.compile(r"[A-Za-zÀ-ɏ']+")
_NOT_HANGUL = re.compile(r"[^가-힣]")

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

    Latin words are said as loanwords. What g2pk's rules cannot know (the tensed consonants of compounds) is in a table.

    Raises:
        ProgramError: g2pk or its morphological analyser is not installed.
    """

    def __init__(self) -> None:
        self._pronounce = _load_g2pk()
        self._loanword = Loanwords(EnglishPhonemizer)

    def __call__(self, words: Sequence[str]) -> list[Word]:
        """Phones of each word, one entry a word; a word with nothing speakable gives an empty entry."""
        hangul = [_NOT_HANGUL.sub("", _LATIN.sub(lambda found: self._loanword(found[0]), word)) for word in words]
        heard = [_respell(word) for word in hangul if word]
        if not heard:
            return [()] * len(words)
        spoken = self._pronounce(" ".join(heard)).split(" ")
        if len(spoken) != len(heard):
            spoken = [self._pronounce(word).replace(" ", "") for word in heard]
        phones = iter(spoken)
        return [syllables_to_phones(next(phones)) if word else () for word in hangul]


def _respell(word: str) -> str:
    """A word as it sounds where spelling and rules do not say so.

    >>> _respell("이십육"), _respell("손가락을"), _respell("사과")
    ('이심뉵', '손까락을', '사과')
    """
    pattern, respelled = _pronunciations()
    word = pattern.sub(lambda found: respelled[found[0]], word)
    return word.replace("십육", "심뉵").replace("백육", "뱅뉵")


@functools.cache
def _pronunciations() -> tuple[re.Pattern[str], dict[str, str]]:
    respelled = dict(line.split("\t") for line in read_lines("korean_pronunciations.tsv"))
    return re.compile(rf"^(?:{one_of(respelled)}){NOUN_ENDS}"), respelled


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


@functools.cache
def _load_g2pk() -> Callable[[str], str]:
    """g2pk without its network: at import it looks for NLTK's CMU dictionary and downloads it when absent.

    The dictionary serves only English words, which never reach g2pk here; an empty one stands in. Its table of rules is
    compiled once: as text it overflows the cache of `re`, and nine tenths of a sentence's time go into compiling.
    """
    try:
        import nltk

        stand_in = types.ModuleType("nltk.corpus")
        stand_in.cmudict = types.SimpleNamespace(dict=dict)  # type: ignore[attr-defined]
        shadowed = sys.modules.get("nltk.corpus")
        find = nltk.data.find
        nltk.data.find = lambda *_args, **_kwargs: None
        sys.modules["nltk.corpus"] = stand_in
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                from g2pk import G2p

                pronounce = G2p()
        finally:
            nltk.data.find = find
            if shadowed is None:
                sys.modules.pop("nltk.corpus", None)
            else:
                sys.modules["nltk.corpus"] = shadowed
    except (ImportError, OSError, LookupError) as error:
        raise ProgramError(
            "Korean pronunciation cannot be loaded",
            wanted="g2pk with python-mecab-ko",
            got=str(error),
            mend="pip install g2pk python-mecab-ko",
        ) from error
    pronounce.table = [(re.compile(written), spoken, rules) for written, spoken, rules in pronounce.table]
    return pronounce
