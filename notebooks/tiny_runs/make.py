"""Regenerate the two small runs that the notebooks and their tests open: `python notebooks/tiny_runs/make.py`.

Short sentences and prompts of two seconds, small enough for the repository. `second` is a part of the same rows, slower
and with another seed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

import hierbatch
from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.manifest.columns.schema import VOICE_SCHEMA
from hierbatch.manifest.tables.parquet_writing import write_table

ROOT = Path(__file__).parents[2]
HERE = Path("notebooks/tiny_runs")  # relative to the root, because run.json records the path of the manifest
PROMPT_FROM_S, PROMPT_S = 1.0, 2.0
N_ROWS_OF_SECOND = 7


def main() -> None:
    """Write both runs."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        voices, part = Path(folder) / "voices.parquet", HERE / "part.csv"
        write_short_prompts(voices)
        rows = pyarrow.csv.read_csv(HERE / "sentences.csv")
        pyarrow.csv.write_csv(rows.slice(0, N_ROWS_OF_SECOND), part)
        speak(HERE / "sentences.csv", voices, HERE / "first")
        speak(part, voices, HERE / "second", speed=0.85, seed=7)
        part.unlink()


def write_short_prompts(target: Path) -> None:
    """Write the voices of `manifests/voices`, each prompt cut to two seconds."""
    folder = ROOT / "manifests" / "voices"
    rows = pyarrow.csv.read_csv(folder / "voices.csv").to_pylist()
    for row in rows:
        sound = read_sound(folder / row["audio"])
        start, end = (round(time_s * sound.rate_hz) for time_s in (PROMPT_FROM_S, PROMPT_FROM_S + PROMPT_S))
        row["audio"] = {"bytes": encode_sound(Waveform(sound.samples[start:end], sound.rate_hz)), "path": row["audio"]}
    write_table([pa.Table.from_pylist(rows, schema=VOICE_SCHEMA)], VOICE_SCHEMA, target)


def speak(manifest: Path, voices: Path, out: Path, speed: float = 1.0, seed: int = 0) -> None:
    """Run one manifest in this process."""
    shutil.rmtree(out, ignore_errors=True)
    hierbatch.run(manifest, voices=voices, out=out, speed=speed, seed=seed, engine="local")
    (out / "lock").unlink()
    (out / "tmp").rmdir()


if __name__ == "__main__":
    main()
