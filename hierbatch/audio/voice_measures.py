"""Acoustic measures of a voice from a few seconds of its speech: pitch, spectrum, breath and vocal tract.

Legend: T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hierbatch.audio.level import to_speech_level
from hierbatch.audio.pitch import estimate_f0, measure_pitch_range
from hierbatch.audio.spectrum import LOG_SPREAD, LogMel, mel_centres_hz
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MEL_HOP_SAMPLES, RATE_HZ

_DB_PER_NEPER = 20 / np.log(10)
EFFORT_FROM_HZ, BRIGHTNESS_FROM_HZ = 1000.0, 4000.0
"""Lower limits of the bands from which vocal effort and brightness are measured."""
_BREATH_BAND_HZ = (1000.0, 5000.0)
_FORMANT_BAND_HZ = (500.0, 5000.0)
_POINTS_PER_OCTAVE = 36
_MAX_SHIFT_OCTAVES = 1 / 3
_SPEECH_BELOW_LOUDEST_DB = 35.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMeasures:
    """Measures of one voice.

    Shape:
        spectrum_db  [M]
    """

    f0_semitones: float
    """Median F0 in semitones above 100 Hz."""
    f0_spread_semitones: float
    """Standard deviation of F0, a measure of liveliness."""
    effort_db: float
    """Level of 1 to 4 kHz relative to the bands below, which rises with vocal effort (Sluijter and van Heuven 1996)."""
    brightness_db: float
    """Level above 4 kHz relative to 1 to 4 kHz."""
    aperiodicity_db: float
    """Aperiodic share of voiced sound at 1 to 5 kHz, by D4C (Morise 2016): higher is breathier."""
    spectrum_db: Floats
    """Mean level of each mel band in the louder half of the frames."""
    speech_s: float
    """Time from the first to the last sound."""


def measure_voice(sound: Waveform) -> VoiceMeasures:
    """Measure a voice from speech at 16 kHz.

    Raises:
        ValueError: the sound has another rate.
    """
    n_samples = sound.n_samples // MEL_HOP_SAMPLES * MEL_HOP_SAMPLES
    speech = to_speech_level(Waveform(sound.samples[:n_samples], sound.rate_hz))
    f0_hz = estimate_f0(speech)
    pitch = measure_pitch_range(f0_hz)
    mel = LogMel()(torch.from_numpy(speech.samples)[None])[0].numpy().astype(np.float64)
    level = mel.mean(1)
    spectrum_db = mel[level >= level.mean()].mean(0) * LOG_SPREAD * _DB_PER_NEPER
    centres_hz = mel_centres_hz()
    low, middle, high = (
        float(spectrum_db[band].mean())
        for band in (
            centres_hz < EFFORT_FROM_HZ,
            (centres_hz >= EFFORT_FROM_HZ) & (centres_hz < BRIGHTNESS_FROM_HZ),
            centres_hz >= BRIGHTNESS_FROM_HZ,
        )
    )
    return VoiceMeasures(
        f0_semitones=12 * float(np.log2(pitch.median_hz / 100.0)),
        f0_spread_semitones=pitch.spread_semitones,
        effort_db=middle - low,
        brightness_db=high - middle,
        aperiodicity_db=_aperiodicity_db(speech, f0_hz),
        spectrum_db=spectrum_db,
        speech_s=_speech_s(speech),
    )


def formant_shift_octaves(spectrum_db: Floats, reference_db: Floats) -> float:
    """Shift of the formants relative to a reference, in octaves; positive (upwards) for a shorter vocal tract.

    Shape:
        spectrum_db, reference_db  [M]
    """
    n_points = round(np.log2(_FORMANT_BAND_HZ[1] / _FORMANT_BAND_HZ[0]) * _POINTS_PER_OCTAVE)
    n_margin = round(_MAX_SHIFT_OCTAVES * _POINTS_PER_OCTAVE)
    steps = np.arange(-n_margin, n_points + n_margin)
    axis_hz = _FORMANT_BAND_HZ[0] * 2.0 ** (steps / _POINTS_PER_OCTAVE)
    own, reference = (_without_tilt(np.interp(axis_hz, mel_centres_hz(), one)) for one in (spectrum_db, reference_db))
    fixed = reference[n_margin:-n_margin]
    scores = np.array([np.corrcoef(own[i : i + len(fixed)], fixed)[0, 1] for i in range(2 * n_margin + 1)])
    best = int(np.clip(scores.argmax(), 1, 2 * n_margin - 1))
    before, peak, after = scores[best - 1 : best + 2]
    curvature = before - 2 * peak + after
    offset = 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -1, 1))
    return (best + offset - n_margin) / _POINTS_PER_OCTAVE


def _without_tilt(curve: Floats) -> Floats:
    steps = np.linspace(-1, 1, len(curve))
    slope, centre = np.polyfit(steps, curve, 1)
    return np.asarray(curve - slope * steps - centre)


def _aperiodicity_db(speech: Waveform, f0_hz: npt.NDArray[np.float32]) -> float:
    import pyworld

    voiced = f0_hz > 0
    if not voiced.any():
        return 0.0
    times = (np.arange(len(f0_hz)) * MEL_HOP_SAMPLES + MEL_HOP_SAMPLES / 2) / RATE_HZ
    # Without the voicing decision of D4C (threshold 0), which would count breathy frames as fully aperiodic.
    shares = pyworld.d4c(speech.samples.astype(np.float64), f0_hz.astype(np.float64), times, RATE_HZ, threshold=0.0)
    bins_hz = np.linspace(0, RATE_HZ / 2, shares.shape[1])
    band = (bins_hz >= _BREATH_BAND_HZ[0]) & (bins_hz < _BREATH_BAND_HZ[1])
    return float(20 * np.log10(np.maximum(shares[voiced][:, band], 1e-4)).mean())


def _speech_s(speech: Waveform) -> float:
    n_frames = speech.n_samples // MEL_HOP_SAMPLES
    power = (speech.samples[: n_frames * MEL_HOP_SAMPLES].reshape(n_frames, -1).astype(np.float64) ** 2).mean(1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-_SPEECH_BELOW_LOUDEST_DB / 10))
    return float((loud[-1] - loud[0] + 1) * MEL_HOP_SAMPLES / RATE_HZ) if len(loud) else 0.0
