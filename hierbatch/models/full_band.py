"""How sound of 16 kHz comes to a higher rate: as it is, or with a top that a model gives it."""

from __future__ import annotations

from hierbatch.audio.resample import ToRate, resample
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError
from hierbatch.models.bundle import find_bundle
from hierbatch.models.outline import DEFAULT_UPSAMPLER, upsampled_rates
from hierbatch.units import RATE_HZ


def own_or_packaged(bundle: str) -> str:
    """The model that gives what another makes its top: itself, where it has a SpeechSR, else the packaged one."""
    try:
        upsampled_rates(find_bundle(bundle))
    except BundleError:
        return DEFAULT_UPSAMPLER
    return bundle


def full_band_rate(model: str | None, device: str = "cpu") -> ToRate:
    """What brings a sound to a file's rate: by a SpeechSR where one is named and the sound is of 16 kHz.

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
    full_rate_hz = max(upsampler.rates_hz)
    upsampler.prepare(full_rate_hz)

    def to_rate(sound: Waveform, rate_hz: int) -> Waveform:
        if sound.rate_hz > RATE_HZ or rate_hz <= RATE_HZ:
            return resample(sound, rate_hz)
        return resample(upsampler.upsample(sound, full_rate_hz), rate_hz)

    return to_rate
