"""Second half of the hierarchical synthesizer: log-mel latent and F0 to the waveform, by source and filter.

A pulse train and noise are shaped frame by frame with filters that start at the latent's own envelope and that the
network corrects; so it speaks from the first training step and never has to learn what a harmonic is. The pulses'
filter is minimum phase but for what the network adds to it, and the noise may breathe with the pulses, as aspiration
does (Stylianou 2001, section II).

Legend: B batch, T mel frames (100/s), M mel bands, L = 160 T samples, K = 321 bins.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LOG_CENTRE, LOG_SPREAD, N_BINS, N_FFT, N_MELS, WINDOW_SAMPLES, interpolate_bands
from hierbatch.models.blocks.precision import brought_back, in_double
from hierbatch.models.lite.blocks import ConvNeXtStack
from hierbatch.models.lite.config import LiteConfig
from hierbatch.units import MEL_HOP_SAMPLES, RATE_HZ

_FRAME_SAMPLES = 2 * MEL_HOP_SAMPLES
# A frame sits here inside its FFT block: room before it for what a zero-phase filter spreads ahead in time, more room
# behind it for what a minimum-phase filter lets ring.
_BEFORE_SAMPLES = 80
_NOISE_GAINS = 4
_BREATHING = 2
_RESIDUAL_GAIN = 5.0
_TOP_HARMONIC_HZ = 0.98 * RATE_HZ / 2


class WaveformGenerator(nn.Module):
    """Universal vocoder of the log-mel latent.

    Shape:
        z        [B, T, M]  normalised log-mel
        f0_hz    [B, T]     positive everywhere
        voiced   [B, T]     0 to 1
        noise    [B, L]     white, unit variance (made from a row's own seed)
        mask     [B, T, 1]  bool
        returns  [B, L]
    """

    to_bins: Tensor
    window: Tensor
    lifter: Tensor

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.network = ConvNeXtStack(
            N_MELS + 2,
            config.generator_width,
            3 * N_MELS + _NOISE_GAINS + _BREATHING,
            n_blocks=config.generator_blocks,
            kernel=config.kernel,
        )
        nn.init.zeros_(self.network.leave.bias)
        nn.init.normal_(self.network.leave.weight, std=1e-3)
        self.register_buffer("to_bins", interpolate_bands(torch.linspace(0.0, RATE_HZ / 2, N_BINS)), persistent=False)
        self.register_buffer("window", torch.hann_window(_FRAME_SAMPLES), persistent=False)
        self.register_buffer("lifter", _minimum_phase_lifter(), persistent=False)

    def forward(self, z: Tensor, f0_hz: Tensor, voiced: Tensor, noise: Tensor, mask: Tensor) -> Tensor:
        pitch = torch.stack([torch.log(f0_hz / 150.0) * 2.0, voiced], dim=-1)
        correction = self.network(torch.cat([z, pitch], dim=-1), mask)
        harmonic, aperiodic, gains, phase, breathing = correction.split(
            [N_MELS, N_MELS, _NOISE_GAINS, N_MELS, _BREATHING], dim=-1
        )
        # Excitations have unit power; the analysis window's energy is what separates magnitude from gain.
        envelope = z * LOG_SPREAD + LOG_CENTRE - 0.5 * math.log(0.375 * WINDOW_SAMPLES)
        angles = ((_RESIDUAL_GAIN * phase) @ self.to_bins).float()  # no complex number is of half precision
        turned = torch.polar(torch.ones_like(angles), angles)
        harmonic_filter = self._minimum_phase((envelope + _RESIDUAL_GAIN * harmonic) @ self.to_bins) * turned
        noise_filter = torch.exp((envelope + _RESIDUAL_GAIN * aperiodic) @ self.to_bins)
        angle = pulse_angle(f0_hz)
        pulses = self._frames(pulse_train(angle, f0_hz, voiced))
        breath = self._frames(noise * _stretch_gains(gains) * _breathe(angle, breathing))
        spectrum = torch.fft.rfft(pulses) * harmonic_filter + torch.fft.rfft(breath) * noise_filter
        return self._overlap_add(torch.fft.irfft(spectrum, N_FFT) * mask)

    def _minimum_phase(self, log_magnitude: Tensor) -> Tensor:
        """Complex minimum-phase filter by folding the cepstrum (Oppenheim & Schafer 2010, section 13.5)."""
        cepstrum = torch.fft.irfft(log_magnitude.to(torch.complex64), N_FFT)
        return torch.exp(torch.fft.rfft(cepstrum * self.lifter))

    def _frames(self, signal: Tensor) -> Tensor:
        """Half-overlapping windowed frames inside FFT blocks. Shape: [B, L] -> [B, T, N_FFT]."""
        margin = (_FRAME_SAMPLES - MEL_HOP_SAMPLES) // 2
        frames = F.pad(signal, (margin, margin)).unfold(1, _FRAME_SAMPLES, MEL_HOP_SAMPLES) * self.window
        return F.pad(frames, (_BEFORE_SAMPLES, N_FFT - _FRAME_SAMPLES - _BEFORE_SAMPLES))

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """Inverse of `_frames`, summing what the filters let ring. Shape: [B, T, N_FFT] -> [B, L]."""
        n_frames, per_block = frames.shape[1], N_FFT // MEL_HOP_SAMPLES
        parts = frames.unflatten(2, (per_block, MEL_HOP_SAMPLES))
        total = frames.new_zeros(frames.shape[0], n_frames + per_block - 1, MEL_HOP_SAMPLES)
        for part in range(per_block):
            total[:, part : part + n_frames] += parts[:, :, part]
        start = _BEFORE_SAMPLES + (_FRAME_SAMPLES - MEL_HOP_SAMPLES) // 2
        return total.flatten(1)[:, start : start + n_frames * MEL_HOP_SAMPLES]


def pulse_angle(f0_hz: Tensor) -> Tensor:
    """Phase of the first harmonic, -pi to pi, zero where a pulse is. Shape: [B, T] -> [B, 160 T]."""
    turns = torch.cumsum(in_double(_to_samples(f0_hz.log()).exp()) / RATE_HZ, dim=1)
    # About zero, where float32 is finest and pulses are.
    return brought_back((turns - turns.round()) * (2 * math.pi), f0_hz)


def pulse_train(angle: Tensor, f0_hz: Tensor, voiced: Tensor) -> Tensor:
    """Band-limited pulses of unit power while voiced: the closed sum of all harmonics below 7.84 kHz.

    sum_{k=1..K} cos(k p) = sin((K + 1/2) p) / (2 sin(p / 2)) - 1/2   (Dirichlet kernel)

    Shape:
        angle          [B, 160 T]  by `pulse_angle`
        f0_hz, voiced  [B, T]
        returns        [B, 160 T]
    """
    f0, gate = _to_samples(f0_hz.log()).exp(), _to_samples(voiced)
    n_harmonics = torch.floor(_TOP_HARMONIC_HZ / f0)
    half_sine = torch.sin(angle / 2)
    at_peak = half_sine.abs() < 1e-4
    ratio = torch.sin((n_harmonics + 0.5) * angle) / torch.where(at_peak, 1.0, 2 * half_sine) - 0.5
    kernel = torch.where(at_peak, n_harmonics, ratio)
    return gate * kernel * torch.sqrt(2.0 / n_harmonics)


def _to_samples(frames: Tensor) -> Tensor:
    """Linear interpolation from frame centres to samples. Shape: [B, T] -> [B, 160 T]."""
    return F.interpolate(frames[:, None], scale_factor=MEL_HOP_SAMPLES, mode="linear", align_corners=False)[:, 0]


def _stretch_gains(gains: Tensor) -> Tensor:
    """Four log gains a frame to one linear gain a sample. Shape: [B, T, 4] -> [B, 160 T]."""
    scale = MEL_HOP_SAMPLES // _NOISE_GAINS
    flat = F.interpolate(gains.flatten(1)[:, None], scale_factor=scale, mode="linear", align_corners=False)[:, 0]
    return torch.exp(flat)


def _breathe(angle: Tensor, depths: Tensor) -> Tensor:
    """Gain of the noise over a period of the pulses, about one. Shape: [B, 160 T], [B, T, 2] -> [B, 160 T]."""
    cosine, sine = (_to_samples(depth) for depth in depths.unbind(-1))
    return 1.0 + cosine * torch.cos(angle) + sine * torch.sin(angle)


def _minimum_phase_lifter() -> Tensor:
    lifter = torch.zeros(N_FFT)
    lifter[0] = lifter[N_FFT // 2] = 1.0
    lifter[1 : N_FFT // 2] = 2.0
    return lifter
