"""F0 by YAAPT (Kasi and Zahorian 2002) as the published systems were trained on it: slow, for comparing with them.

Every day F0 comes from `estimate_f0`, which is some ten times as fast. YAAPT picks among lags of whole samples, and
where two paths cost the same the winner belongs to the arithmetic library: a frame in some hundreds may differ by a
lag or two from one processor to another.
"""

from __future__ import annotations

import warnings

import numpy as np

from hierbatch.audio.pitch import F0
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import SourceError
from hierbatch.units import RATE_HZ

PACKAGE = "amfm_decompy"
HOP_SAMPLES = 80
CONVERSION_CEILING_HZ = 1100.0
"""What the published voice conversion hears pitch up to."""
TEXT_TO_VECTOR_CEILING_HZ = 400.0
"""What the published text-to-vector network was trained on."""

_FRAME_MS, _HOP_MS, _SPECTRAL_FRAME_MS = 20.0, 5.0, 25.0
_CORRELATION_THRESHOLD = 0.25
_EDGE_SAMPLES = 160
# What numpy and scipy raise inside YAAPT on a few samples.
_UNUSABLE = (ValueError, IndexError, ZeroDivisionError, FloatingPointError)


def yaapt_f0(waveform: Waveform, ceiling_hz: float = CONVERSION_CEILING_HZ) -> F0:
    """F0 in Hz every 5 ms, 0 where unvoiced; value t is centred on sample 80 t.

    Shape:
        returns  [L / 80, rounded up]

    Raises:
        SourceError: the sound is too short for YAAPT; the published scripts take it for unvoiced.
    """
    from amfm_decompy import basic_tools, pYAAPT

    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"yaapt_f0 hears {RATE_HZ} Hz, but rate_hz is {waveform.rate_hz}")
    padded = np.pad(waveform.samples, (_EDGE_SAMPLES, _EDGE_SAMPLES)).astype(np.float64)
    try:
        with warnings.catch_warnings():
            # Where little is voiced it takes means of nothing.
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
            wanted="half a second of sound or more for YAAPT",
            got=f"{waveform.duration_s:.3f} s ({error})",
        ) from error
    return np.asarray(pitch.samp_values, dtype=np.float32)


class Yaapt:
    """YAAPT as a pitch tracker: every 10 ms like all of them, and every 5 ms as the published networks are given it."""

    def __call__(self, waveform: Waveform) -> F0:
        """As `estimate_f0`: a value every 10 ms, frame t for samples 160 t to 160 t + 159.

        Shape:
            returns  [L // 160]

        Raises:
            SourceError: as `yaapt_f0`.
        """
        return self.finely(waveform)[1::2][: waveform.n_samples // (2 * HOP_SAMPLES)]

    def finely(self, waveform: Waveform) -> F0:
        """As `yaapt_f0`, up to what the published conversion hears."""
        return yaapt_f0(waveform)


estimate_f0_by_yaapt = Yaapt()
