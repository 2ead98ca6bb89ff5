"""How far two sounds are apart above 7.4 kHz: log magnitudes, and log energies of small patches of them.

Legend: B batch, L samples at 48 kHz, T frames, K bins.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.training.full_band import FULL_RATE_HZ

LOWEST_HZ = 7_400.0
_FLOOR = 1e-5
_RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64))
_PATCH_HZ, _PATCH_FRAMES = 750.0, 2


class TopBandLoss(nn.Module):
    """Mean over four resolutions of log-magnitude L1 + log-energy L1 of patches, up to each row's top.

    Shape:
        made, wanted  [B, L]
        top_hz        [B]
        returns       []
    """

    def __init__(self) -> None:
        super().__init__()
        for n_fft, _ in _RESOLUTIONS:
            self.register_buffer(f"window{n_fft}", torch.hann_window(n_fft), persistent=False)

    def forward(self, made: Tensor, wanted: Tensor, top_hz: Tensor) -> Tensor:
        total = made.new_zeros(())
        for n_fft, hop in _RESOLUTIONS:
            window = self.get_buffer(f"window{n_fft}")
            bin_hz = FULL_RATE_HZ / n_fft
            first = round(LOWEST_HZ / bin_hz)
            ours, theirs = (_power(x, n_fft, hop, window)[:, first:] for x in (made, wanted))
            bins_hz = (torch.arange(ours.shape[1], device=made.device) + first) * bin_hz
            is_heard = (bins_hz[None] < top_hz[:, None])[:, :, None].float().expand_as(ours)
            total = total + 0.5 * _log_distance(ours, theirs, is_heard)
            patch = (max(1, round(_PATCH_HZ / bin_hz)), _PATCH_FRAMES)
            ours, theirs, is_whole = (F.avg_pool2d(x[:, None], patch) for x in (ours, theirs, is_heard))
            total = total + _log_distance(ours, theirs, (is_whole == 1).float())
        return total / len(_RESOLUTIONS)


def _log_distance(ours: Tensor, theirs: Tensor, mask: Tensor) -> Tensor:
    distance = (torch.log(ours + _FLOOR**2) - torch.log(theirs + _FLOOR**2)).abs()
    return 0.5 * (distance * mask).sum() / mask.sum().clamp_min(1)


def _power(x: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Power, one for a sine of full scale. Shape: [B, L] -> [B, K, T]."""
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode="constant", return_complex=True)
    return (spectrum.real**2 + spectrum.imag**2) * (2 / window.sum()) ** 2
