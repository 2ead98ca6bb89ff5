"""Log-mel spectrogram: the intermediate representation of HierSpeech2-Lite and the input of its style encoder.

Legend: B batch, L samples, M mel bands, T mel frames (100/s).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hierbatch.constants import MEL_HOP_SAMPLES, RATE_HZ

N_MELS = 80
N_FFT = 640
N_BINS = N_FFT // 2 + 1
WINDOW_SAMPLES = 400
FLOOR = 1e-4

# Mean and standard deviation of the log magnitudes of speech at the level of `to_speech_level`; inputs of the
# networks have about unit variance.
LOG_CENTRE, LOG_SPREAD = -4.0, 2.0


def mel_filters() -> npt.NDArray[np.float32]:
    """Triangular filters on the Slaney mel scale (linear to 1 kHz, then 27 steps per factor of 6.4); rows sum to one.

    Since each row sums to one, a band is the mean magnitude of its bins, from which the envelope can be recovered.

    Shape:
        returns  [M, N_BINS]
    """
    top_mel = 15.0 + 27.0 * np.log(RATE_HZ / 2 / 1000.0) / np.log(6.4)
    mels = np.linspace(0.0, top_mel, N_MELS + 2)
    edges_hz = np.where(mels < 15.0, mels * 200.0 / 3.0, 1000.0 * np.exp((mels - 15.0) * np.log(6.4) / 27.0))
    bins_hz = np.linspace(0.0, RATE_HZ / 2, N_BINS)
    rising = (bins_hz[None] - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz[None]) / np.diff(edges_hz)[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    result: npt.NDArray[np.float32] = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return result


def mel_centres_hz() -> npt.NDArray[np.float32]:
    """Center frequency in Hz of each band of `mel_filters`.

    Shape:
        returns  [M]
    """
    filters = mel_filters()
    bins_hz = np.linspace(0.0, RATE_HZ / 2, N_BINS, dtype=np.float32)
    return filters @ bins_hz


def interpolate_bands(wanted_hz: Tensor) -> Tensor:
    """Matrix that interpolates log bands at given frequencies: linear between centers, constant beyond the outermost.

    Shape:
        wanted_hz  [K]
        returns    [M, K]
    """
    centres_hz = torch.from_numpy(mel_centres_hz())
    right = torch.searchsorted(centres_hz, wanted_hz).clamp(1, N_MELS - 1)
    low, high = centres_hz[right - 1], centres_hz[right]
    share = ((wanted_hz - low) / (high - low)).clamp(0.0, 1.0)
    matrix = torch.zeros(N_MELS, len(wanted_hz))
    columns = torch.arange(len(wanted_hz))
    matrix[right - 1, columns] = 1.0 - share
    matrix[right, columns] += share
    return matrix


def long_term_spectrum(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Long-term average spectrum of a voice: mean log-mel of the loudest 60 % of the frames, minus its mean over bands.

    Shape:
        mel      [T, M]
        returns  [M]
    """
    loudness = mel.mean(1)
    mean = mel[loudness >= np.quantile(loudness, 0.4)].mean(0)
    return np.asarray(mean - mean.mean(), np.float32)


class LogMel(nn.Module):
    """Normalized log-mel of 16 kHz sound. Frame t is centered on sample 160 t + 80, so T = L / 160 exactly.

    Shape:
        samples  [B, L]  L a multiple of 160
        returns  [B, T, M]
    """

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.zeros(N_FFT)
        start = (N_FFT - WINDOW_SAMPLES) // 2
        window[start : start + WINDOW_SAMPLES] = torch.hann_window(WINDOW_SAMPLES)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", torch.from_numpy(mel_filters()).T.contiguous(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Log-mel of a batch; shapes as in the class."""
        n_before = (N_FFT - MEL_HOP_SAMPLES) // 2
        padded = nn.functional.pad(samples, (n_before, N_FFT - MEL_HOP_SAMPLES - n_before))
        frames = padded.unfold(1, N_FFT, MEL_HOP_SAMPLES) * self.window
        magnitude = torch.fft.rfft(frames).abs()  # [B, T, N_BINS]
        return (torch.log((magnitude @ self.filters).clamp_min(FLOOR)) - LOG_CENTRE) / LOG_SPREAD
