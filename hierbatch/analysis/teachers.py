"""The voices the text side learned from, saying the sentences themselves: what a perfect pupil would score.

They stand in the packages the training pipelines use; none is needed to evaluate a model. Korean is said by the
`teacher.py` beside the evaluation kit, in the voice most of the training hours have; English by `hibari-tts`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hierbatch.analysis.kit import load_beside, missing_packages
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.units import RATE_HZ

_TEACHER = "teacher"
_KOREAN_VOICE, _KOREAN_SPEED = "jm_kumo", 0.9
_ENGLISH_VOICE = "heart"

Teacher = Callable[[str], Waveform]
"""Says a text, at 16 kHz."""


def load_teachers(kit: Path) -> dict[str, Teacher]:
    """The teacher of each language.

    Raises:
        InputError: there is no `teacher.py` in the kit's folder.
        ProgramError: a package of theirs is missing.
    """
    outside = load_beside(kit, _TEACHER)
    with missing_packages():
        import hibari

        korean = outside.Kokoro(threads=1)
        english = hibari.Hibari(_ENGLISH_VOICE)

    def say_korean(text: str) -> Waveform:
        said = korean.say(text, _KOREAN_VOICE, _KOREAN_SPEED, "ko")
        return resample(Waveform(np.asarray(said.wav, np.float32), outside.RATE), RATE_HZ)

    def say_english(text: str) -> Waveform:
        return resample(Waveform(np.asarray(english(text, seed=0), np.float32), hibari.SAMPLE_RATE), RATE_HZ)

    return {"en": say_english, "ko": say_korean}
