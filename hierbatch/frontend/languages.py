"""Language detection for a sentence, by its script."""

from __future__ import annotations

import re

_HANGUL = re.compile(r"[가-힣ㄱ-ㆎ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


def detect_language(text: str, default: str) -> str:
    """Detect the language of a sentence, `ko` or `en`; `default` if it has letters of neither (numbers, symbols).

    A sentence is Korean if it has fewer than two English words per Korean word, since names have several words and
    particles are attached to them. An English sentence may quote a Korean word.

    >>> [detect_language(text, "en") for text in ("나는 Python을 쓴다.", "They call it 김치 there.", "1984.")]
    ['ko', 'en', 'en']
    """
    n_korean = n_english = 0
    for word in text.split():
        if _HANGUL.search(word):
            n_korean += 1
        elif _LATIN.search(word):
            n_english += 1
    if n_korean == n_english == 0:
        return default
    return "ko" if 2 * n_korean > n_english else "en"
