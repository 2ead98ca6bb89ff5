"""Attributes of a voice, in standard deviations of the training speakers: measured on speech, changed by controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hierbatch.audio.spectrum import LOG_SPREAD, mel_centres_hz
from hierbatch.audio.voice_measures import (
    BRIGHTNESS_FROM_HZ,
    EFFORT_FROM_HZ,
    VoiceMeasures,
    formant_shift_octaves,
    measure_voice,
)
from hierbatch.audio.waveform import Waveform
from hierbatch.models.lite.prompt_statistics import Floats
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.lite.voice_space import ATTRIBUTES, VoiceSpace

_DB_PER_NEPER = 20 / np.log(10)
_APERIODICITY_DB_PER_SHARE = 6.0
"""Rise of the measured aperiodicity with the share of pulses that is removed; the rise levels off at three fifths."""
_MAX_BREATHINESS = 0.6
_PROSODY_RANGE, _SPEED_RANGE = (0.15, 2.5), (0.6, 1.7)
_MAX_TILT_DB, _MAX_SHIFT_OCTAVES, _MAX_PITCH_STEP = 10.0, 0.15, 12.0


def measure_attributes(space: VoiceSpace, sound: Waveform, n_tokens: int) -> dict[str, float]:
    """Measure the attributes of one sentence, by name, in standard deviations from the mean of the training speakers.

    Args:
        space: distribution of voices, with the means and the standard deviations.
        sound: speech at 16 kHz.
        n_tokens: number of tokens in the phoneme string of the sentence, for the pace.
    """
    raw = _raw_attributes(space, measure_voice(sound), n_tokens)
    standard = (raw - space.attribute_mean) / space.attribute_deviation
    return dict(zip(ATTRIBUTES, standard.tolist(), strict=True))


def adjust_voice(
    space: VoiceSpace, voice: LiteVoice, asked: Mapping[str, float], measured: Mapping[str, float]
) -> LiteVoice:
    """Copy a voice, and move its controls by the differences between the wanted and the measured attributes.

    Pitch, pace, liveliness, breathiness and the tilts of the spectrum have controls of their own. Femininity is changed
    by the formants, and also by the pitch, unless a pitch is wanted too.

    Args:
        space: distribution of voices, with the means and the standard deviations.
        voice: voice to adjust.
        asked: wanted attributes, by name, in standard deviations.
        measured: attributes of the speech of the voice, as `measure_attributes` returns them.
    """
    mean, deviation = (dict(zip(ATTRIBUTES, values.tolist(), strict=True)) for values in (
        space.attribute_mean, space.attribute_deviation,
    ))  # fmt: skip
    missing = {name: (value - measured[name]) * deviation[name] for name, value in asked.items()}

    def ratio(name: str) -> float:
        """Ratio of the wanted to the measured value of an attribute, kept positive; 1 if no value is wanted."""
        if name not in asked:
            return 1.0
        now = max(mean[name] + measured[name] * deviation[name], 0.05 * mean[name])
        return float(max(mean[name] + asked[name] * deviation[name], 0.1 * mean[name]) / now)

    pitch_step, shift = missing.get("pitch", 0.0), 0.0
    if "femininity" in asked:
        by_pitch, by_formants, _ = space.femininity_weights.tolist()
        left = missing["femininity"] - by_pitch * pitch_step
        if "pitch" not in asked:
            pitch_step = float(np.clip(0.5 * left / by_pitch, -_MAX_PITCH_STEP, _MAX_PITCH_STEP))
            left -= by_pitch * pitch_step
        shift = float(np.clip(left / by_formants, -_MAX_SHIFT_OCTAVES, _MAX_SHIFT_OCTAVES))
    tilts = (missing.get("effort", 0.0), missing.get("brightness", 0.0))
    breath = voice.breathiness + missing.get("breathiness", 0.0) / _APERIODICITY_DB_PER_SHARE
    return replace(
        voice,
        mel=_tilted(_shifted(voice.mel, shift), *tilts),
        median_f0_hz=voice.median_f0_hz * 2 ** (float(np.clip(pitch_step, -_MAX_PITCH_STEP, _MAX_PITCH_STEP)) / 12),
        speed=float(np.clip(voice.speed * ratio("pace"), *_SPEED_RANGE)),
        prosody=float(np.clip(voice.prosody * ratio("liveliness"), *_PROSODY_RANGE)),
        breathiness=float(np.clip(breath, 0.0, _MAX_BREATHINESS)),
    )


def _raw_attributes(space: VoiceSpace, measures: VoiceMeasures, n_tokens: int) -> npt.NDArray[np.float64]:
    """Attributes in their own units, in the order of `ATTRIBUTES`."""
    shift = formant_shift_octaves(measures.spectrum_db, space.reference_db.astype(np.float64))
    by_pitch, by_formants, offset = space.femininity_weights.tolist()
    return np.array(
        [
            measures.f0_semitones,
            by_pitch * measures.f0_semitones + by_formants * shift + offset,
            measures.brightness_db,
            n_tokens / max(measures.speech_s, 0.1),
            measures.f0_spread_semitones,
            measures.effort_db,
            measures.aperiodicity_db,
        ]
    )


def _tilted(mel: Floats, effort_db: float, brightness_db: float) -> Floats:
    """Prompt frames with the levels of the middle and upper bands changed, relative to the bands below."""
    effort_db, brightness_db = (
        float(np.clip(value, -_MAX_TILT_DB, _MAX_TILT_DB)) for value in (effort_db, brightness_db)
    )
    centres_hz = mel_centres_hz()
    gain_db = np.where(centres_hz < EFFORT_FROM_HZ, -effort_db / 2, effort_db / 2)
    gain_db += np.where(centres_hz < BRIGHTNESS_FROM_HZ, 0.0, brightness_db)
    tilted: Floats = (mel + gain_db / (_DB_PER_NEPER * LOG_SPREAD)).astype(np.float32)
    return tilted


def _shifted(mel: Floats, octaves: float) -> Floats:
    """Prompt frames with the formants shifted on a log frequency axis, as if the vocal tract had a different length."""
    if octaves == 0.0:
        return mel
    centres_hz = mel_centres_hz()
    source_hz = centres_hz * 2.0**-octaves
    return np.stack([np.interp(source_hz, centres_hz, frame) for frame in mel]).astype(np.float32)
