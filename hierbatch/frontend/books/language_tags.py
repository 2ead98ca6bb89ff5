"""Language of a book from its metadata: tags of BCP 47 and ISO 639-2, and names of languages."""

from __future__ import annotations

import re

_NAMES = {
    **dict.fromkeys(("en", "eng", "english", "영어", "anglais", "englisch", "inglés"), "en"),
    **dict.fromkeys(("ko", "kor", "korean", "한국어", "한글", "조선어", "coréen", "koreanisch"), "ko"),
    **dict.fromkeys(("", "und", "mul", "zxx", "mis", "unknown", "undefined", "none"), ""),
}
_FIRST_WORD = re.compile(r"[^\W\d_]*")


def language_of_tag(tag: str) -> str:
    """Language of a metadata entry: `en` or `ko`; empty if none is stated; for other languages the entry's first word.

    >>> [language_of_tag(tag) for tag in ("en-GB", "en_US", "kor", "Korean", "English (UK)", "und", "fr-CA")]
    ['en', 'en', 'ko', 'ko', 'en', '', 'fr']
    """
    match = _FIRST_WORD.match(tag.strip().casefold())
    word = match[0] if match else ""
    return _NAMES.get(word, word)
