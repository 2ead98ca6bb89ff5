"""Conversion of Lite voices to and from the contents of voice files.

Legend: P prompt frames (50/s), C semantic channels, M mel bands, S style.
"""

from __future__ import annotations

import numpy as np

from hierbatch.audio.spectrum import N_MELS
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.errors import PromptError
from hierbatch.manifest.voices.voice_file import Floats, VoiceFile, content_sha256
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.voice import LiteVoice

ARRAYS = ("text_style", "sound_style", "semantic", "mel")
NUMBERS = ("median_f0_hz", "f0_spread_semitones", "speed", "prosody", "breathiness")
_MAX_FRAMES = 3000
_LIMITS = {
    "median_f0_hz": (30.0, 1200.0),
    "f0_spread_semitones": (0.0, 48.0),
    "speed": (0.3, 3.0),
    "prosody": (0.0, 4.0),
    "breathiness": (0.0, 1.0),
}


def voice_arrays(voice: LiteVoice) -> dict[str, Floats]:
    """Arrays of a voice for its file, by name."""
    return {name: getattr(voice, name) for name in ARRAYS}


def voice_numbers(voice: LiteVoice) -> dict[str, float]:
    """Numbers of a voice for its file, by name."""
    return {name: float(getattr(voice, name)) for name in NUMBERS}


def voice_from_file(file: VoiceFile, config: LiteConfig) -> LiteVoice:
    """Create the voice that a file contains; it must have been made for these networks.

    Raises:
        PromptError: arrays or numbers are missing, of another shape, or out of range.
    """
    n_frames = len(file.arrays["semantic"]) if "semantic" in file.arrays else 0
    expected = {
        "text_style": (config.style_channels,),
        "sound_style": (config.style_channels,),
        "semantic": (n_frames, config.semantic_channels),
        "mel": (n_frames * MELS_PER_FRAME, N_MELS),
    }
    found = {name: file.arrays[name].shape for name in ARRAYS if name in file.arrays}
    in_range = all(low <= file.numbers.get(name, np.nan) <= high for name, (low, high) in _LIMITS.items())
    if found != expected or not 0 < n_frames <= _MAX_FRAMES or not in_range:
        raise PromptError(f"Voice {file.voice} is damaged", fix="make the voice again with `hierbatch voices`")
    return LiteVoice(
        text_style=file.arrays["text_style"],
        sound_style=file.arrays["sound_style"],
        semantic=file.arrays["semantic"],
        mel=file.arrays["mel"],
        median_f0_hz=file.numbers["median_f0_hz"],
        f0_spread_semitones=file.numbers["f0_spread_semitones"],
        sha256=content_sha256(file.to_bytes()),
        speed=file.numbers["speed"],
        prosody=file.numbers["prosody"],
        breathiness=file.numbers["breathiness"],
    )
