"""Full-band recordings for SpeechSR: 48 kHz pieces to learn from, their 16 kHz selves to hear, clips that are held out.

Legend: B batch, L samples at 48 kHz.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
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
_LOWEST_RATE_HZ = 44_100
_COLUMNS = ("id", "speaker", "text", "original_rate_hz", "audio")
_HELD_OUT_SHARE = 20
"""One text in so many is held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullBandClip:
    """One recording at 48 kHz, 16 bit."""

    id: str
    speaker: str
    is_held_out: bool
    samples: npt.NDArray[np.int16]

    def waveform(self, start: int = 0, n_samples: int | None = None) -> Waveform:
        """Samples from `start` on, at +-1."""
        end = None if n_samples is None else start + n_samples
        return Waveform(self.samples[start:end].astype(np.float32) / 32768.0, FULL_RATE_HZ)


def is_held_out(text: str) -> bool:
    """By text, so that a sentence read thrice stands on one side only."""
    return zlib.crc32(text.strip().lower().encode()) % _HELD_OUT_SHARE == 0


def read_full_band(folder: Path, *, held_out_only: bool = False) -> list[FullBandClip]:
    """Every clip recorded at 44.1 kHz or more in the Parquet files of a folder, or in one file.

    Raises:
        InputError: there is none, or a file cannot be read.
    """
    files = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
    try:
        clips = [clip for file in files for clip in _clips(file, held_out_only)]
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"The recordings in {folder} cannot be read", got=str(error)) from error
    if not clips:
        raise InputError(
            "There are no full-band recordings",
            wanted=f"Parquet files with {', '.join(_COLUMNS)}, recorded at {_LOWEST_RATE_HZ} Hz or more",
            got=str(folder),
        )
    return clips


def _clips(file: Path, held_out_only: bool) -> Iterator[FullBandClip]:
    if not set(_COLUMNS) <= set(pq.read_schema(file).names):
        return
    for batch in pq.ParquetFile(file).iter_batches(64, columns=list(_COLUMNS)):
        for row in batch.to_pylist():
            if (row["original_rate_hz"] or 0) < _LOWEST_RATE_HZ:
                continue
            held_out = is_held_out(row["text"] or row["id"])
            if held_out_only and not held_out:
                continue
            sound = resample(read_sound(row["audio"]["bytes"], name=row["id"]), FULL_RATE_HZ)
            samples = np.round(np.clip(sound.samples, -1.0, 1.0) * 32767.0).astype(np.int16)
            yield FullBandClip(id=row["id"], speaker=row["speaker"], is_held_out=held_out, samples=samples)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Recordings, what is heard of them, and up to where they hold sound.

    Shape:
        wanted  [B, L]
        heard   [B, L / 3]
        top_hz  [B]
    """

    wanted: npt.NDArray[np.float32]
    heard: npt.NDArray[np.float32]
    top_hz: npt.NDArray[np.float32]


_RECORDED_TOP_HZ = 19_800.0
_SPEEDS = (0.92, 1.15)
_GAINS_DB = (-18.0, 6.0)
_EDGES_HZ = (7_200.0, 7_950.0)
_EDGE_WIDTH_HZ = 150.0


def draw_lesson(clips: list[FullBandClip], n_rows: int, n_samples: int, rng: np.random.Generator) -> Lesson:
    """Random pieces, faster or slower, louder or softer, heard through low passes of different edges."""
    by_speaker: dict[str, list[FullBandClip]] = {}
    for clip in clips:
        by_speaker.setdefault(clip.speaker, []).append(clip)
    speakers = sorted(by_speaker)
    wanted = np.zeros((n_rows, n_samples), np.float32)
    heard = np.zeros((n_rows, n_samples // 3), np.float32)
    top_hz = np.zeros(n_rows, np.float32)
    for row in range(n_rows):
        of_speaker = by_speaker[speakers[int(rng.integers(len(speakers)))]]
        clip = of_speaker[int(rng.integers(len(of_speaker)))]
        speed = rng.uniform(*_SPEEDS)
        gain = 10 ** (rng.uniform(*_GAINS_DB) / 20)
        wanted[row], heard[row] = _taught(clip, n_samples, speed, gain, rng)
        top_hz[row] = min(_RECORDED_TOP_HZ * speed, FULL_RATE_HZ / 2)
    return Lesson(wanted, heard, top_hz)


def _taught(
    clip: FullBandClip, n_samples: int, speed: float, gain: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A piece at another speed, and the same at 16 kHz, both cut from one spectrum."""
    n_read = round(n_samples * speed / 480) * 480
    start = int(rng.integers(max(1, len(clip.samples) - n_read)))
    piece = clip.waveform(start, n_read).samples * gain
    piece = np.pad(piece, (0, n_read - len(piece)))
    spectrum = np.fft.rfft(piece) * (n_samples / n_read)
    wanted = np.fft.irfft(_fitted(spectrum, n_samples // 2 + 1), n_samples)
    bins_hz = np.arange(n_samples // 6 + 1) * (FULL_RATE_HZ / n_samples)
    passed = np.clip((rng.uniform(*_EDGES_HZ) - bins_hz) / _EDGE_WIDTH_HZ + 0.5, 0.0, 1.0)
    heard = np.fft.irfft(_fitted(spectrum, len(passed)) * passed / 3, n_samples // 3)
    return wanted.astype(np.float32), heard.astype(np.float32)


def _fitted(spectrum: npt.NDArray[np.complex128], n_bins: int) -> npt.NDArray[np.complex128]:
    return np.pad(spectrum[:n_bins], (0, max(0, n_bins - len(spectrum))))
