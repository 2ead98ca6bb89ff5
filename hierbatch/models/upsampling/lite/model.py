"""Bandwidth extension at low cost: spectral band replication with a learned envelope.

The band below 7.4 kHz is spectrally flattened and copied upwards (Dietz et al. 2002, "Spectral band replication, a
novel approach in audio coding"), which preserves noise, pulses and their timing; a network predicts the envelope of
the high band for each frame. The low band is left unchanged, and no random noise is used.

Legend: B batch, N samples at 16 kHz, M samples at the higher rate, T frames (125/s), K bins, C channels, E bands.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.constants import RATE_HZ
from hierbatch.models.convnext import ConvNeXtBlock, length_mask
from hierbatch.models.upsampling.lite.config import FFT_SAMPLES, HOP_SAMPLES, N_LOW_BINS, SpeechSRLiteConfig

_FLOOR = 1e-5
_LOG_CENTRE, _LOG_SPREAD = -7.0, 2.5
"""Mean and standard deviation of log magnitudes of speech, for network input of about unit variance."""
_SMOOTHING_BINS = 17
_MIN_LOG = -12.0
_MAX_LOG = 0.0
_EXTENSION_SHARE, _EXTENSION_LOG, _EXTENSION_FALL = 0.56, -4.7, 0.9
"""Log magnitude above the predicted band: slope and intercept as a function of the log magnitude at the band's upper
edge, and decay up to 24 kHz. Fitted to lossless recordings."""
_EDGE_BANDS = 6


class SpeechSRLite(nn.Module):
    """SpeechSR-Lite for an output rate of 24 or 48 kHz; the weights are the same for both.

    The output of a row is independent of the batch. The output of a chunk equals that of the whole recording, except
    within one receptive field of the chunk's ends.
    """

    window: Tensor
    wide_window: Tensor
    interpolation: Tensor

    def __init__(self, config: SpeechSRLiteConfig, rate_hz: int = 48_000) -> None:
        super().__init__()
        self.config, self.rate_hz = config, rate_hz
        self.ratio = rate_hz / RATE_HZ
        self._wide_fft = round(FFT_SAMPLES * self.ratio)
        self._wide_hop = round(HOP_SAMPLES * self.ratio)
        self.input_projection = nn.Linear(N_LOW_BINS, config.width)
        self.blocks = nn.ModuleList(ConvNeXtBlock(config.width, config.kernel) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.output_projection = nn.Linear(config.width, config.bands)
        self.register_buffer("window", torch.hann_window(FFT_SAMPLES), persistent=False)
        self.register_buffer("wide_window", torch.hann_window(self._wide_fft), persistent=False)
        self.register_buffer("interpolation", _interpolation_matrix(config), persistent=False)

    def forward(self, sound: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Extend every row to the higher rate, with zeros past its end.

        Args:
            sound: 16 kHz samples in [-1, 1].
            lengths: number of samples in each row; by default all of them.

        Shape:
            sound    [B, 1, N]
            lengths  [B]
            returns  [B, 1, M]
        """
        n_samples = sound.shape[-1]
        if lengths is None:
            lengths = torch.full((len(sound),), n_samples, device=sound.device)
        x = sound[:, 0] * length_mask(lengths, n_samples)
        x = F.pad(x, (0, 2 * FFT_SAMPLES))  # room for every frame that overlaps the row
        low = torch.stft(
            x, FFT_SAMPLES, HOP_SAMPLES, window=self.window, center=True, pad_mode="constant", return_complex=True
        )  # [B, K, T]
        n_frames = (lengths + FFT_SAMPLES // 2) // HOP_SAMPLES + 1
        mask = length_mask(n_frames, low.shape[-1])[..., None]
        wide = self._add_high_band(low, self.envelope(low, mask))
        output = torch.istft(
            wide, self._wide_fft, self._wide_hop, window=self.wide_window, center=True,
            length=round((n_samples + FFT_SAMPLES) * self.ratio),
        ) * self.ratio  # fmt: skip
        ends = (lengths * self.ratio).long()
        output = output[:, : int(n_samples * self.ratio)]
        return (output * length_mask(ends, output.shape[-1]))[:, None]

    def envelope(self, low: Tensor, mask: Tensor) -> Tensor:
        """Predict magnitudes of the high band, up to the Nyquist frequency.

        Shape:
            low      [B, K, T]  complex
            mask     [B, T, 1]
            returns  [B, bins, T]
        """
        magnitude = low.abs().transpose(1, 2) / HOP_SAMPLES  # [B, K, T] -> [B, T, K]
        x = self.input_projection((torch.log(magnitude + _FLOOR) - _LOG_CENTRE) / _LOG_SPREAD)
        for block in self.blocks:
            x = block(x, mask)
        log = self.output_projection(self.norm(x)) * _LOG_SPREAD + _LOG_CENTRE
        log = log.clamp(_MIN_LOG, _MAX_LOG)
        logs = torch.cat([log @ self.interpolation, self._extend(log)], dim=-1)
        return (logs.exp() * mask * HOP_SAMPLES).transpose(1, 2)

    def _extend(self, log: Tensor) -> Tensor:
        """Extrapolate log magnitudes from the end of the predicted band to the Nyquist frequency.

        Shape: [B, T, E] -> [B, T, bins].
        """
        n_bins = max(0, self._wide_fft // 2 - self.config.last_bin)
        decay = torch.linspace(0.0, _EXTENSION_FALL, n_bins, device=log.device)
        return _EXTENSION_SHARE * log[..., -_EDGE_BANDS:].mean(-1, keepdim=True) + _EXTENSION_LOG - decay

    def _add_high_band(self, low: Tensor, envelope: Tensor) -> Tensor:
        """Combine low and high band into the spectrum at the higher rate. Shape: [B, K, T] -> [B, wide K, T]."""
        config = self.config
        n_wide = self._wide_fft // 2 + 1
        source = low[:, config.first_bin - config.copied_bins : config.first_bin]
        n_bins = envelope.shape[1]
        n_copies = -(-n_bins // config.copied_bins)
        high = _flatten_envelope(source).repeat(1, n_copies, 1)[:, :n_bins] * envelope
        # The bin at 8 kHz straddles the old Nyquist frequency, so the source's value is dropped.
        kept = F.pad(low[:, : N_LOW_BINS - 1], (0, 0, 0, n_wide - N_LOW_BINS + 1))
        last = min(config.first_bin + n_bins, n_wide - 1)
        added = F.pad(high[:, : last - config.first_bin], (0, 0, config.first_bin, n_wide - last))
        return kept + added


def _flatten_envelope(source: Tensor) -> Tensor:
    """Divide a spectrum by its RMS magnitude over neighboring bins. Shape: complex [B, K, T] -> [B, K, T]."""
    power = (source.real**2 + source.imag**2).transpose(1, 2)
    half = _SMOOTHING_BINS // 2
    nearby = F.avg_pool1d(F.pad(power, (half, half), mode="replicate"), _SMOOTHING_BINS, stride=1)
    return source * (nearby + (_FLOOR * HOP_SAMPLES) ** 2).rsqrt().transpose(1, 2)


def _interpolation_matrix(config: SpeechSRLiteConfig) -> Tensor:
    """Matrix that interpolates linearly from evenly spaced envelope points to the high-band bins. Shape: [E, bins]."""
    n_bins = config.last_bin - config.first_bin
    position = torch.linspace(0, config.bands - 1, n_bins)
    return (1 - (position[None] - torch.arange(config.bands)[:, None]).abs()).clamp_min(0)
