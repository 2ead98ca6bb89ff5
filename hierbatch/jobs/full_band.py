"""How takes of 16 kHz come to a higher rate: as they are, or with a top that a model gives them."""

from __future__ import annotations

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.export.chapters import ToRate
from hierbatch.units import RATE_HZ

_FULL_RATE_HZ = 48_000


def full_band_rate(model: str | None, device: str = "cpu") -> ToRate:
    """What brings a take to the files' rate: by a SpeechSR where one is named and the take is of 16 kHz.

    `device` is a `Placement` in one word.

    Raises:
        BundleError: there is no such model.
        InputError: there is no such device here.
    """
    if model is None:
        return resample
    # Here, since torch takes seconds to start.
    from hierbatch.models.upsampling import Upsampler

    upsampler = Upsampler.load(model, device)
    upsampler.prepare(_FULL_RATE_HZ)

    def to_rate(sound: Waveform, rate_hz: int) -> Waveform:
        if sound.rate_hz > RATE_HZ or rate_hz <= RATE_HZ:
            return resample(sound, rate_hz)
        return resample(upsampler.upsample(sound, _FULL_RATE_HZ), rate_hz)

    return to_rate
