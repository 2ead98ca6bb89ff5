"""Noise reduction for speech with RNNoise (Valin 2018), a recurrent network on 22 bands, through `pyrnnoise`.

The network is causal and light (about 1 % of real time), works at 48 kHz, and has its weights inside the library.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import ProgramError

_RATE_HZ = 48_000
_FRAME_SAMPLES = 480
_DELAY_SAMPLES = 960
"""Delay of the output relative to the input; measured in the tests."""
_FULL_SCALE = 32_767.0


def reduce_noise(sound: Waveform) -> Waveform:
    """Reduce the noise in a sound; rate, level, length and timing stay the same.

    Raises:
        ProgramError: pyrnnoise is not installed or its library cannot be loaded.
    """
    rnnoise = _load_rnnoise()
    at_48_khz = resample(sound, _RATE_HZ)
    peak = max(float(np.abs(at_48_khz.samples).max(initial=0.0)), 1.0)  # so that a sound over full scale does not clip
    clean = _denoise_frames(rnnoise, np.round(at_48_khz.samples / peak * _FULL_SCALE).astype(np.int16))
    denoised = resample(Waveform(clean * np.float32(peak / _FULL_SCALE), _RATE_HZ), sound.rate_hz)
    return Waveform(denoised.samples[: sound.n_samples], sound.rate_hz)


def mix_denoised(sound: Waveform, ratio: float) -> Waveform:
    """Mix a sound with its denoised version: ratio 0 is the original, 1 is the result of `reduce_noise`.

    Raises:
        ProgramError: as in `reduce_noise`.
    """
    if ratio == 0:
        return sound
    clean = reduce_noise(sound).samples
    return Waveform((1 - ratio) * sound.samples + ratio * clean, sound.rate_hz)


def _denoise_frames(rnnoise: ModuleType, samples: np.ndarray) -> Samples:
    n_frames = -(-(len(samples) + _DELAY_SAMPLES) // _FRAME_SAMPLES)
    padded = np.pad(samples, (0, n_frames * _FRAME_SAMPLES - len(samples)))
    state = rnnoise.create()
    try:
        frames = [rnnoise.process_mono_frame(state, frame)[0] for frame in padded.reshape(n_frames, _FRAME_SAMPLES)]
    finally:
        rnnoise.destroy(state)
    return np.concatenate(frames)[_DELAY_SAMPLES : _DELAY_SAMPLES + len(samples)].astype(np.float32)


def _load_rnnoise() -> ModuleType:
    try:
        return importlib.import_module("pyrnnoise.rnnoise")
    except (ImportError, OSError) as error:
        raise ProgramError(
            "The noise of the prompt cannot be reduced",
            expected="the RNNoise library of the pyrnnoise package",
            got=str(error),
            fix="pip install 'hierbatch[denoise]', or omit --denoise",
        ) from error
