"""Spectral distance of two waveforms above 7.4 kHz: log magnitudes, and log energies of time-frequency patches.

Legend: B batch, L samples at 48 kHz, T frames, K bins.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.training.full_band import FULL_RATE_HZ

_MIN_HZ = 7_400.0
_FLOOR = 1e-5
_RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64))
"""FFT size and hop, in samples."""
_PATCH_HZ, _PATCH_FRAMES = 750.0, 2


class HighBandLoss(nn.Module):
    """Mean over four resolutions of log-magnitude L1 + log-energy L1 of patches, up to each row's bandwidth.

    Shape:
        generated, target  [B, L]
        bandwidth_hz       [B]  upper edge of the compared band
        returns            []
    """

    def __init__(self) -> None:
        super().__init__()
        for n_fft, _ in _RESOLUTIONS:
            self.register_buffer(f"window{n_fft}", torch.hann_window(n_fft), persistent=False)

    def forward(self, generated: Tensor, target: Tensor, bandwidth_hz: Tensor) -> Tensor:
        total = generated.new_zeros(())
        for n_fft, hop in _RESOLUTIONS:
            window = self.get_buffer(f"window{n_fft}")
            bin_hz = FULL_RATE_HZ / n_fft
            first = round(_MIN_HZ / bin_hz)
            ours, theirs = (_power(x, n_fft, hop, window)[:, first:] for x in (generated, target))
            bins_hz = (torch.arange(ours.shape[1], device=generated.device) + first) * bin_hz
            mask = (bins_hz[None] < bandwidth_hz[:, None])[:, :, None].float().expand_as(ours)
            total = total + 0.5 * _log_distance(ours, theirs, mask)
            patch = (max(1, round(_PATCH_HZ / bin_hz)), _PATCH_FRAMES)
            ours, theirs, covered = (F.avg_pool2d(x[:, None], patch) for x in (ours, theirs, mask))
            total = total + _log_distance(ours, theirs, (covered == 1).float())
        return total / len(_RESOLUTIONS)


def _log_distance(ours: Tensor, theirs: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of the log magnitudes of two power spectrograms where `mask` is 1.

    Shape: ours, theirs, mask [B, K, T] -> [].
    """
    distance = (torch.log(ours + _FLOOR**2) - torch.log(theirs + _FLOOR**2)).abs()
    return 0.5 * (distance * mask).sum() / mask.sum().clamp_min(1)


def _power(x: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Power spectrogram; a full-scale sine has a power of 1. Shape: [B, L] -> [B, K, T]."""
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode="constant", return_complex=True)
    return (spectrum.real**2 + spectrum.imag**2) * (2 / window.sum()) ** 2
