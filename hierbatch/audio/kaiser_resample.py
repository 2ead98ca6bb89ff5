"""The resampler that the published networks were trained and run behind.

It is short, so it lets some of what lies about half the new rate through; everything that is not fed to those networks
goes through `resample`.
"""

from __future__ import annotations

import torch
import torchaudio.functional

from hierbatch.audio.waveform import Waveform

_ZERO_CROSSINGS = 6
_ROLLOFF = 0.99
_KAISER_BETA = 14.769656459379492


def kaiser_resample(waveform: Waveform, rate_hz: int) -> Waveform:
    """The same sound at another rate, `ceil(n * rate_hz / waveform.rate_hz)` samples of it."""
    if rate_hz == waveform.rate_hz:
        return waveform
    resampled = torchaudio.functional.resample(
        torch.from_numpy(waveform.samples),
        waveform.rate_hz,
        rate_hz,
        lowpass_filter_width=_ZERO_CROSSINGS,
        rolloff=_ROLLOFF,
        resampling_method="sinc_interp_kaiser",
        beta=_KAISER_BETA,
    )
    return Waveform(resampled.numpy(), rate_hz)
