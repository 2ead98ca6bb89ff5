"""Channels of a recording: those with the speech, their mix to mono, and the gains that place a voice among them.

Everything follows from the covariance of the channels in frames of 50 ms, measured in one pass over the sound.

Legend: L samples, T frames, C channels, S spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Samples

MAX_CHANNELS = 16
_FRAME_S = 0.05
_CENTRE_BIT, _LFE_BIT = 0x4, 0x8
_USUAL_MASKS = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}
"""Channel masks (WAVEFORMATEXTENSIBLE) by number of channels, for files that declare none."""
_LOUD_RATIO = 1e-4
"""Power relative to the loudest frame (-40 dB) above which a frame counts as speech."""
_CENTRE_RATIO = 1e-3
"""Power relative to the loudest channel (-30 dB) above which a center channel is assumed to hold the dialogue."""
_ACTIVE_RATIO = 10**-1.2
_DOMINANT_RATIO = 4.0
_MIN_SHARE, _TURNS_SHARE = 0.05, 0.5
_OPPOSITE_CORRELATION = -0.6
_CARRIED_CORRELATION = 0.25
_MAX_GAIN = 4.0
_CLIPPED_LEVEL, _CLIPPED_SAMPLES = 0.999, 8

Powers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMix:
    """Weights of the channels of a recording in its mono mix, which is the weighted sum of the channels.

    Shape:
        weights  [C]
    """

    weights: Samples
    has_opposite_channels: bool = False
    """True if two channels hold the same sound with opposite signs, so that a plain mean would cancel it."""

    def mono(self, block: Samples) -> Samples:
        """Mix a block, from [L, C] to [L]."""
        return block[:, 0] if block.shape[1] == 1 else (block @ self.weights).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePlace:
    """Gain of a mono voice in each channel during each span, and the channels in which it replaces the source.

    Shape:
        gains     [S, C]
        replaced  [C]  1 or 0
    """

    gains: Samples
    replaced: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundScan:
    """Measurements of a whole recording, from one pass over its samples."""

    rate_hz: int
    n_samples: int
    peak: float
    """Largest absolute sample of the channels that the mix uses, without the DC offset of each channel."""
    is_clipped: bool
    """True if at least eight samples are at or over full scale."""
    mix: ChannelMix
    covariances: Powers
    """Covariance of the channels in each frame, [T, C, C]; T is 0 for mono sound."""

    def place_voice(self, spans: Sequence[tuple[float, float]]) -> VoicePlace:
        """Find the channels in which a mono voice replaces the source, and gains that match the source voice's power.

        Args:
            spans: start and end of each span, in seconds.
        """
        n_channels = self.covariances.shape[1]
        if n_channels == 1:
            return VoicePlace(gains=np.ones((len(spans), 1), np.float32), replaced=np.ones(1, np.float32))
        ends = [(round(start_s / _FRAME_S), round(end_s / _FRAME_S)) for start_s, end_s in spans]
        frames = [self.covariances[first : max(last, first + 1)] for first, last in ends]
        sums = np.array([each.sum(axis=0) for each in frames], dtype=np.float64)
        sums = sums.reshape(-1, n_channels, n_channels)
        weights = self.mix.weights.astype(np.float64)
        shared = sums @ weights
        mono = np.maximum(shared @ weights, 1e-20)[:, None]
        power = np.maximum(np.diagonal(sums, axis1=1, axis2=2), 0.0)
        total_power = np.maximum(power.sum(axis=0), 1e-20)
        correlation = np.abs(shared.sum(axis=0)) / np.sqrt(total_power * max(mono.sum(), 1e-20))
        replaced = (weights != 0) | (correlation >= _CARRIED_CORRELATION)
        if n_channels == 2:
            replaced[:] = True  # nothing but the two sides of one scene
        gains = np.where(weights != 0, np.sqrt(power / mono), np.abs(shared) / mono)
        return VoicePlace(
            gains=(np.minimum(gains, _MAX_GAIN) * replaced).astype(np.float32), replaced=replaced.astype(np.float32)
        )


class ChannelMeter:
    """Meter of the channels of a recording that arrives in blocks of any size.

    Shape:
        block  [L, C]
    """

    def __init__(self, rate_hz: int, n_channels: int, channel_mask: int = 0) -> None:
        self._rate_hz, self._n_channels, self._mask = rate_hz, n_channels, channel_mask
        self._frame = max(1, round(_FRAME_S * rate_hz))
        self._partial: Samples = np.zeros((0, n_channels), np.float32)
        self._covariances: list[Powers] = []
        self._low, self._high = np.full(n_channels, np.inf), np.full(n_channels, -np.inf)
        self._sum = np.zeros(n_channels)
        self._n_clipped = self._n_samples = 0

    def push(self, block: Samples) -> None:
        """Add a block."""
        if not len(block):
            return
        self._n_samples += len(block)
        self._low, self._high = np.minimum(self._low, block.min(axis=0)), np.maximum(self._high, block.max(axis=0))
        self._sum += block.sum(axis=0, dtype=np.float64)
        self._n_clipped += int(np.count_nonzero(np.abs(block) >= _CLIPPED_LEVEL))
        if self._n_channels > 1:
            joined = np.concatenate([self._partial, block]) if len(self._partial) else block
            n_whole = len(joined) // self._frame * self._frame
            self._measure(joined[:n_whole].reshape(-1, self._frame, self._n_channels))
            self._partial = joined[n_whole:]

    def scan(self) -> SoundScan:
        """Return the measurements of all blocks pushed; call once, after the last block."""
        if self._n_channels > 1 and len(self._partial):
            self._measure(self._partial[None])
        shape = (-1, self._n_channels, self._n_channels)
        found = np.concatenate(self._covariances) if self._covariances else np.zeros((0, *shape[1:]))
        mix = choose_mix(found, self._mask)
        offset = self._sum / max(1, self._n_samples)
        peaks = np.maximum(self._high - offset, offset - self._low) if self._n_samples else np.zeros(self._n_channels)
        return SoundScan(
            rate_hz=self._rate_hz,
            n_samples=self._n_samples,
            peak=float(peaks[mix.weights != 0].max(initial=0.0)),
            is_clipped=self._n_clipped >= _CLIPPED_SAMPLES,
            mix=mix,
            covariances=found,
        )

    def _measure(self, frames: Samples) -> None:
        if frames.size:
            centred = (frames - frames.mean(axis=1, keepdims=True)).astype(np.float32)
            self._covariances.append(np.matmul(centred.transpose(0, 2, 1), centred) / frames.shape[1])


def choose_mix(covariances: Powers, channel_mask: int = 0) -> ChannelMix:
    """Choose the channels that hold the speech, and their weights in the mono mix.

    A center channel with sound is used alone, since films keep their dialogue there; the LFE channel is never used. Of
    the other channels, those far below the loudest are left out, unless they dominate for part of the recording. If the
    remaining channels take turns (one speaker each), they are added. Otherwise they are averaged; a channel in opposite
    phase to the loudest is inverted first.

    Args:
        covariances: covariance of the channels in each frame.
        channel_mask: channels present, as in WAVEFORMATEXTENSIBLE; 0 for the usual layout of that number of channels.

    Shape:
        covariances  [T, C, C]
    """
    n_channels = covariances.shape[1]
    if n_channels == 1:
        return ChannelMix(weights=np.ones(1, np.float32))
    power = np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0.0).copy()
    centre, lfe = _special_channels(channel_mask or _USUAL_MASKS.get(n_channels, 0), n_channels)
    if lfe is not None:
        power[:, lfe] = 0.0
    loud = power[power.max(axis=1, initial=0.0) > _LOUD_RATIO * power.max(initial=0.0)]
    level = loud.mean(axis=0) if len(loud) else np.zeros(n_channels)
    weights = np.zeros(n_channels, np.float32)
    if centre is not None and level[centre] > _CENTRE_RATIO * level.max():
        weights[centre] = 1.0
        return ChannelMix(weights=weights)
    if not len(loud):
        return ChannelMix(weights=np.full(n_channels, 1 / n_channels, np.float32))
    ordered = np.sort(loud, axis=1)
    dominant = loud.argmax(axis=1)[ordered[:, -1] > _DOMINANT_RATIO * ordered[:, -2]]
    own_share = np.bincount(dominant, minlength=n_channels) / len(loud)
    has_turns = own_share >= _MIN_SHARE
    active = (level >= _ACTIVE_RATIO * level.max()) | has_turns
    if has_turns.sum() > 1 and own_share.sum() >= _TURNS_SHARE:
        weights[active] = 1.0
        return ChannelMix(weights=weights)
    total = covariances.sum(axis=0)
    first = int(level.argmax())
    scale = np.sqrt(np.maximum(np.diagonal(total) * total[first, first], 1e-30))
    sign = np.where(total[first] / scale < _OPPOSITE_CORRELATION, -1.0, 1.0)
    weights[active] = sign[active] / active.sum()
    return ChannelMix(weights=weights, has_opposite_channels=bool((sign[active] < 0).any()))


def _special_channels(mask: int, n_channels: int) -> tuple[int | None, int | None]:
    """Index of the center channel and of the LFE channel; None for one that the layout lacks."""
    if n_channels < 3 or mask.bit_count() != n_channels:
        return None, None
    centre, lfe = ((mask & (bit - 1)).bit_count() if mask & bit else None for bit in (_CENTRE_BIT, _LFE_BIT))
    return centre, lfe
