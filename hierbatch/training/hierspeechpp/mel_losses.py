"""Mean absolute error of log-mel spectrograms, at one resolution or several.

Legend: B batch, L samples, T frames.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hierbatch.audio.spectrograms import LogMelSpectrogram


class MelLoss(nn.Module):
    """Mean over resolutions of the mean absolute error of log-mel spectrograms.

    Shape:
        generated, real  [B, 1, L]
        returns          []
    """

    def __init__(self, rate_hz: int, resolutions: Sequence[Sequence[int]]) -> None:
        """Create the loss.

        Args:
            rate_hz: sampling rate.
            resolutions: for each spectrogram, the FFT size in samples, the hop in samples and the number of bands.
        """
        super().__init__()
        self.mels = nn.ModuleList(
            LogMelSpectrogram(rate_hz, n_fft, hop_samples, n_mels) for n_fft, hop_samples, n_mels in resolutions
        )

    def forward(self, generated: Tensor, real: Tensor) -> Tensor:
        errors = [(mel(generated[:, 0]) - mel(real[:, 0])).abs().mean() for mel in self.mels]
        result: Tensor = sum(errors[1:], errors[0]) / len(errors)
        return result
