"""Levels of politeness of Korean speech, by the ending of its last sentence."""

from __future__ import annotations

import re

_LAST_WORD = re.compile(r"([가-힣]+)[^가-힣]*$")
_POLITE = re.compile(r"(?:요|유|죠|쥬|니다|시오|쇼|외다|이다만|나이다|소서)$")
_MIDDLE = re.compile(r"(?:소|오|구려|그려|게|세|네|는가|은가|던가|인가|나)$")
_FORMAL_QUESTION = re.compile(r"([가-힣])니까$")
_N_FINALS, _FIRST_SYLLABLE, _BIEUP = 28, 0xAC00, 17

POLITE, MIDDLE, PLAIN = "polite", "middle", "plain"
"""Levels of Korean grammar: polite is 해요 and 합쇼, middle is 하오 and 하게, plain is 해 and 해라."""


def speech_level(quote: str) -> str:
    """Level of politeness of a quotation; empty if it has no Hangul."""
    found = _LAST_WORD.search(quote)
    if not found:
        return ""
    word = found[1]
    question = _FORMAL_QUESTION.search(word)
    if _POLITE.search(word) or (question and (ord(question[1]) - _FIRST_SYLLABLE) % _N_FINALS == _BIEUP):
        return POLITE
    return MIDDLE if len(word) > 1 and _MIDDLE.search(word) else PLAIN
