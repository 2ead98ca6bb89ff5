"""Second half of the hierarchical synthesizer: a source-filter vocoder from log-mel latent and F0 to the waveform.

A pulse train and noise are filtered frame by frame. The filters start from the latent's own envelope and the network
corrects them, so speech is intelligible from the first training step and harmonics need not be learned. The pulse
filter is minimum phase plus a phase correction by the network; the noise may be modulated with the pulses, as
aspiration is (Stylianou 2001, section II).

Legend: B batch, T mel frames (100/s), M mel bands, L = 160 T samples, K = 321 bins.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LOG_CENTRE, LOG_SPREAD, N_BINS, N_FFT, N_MELS, WINDOW_SAMPLES, interpolate_bands
from hierbatch.constants import MEL_HOP_SAMPLES, RATE_HZ
from hierbatch.models.convnext import ConvNeXtStack
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.precision import restore_dtype, to_float64

_FRAME_SAMPLES = 2 * MEL_HOP_SAMPLES
# Offset of a frame inside its FFT block: room before it for the pre-ringing of a zero-phase filter, and more room after
# it for the decay of a minimum-phase filter.
_BEFORE_SAMPLES = 80
_N_NOISE_GAINS = 4
_N_MODULATIONS = 2
_RESIDUAL_GAIN = 5.0
_MAX_HARMONIC_HZ = 0.98 * RATE_HZ / 2
_SLOW_FRAMES = 9
"""Width at half height of the window that averages the envelope, for the phase of songs."""
_LOW_BAND_HZ = (840.0, 1190.0)
"""Edges of the transition of the noise correction: full below the first, none above the second."""


class LiteWaveformGenerator(nn.Module):
    """Universal vocoder for the log-mel latent.

    Shape:
        z        [B, T, M]  normalized log-mel
        f0_hz    [B, T]     positive everywhere
        voiced   [B, T]     0 to 1
        noise    [B, L]     white, unit variance (from the row's own seed)
        mask     [B, T, 1]  bool
        seen_f0_hz  [B, T]  F0 input of the network where it differs from that of the pulses, or None
        low_noise_db  [B]   gain of the noise of voiced frames below about 1 kHz, or None
        is_song  True for filters whose phase changes slowly, without the phase correction
        returns  [B, L]
    """

    to_bins: Tensor
    window: Tensor
    lifter: Tensor
    low_band: Tensor

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.network = ConvNeXtStack(
            N_MELS + 2,
            config.generator_width,
            3 * N_MELS + _N_NOISE_GAINS + _N_MODULATIONS,
            n_blocks=config.generator_blocks,
            kernel=config.kernel,
        )
        nn.init.zeros_(self.network.output_projection.bias)
        nn.init.normal_(self.network.output_projection.weight, std=1e-3)
        self.register_buffer("to_bins", interpolate_bands(torch.linspace(0.0, RATE_HZ / 2, N_BINS)), persistent=False)
        self.register_buffer("window", torch.hann_window(_FRAME_SAMPLES), persistent=False)
        self.register_buffer("lifter", _minimum_phase_lifter(), persistent=False)
        self.register_buffer("low_band", _low_band(), persistent=False)

    def forward(
        self,
        z: Tensor,
        f0_hz: Tensor,
        voiced: Tensor,
        noise: Tensor,
        mask: Tensor,
        seen_f0_hz: Tensor | None = None,
        low_noise_db: Tensor | None = None,
        is_song: bool = False,
    ) -> Tensor:
        seen = f0_hz if seen_f0_hz is None else seen_f0_hz
        pitch = torch.stack([torch.log(seen / 150.0) * 2.0, voiced], dim=-1)
        correction = self.network(torch.cat([z, pitch], dim=-1), mask)
        harmonic, aperiodic, gains, phase, modulation = correction.split(
            [N_MELS, N_MELS, _N_NOISE_GAINS, N_MELS, _N_MODULATIONS], dim=-1
        )
        # Excitations have unit power; the analysis window's energy is the factor between magnitude and gain.
        envelope = z * LOG_SPREAD + LOG_CENTRE - 0.5 * math.log(0.375 * WINDOW_SAMPLES)
        log_harmonic = envelope + _RESIDUAL_GAIN * harmonic
        harmonic_filter = self._minimum_phase(log_harmonic @ self.to_bins)
        if is_song:
            steady = self._minimum_phase(_slow(log_harmonic) @ self.to_bins)
            harmonic_filter = harmonic_filter.abs() * steady / steady.abs()
        else:
            angles = (_RESIDUAL_GAIN * phase @ self.to_bins).float()  # complex tensors need single precision
            harmonic_filter = harmonic_filter * torch.polar(torch.ones_like(angles), angles)
        log_noise = (envelope + _RESIDUAL_GAIN * aperiodic) @ self.to_bins
        if low_noise_db is not None:
            log_noise = log_noise + (low_noise_db[:, None] * voiced)[..., None] * self.low_band
        noise_filter = torch.exp(log_noise)
        angle = pulse_angle(f0_hz)
        pulses = self._frames(pulse_train(angle, f0_hz, voiced))
        shaped_noise = self._frames(noise * _interpolate_gains(gains) * _modulation(angle, modulation))
        spectrum = torch.fft.rfft(pulses) * harmonic_filter + torch.fft.rfft(shaped_noise) * noise_filter
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
        """Inverse of `_frames`, with overlapping filter tails summed. Shape: [B, T, N_FFT] -> [B, L]."""
        n_frames, per_block = frames.shape[1], N_FFT // MEL_HOP_SAMPLES
        parts = frames.unflatten(2, (per_block, MEL_HOP_SAMPLES))
        total = frames.new_zeros(frames.shape[0], n_frames + per_block - 1, MEL_HOP_SAMPLES)
        for part in range(per_block):
            total[:, part : part + n_frames] += parts[:, :, part]
        start = _BEFORE_SAMPLES + (_FRAME_SAMPLES - MEL_HOP_SAMPLES) // 2
        return total.flatten(1)[:, start : start + n_frames * MEL_HOP_SAMPLES]


def pulse_angle(f0_hz: Tensor) -> Tensor:
    """Phase of the first harmonic, -pi to pi, zero at a pulse. Shape: [B, T] -> [B, 160 T]."""
    turns = torch.cumsum(to_float64(interpolate_frames(f0_hz.log()).exp()) / RATE_HZ, dim=1)
    # Wrapped around zero, where the pulses are and float32 is finest.
    return restore_dtype((turns - turns.round()) * (2 * math.pi), f0_hz)


def pulse_train(angle: Tensor, f0_hz: Tensor, voiced: Tensor) -> Tensor:
    """Band-limited pulse train of unit power in voiced frames: closed-form sum of all harmonics below 7.84 kHz.

    sum_{k=1..K} cos(k p) = sin((K + 1/2) p) / (2 sin(p / 2)) - 1/2   (Dirichlet kernel)

    Shape:
        angle          [B, 160 T]  from `pulse_angle`
        f0_hz, voiced  [B, T]
        returns        [B, 160 T]
    """
    f0, gate = interpolate_frames(f0_hz.log()).exp(), interpolate_frames(voiced)
    n_harmonics = torch.floor(_MAX_HARMONIC_HZ / f0)
    half_sine = torch.sin(angle / 2)
    at_peak = half_sine.abs() < 1e-4
    ratio = torch.sin((n_harmonics + 0.5) * angle) / torch.where(at_peak, 1.0, 2 * half_sine) - 0.5
    kernel = torch.where(at_peak, n_harmonics, ratio)
    return gate * kernel * torch.sqrt(2.0 / n_harmonics)


def interpolate_frames(frames: Tensor) -> Tensor:
    """Linear interpolation from frame centers to samples. Shape: [B, T] -> [B, 160 T]."""
    return F.interpolate(frames[:, None], scale_factor=MEL_HOP_SAMPLES, mode="linear", align_corners=False)[:, 0]


def _interpolate_gains(gains: Tensor) -> Tensor:
    """Four log gains per frame to one linear gain per sample. Shape: [B, T, 4] -> [B, 160 T]."""
    scale = MEL_HOP_SAMPLES // _N_NOISE_GAINS
    flat = F.interpolate(gains.flatten(1)[:, None], scale_factor=scale, mode="linear", align_corners=False)[:, 0]
    return torch.exp(flat)


def _slow(log_magnitude: Tensor) -> Tensor:
    """Average over time by a triangular window, shorter at the ends. Shape: [B, T, M] -> [B, T, M].

    A filter that moves with the vowels moves the phase of the harmonics, and with it the pitch.
    """
    values = log_magnitude.float().transpose(1, 2)
    for _ in range(2):
        values = F.avg_pool1d(values, _SLOW_FRAMES, 1, _SLOW_FRAMES // 2, count_include_pad=False)
    return values.transpose(1, 2)


def _modulation(angle: Tensor, depths: Tensor) -> Tensor:
    """Pitch-synchronous gain of the noise, around one. Shape: [B, 160 T], [B, T, 2] -> [B, 160 T]."""
    cosine, sine = (interpolate_frames(depth) for depth in depths.unbind(-1))
    return 1.0 + cosine * torch.cos(angle) + sine * torch.sin(angle)


def _low_band() -> Tensor:
    """Log gain of each bin for 1 dB in the low band; it falls with log frequency between the edges. Shape: [K]."""
    lower_hz, upper_hz = _LOW_BAND_HZ
    frequency_hz = torch.linspace(0.0, RATE_HZ / 2, N_BINS).clamp(lower_hz, upper_hz)
    return torch.log(upper_hz / frequency_hz) / math.log(upper_hz / lower_hz) * (math.log(10) / 20)


def _minimum_phase_lifter() -> Tensor:
    lifter = torch.zeros(N_FFT)
    lifter[0] = lifter[N_FFT // 2] = 1.0
    lifter[1 : N_FFT // 2] = 2.0
    return lifter
