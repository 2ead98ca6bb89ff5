"""Kaiser-windowed resampler in front of the HierSpeech++ networks, in training and at inference.

Its filter is short and passes some aliasing near the new Nyquist frequency. All other audio is resampled by
`resample`.
"""

from __future__ import annotations

import torch
import torchaudio.functional

from hierbatch.audio.waveform import Waveform

_ZERO_CROSSINGS = 6
_ROLLOFF = 0.99
_KAISER_BETA = 14.769656459379492


def kaiser_resample(waveform: Waveform, rate_hz: int) -> Waveform:
    """Resample to `rate_hz`; the length is `waveform.n_samples * rate_hz / waveform.rate_hz`, rounded up."""
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
