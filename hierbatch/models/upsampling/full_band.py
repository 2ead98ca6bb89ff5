"""Conversion of 16 kHz audio to a higher rate, by resampling alone or with bandwidth extension."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from hierbatch.audio.resample import BlockResampler, Resampler, resample, resample_blocks
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER, get_upsampling_rates
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.weights.bundle import find_bundle


def choose_upsampler(bundle: str) -> str:
    """Choose the bandwidth extension model for a bundle: its own SpeechSR if it has one, else the packaged one."""
    try:
        get_upsampling_rates(find_bundle(bundle))
    except BundleError:
        return DEFAULT_UPSAMPLER
    return bundle


def full_band_resampler(model: str | None, placement: DevicePlacement | None = None) -> Resampler:
    """Create a function that resamples audio, with bandwidth extension of 16 kHz audio if a model is named.

    Args:
        model: bundle with a SpeechSR; None resamples without bandwidth extension.
        placement: device and precision; by default the CPU.

    Raises:
        BundleError: there is no such model, it has no SpeechSR, or its weights are damaged.
        InputError: this machine has no such device.
    """
    if model is None:
        return resample
    in_blocks = full_band_block_resampler(model, placement)

    def to_rate(sound: Waveform, rate_hz: int) -> Waveform:
        blocks = list(in_blocks(sound.blocks(), sound.rate_hz, rate_hz))
        return Waveform(np.concatenate([np.zeros(0, np.float32), *blocks]), rate_hz)

    return to_rate


def full_band_block_resampler(model: str | None, placement: DevicePlacement | None = None) -> BlockResampler:
    """Variant of `full_band_resampler` for sounds that arrive in blocks.

    Args and Raises: see `full_band_resampler`.
    """
    if model is None:
        return resample_blocks
    # Imported late: torch takes seconds to import.
    from hierbatch.models.upsampling.upsampler import Upsampler

    upsampler = Upsampler.load(model, placement)
    full_rate_hz = max(upsampler.rates_hz)
    upsampler.prepare(full_rate_hz)

    def to_rate(blocks: Iterable[Samples], from_hz: int, rate_hz: int) -> Iterator[Samples]:
        if from_hz > RATE_HZ or rate_hz <= RATE_HZ:
            return resample_blocks(blocks, from_hz, rate_hz)
        return resample_blocks(upsampler.stream(blocks, from_hz, full_rate_hz), full_rate_hz, rate_hz)

    return to_rate
