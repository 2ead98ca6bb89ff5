"""Mixing of a dubbed voice track into its source: the new voice replaces the original in the dubbed spans."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from hierbatch.audio.channels import SoundScan, VoicePlace
from hierbatch.audio.files import scan_sound
from hierbatch.audio.opening import open_sound
from hierbatch.audio.waveform import Samples
from hierbatch.errors import SourceError

FADE_S = 0.02
"""Length in seconds of the crossfade between source and voice track, centered on each end of a span."""

SYNTHETIC_COMMENT = "Dubbed by machine (hierbatch)"
"""Comment tag of every dubbed file."""

_BLOCK_SAMPLES = 1 << 16
_WAV_CODECS = {"PCM_24": "PCM_24", "PCM_32": "PCM_24", "FLOAT": "PCM_24", "DOUBLE": "PCM_24"}


def mix_track(
    source: Path, track: bytes, spans: Sequence[tuple[float, float]], *, background: float, target: Path
) -> None:
    """Mix a voice track into its source, keeping the source's rate, length and channels.

    The new voice is panned like the original voice: its gain in each channel follows from the source in the same span.
    Channels without speech, such as the LFE channel or the music around a center channel, are not replaced.

    Args:
        source: the original audio file.
        track: encoded mono voice track, as long as the source and at its rate.
        spans: start and end, in seconds, of the parts of the source that the track replaces.
        background: linear gain of the source wherever it is not replaced; 1 leaves its samples unchanged.
        target: output file, WAV or FLAC by its suffix.

    Raises:
        SourceError: the source cannot be read, or differs from the track in length or rate.
        OSError, soundfile.LibsndfileError: the target cannot be written.
    """
    scan = scan_sound(source, name=source.name, raises=SourceError)
    with soundfile.SoundFile(io.BytesIO(track)) as voice:
        if (scan.n_samples, scan.rate_hz) != (voice.frames, voice.samplerate):
            raise SourceError(
                f"{source} has changed since it was dubbed",
                expected=f"{voice.frames} samples at {voice.samplerate} Hz",
                got=f"{scan.n_samples} at {scan.rate_hz} Hz",
                fix="run again with --update",
            )
        place = scan.place_voice(spans)
        container = "WAV" if target.suffix.lower() == ".wav" else "FLAC"
        with (
            open_sound(source, name=source.name, raises=SourceError) as old,
            soundfile.SoundFile(target, "w", old.rate_hz, old.n_channels, _codec(source), format=container) as new,
        ):
            new.comment = SYNTHETIC_COMMENT
            start = 0
            for block in old.blocks:
                weight, gains = _placed_weights(start, len(block), spans, place, scan)
                voice_block = voice.read(len(block), dtype="float32")
                mixed = block * (background * (1 - weight[:, None] * place.replaced)) + voice_block[:, None] * gains
                new.write(np.clip(mixed, -1.0, 1.0))
                start += len(block)


def _placed_weights(
    start: int, n_samples: int, spans: Sequence[tuple[float, float]], place: VoicePlace, scan: SoundScan
) -> tuple[Samples, Samples]:
    """Weight of the voice track at each sample of a block, and its gain in each channel at each sample."""
    rate_hz, total = scan.rate_hz, scan.n_samples
    margin_s = FADE_S + 1 / rate_hz
    first_s, last_s = start / rate_hz - margin_s, (start + n_samples) / rate_hz + margin_s
    near = [i for i, (span_start_s, span_end_s) in enumerate(spans) if span_end_s >= first_s and span_start_s <= last_s]
    weights = np.array([crossfade_weight(start, n_samples, [spans[i]], rate_hz, total) for i in near])
    if not near:
        return np.zeros(n_samples, np.float32), np.zeros((n_samples, len(place.replaced)), np.float32)
    summed = weights.sum(axis=0)
    gains = weights.T @ place.gains[near] / np.maximum(summed, 1e-6)[:, None]
    return np.minimum(summed, 1.0), gains.astype(np.float32)


def _codec(source: Path) -> str:
    try:
        return _WAV_CODECS.get(soundfile.info(source).subtype, "PCM_16")
    except soundfile.LibsndfileError:
        return "PCM_16"


def crossfade_weight(
    start: int, n_samples: int, spans: Sequence[tuple[float, float]], rate_hz: int, total: int
) -> Samples:
    """Crossfade weight of the voice track, 0 to 1, for one block of samples.

    Each end of a span has a raised-cosine ramp, except at the ends of the recording. Voice tracks are faded with the
    same ramps, so the weights of two speakers add up to 1 where their spans meet.

    Args:
        start: index of the first sample of the block.
        n_samples: length of the block.
        spans: start and end, in seconds, of the dubbed spans.
        rate_hz: sample rate.
        total: number of samples in the whole recording.
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
    result: np.ndarray = 0.5 - 0.5 * np.cos(np.pi * np.clip(progress, 0.0, 1.0))
    return result
