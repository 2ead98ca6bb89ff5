"""Fundamental frequency of speech, one value every 10 ms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MEL_HOP_SAMPLES, RATE_HZ

FLOOR_HZ, CEILING_HZ = 65.0, 500.0
_WINDOW_S, _CONTEXT_S = 60.0, 1.0
_OCTAVE_ERROR = 0.7

F0 = npt.NDArray[np.float32]


def estimate_f0(waveform: Waveform) -> F0:
    """Estimate F0 in Hz every 10 ms, 0 where unvoiced, by DIO with StoneMask refinement (Morise 2009, 2010).

    Frame t covers samples 160 t to 160 t + 159, as in `LogMel`.

    Shape:
        returns  [L // 160]
    """
    n_frames = waveform.n_samples // MEL_HOP_SAMPLES
    refined = _refined_dio(waveform, MEL_HOP_SAMPLES)
    # DIO's frame t is centred on sample 160 t, ours on sample 160 t + 80.
    here, following = refined[:n_frames], refined[1 : n_frames + 1]
    following = np.pad(following, (0, n_frames - len(following)))
    both = (here > 0) & (following > 0)
    return np.where(both, np.sqrt(here * following), np.maximum(here, following)).astype(np.float32)


def estimate_fine_f0(waveform: Waveform) -> F0:
    """Estimate F0 in Hz every 5 ms, 0 where unvoiced, as `estimate_f0`; value t is centred on sample 80 t.

    Shape:
        returns  [ceil(L / 80)]
    """
    hop_samples = MEL_HOP_SAMPLES // 2
    n_values = -(-waveform.n_samples // hop_samples)
    values = _refined_dio(waveform, hop_samples)[:n_values]
    return np.pad(values, (0, n_values - len(values)))


def _refined_dio(waveform: Waveform, hop_samples: int) -> F0:
    """F0 by DIO and StoneMask; value t is centred on sample `hop_samples` t."""
    with warnings.catch_warnings():
        # pyworld reads its own version through setuptools' pkg_resources, which emits a deprecation warning.
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        import pyworld

    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"estimate_f0 needs sound at {RATE_HZ} Hz, but rate_hz is {waveform.rate_hz}")
    samples = waveform.samples.astype(np.float64)
    period_ms = 1000.0 * hop_samples / RATE_HZ
    coarse, times = pyworld.dio(samples, RATE_HZ, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=period_ms)
    refined: F0 = pyworld.stonemask(samples, coarse, times, RATE_HZ).astype(np.float32)
    return refined


def estimate_long_f0(
    waveform: Waveform, track: Callable[[Waveform], F0] = estimate_f0, *, hop_samples: int = MEL_HOP_SAMPLES
) -> F0:
    """Estimate the F0 of a recording of any length, in windows of one minute to bound the memory.

    Each window overlaps its neighbours by one second.

    Args:
        waveform: sound at 16 kHz
        track: pitch tracker for one window (see `hierbatch.audio.pitch_trackers`)
        hop_samples: samples between two F0 values of the tracker

    Shape:
        returns  [L // hop_samples]
    """
    hop, window, context = hop_samples, int(_WINDOW_S * RATE_HZ), int(_CONTEXT_S * RATE_HZ)
    if waveform.n_samples <= window + context:
        return track(waveform)
    windows = []
    for start in range(0, waveform.n_samples, window):
        first, last = max(0, start - context), start + window + context
        f0_hz = track(Waveform(waveform.samples[first:last], RATE_HZ))
        windows.append(f0_hz[(start - first) // hop :][: window // hop])
    return np.concatenate(windows)


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Pitch range of a voice: median of the voiced frames and standard deviation about it."""

    median_hz: float
    spread_semitones: float


def measure_pitch_range(f0_hz: F0, default_hz: float = 150.0) -> PitchRange:
    """Measure median and spread of F0, robust to octave errors; `default_hz` and no spread if nothing is voiced.

    Frames more than 0.7 octaves from the median are shifted towards it by whole octaves.
    """
    voiced = f0_hz[f0_hz > 0]
    if not len(voiced):
        return PitchRange(default_hz, 0.0)
    octaves = np.log2(voiced.astype(np.float64))
    deviation = octaves - np.median(octaves)
    folded = octaves - np.where(np.abs(deviation) > _OCTAVE_ERROR, np.round(deviation), 0.0)
    return PitchRange(float(2 ** np.median(folded)), float(12 * np.std(folded)))


def fill_unvoiced(f0_hz: F0, default_hz: float = 150.0) -> F0:
    """Interpolate log F0 through unvoiced frames; `default_hz` throughout if no frame is voiced."""
    voiced = np.flatnonzero(f0_hz > 0)
    if len(voiced) == 0:
        return np.full(len(f0_hz), default_hz, dtype=np.float32)
    filled = np.interp(np.arange(len(f0_hz)), voiced, np.log(f0_hz[voiced]))
    return np.exp(filled).astype(np.float32)


def median_f0_hz(f0_hz: F0, default_hz: float = 150.0) -> float:
    """Median F0 of the voiced frames; `default_hz` if there are none."""
    voiced = f0_hz[f0_hz > 0]
    return float(np.median(voiced)) if len(voiced) else default_hz
