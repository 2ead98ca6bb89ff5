"""From 16 kHz to a full band at hardly any cost: spectral band replication with a learned envelope.

The band under 7.4 kHz, made flat, is copied to every place above (Dietz et al. 2002, "Spectral band replication, a
novel approach in audio coding"), which keeps its noise, its pulses and their timing; a network gives each frame the
envelope of the new band. What was there stays as it was, and no noise is drawn.

Legend: B batch, N samples at 16 kHz, M samples at the higher rate, T frames (125/s), K bins, C channels, E bands.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.lite.blocks import ConvNeXtBlock, length_mask
from hierbatch.models.speechsr_lite.config import FFT_SAMPLES, HOP_SAMPLES, N_LOW_BINS, SpeechSRLiteConfig
from hierbatch.units import RATE_HZ

_FLOOR = 1e-5
_LOG_CENTRE, _LOG_SPREAD = -7.0, 2.5
"""Centre and spread of log magnitudes of speech, so that the network sees about unit variance."""
_FLAT_OVER_BINS = 17
_QUIETEST_LOG = -12.0
_LOUDEST_LOG = 0.0


class SpeechSRLite(nn.Module):
    """A row gives the same sound alone or in a padded batch, and far from a cut the same as in one piece.

    `rate_hz` is 48000 or 24000; the weights are the same.
    """

    window: Tensor
    wide_window: Tensor
    drawing: Tensor

    def __init__(self, config: SpeechSRLiteConfig, rate_hz: int = 48_000) -> None:
        super().__init__()
        self.config, self.rate_hz = config, rate_hz
        self.ratio = rate_hz / RATE_HZ
        self._wide_fft = round(FFT_SAMPLES * self.ratio)
        self._wide_hop = round(HOP_SAMPLES * self.ratio)
        self.enter = nn.Linear(N_LOW_BINS, config.width)
        self.blocks = nn.ModuleList(ConvNeXtBlock(config.width, config.kernel) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, config.bands)
        self.register_buffer("window", torch.hann_window(FFT_SAMPLES), persistent=False)
        self.register_buffer("wide_window", torch.hann_window(self._wide_fft), persistent=False)
        self.register_buffer("drawing", _drawing(config), persistent=False)

    def forward(self, sound: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give every row at the higher rate, zeros past its end.

        Args:
            sound: 16 kHz in [-1, 1].
            lengths: samples of each row; all of them where not given.

        Shape:
            sound    [B, 1, N]
            lengths  [B]
            returns  [B, 1, M]
        """
        n_samples = sound.shape[-1]
        if lengths is None:
            lengths = torch.full((len(sound),), n_samples, device=sound.device)
        x = sound[:, 0] * length_mask(lengths, n_samples)
        x = F.pad(x, (0, 2 * FFT_SAMPLES))  # so that every frame that reaches the sound is there
        low = torch.stft(
            x, FFT_SAMPLES, HOP_SAMPLES, window=self.window, center=True, pad_mode="constant", return_complex=True
        )  # [B, K, T]
        n_frames = (lengths + FFT_SAMPLES // 2) // HOP_SAMPLES + 1
        mask = length_mask(n_frames, low.shape[-1])[..., None]
        wide = self._with_top(low, self.envelope(low, mask))
        made = torch.istft(
            wide, self._wide_fft, self._wide_hop, window=self.wide_window, center=True,
            length=round((n_samples + FFT_SAMPLES) * self.ratio),
        ) * self.ratio  # fmt: skip
        ends = (lengths * self.ratio).long()
        made = made[:, : int(n_samples * self.ratio)]
        return (made * length_mask(ends, made.shape[-1]))[:, None]

    def envelope(self, low: Tensor, mask: Tensor) -> Tensor:
        """Magnitudes of the new band. Shapes: low [B, K, T] complex, mask [B, T, 1] -> [B, bins, T]."""
        magnitude = low.abs().transpose(1, 2) / HOP_SAMPLES  # [B, K, T] -> [B, T, K]
        x = self.enter((torch.log(magnitude + _FLOOR) - _LOG_CENTRE) / _LOG_SPREAD)
        for block in self.blocks:
            x = block(x, mask)
        log = self.leave(self.norm(x)) * _LOG_SPREAD + _LOG_CENTRE
        drawn = log.clamp(_QUIETEST_LOG, _LOUDEST_LOG) @ self.drawing
        return (drawn.exp() * mask * HOP_SAMPLES).transpose(1, 2)

    def _with_top(self, low: Tensor, envelope: Tensor) -> Tensor:
        """The spectrum with its new band, as wide as the higher rate asks. Shape: [B, K, T] -> [B, wide K, T]."""
        config = self.config
        n_wide = self._wide_fft // 2 + 1
        source = low[:, config.first_bin - config.copied_bins : config.first_bin]
        n_copies = -(-(config.last_bin - config.first_bin) // config.copied_bins)
        top = _flat(source).repeat(1, n_copies, 1)[:, : config.last_bin - config.first_bin] * envelope
        # The bin at 8 kHz is half below and half above; it is made anew.
        kept = F.pad(low[:, : N_LOW_BINS - 1], (0, 0, 0, n_wide - N_LOW_BINS + 1))
        last = min(config.last_bin, n_wide - 1)
        new = F.pad(top[:, : last - config.first_bin], (0, 0, config.first_bin, n_wide - last))
        return kept + new


def _flat(source: Tensor) -> Tensor:
    """Divided by its own magnitude over neighbouring bins. Shape: [B, K, T] complex."""
    power = (source.real**2 + source.imag**2).transpose(1, 2)
    half = _FLAT_OVER_BINS // 2
    nearby = F.avg_pool1d(F.pad(power, (half, half), mode="replicate"), _FLAT_OVER_BINS, stride=1)
    return source * (nearby + (_FLOOR * HOP_SAMPLES) ** 2).rsqrt().transpose(1, 2)


def _drawing(config: SpeechSRLiteConfig) -> Tensor:
    """Straight lines between band values, evenly over the new bins. Shape: [E, bins]."""
    n_bins = config.last_bin - config.first_bin
    place = torch.linspace(0, config.bands - 1, n_bins)
    return (1 - (place[None] - torch.arange(config.bands)[:, None]).abs()).clamp_min(0)
