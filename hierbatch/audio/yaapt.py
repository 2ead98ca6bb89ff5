"""F0 estimation by YAAPT (Kasi and Zahorian 2002), the tracker of HierSpeech++: slow, meant for comparisons.

The default tracker, `estimate_f0`, is about ten times faster. YAAPT chooses among lags of whole samples, and rounding
in the arithmetic library decides between paths of equal cost: about one frame in several hundred may differ by a lag or
two from one processor to another.
"""

from __future__ import annotations

import warnings

import numpy as np

from hierbatch.audio.pitch import F0
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import SourceError

PACKAGE = "amfm_decompy"
HOP_SAMPLES = 80
CONVERSION_CEILING_HZ = 1100.0
"""Highest F0 in HierSpeech++ voice conversion."""
TEXT_TO_VECTOR_CEILING_HZ = 400.0
"""Highest F0 in the training of the HierSpeech++ text-to-vector network."""

_FRAME_MS, _HOP_MS, _SPECTRAL_FRAME_MS = 20.0, 5.0, 25.0
_CORRELATION_THRESHOLD = 0.25
_EDGE_SAMPLES = 160
# Raised by numpy and scipy inside YAAPT if there are too few samples.
_UNUSABLE = (ValueError, IndexError, ZeroDivisionError, FloatingPointError)


def yaapt_f0(waveform: Waveform, ceiling_hz: float = CONVERSION_CEILING_HZ) -> F0:
    """Estimate F0 in Hz every 5 ms, 0 where unvoiced; value t is centered on sample 80 t.

    Shape:
        returns  [ceil(L / 80)]

    Raises:
        ValueError: the sound is not at 16 kHz.
        SourceError: the sound is too short for YAAPT (the HierSpeech++ scripts treat such a sound as unvoiced).
    """
    from amfm_decompy import basic_tools, pYAAPT

    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"yaapt_f0 needs sound at {RATE_HZ} Hz, but rate_hz is {waveform.rate_hz}")
    padded = np.pad(waveform.samples, (_EDGE_SAMPLES, _EDGE_SAMPLES)).astype(np.float64)
    try:
        with warnings.catch_warnings():
            # With few voiced frames it takes means of empty arrays.
            warnings.simplefilter("ignore")
            pitch = pYAAPT.yaapt(
                basic_tools.SignalObj(padded, RATE_HZ),
                frame_length=_FRAME_MS,
                frame_space=_HOP_MS,
                nccf_thresh1=_CORRELATION_THRESHOLD,
                tda_frame_length=_SPECTRAL_FRAME_MS,
                f0_max=ceiling_hz,
            )
    except _UNUSABLE as error:
        raise SourceError(
            "No pitch can be tracked",
            expected="at least half a second of sound for YAAPT",
            got=f"{waveform.duration_s:.3f} s ({error})",
            fix="use a longer recording, or --f0 dio",
        ) from error
    return np.asarray(pitch.samp_values, dtype=np.float32)


class Yaapt:
    """YAAPT as a pitch tracker: F0 every 10 ms, as from all trackers, and every 5 ms for the HierSpeech++ networks."""

    def __call__(self, waveform: Waveform) -> F0:
        """Estimate F0 in Hz every 10 ms, 0 where unvoiced; frame t covers samples 160 t to 160 t + 159.

        Shape:
            returns  [L // 160]

        Raises:
            SourceError: as in `yaapt_f0`.
        """
        return self.fine_f0(waveform)[1::2][: waveform.n_samples // (2 * HOP_SAMPLES)]

    def fine_f0(self, waveform: Waveform) -> F0:
        """Estimate F0 in Hz every 5 ms by `yaapt_f0`, up to `CONVERSION_CEILING_HZ`."""
        return yaapt_f0(waveform)


estimate_f0_by_yaapt = Yaapt()
