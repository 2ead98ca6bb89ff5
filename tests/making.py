"""Small inputs for tests, made by code."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from hierbatch.audio.files import write_sound
from hierbatch.audio.waveform import Waveform

WORDS = ("h ə l ˈoʊ", "w ˈɝ l d", "s ˈʌ n", "m ˈu n", "ɹ ˈeɪ n")


def prompt_file(folder, duration_s=4.0, gain=0.3, rate_hz=16_000, name="anna.wav") -> Path:
    """A recording of a hum that stands for a voice."""
    times = np.arange(int(duration_s * rate_hz)) / rate_hz
    hum = gain * np.sin(2 * np.pi * 150 * times) * (1 + 0.3 * np.sin(2 * np.pi * 3 * times))
    path = folder / name
    write_sound(path, Waveform(hum.astype(np.float32), rate_hz), container="WAV")
    return path


def voiced_prompt_file(folder, name="anna.wav") -> Path:
    """A tone with overtones, in which every tracker finds pitch."""
    times = np.arange(64_000) / 16_000
    tone = 0.1 * sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, 9))
    write_sound(folder / name, Waveform(tone.astype(np.float32), 16_000), container="WAV")
    return folder / name


def recordings_file(folder, sources, name="m.csv", **columns) -> Path:
    """A manifest of recordings r0, r1, ... by their paths."""
    table = {"id": [f"r{i}" for i in range(len(sources))], "source": [str(path) for path in sources], **columns}
    path = folder / name
    csv.write_csv(pa.table(table), path)
    return path


def phonemes(number) -> str:
    """A phoneme string of one to five words, another one for each number."""
    words = [WORDS[(number + i) % 5] for i in range(1 + number % 5)]
    return " | ".join(words) + " ."


def manifest_file(folder, n_rows, faults=None, name="m.parquet", **columns) -> Path:
    """A manifest of rows r000, r001, ...; `faults` gives some of them a seed."""
    faults = faults or {}
    numbers = range(n_rows)
    table = {
        "id": [f"r{i:03d}" for i in numbers],
        "phonemes": [phonemes(i) for i in numbers],
        "language": ["en"] * n_rows,
        "seed": pa.array([faults.get(i) for i in numbers], pa.int64()),
        **columns,
    }
    path = folder / name
    pq.write_table(pa.table(table), path)
    return path
