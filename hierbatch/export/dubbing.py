"""A voice track over what was there before: the old voice out, the new one in, everything else where it was."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from hierbatch.audio.waveform import Samples
from hierbatch.errors import SourceError

FADE_S = 0.02
"""How long a voice track takes to rise and fall about the ends of a span; the old voice falls and rises with it."""

SPOKEN_BY_MACHINE = "Dubbed by machine (hierbatch)"
"""What every dubbed file says of itself in its tags."""

_BLOCK_SAMPLES = 1 << 16
_WAV_CODECS = {"PCM_24": "PCM_24", "PCM_32": "PCM_24", "FLOAT": "PCM_24", "DOUBLE": "PCM_24"}


def mix_track(
    source: Path, track: bytes, spans: Sequence[tuple[float, float]], *, background: float, target: Path
) -> None:
    """Write the source with the track in place of what it says in `spans`, at the same rate, length and channels.

    Outside the spans the source goes on, times `background`: at 1 its samples are what they were. `target` becomes
    WAV or FLAC by its suffix.

    Raises:
        SourceError: the track is not as long as the source.
        OSError: the target cannot be written.
    """
    with soundfile.SoundFile(source) as old, soundfile.SoundFile(io.BytesIO(track)) as voice:
        if (old.frames, old.samplerate) != (voice.frames, voice.samplerate):
            raise SourceError(
                f"{source} has changed since it was dubbed",
                wanted=f"{voice.frames} samples at {voice.samplerate} Hz",
                got=f"{old.frames} at {old.samplerate} Hz",
                mend="run again with --update",
            )
        container = "WAV" if target.suffix.lower() == ".wav" else "FLAC"
        codec = _WAV_CODECS.get(old.subtype, "PCM_16")
        with soundfile.SoundFile(target, "w", old.samplerate, old.channels, codec, format=container) as new:
            new.comment = SPOKEN_BY_MACHINE
            for start, block in _blocks(old):
                taken = presence(start, len(block), spans, old.samplerate, old.frames)
                spoken = voice.read(len(block), dtype="float32")
                mixed = block * (background * (1 - taken))[:, None] + spoken[:, None]
                new.write(np.clip(mixed, -1.0, 1.0))


def presence(start: int, n_samples: int, spans: Sequence[tuple[float, float]], rate_hz: int, total: int) -> Samples:
    """How far the new voice is there, 0 to 1, in samples `start` to `start + n_samples` of `total`.

    Raised-cosine ramps about each end of a span, none at the ends of the recording: the same as a voice track has, so
    that where two speakers' spans meet, both together are 1.
    """
    taken = np.zeros(n_samples, np.float32)
    half = FADE_S * rate_hz / 2
    for start_s, end_s in spans:
        first, last = start_s * rate_hz, end_s * rate_hz
        low, high = max(0, int(first - half) - start), min(n_samples, int(last + half) + 1 - start)
        if low >= high:
            continue
        at = np.arange(start + low, start + high) + 0.5
        rise = np.ones(len(at)) if first <= 0 else _ramp((at - first + half) / (2 * half))
        fall = np.ones(len(at)) if last >= total - 0.5 else _ramp((last + half - at) / (2 * half))
        taken[low:high] += (rise * fall).astype(np.float32)
    return np.minimum(taken, 1.0)


def _ramp(share: np.ndarray) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0))


def _blocks(file: soundfile.SoundFile) -> Iterator[tuple[int, Samples]]:
    start = 0
    while len(block := file.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        yield start, block
        start += len(block)
