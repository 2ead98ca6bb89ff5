"""Fundamental frequency of speech, one value every 10 ms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MEL_FRAMES_PER_SECOND, MEL_HOP_SAMPLES, RATE_HZ

FLOOR_HZ, CEILING_HZ = 65.0, 500.0
SONG_CEILING_HZ = 1100.0
_WINDOW_S, _CONTEXT_S = 60.0, 1.0
_OCTAVE_ERROR = 0.7
_WORLD_PERIOD_MS = 500.0 / MEL_FRAMES_PER_SECOND
_VOICED_PART_SAMPLES = 2 * RATE_HZ
_ALLOWED_RANGE, _CHANNELS_PER_OCTAVE = 0.2, 4.0

F0 = npt.NDArray[np.float32]


def estimate_f0(waveform: Waveform) -> F0:
    """Estimate F0 in Hz every 10 ms, 0 where unvoiced, by DIO with StoneMask refinement (Morise 2009, 2010).

    The sound is at 16 kHz; frame t covers samples 160 t to 160 t + 159, as in `LogMel`. DIO's default limits miss a
    sixth of the voiced frames of clean speech; here the contour may change faster and is searched in narrower bands.

    Shape:
        returns  [L // 160]
    """
    return _at_frame_centres(_refined_dio(waveform), waveform)


def estimate_f0_by_harvest(waveform: Waveform) -> F0:
    """Estimate F0 as `estimate_f0` does, by Harvest (Morise 2017): slightly more accurate, twelve times the cost.

    Shape:
        returns  [L // 160]
    """
    return _harvest(waveform, CEILING_HZ)


def estimate_song_f0(waveform: Waveform) -> F0:
    """Estimate F0 as `estimate_f0_by_harvest` does, also for sung notes up to 1100 Hz.

    Shape:
        returns  [L // 160]
    """
    return _harvest(waveform, SONG_CEILING_HZ)


def _harvest(waveform: Waveform, ceiling_hz: float) -> F0:
    f0_hz, _ = _import_pyworld().harvest(
        _world_samples(waveform), RATE_HZ, f0_floor=FLOOR_HZ, f0_ceil=ceiling_hz, frame_period=_WORLD_PERIOD_MS
    )
    return _at_frame_centres(f0_hz, waveform)


def estimate_fine_f0(waveform: Waveform) -> F0:
    """Estimate F0 in Hz every 5 ms, 0 where unvoiced, as `estimate_f0` does; value t is centered on sample 80 t.

    Shape:
        returns  [ceil(L / 80)]
    """
    n_values = -(-waveform.n_samples // (MEL_HOP_SAMPLES // 2))
    values = _refined_dio(waveform)[:n_values].astype(np.float32)
    return np.pad(values, (0, n_values - len(values)))


def is_speech_voiced(waveform: Waveform) -> bool:
    """True if DIO finds pitch within its strict limits, unlike `estimate_f0`, which finds pitch even in noise.

    A long recording is read in parts, up to the first part with pitch.
    """
    parts = np.array_split(waveform.samples, max(1, waveform.n_samples // _VOICED_PART_SAMPLES))
    contours = (_dio(Waveform(part, waveform.rate_hz), 2 * _WORLD_PERIOD_MS)[0] for part in parts)
    return any(bool((f0_hz > 0).any()) for f0_hz in contours)


def _refined_dio(waveform: Waveform) -> npt.NDArray[np.float64]:
    """F0 by DIO and StoneMask with a period of `_WORLD_PERIOD_MS`."""
    limits = {"allowed_range": _ALLOWED_RANGE, "channels_in_octave": _CHANNELS_PER_OCTAVE}
    coarse, times = _dio(waveform, _WORLD_PERIOD_MS, **limits)
    refined: npt.NDArray[np.float64] = _import_pyworld().stonemask(_world_samples(waveform), coarse, times, RATE_HZ)
    return refined


def _dio(
    waveform: Waveform, period_ms: float, **limits: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """F0 in Hz by DIO without refinement, and the time of each value in seconds."""
    contour: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] = _import_pyworld().dio(
        _world_samples(waveform), RATE_HZ, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=period_ms, **limits
    )
    return contour


def _import_pyworld() -> ModuleType:
    import pyworld

    module: ModuleType = pyworld
    return module


def _world_samples(waveform: Waveform) -> npt.NDArray[np.float64]:
    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"pitch tracking needs sound at {RATE_HZ} Hz, but rate_hz is {waveform.rate_hz}")
    return waveform.samples.astype(np.float64)


def _at_frame_centres(f0_hz: npt.NDArray[np.float64], waveform: Waveform) -> F0:
    """Every second value of a 5 ms contour: WORLD's value k is centered on sample 80 k, our frame t on 160 t + 80."""
    n_frames = waveform.n_samples // MEL_HOP_SAMPLES
    centred = f0_hz[1::2][:n_frames]
    return np.pad(centred, (0, n_frames - len(centred))).astype(np.float32)


def estimate_long_f0(
    waveform: Waveform, track: Callable[[Waveform], F0] = estimate_f0, *, hop_samples: int = MEL_HOP_SAMPLES
) -> F0:
    """Estimate the F0 of a recording of any length, in windows of one minute to bound the memory.

    Each window overlaps its neighbors by one second.

    Args:
        waveform: sound at 16 kHz.
        track: pitch tracker for one window (see `hierbatch.audio.pitch_trackers`).
        hop_samples: samples between two F0 values of the tracker.

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
