"""Pause marks such as `[pause:1.2]`, with which an author sets a silence in seconds; they are never read aloud."""

from __future__ import annotations

import re

from hierbatch.errors import TextError

LONGEST_PAUSE_S = 60.0

_MARK = re.compile(r"\[\s*pause\b(?P<value>[^\]]*)\]", re.IGNORECASE)
_SECONDS = re.compile(r"\s*:\s*(?P<seconds>\d+(?:\.\d+)?|\.\d+)\s*s?\s*", re.IGNORECASE)


def split_at_pauses(text: str) -> list[tuple[str, float | None]]:
    """Split a text at its pause marks into segments, each with the pause after it in seconds; None without a mark.

    A mark before any text results in an empty first segment. The pauses of consecutive marks are added up.

    Raises:
        TextError: a mark has no valid length.

    >>> split_at_pauses("He stopped. [pause:1.5] [pause:1] Then he went on.")
    [('He stopped.', 2.5), ('Then he went on.', None)]
    """
    segments: list[tuple[str, float | None]] = []
    position = 0
    for mark in _MARK.finditer(text):
        between, pause_s = text[position : mark.start()].strip(), _seconds(mark)
        if segments and not between:
            segments[-1] = (segments[-1][0], (segments[-1][1] or 0.0) + pause_s)
        else:
            segments.append((between, pause_s))
        position = mark.end()
    if rest := text[position:].strip():
        segments.append((rest, None))
    return segments


def strip_pause_marks(text: str) -> str:
    """Remove the pause marks of a text and collapse its white space."""
    return " ".join(_MARK.sub(" ", text).split())


def _seconds(mark: re.Match[str]) -> float:
    match = _SECONDS.fullmatch(mark["value"])
    seconds = float(match["seconds"]) if match else None
    if seconds is None or seconds > LONGEST_PAUSE_S:
        raise TextError(
            "Invalid pause mark",
            expected=f"[pause:1.2], in seconds, at most {LONGEST_PAUSE_S:g}",
            got=mark.group()[:60],
            fix="write the length in seconds as a number",
        )
    return seconds
