"""Spectrograms for training at any sampling rate: linear magnitudes and log-mel bands.

Both have one frame per hop, centered on the first sample of the hop; no frame is centered on the end of the sound.

Legend: B batch, L samples, K bins, M mel bands, T frames.
"""

from __future__ import annotations

import torch
import torchaudio.functional
from torch import Tensor, nn

_FLOOR = 1e-3
_MIN_POWER = 1e-9


class LinearSpectrogram(nn.Module):
    """Magnitudes of a short-time Fourier transform with a Hann window, raised to a power.

    Shape:
        sound    [..., L]  L above n_fft / 2
        returns  [..., n_fft / 2 + 1, L / hop]
    """

    window: Tensor

    def __init__(self, n_fft: int, hop_samples: int, power: float = 1.0) -> None:
        super().__init__()
        self.n_fft, self.hop_samples, self.power = n_fft, hop_samples, power
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        spectrum = torch.stft(
            sound,
            self.n_fft,
            self.hop_samples,
            window=self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )
        energy = torch.view_as_real(spectrum[..., : sound.shape[-1] // self.hop_samples]).square().sum(-1)
        if self.power == 2.0:
            return energy
        # The gradient of a root is infinite at zero.
        return energy.clamp_min(_MIN_POWER).pow(self.power / 2)


class LogMelSpectrogram(nn.Module):
    """Natural logarithm of (power + 0.001) in HTK mel bands from 0 Hz to half the sampling rate.

    Shape:
        sound    [..., L]  L above n_fft / 2
        returns  [..., M, L / hop]
    """

    filters: Tensor

    def __init__(self, rate_hz: int, n_fft: int, hop_samples: int, n_mels: int) -> None:
        super().__init__()
        self.spectrogram = LinearSpectrogram(n_fft, hop_samples, power=2.0)
        filters = torchaudio.functional.melscale_fbanks(
            n_fft // 2 + 1, 0.0, rate_hz / 2, n_mels, rate_hz, norm=None, mel_scale="htk"
        )
        self.register_buffer("filters", filters.T.contiguous(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        return torch.log(self.filters @ self.spectrogram(sound) + _FLOOR)
