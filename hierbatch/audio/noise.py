"""Taking noise out of speech: RNNoise (Valin 2018), a recurrent network on 22 bands, through `pyrnnoise`.

It is causal and light (about 1 % of real time), hears 48 kHz, and holds its weights inside the library.
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
"""Samples that what comes out lags behind what went in; measured in the tests."""
_FULL_SCALE = 32_767.0


def reduce_noise(sound: Waveform) -> Waveform:
    """The same sound with its noise turned down, at the same rate, level and length, nothing moved in time.

    Raises:
        ProgramError: pyrnnoise is not installed or its library cannot be loaded.
    """
    rnnoise = _load_rnnoise()
    wide = resample(sound, _RATE_HZ)
    peak = max(float(np.abs(wide.samples).max(initial=0.0)), 1.0)  # a sound over full scale is not clipped
    clean = _denoise_frames(rnnoise, np.round(wide.samples / peak * _FULL_SCALE).astype(np.int16))
    narrow = resample(Waveform(clean * np.float32(peak / _FULL_SCALE), _RATE_HZ), sound.rate_hz)
    return Waveform(narrow.samples[: sound.n_samples], sound.rate_hz)


def mix_denoised(sound: Waveform, ratio: float) -> Waveform:
    """A sound and itself without noise: 0 gives it as it is, 1 gives only what `reduce_noise` makes of it.

    Raises:
        ProgramError: as `reduce_noise`.
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
            "Noise cannot be taken out of the prompt",
            wanted="RNNoise, which the pyrnnoise package holds",
            got=str(error),
            mend="pip install pyrnnoise, or leave --denoise out",
        ) from error
