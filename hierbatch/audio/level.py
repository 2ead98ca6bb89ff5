"""Normalization of speech to the level at which the networks are trained."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.waveform import Samples, Waveform, in_blocks

SPEECH_RMS = 0.06
_MAX_PEAK = 0.98
_FRAME_SAMPLES = 320
_BLOCK_FRAMES = 4096
_SPEECH_BELOW_LOUDEST_DB = -40.0


def speech_rms(waveform: Waveform) -> float:
    """RMS of the frames within 40 dB of the loudest one, which excludes pauses; 0 for silence."""
    samples = waveform.samples
    if len(samples) < _FRAME_SAMPLES:
        samples = np.resize(samples, _FRAME_SAMPLES) if len(samples) else np.zeros(_FRAME_SAMPLES, np.float32)
    # In blocks of whole frames, so that the squares of a long recording are not in memory.
    power = np.concatenate(
        [
            (block[: len(block) // _FRAME_SAMPLES * _FRAME_SAMPLES].astype(np.float64) ** 2)
            .reshape(-1, _FRAME_SAMPLES)
            .mean(axis=1)
            for block in in_blocks(samples, _BLOCK_FRAMES * _FRAME_SAMPLES)
        ]
    )
    loud = power >= power.max() * 10 ** (_SPEECH_BELOW_LOUDEST_DB / 10)
    return float(np.sqrt(power[loud].mean()))


def to_speech_level(waveform: Waveform) -> Waveform:
    """Scale a sound to the level at which all networks are trained; silence is returned unchanged."""
    gain = speech_gain(waveform)
    return waveform if gain == 1.0 else Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def speech_gain(waveform: Waveform) -> float:
    """Factor that brings speech to the training level without clipping its peaks; 1 for silence."""
    rms = speech_rms(waveform)
    if rms <= 1e-5:
        return 1.0
    return float(min(SPEECH_RMS / rms, _MAX_PEAK / peak_level(waveform.samples)))


def peak_level(samples: Samples) -> float:
    """Largest absolute sample; 0 for no samples, NaN if one is NaN."""
    return max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))


def below_full_scale(waveform: Waveform) -> Waveform:
    """Attenuate a sound whose peak would clip in a file, by a constant gain; return any other sound unchanged.

    Networks are trained at one RMS level, at which the peaks of some voices exceed full scale.
    """
    gain = full_scale_gain(peak_level(waveform.samples))
    return waveform if gain == 1.0 else Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def full_scale_gain(peak: float) -> float:
    """Gain that `below_full_scale` applies to a sound with the given peak level; 1 unless the peak would clip."""
    return _MAX_PEAK / peak if _MAX_PEAK < peak < np.inf else 1.0
