"""Multi-resolution spectral distance of two waveforms: log-mel and log-magnitude at three resolutions.

As in Yamamoto et al. 2020 (Parallel WaveGAN, section 2.2), with an additional mel term.

Legend: B batch, L samples, T frames, K bins.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import torchaudio.functional
from torch import Tensor, nn

from hierbatch.constants import RATE_HZ

_FLOOR = 1e-4
_RESOLUTIONS = ((1024, 256, 80), (512, 128, 60), (256, 64, 40))
"""FFT size and hop in samples, and number of mel bands."""


class SpectralLoss(nn.Module):
    """Mean over three resolutions of mel L1 + 1/2 log-magnitude L1 + 1/2 spectral convergence.

    Shape:
        generated, target  [B, L]
        returns            []
    """

    def __init__(self) -> None:
        super().__init__()
        for n_fft, _, n_mels in _RESOLUTIONS:
            self.register_buffer(f"window{n_fft}", torch.hann_window(n_fft), persistent=False)
            filters = torchaudio.functional.melscale_fbanks(
                n_fft // 2 + 1, 0.0, RATE_HZ / 2, n_mels, RATE_HZ, norm="slaney", mel_scale="slaney"
            )
            self.register_buffer(f"filters{n_fft}", filters * 100.0, persistent=False)

    def forward(self, generated: Tensor, target: Tensor) -> Tensor:
        total = generated.new_zeros(())
        for n_fft, hop, _ in _RESOLUTIONS:
            window, filters = self.get_buffer(f"window{n_fft}"), self.get_buffer(f"filters{n_fft}")
            ours, theirs = (_magnitude(x, n_fft, hop, window) for x in (generated, target))
            mel = F.l1_loss(torch.log(ours @ filters + _FLOOR), torch.log(theirs @ filters + _FLOOR))
            log = F.l1_loss(torch.log(ours + _FLOOR * 10), torch.log(theirs + _FLOOR * 10))
            convergence = (ours - theirs).norm() / theirs.norm().clamp_min(1e-3)
            total = total + mel + 0.5 * log + 0.5 * convergence
        return total / len(_RESOLUTIONS)


def _magnitude(x: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Magnitude spectrogram. Shape: [B, L] -> [B, T, K]."""
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode="constant", return_complex=True)
    return (spectrum.real**2 + spectrum.imag**2 + 1e-9).sqrt().transpose(1, 2)
