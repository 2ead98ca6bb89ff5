"""Teacher TTS voices that produced training speech, as an upper reference for the evaluated model.

The voices come from optional packages and are not needed to evaluate a model. Korean is synthesized by `teacher.py`
next to the evaluation kit, in the voice with the most training hours; English by `hibari-tts`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from tools.evaluation.kit import explain_missing_packages, load_kit_module

_TEACHER = "teacher"
_KOREAN_VOICE, _KOREAN_SPEED = "jm_kumo", 0.9
_ENGLISH_VOICE = "heart"

Teacher = Callable[[str], Waveform]
"""Function that synthesizes a text at 16 kHz."""


def load_teachers(kit: Path) -> dict[str, Teacher]:
    """Load the teacher voice of each language.

    Raises:
        InputError: the kit's folder has no `teacher.py`.
        ProgramError: a package of a teacher is missing.
    """
    module = load_kit_module(kit, _TEACHER)
    with explain_missing_packages():
        import hibari

        korean = module.Kokoro(threads=1)
        english = hibari.Hibari(_ENGLISH_VOICE)

    def speak_korean(text: str) -> Waveform:
        speech = korean.say(text, _KOREAN_VOICE, _KOREAN_SPEED, "ko")
        return resample(Waveform(np.asarray(speech.wav, np.float32), module.RATE), RATE_HZ)

    def speak_english(text: str) -> Waveform:
        return resample(Waveform(np.asarray(english(text, seed=0), np.float32), hibari.SAMPLE_RATE), RATE_HZ)

    return {"en": speak_english, "ko": speak_korean}
