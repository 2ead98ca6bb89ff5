"""Division of a sentence that is too long for the model, at points where a reader would take a breath."""

from __future__ import annotations

import math
import re

from hierbatch.frontend.language import get_language

_ANY_SPACE = re.compile(r"(?=\s)")
_MIN_SHARE = 0.4


def split_long(text: str, language: str, max_characters: int) -> list[str]:
    """Split a text into parts of at most `max_characters`, of lengths as even as the break points allow.

    No text is lost: the parts, joined with spaces, are the text. (A break after a dash, or inside a word longer than
    the limit, adds a space.)

    Args:
        text: one sentence.
        language: language code.
        max_characters: maximum length of a part.
    """
    text = text.strip()
    parts: list[str] = []
    start = 0
    while (n_left := len(text) - start) > max_characters:
        target = n_left / math.ceil(n_left / max_characters)
        # One character beyond the limit, since a break is recognized by the white space after it.
        position = _best_break(text[start : start + max_characters + 1], language, target, max_characters)
        parts.append(text[start : start + position].strip())
        start += position
        while text[start].isspace():
            start += 1
    return [*parts, text[start:]] if text else []


def _best_break(window: str, language: str, target: float, limit: int) -> int:
    for pattern in (*get_language(language).clause_breaks, _ANY_SPACE):
        ends = [match.end() for match in pattern.finditer(window)]
        fitting = [end for end in ends if _MIN_SHARE * target <= end <= limit]
        if fitting:
            return min(fitting, key=lambda end: abs(end - target))
    spaces = [match.end() for match in _ANY_SPACE.finditer(window, 1)]
    return spaces[-1] if spaces else limit
