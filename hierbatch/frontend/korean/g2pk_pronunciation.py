"""Korean pronunciation by g2pk, for bundles that were trained with it and as a second opinion on words.

g2pk is unmaintained and cannot be installed on Python 3.13; the current front end does not use this module.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import types
from collections.abc import Callable, Sequence

from hierbatch.errors import ProgramError
from hierbatch.frontend.korean.counters import NOUN_ENDS
from hierbatch.frontend.rules import one_of
from hierbatch.frontend.tables import read_lines


def pronounce_words_by_g2pk(words: Sequence[str]) -> list[str]:
    """Pronunciation of the words of one phrase, written in Hangul, one entry per word.

    A table of respellings covers words that g2pk's rules mispronounce (tensed consonants in compounds).

    Raises:
        ProgramError: g2pk or its morphological analyzer is not installed.
    """
    if not words:
        return []
    pronounce = load_g2pk()
    respelled = [_respell(word) for word in words]
    pronounced = pronounce(" ".join(respelled)).split(" ")
    if len(pronounced) != len(respelled):
        pronounced = [pronounce(word).replace(" ", "") for word in respelled]
    return pronounced


def _respell(word: str) -> str:
    """Respell a word that g2pk would mispronounce; other words stay unchanged.

    >>> _respell("이십육"), _respell("손가락을"), _respell("사과")
    ('이심뉵', '손까락을', '사과')
    """
    pattern, respelled = _pronunciations()
    word = pattern.sub(lambda found: respelled[found[0]], word)
    return word.replace("십육", "심뉵").replace("백육", "뱅뉵")


@functools.cache
def _pronunciations() -> tuple[re.Pattern[str], dict[str, str]]:
    respelled = dict(line.split("\t") for line in read_lines("korean/g2pk_respellings.tsv"))
    return re.compile(rf"^(?:{one_of(respelled)}){NOUN_ENDS}"), respelled


@functools.cache
def load_g2pk() -> Callable[[str], str]:
    """Load g2pk without network access and with compiled rules.

    On import, g2pk looks for NLTK's CMU dictionary and downloads it if absent. The dictionary is needed only
    for English words, which never reach g2pk here, so an empty one replaces it. The patterns of g2pk's rules are
    compiled once: as strings they overflow the cache of `re`, and compiling them took nine tenths of the time.

    Raises:
        ProgramError: g2pk or its morphological analyzer cannot be loaded.
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
            "The package g2pk cannot be loaded",
            expected="g2pk with python-mecab-ko, on Python 3.12 or older",
            got=str(error),
            fix="pip install 'hierbatch[g2pk]', or take a bundle with a newer front end",
        ) from error
    pronounce.table = [(re.compile(written), spoken, rules) for written, spoken, rules in pronounce.table]
    result: Callable[[str], str] = pronounce
    return result
