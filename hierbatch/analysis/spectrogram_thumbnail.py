"""Spectrogram thumbnail, detailed enough to show silence, noise, clipping and truncated speech."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from hierbatch.audio.waveform import Waveform
from hierbatch.programs import require_package

_WINDOW_S, _HOPS_PER_WINDOW = 0.032, 4
_MAX_HZ = 8000.0
_RANGE_DB = 70.0
_N_ROWS, _MAX_COLUMNS = 64, 320


def spectrogram_db(waveform: Waveform) -> npt.NDArray[np.float32]:
    """Power in dB relative to the maximum, from -70 to 0; low frequencies first, up to 8 kHz or half the sample rate.

    Shape:
        returns  [64, T]  T at most 320
    """
    n_window = max(16, round(_WINDOW_S * waveform.rate_hz))
    hop = max(1, n_window // _HOPS_PER_WINDOW, -(-waveform.n_samples // (_MAX_COLUMNS - 1)))
    frames = sliding_window_view(np.pad(waveform.samples, n_window // 2), n_window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(n_window), 4 * n_window)).T ** 2
    n_bins = np.searchsorted(np.fft.rfftfreq(4 * n_window, 1 / waveform.rate_hz), min(_MAX_HZ, waveform.rate_hz / 2))
    bands = np.array_split(power[:n_bins], _N_ROWS)
    level_db = 10 * np.log10(np.stack([band.mean(axis=0) for band in bands]) + 1e-12)
    result: npt.NDArray[np.float32] = np.clip(level_db - level_db.max(), -_RANGE_DB, 0).astype(np.float32)
    return result


def highest_khz(rate_hz: int) -> float:
    """Frequency at the top of the thumbnail, in kHz."""
    return min(_MAX_HZ, rate_hz / 2) / 1000


def spectrogram_png(waveform: Waveform) -> bytes:
    """Spectrogram as a PNG image, time from left to right, lighter colors for higher levels (cividis).

    Raises:
        ProgramError: Matplotlib is not installed.
    """
    image = require_package("matplotlib.image", extra="study")
    sink = io.BytesIO()
    image.imsave(sink, spectrogram_db(waveform), cmap="cividis", vmin=-_RANGE_DB, vmax=0, origin="lower", format="png")
    return sink.getvalue()
