"""How the published networks are given a recording and a voice for conversion.

Legend: T frames (50/s), S style.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.pitch import F0, PitchRange, measure_pitch_range
from hierbatch.audio.pitch_trackers import FinePitchTracker, PitchTracker
from hierbatch.audio.published_pitch import log_f0_in_voice
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.models.converter import Key, SourceManner
from hierbatch.models.official.prompt import HeardPrompt

_LOWEST_HZ, _HIGHEST_HZ = 55.0, 1100.0
_PADDING_SAMPLES = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialVoice:
    """Who speaks; made by `OfficialConversion.encode_voice`.

    Shape:
        style         [S]
        prompt_f0_hz  [any]
    """

    style: npt.NDArray[np.float32]
    pitch: PitchRange
    prompt_f0_hz: F0
    """The prompt's contour, 0 where unvoiced, as the tracker found it that the voice was heard with."""
    sha256: str


def converting_voice(
    heard: HeardPrompt, style: npt.NDArray[np.float32], prompt: Waveform, track: PitchTracker
) -> OfficialVoice:
    """A voice of a style already found, with its prompt's pitch.

    Raises:
        PromptError: nothing in the prompt is voiced.
    """
    f0_hz = track.finely(heard.sound) if isinstance(track, FinePitchTracker) else track(heard.sound)
    if not (f0_hz > 0).any():
        raise PromptError("There is no voice in the prompt", wanted="one person speaking", got="no voiced sound")
    return OfficialVoice(
        style=style,
        pitch=measure_pitch_range(f0_hz),
        prompt_f0_hz=f0_hz,
        sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
    )


def place_as_published(f0_hz: F0, voice: OfficialVoice, key: Key) -> F0:
    """What the published networks are given of a contour found every 5 ms. Shape: [4 T] -> [4 T]."""
    return log_f0_in_voice(f0_hz, voice.prompt_f0_hz, key.semitones)


def fine_log_f0(f0_hz: F0, voiced: npt.NDArray[np.bool_]) -> F0:
    """What the synthesizer is given, ln(F0 + 1) or 0 where unvoiced, a value every 5 ms from one every 10 ms.

    A value of the finer grid stands on a value of the coarser or midway between two, where both or one may be voiced.

    Shape:
        f0_hz, voiced  [2 T]
        returns        [4 T]
    """
    log_hz = np.log(np.clip(f0_hz, _LOWEST_HZ, _HIGHEST_HZ))
    is_voiced = voiced.astype(np.float32)
    before, is_voiced_before = (np.concatenate([x[:1], x[:-1]]) for x in (log_hz, is_voiced))
    n_voiced = is_voiced + is_voiced_before
    between = (log_hz * is_voiced + before * is_voiced_before) / np.maximum(n_voiced, 1)
    fine = np.stack([between, log_hz], axis=1).ravel()
    is_sung = np.stack([n_voiced > 0, voiced], axis=1).ravel()
    return np.where(is_sung, np.log1p(np.exp(fine)), 0).astype(np.float32)


PUBLISHED_MANNER = SourceManner(
    resample=kaiser_resample,
    gain=lambda _source: 1.0,  # at its own level
    padded_length=lambda n_samples: (n_samples // _PADDING_SAMPLES + 1) * _PADDING_SAMPLES,
    place_finely=place_as_published,
)
"""How the published networks are given a recording, where its pitch is found every 5 ms."""
