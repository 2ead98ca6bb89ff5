"""Fundamental frequency of speech, one value every 10 ms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform
from hierbatch.units import MEL_FRAMES_PER_SECOND, MEL_HOP_SAMPLES, RATE_HZ

FLOOR_HZ, CEILING_HZ = 65.0, 500.0
_WINDOW_S, _CONTEXT_S = 60.0, 1.0
_OCTAVE_ERROR = 0.7

F0 = npt.NDArray[np.float32]


def estimate_f0(waveform: Waveform) -> F0:
    """F0 in Hz, 0 where unvoiced, by DIO with StoneMask refinement (Morise 2009, 2010).

    Frame t belongs to samples 160 t to 160 t + 159, as in `LogMel`.

    Shape:
        returns  [L // 160]
    """
    with warnings.catch_warnings():
        # pyworld reads its own version through setuptools' pkg_resources, which warns that it will go.
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        import pyworld

    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"estimate_f0 hears {RATE_HZ} Hz, but rate_hz is {waveform.rate_hz}")
    n_frames = waveform.n_samples // MEL_HOP_SAMPLES
    samples = waveform.samples.astype(np.float64)
    period_ms = 1000.0 / MEL_FRAMES_PER_SECOND
    rough, times = pyworld.dio(samples, RATE_HZ, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=period_ms)
    # DIO's frame t is centred on 160 t; ours on 160 t + 80.
    refined = pyworld.stonemask(samples, rough, times, RATE_HZ).astype(np.float32)
    here, following = refined[:n_frames], refined[1 : n_frames + 1]
    following = np.pad(following, (0, n_frames - len(following)))
    both = (here > 0) & (following > 0)
    return np.where(both, np.sqrt(here * following), np.maximum(here, following)).astype(np.float32)


def estimate_long_f0(
    waveform: Waveform, track: Callable[[Waveform], F0] = estimate_f0, *, hop_samples: int = MEL_HOP_SAMPLES
) -> F0:
    """The same for hours: a minute at a time, each with a second of its neighbours, so that memory stays small.

    `track` finds the pitch of a minute (`hierbatch.audio.pitch_trackers`), a value every `hop_samples`.

    Shape:
        returns  [L // hop_samples]
    """
    hop, window, context = hop_samples, int(_WINDOW_S * RATE_HZ), int(_CONTEXT_S * RATE_HZ)
    if waveform.n_samples <= window + context:
        return track(waveform)
    parts = []
    for start in range(0, waveform.n_samples, window):
        first, last = max(0, start - context), start + window + context
        part = track(Waveform(waveform.samples[first:last], RATE_HZ))
        parts.append(part[(start - first) // hop :][: window // hop])
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Where a voice speaks: median of the voiced frames and standard deviation about it."""

    median_hz: float
    spread_semitones: float


def measure_pitch_range(f0_hz: F0, default_hz: float = 150.0) -> PitchRange:
    """Statistics that a tracker's octave errors do not move; `default_hz` and no spread where nothing is voiced.

    Frames more than 0.7 octaves from the median are counted an octave (or more) nearer to it.
    """
    voiced = f0_hz[f0_hz > 0]
    if not len(voiced):
        return PitchRange(default_hz, 0.0)
    octaves = np.log2(voiced.astype(np.float64))
    away = octaves - np.median(octaves)
    folded = octaves - np.where(np.abs(away) > _OCTAVE_ERROR, np.round(away), 0.0)
    return PitchRange(float(2 ** np.median(folded)), float(12 * np.std(folded)))


def fill_unvoiced(f0_hz: F0, default_hz: float = 150.0) -> F0:
    """Log-linear F0 through unvoiced stretches; `default_hz` everywhere where nothing is voiced."""
    voiced = np.flatnonzero(f0_hz > 0)
    if len(voiced) == 0:
        return np.full(len(f0_hz), default_hz, dtype=np.float32)
    filled = np.interp(np.arange(len(f0_hz)), voiced, np.log(f0_hz[voiced]))
    return np.exp(filled).astype(np.float32)


def median_f0_hz(f0_hz: F0, default_hz: float = 150.0) -> float:
    """Median of the voiced frames, `default_hz` where there are none."""
    voiced = f0_hz[f0_hz > 0]
    return float(np.median(voiced)) if len(voiced) else default_hz
