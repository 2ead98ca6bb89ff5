"""Log-mel spectrogram at the input of the HierSpeech++ style encoders.

Legend: B batch, L samples at 16 kHz, M mel bands, T frames (50/s).
"""

from __future__ import annotations

import torch
import torchaudio.functional
from torch import Tensor, nn

from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ

N_MELS = 80
N_FFT = 1280
MIN_SAMPLES = N_FFT // 2 + 1
"""Minimum number of samples of a sound, whose ends are padded with a reflection of half a window."""
_FLOOR = 1e-3


class StyleMel(nn.Module):
    """Natural logarithm of the power in 80 HTK mel bands from 0 to 8 kHz. Frame t is centered on sample 320 t.

    Shape:
        sound    [..., L]  L at least 641
        returns  [..., M, L // 320]
    """

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        filters = torchaudio.functional.melscale_fbanks(
            N_FFT // 2 + 1, 0.0, RATE_HZ / 2, N_MELS, RATE_HZ, norm=None, mel_scale="htk"
        )
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("filters", filters.T.contiguous(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Log-mel of sounds of equal length; shapes as in the class.

        Raises:
            ValueError: the sounds are too short.
        """
        if sound.shape[-1] < MIN_SAMPLES:
            raise ValueError(f"a style mel needs at least {MIN_SAMPLES} samples, but there are {sound.shape[-1]}")
        spectrum = torch.stft(
            sound, N_FFT, FRAME_HOP_SAMPLES, window=self.window, center=True, pad_mode="reflect", return_complex=True
        )
        # Half of the last frame lies beyond the end; training left it out.
        power = torch.view_as_real(spectrum[..., : sound.shape[-1] // FRAME_HOP_SAMPLES]).square().sum(-1)
        return torch.log(self.filters @ power + _FLOOR)
