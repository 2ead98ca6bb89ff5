"""Split a sentence that is too long for the model where a reader would take a breath."""

from __future__ import annotations

import math
import re

# From the best place for a break to the worst. A mark counts only before white space: 1,000 and 3:30 have no break.
_BREAKS = {
    "en": (
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s–(?=\s)|\)(?=\s)"),
        re.compile(r"[,、]['\"”’)\]]*(?=\s)"),
        re.compile(
            r"(?=\s(?:and|but|or|nor|so|yet|for|which|who|whom|whose|that|because|although|though|when|while|where|if|"
            r"unless|until|after|before|since|as|than|with|without|to)\s)"
        ),
    ),
    "ko": (
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s[–―-](?=\s)|[…]['\"”’)\]]*(?=\s)|\)(?=\s)"),
        re.compile(r"[,、，]['\"”’)\]]*(?=\s)"),
        # Connective endings of verbs: "-and", "-while", "-but", "-because", "-if", "-in order to".
        re.compile(r"(?:면서|지만|는데|니까|므로|거나|도록|려고|다가|더니|어서|아서|여서|해서|며|고|면|니|서)(?=\s)"),
    ),
}
_ANY_SPACE = re.compile(r"(?=\s)")
_MIN_SHARE = 0.4


def split_long(text: str, language: str, max_characters: int) -> list[str]:
    """Split a text into parts of at most `max_characters`, as even as its break points allow.

    No text is lost: the parts joined by spaces are the text (a break after a dash, or inside a word longer than the
    limit, adds a space).

    Args:
        text: one sentence
        language: `en` or `ko`
        max_characters: length of the longest part
    """
    text = text.strip()
    parts: list[str] = []
    start = 0
    while (n_left := len(text) - start) > max_characters:
        target = n_left / math.ceil(n_left / max_characters)
        # One character beyond the limit, since a break is recognised by the white space after it.
        position = _best_break(text[start : start + max_characters + 1], language, target, max_characters)
        parts.append(text[start : start + position].strip())
        start += position
        while text[start].isspace():
            start += 1
    return [*parts, text[start:]] if text else []


def _best_break(window: str, language: str, target: float, limit: int) -> int:
    for pattern in (*_BREAKS.get(language, _BREAKS["en"]), _ANY_SPACE):
        ends = [match.end() for match in pattern.finditer(window)]
        fitting = [end for end in ends if _MIN_SHARE * target <= end <= limit]
        if fitting:
            return min(fitting, key=lambda end: abs(end - target))
    spaces = [match.end() for match in _ANY_SPACE.finditer(window, 1)]
    return spaces[-1] if spaces else limit
