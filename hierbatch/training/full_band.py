"""Full-band recordings for SpeechSR: 48 kHz targets, their 16 kHz inputs, and the held-out clips.

Legend: B batch, L samples at 48 kHz, K bins.
"""

from __future__ import annotations

import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError

FULL_RATE_HZ = 48_000
_MIN_RATE_HZ = 44_100
_COLUMNS = ("id", "speaker", "text", "original_rate_hz", "audio")
_TEXTS_PER_HELD_OUT_TEXT = 20
_RECORDED_BANDWIDTH_HZ = 19_800.0
_SPEEDS = (0.92, 1.15)
_GAINS_DB = (-18.0, 6.0)
_CUTOFFS_HZ = (7_200.0, 7_950.0)
_TRANSITION_HZ = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FullBandClip:
    """Recording with its 16-bit samples, its speaker and its split."""

    id: str
    speaker: str
    is_held_out: bool
    samples: npt.NDArray[np.int16]
    rate_hz: int = FULL_RATE_HZ

    def waveform(self, start: int = 0, n_samples: int | None = None) -> Waveform:
        """Return samples `start` to `start + n_samples` (to the end if None), scaled to +-1."""
        end = None if n_samples is None else start + n_samples
        return Waveform(self.samples[start:end].astype(np.float32) / 32768.0, self.rate_hz)


def is_held_out(text: str) -> bool:
    """True for about one text in twenty; since the text decides, all readings of a sentence are in the same split."""
    return zlib.crc32(text.strip().lower().encode()) % _TEXTS_PER_HELD_OUT_TEXT == 0


def read_full_band(
    folder: Path,
    *,
    held_out_only: bool = False,
    rate_hz: int = FULL_RATE_HZ,
    min_rate_hz: int = _MIN_RATE_HZ,
    ids: Container[str] | None = None,
) -> list[FullBandClip]:
    """Read every clip recorded at `min_rate_hz` or more from the Parquet files of a folder, or from one file.

    Args:
        folder: folder or file.
        held_out_only: True to leave out the clips for training.
        rate_hz: sampling rate to which the clips are resampled.
        min_rate_hz: minimum sampling rate of the original recording.
        ids: ids of the recordings to read; None reads all.

    Raises:
        InputError: there is no such clip, or a file cannot be read.
    """
    files = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
    try:
        clips = [clip for file in files for clip in _read_clips(file, held_out_only, rate_hz, min_rate_hz, ids)]
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"The recordings in {folder} cannot be read", got=str(error)) from error
    if not clips:
        raise InputError(
            "There are no full-band recordings",
            expected=f"Parquet files with {', '.join(_COLUMNS)}, recorded at {min_rate_hz} Hz or more",
            got=str(folder),
        )
    return clips


def _read_clips(
    file: Path, held_out_only: bool, rate_hz: int, min_rate_hz: int, ids: Container[str] | None
) -> Iterator[FullBandClip]:
    if not set(_COLUMNS) <= set(pq.read_schema(file).names):
        return
    for batch in pq.ParquetFile(file).iter_batches(64, columns=list(_COLUMNS)):
        for row in batch.to_pylist():
            if (row["original_rate_hz"] or 0) < min_rate_hz or (ids is not None and row["id"] not in ids):
                continue
            held_out = is_held_out(row["text"] or row["id"])
            if held_out_only and not held_out:
                continue
            sound = resample(read_sound(row["audio"]["bytes"], name=row["id"]), rate_hz)
            samples = np.round(np.clip(sound.samples, -1.0, 1.0) * 32767.0).astype(np.int16)
            yield FullBandClip(
                id=row["id"], speaker=row["speaker"], is_held_out=held_out, samples=samples, rate_hz=rate_hz
            )


@dataclass(frozen=True, slots=True)
class FullBandBatch:
    """Target recordings, their 16 kHz inputs and the bandwidth of each target.

    Shape:
        target        [B, L]
        narrowband    [B, L / 3]
        bandwidth_hz  [B]         highest frequency with recorded signal
    """

    target: npt.NDArray[np.float32]
    narrowband: npt.NDArray[np.float32]
    bandwidth_hz: npt.NDArray[np.float32]


def draw_full_band_batch(
    clips: list[FullBandClip], n_rows: int, n_samples: int, rng: np.random.Generator
) -> FullBandBatch:
    """Draw random segments with random speed, gain and low-pass cutoff of the input; speakers are equally likely.

    Args:
        clips: recordings to draw from.
        n_rows: number of rows in the batch.
        n_samples: length of a row in samples at 48 kHz; a multiple of 6.
        rng: random generator.
    """
    by_speaker: dict[str, list[FullBandClip]] = {}
    for clip in clips:
        by_speaker.setdefault(clip.speaker, []).append(clip)
    speakers = sorted(by_speaker)
    targets = np.zeros((n_rows, n_samples), np.float32)
    inputs = np.zeros((n_rows, n_samples // 3), np.float32)
    bandwidths_hz = np.zeros(n_rows, np.float32)
    for row in range(n_rows):
        speaker_clips = by_speaker[speakers[int(rng.integers(len(speakers)))]]
        clip = speaker_clips[int(rng.integers(len(speaker_clips)))]
        speed = rng.uniform(*_SPEEDS)
        gain = 10 ** (rng.uniform(*_GAINS_DB) / 20)
        targets[row], inputs[row] = _draw_pair(clip, n_samples, speed, gain, rng)
        bandwidths_hz[row] = min(_RECORDED_BANDWIDTH_HZ * speed, FULL_RATE_HZ / 2)
    return FullBandBatch(targets, inputs, bandwidths_hz)


def _draw_pair(
    clip: FullBandClip, n_samples: int, speed: float, gain: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw a segment, change speed and gain; return it at 48 kHz and, low-passed, at 16 kHz. Shape: [L], [L / 3]."""
    n_read = round(n_samples * speed / 480) * 480
    start = int(rng.integers(max(1, len(clip.samples) - n_read)))
    samples = clip.waveform(start, n_read).samples * gain
    samples = np.pad(samples, (0, n_read - len(samples)))
    spectrum = np.fft.rfft(samples) * (n_samples / n_read)
    target = np.fft.irfft(_fit_bins(spectrum, n_samples // 2 + 1), n_samples)
    bins_hz = np.arange(n_samples // 6 + 1) * (FULL_RATE_HZ / n_samples)
    low_pass = np.clip((rng.uniform(*_CUTOFFS_HZ) - bins_hz) / _TRANSITION_HZ + 0.5, 0.0, 1.0)
    narrowband = np.fft.irfft(_fit_bins(spectrum, len(low_pass)) * low_pass / 3, n_samples // 3)
    return target.astype(np.float32), narrowband.astype(np.float32)


def _fit_bins(spectrum: npt.NDArray[np.complex128], n_bins: int) -> npt.NDArray[np.complex128]:
    """Truncate or zero-pad a spectrum. Shape: [K] -> [n_bins]."""
    return np.pad(spectrum[:n_bins], (0, max(0, n_bins - len(spectrum))))
