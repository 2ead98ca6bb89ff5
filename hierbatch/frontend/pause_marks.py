"""`[pause:1.2]` in a text: a silence of so many seconds, asked for by the author and never read aloud."""

from __future__ import annotations

import re

from hierbatch.errors import TextError

LONGEST_PAUSE_S = 60.0

_MARK = re.compile(r"\[\s*pause\b(?P<value>[^\]]*)\]", re.IGNORECASE)
_SECONDS = re.compile(r"\s*:\s*(?P<seconds>\d+(?:\.\d+)?|\.\d+)\s*s?\s*", re.IGNORECASE)


def split_at_pauses(text: str) -> list[tuple[str, float | None]]:
    """The text between the marks, each piece with the pause after it (seconds); None where no mark follows.

    A mark before any text gives an empty first piece, marks in a row add up. Raises TextError for a mark without a
    length that can be understood.

    >>> split_at_pauses("He stopped. [pause:1.5] [pause:1] Then he went on.")
    [('He stopped.', 2.5), ('Then he went on.', None)]
    """
    pieces: list[tuple[str, float | None]] = []
    position = 0
    for mark in _MARK.finditer(text):
        between, pause_s = text[position : mark.start()].strip(), _seconds(mark)
        if pieces and not between:
            pieces[-1] = (pieces[-1][0], (pieces[-1][1] or 0.0) + pause_s)
        else:
            pieces.append((between, pause_s))
        position = mark.end()
    if rest := text[position:].strip():
        pieces.append((rest, None))
    return pieces


def without_pauses(text: str) -> str:
    """The text alone, white space as single spaces."""
    return " ".join(_MARK.sub(" ", text).split())


def _seconds(mark: re.Match[str]) -> float:
    match = _SECONDS.fullmatch(mark["value"])
    seconds = float(match["seconds"]) if match else None
    if seconds is None or seconds > LONGEST_PAUSE_S:
        raise TextError(
            "A pause mark cannot be understood",
            wanted=f"[pause:1.2], in seconds, at most {LONGEST_PAUSE_S:g}",
            got=mark.group()[:60],
            mend="write the seconds as a number",
        )
    return seconds
