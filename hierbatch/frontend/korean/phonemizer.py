"""Korean grapheme-to-phoneme conversion: standard pronunciation by g2pk, then jamo to symbols of the shared table."""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import types
from collections.abc import Callable, Sequence

from hierbatch.errors import ProgramError
from hierbatch.frontend.english.phonemizer import EnglishPhonemizer
from hierbatch.frontend.korean.counters import NOUN_ENDS
from hierbatch.frontend.korean.loanwords import Loanwords
from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.rules import one_of
from hierbatch.frontend.tables import read_lines

_SYLLABLES_FROM, _SYLLABLES_TO = 0xAC00, 0xD7A3
_N_VOWELS, _N_CODAS = 21, 28
_LATIN = re.compile(r"[A-Za-zÀ-ɏ']+")
_NOT_HANGUL = re.compile(r"[^가-힣]")

# In Unicode order of leading consonants, vowels and trailing consonants (Unicode 15, section 3.12).
# fmt: off
_ONSETS = ("k", "k͈", "n", "t", "t͈", "ɾ", "m", "p", "p͈", "s", "s͈", "", "tɕ", "tɕ͈", "tɕʰ", "kʰ", "tʰ", "pʰ", "h")
_NUCLEI: tuple[Phones, ...] = (
    ("a",), ("ɛ",), ("j", "a"), ("j", "ɛ"), ("ʌ",), ("e",), ("j", "ʌ"), ("j", "e"), ("o",), ("w", "a"), ("w", "ɛ"),
    ("w", "e"), ("j", "o"), ("u",), ("w", "ʌ"), ("w", "e"), ("w", "i"), ("j", "u"), ("ɯ",), ("ɰ", "i"), ("i",),
)
_CODAS = (
    "", "k̚", "k̚", "k̚", "n", "n", "n", "t̚", "l", "k̚", "m", "l", "l", "l", "p̚", "l", "m", "p̚", "p̚", "t̚", "t̚", "ŋ",
    "t̚", "t̚", "k̚", "t̚", "p̚", "t̚",
)
# fmt: on


class KoreanPhonemizer:
    """Converts the words of one clause to phones; sound changes apply across spaces, as in speech.

    Latin words are read as loanwords. A table has the pronunciations that g2pk's rules cannot derive (tensed consonants
    of compounds).

    Raises:
        ProgramError: g2pk or its morphological analyser is not installed.
    """

    def __init__(self) -> None:
        self._pronounce = _load_g2pk()
        self._loanword = Loanwords(EnglishPhonemizer)

    def __call__(self, words: Sequence[str]) -> list[Phones]:
        """Phones of each word, one entry per word; empty for a word without pronunciation."""
        hangul = [_NOT_HANGUL.sub("", _LATIN.sub(lambda found: self._loanword(found[0]), word)) for word in words]
        respelled = [_respell(word) for word in hangul if word]
        if not respelled:
            return [()] * len(words)
        pronounced = self._pronounce(" ".join(respelled)).split(" ")
        if len(pronounced) != len(respelled):
            pronounced = [self._pronounce(word).replace(" ", "") for word in respelled]
        phones = iter(pronounced)
        return [syllables_to_phones(next(phones)) if word else () for word in hangul]


def _respell(word: str) -> str:
    """Respell a word whose pronunciation follows neither from its spelling nor from the rules.

    >>> _respell("이십육"), _respell("손가락을"), _respell("사과")
    ('이심뉵', '손까락을', '사과')
    """
    pattern, respelled = _pronunciations()
    word = pattern.sub(lambda found: respelled[found[0]], word)
    return word.replace("십육", "심뉵").replace("백육", "뱅뉵")


@functools.cache
def _pronunciations() -> tuple[re.Pattern[str], dict[str, str]]:
    respelled = dict(line.split("\t") for line in read_lines("korean/pronunciations.tsv"))
    return re.compile(rf"^(?:{one_of(respelled)}){NOUN_ENDS}"), respelled


def syllables_to_phones(word: str) -> Phones:
    """Phones of Hangul syllables that are spelled as pronounced; other characters are skipped.

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
    """Load g2pk without network access and with compiled rules.

    On import, g2pk looks for NLTK's CMU dictionary and downloads it if absent. The dictionary serves only English
    words, which never reach g2pk here, so an empty one replaces it. The patterns of the rules are compiled once: as
    strings they overflow the cache of `re`, and compiling takes nine tenths of the time of a sentence.
    """
    try:
        import nltk

        empty_corpus = types.ModuleType("nltk.corpus")
        empty_corpus.cmudict = types.SimpleNamespace(dict=dict)  # type: ignore[attr-defined]
        original = sys.modules.get("nltk.corpus")
        find = nltk.data.find
        nltk.data.find = lambda *_args, **_kwargs: None
        sys.modules["nltk.corpus"] = empty_corpus
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                from g2pk import G2p

                pronounce = G2p()
        finally:
            nltk.data.find = find
            if original is None:
                sys.modules.pop("nltk.corpus", None)
            else:
                sys.modules["nltk.corpus"] = original
    except (ImportError, OSError, LookupError) as error:
        raise ProgramError(
            "Korean pronunciation cannot be loaded",
            expected="g2pk with python-mecab-ko",
            got=str(error),
            fix="pip install g2pk python-mecab-ko",
        ) from error
    pronounce.table = [(re.compile(written), spoken, rules) for written, spoken, rules in pronounce.table]
    return pronounce
