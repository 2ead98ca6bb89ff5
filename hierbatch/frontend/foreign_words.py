"""Search for words in unsupported scripts, and their transliteration, so that a sentence can be synthesized."""

from __future__ import annotations

import re
import unicodedata

from unidecode import unidecode

from hierbatch.errors import TextError
from hierbatch.frontend.characters import is_hanja, is_known_letter

# Everything but Latin letters, Hangul, digits and the placeholders of the lexicon.
_WORD = re.compile(
    r"[^\W\d_A-Za-z\u00aa-\u02ff\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff\u2070-\u209f\u2150-\u218f\u2460-\u24ff"
    r"\u1100-\u11ff\u3130-\u318f가-힣\ue000-\uf8ff]+"
    r"[\u30fc]*"
)
_MIN_WORD = 2
_KANA = re.compile("[\u3040-\u30ff]")
_NOT_LATIN = re.compile("[^A-Za-z]")
_MAX_CHARACTERS_SHOWN = 40


def find_foreign_words(text: str, *, hanja: bool) -> tuple[str, ...]:
    """Find the words in scripts other than Latin and Hangul, in order; single letters, which are symbols, do not count.

    Args:
        text: text of one sentence.
        hanja: True to accept Hanja.

    >>> find_foreign_words("Привет, 東京タワー, 東京 and α", hanja=True)
    ('Привет', '東京タワー')
    """
    if text.isascii():
        return ()
    words = (match[0] for match in _WORD.finditer(unicodedata.normalize("NFC", text)))
    return tuple(word for word in words if len(word) >= _MIN_WORD and not (hanja and all(map(is_hanja, word))))


def romanize_foreign_words(text: str) -> str:
    """Transliterate words in other scripts to Latin letters, and remove single letters except for Greek symbols.

    >>> romanize_foreign_words("She said Привет in 東京 at angle α.")
    'She said Privet in Dong Jing at angle α.'
    """
    return text if text.isascii() else _WORD.sub(lambda match: _romanize(match[0]), text)


def refuse_foreign_text(text: str, *, hanja: bool) -> None:
    """Refuse a text in which words in unsupported scripts outnumber the others: its speech would be unintelligible.

    Args:
        text: text of one sentence.
        hanja: True to accept Hanja and kana, for which Korean has fixed readings.

    Raises:
        TextError: words in unsupported scripts outnumber the others; the message shows some of the former.
    """
    foreign = [word for word in find_foreign_words(text, hanja=hanja) if not (hanja and _KANA.search(word))]
    if not foreign:
        return
    rest = _WORD.sub(lambda match: "" if match[0] in foreign else match[0], text)
    n_known = sum(any(map(str.isalpha, word)) for word in rest.split())
    if len(foreign) > n_known:
        raise TextError(
            "The text is in an unsupported script",
            expected="English or Korean text (Latin letters, Hangul, and Hanja in Korean)",
            got=f"{' '.join(foreign)[:_MAX_CHARACTERS_SHOWN]!r}",
            fix="write it in Latin letters or Hangul, or add its words to a pronunciation lexicon",
        )


def _romanize(word: str) -> str:
    if len(word) < _MIN_WORD:
        return word if is_known_letter(word, hanja=False) else ""
    return " ".join(filter(None, (_NOT_LATIN.sub("", part) for part in unidecode(word).split())))
