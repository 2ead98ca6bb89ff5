"""Mixing of a dubbed voice track into its source: the original is attenuated wherever the new voice speaks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from hierbatch.audio.waveform import Samples
from hierbatch.errors import SourceError

FADE_S = 0.02
"""Length of the crossfade between source and voice track, centred on each end of a span."""

SYNTHETIC_COMMENT = "Dubbed by machine (hierbatch)"
"""Comment tag of every dubbed file."""

_BLOCK_SAMPLES = 1 << 16
_WAV_CODECS = {"PCM_24": "PCM_24", "PCM_32": "PCM_24", "FLOAT": "PCM_24", "DOUBLE": "PCM_24"}


def mix_track(
    source: Path, track: bytes, spans: Sequence[tuple[float, float]], *, background: float, target: Path
) -> None:
    """Mix a voice track into its source, keeping the source's rate, length and channels.

    Args:
        source: the original audio file.
        track: encoded mono voice track, as long as the source and at its rate.
        spans: start and end, in seconds, of the stretches that the track replaces.
        background: linear gain of the source outside the spans; 1 leaves its samples unchanged.
        target: output file, WAV or FLAC by its suffix.

    Raises:
        SourceError: length or rate of track and source differ.
        OSError: the target cannot be written.
    """
    with soundfile.SoundFile(source) as old, soundfile.SoundFile(io.BytesIO(track)) as voice:
        if (old.frames, old.samplerate) != (voice.frames, voice.samplerate):
            raise SourceError(
                f"{source} has changed since it was dubbed",
                expected=f"{voice.frames} samples at {voice.samplerate} Hz",
                got=f"{old.frames} at {old.samplerate} Hz",
                fix="run again with --update",
            )
        container = "WAV" if target.suffix.lower() == ".wav" else "FLAC"
        codec = _WAV_CODECS.get(old.subtype, "PCM_16")
        with soundfile.SoundFile(target, "w", old.samplerate, old.channels, codec, format=container) as new:
            new.comment = SYNTHETIC_COMMENT
            for start, block in _blocks(old):
                weight = crossfade_weight(start, len(block), spans, old.samplerate, old.frames)
                voice_block = voice.read(len(block), dtype="float32")
                mixed = block * (background * (1 - weight))[:, None] + voice_block[:, None]
                new.write(np.clip(mixed, -1.0, 1.0))


def crossfade_weight(
    start: int, n_samples: int, spans: Sequence[tuple[float, float]], rate_hz: int, total: int
) -> Samples:
    """Crossfade weight of the voice track, 0 to 1, for one block of samples.

    Each end of a span gets a raised-cosine ramp, except at the ends of the recording. Voice tracks are faded with the
    same ramps, so where the spans of two speakers meet, their weights add up to 1.

    Args:
        start: first sample of the block.
        n_samples: length of the block.
        spans: start and end, in seconds, of the dubbed spans.
        rate_hz: sample rate.
        total: samples of the whole recording.
    """
    weight = np.zeros(n_samples, np.float32)
    half = FADE_S * rate_hz / 2
    for start_s, end_s in spans:
        first, last = start_s * rate_hz, end_s * rate_hz
        low, high = max(0, int(first - half) - start), min(n_samples, int(last + half) + 1 - start)
        if low >= high:
            continue
        at = np.arange(start + low, start + high) + 0.5
        rise = np.ones(len(at)) if first <= 0 else _ramp((at - first + half) / (2 * half))
        fall = np.ones(len(at)) if last >= total - 0.5 else _ramp((last + half - at) / (2 * half))
        weight[low:high] += (rise * fall).astype(np.float32)
    return np.minimum(weight, 1.0)


def _ramp(progress: np.ndarray) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(progress, 0.0, 1.0))


def _blocks(file: soundfile.SoundFile) -> Iterator[tuple[int, Samples]]:
    start = 0
    while len(block := file.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        yield start, block
        start += len(block)
