"""Input format of the published networks for voice conversion: recording, pitch and voice.

Legend: T frames (50/s), S style.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.hierspeechpp_pitch import transfer_log_f0
from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.pitch import F0, PitchRange, is_speech_voiced, measure_pitch_range
from hierbatch.audio.pitch_trackers import FinePitchTracker, PitchTracker
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.models.conversion.interface import InputSpec, Transposition
from hierbatch.models.hierspeechpp.prompt import PromptFeatures

_MIN_F0_HZ, _MAX_F0_HZ = 55.0, 1100.0
_PADDING_SAMPLES = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionVoice:
    """Target voice for conversion, as returned by `HierSpeechPPConverter.encode_voice`.

    Shape:
        style         [S]
        prompt_f0_hz  [any]
    """

    style: npt.NDArray[np.float32]
    pitch: PitchRange
    prompt_f0_hz: F0
    """F0 contour of the prompt, 0 where unvoiced, from the tracker passed to `encode_voice`."""
    sha256: str


def make_conversion_voice(
    features: PromptFeatures, style: npt.NDArray[np.float32], prompt: Waveform, track: PitchTracker
) -> ConversionVoice:
    """Create a target voice from an encoded style and the prompt's pitch.

    Args:
        features: features of the prompt on the networks' device.
        style: style vector of the synthesizer.
        prompt: recording that `features` were extracted from; its hash identifies the voice.
        track: pitch tracker for the prompt.

    Raises:
        PromptError: the prompt has no voiced frames.
    """
    waveform = features.waveform
    f0_hz = track.fine_f0(waveform) if isinstance(track, FinePitchTracker) else track(waveform)
    if not (f0_hz > 0).any() or not is_speech_voiced(waveform):
        raise PromptError("There is no voice in the prompt", expected="one person speaking", got="no voiced sound")
    return ConversionVoice(
        style=style,
        pitch=measure_pitch_range(f0_hz),
        prompt_f0_hz=f0_hz,
        sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
    )


def normalize_f0_for_voice(f0_hz: F0, voice: ConversionVoice, transposition: Transposition) -> F0:
    """Map an F0 contour in 5 ms steps to the networks' pitch input for a target voice. Shape: f0_hz [4 T] -> [4 T]."""
    return transfer_log_f0(f0_hz, voice.prompt_f0_hz, transposition.semitones)


def fine_log_f0(f0_hz: F0, voiced: npt.NDArray[np.bool_]) -> F0:
    """Pitch input of the synthesizer: ln(F0 + 1) in 5 ms steps, 0 where unvoiced, from F0 in 10 ms steps.

    New values midway between two 10 ms values are the mean of the voiced ones, and voiced if at least one is.

    Shape:
        f0_hz, voiced  [2 T]
        returns        [4 T]
    """
    log_hz = np.log(np.clip(f0_hz, _MIN_F0_HZ, _MAX_F0_HZ))
    is_voiced = voiced.astype(np.float32)
    before, is_voiced_before = (np.concatenate([x[:1], x[:-1]]) for x in (log_hz, is_voiced))
    n_voiced = is_voiced + is_voiced_before
    between = (log_hz * is_voiced + before * is_voiced_before) / np.maximum(n_voiced, 1)
    fine = np.stack([between, log_hz], axis=1).ravel()
    is_fine_voiced = np.stack([n_voiced > 0, voiced], axis=1).ravel()
    return np.where(is_fine_voiced, np.log1p(np.exp(fine)), 0).astype(np.float32)


HIERSPEECHPP_INPUT_SPEC = InputSpec(
    resample=kaiser_resample,
    gain=lambda _source: 1.0,  # the level is left unchanged
    padded_length=lambda n_samples: (n_samples // _PADDING_SAMPLES + 1) * _PADDING_SAMPLES,
    normalize_f0=normalize_f0_for_voice,
)
"""Input format of the published networks; `normalize_f0` is used with pitch trackers that have 5 ms steps."""
