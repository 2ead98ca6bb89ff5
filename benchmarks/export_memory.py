"""Peak memory of a corpus export at two corpus sizes.

    python benchmarks/export_memory.py                          # 5 and 50 hours, every format
    python benchmarks/export_memory.py --hours 10 100 --to hf webdataset --folder /scratch

The corpora repeat one five-second clip under many ids, so nothing has to be synthesized, but the exported data is of
realistic size. Each export runs in its own process; printed are its peak resident memory (Linux) and its speed as a
multiple of real time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.delivery.corpora.writers import WRITERS
from hierbatch.jobs.corpora.export import ExportJob, export
from hierbatch.manifest.columns.schema import AUDIO_ROW_GROUP, plan_schema, take_schema
from hierbatch.manifest.corpora.corpus_rows import CORPUS_MANIFEST, write_corpus_rows
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.takes.filters import DEFAULT_FILTER
from hierbatch.stages.voices import VOICE_TABLE_SCHEMA

RATE_HZ, SOUND_S, UNIT_ROWS = 16_000, 5.0, 24
VOICES = [f"voice-{number:02d}" for number in range(50)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, nargs=2, default=[5.0, 50.0])
    parser.add_argument("--to", nargs="+", choices=list(WRITERS), default=list(WRITERS))
    parser.add_argument("--folder", type=Path, help="parent of the temporary corpora; the system's default if unset")
    options = parser.parse_args()
    small, large = sorted(options.hours)
    print(f"| format | peak MB, {small:g} h | peak MB, {large:g} h | growth | x real time |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        runs = {hours: make_run(folder / f"run-{hours:g}", hours) for hours in (small, large)}
        for format_name in options.to:
            peaks, speed = [], 0.0
            for hours, run in runs.items():
                peak_mb, wall_s = measure(run, format_name, folder / "export")
                peaks.append(peak_mb)
                speed = hours * 3600 / wall_s
            growth = f"{100 * (peaks[1] / peaks[0] - 1):+.0f} %"
            print(f"| {format_name} | {peaks[0]:.0f} | {peaks[1]:.0f} | {growth} | {speed:.0f} |", flush=True)


def measure(run: Path, format_name: str, out: Path) -> tuple[float, float]:
    """Peak resident megabytes and wall seconds of one export, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    peak_queue = context.Queue()
    started = time.perf_counter()
    process = context.Process(target=_export, args=(run, format_name, out, peak_queue))
    process.start()
    peak_mb = peak_queue.get()
    process.join()
    wall_s = time.perf_counter() - started
    shutil.rmtree(out)
    return peak_mb, wall_s


def _export(run: Path, format_name: str, out: Path, peak_queue: multiprocessing.Queue[float]) -> None:
    export(ExportJob(run=run, to=format_name, out=out))
    # Not getrusage: a new process begins with its parent's peak there.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_queue.put(float(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1]) / 1024)


def make_run(folder: Path, hours: float) -> Path:
    """Create a finished corpus run of `hours` hours, with one part file per work unit as the engine writes them."""
    layout = RunLayout(folder)
    for subfolder in (layout.plans, layout.parts):
        subfolder.mkdir(parents=True)
    n_rows = round(hours * 3600 / SOUND_S)
    plan = plan_schema(CORPUS_MANIFEST)
    takes = take_schema(plan)
    sound = _sound()

    def planned() -> Iterator[pa.Table]:
        for part, first in enumerate(range(0, n_rows, UNIT_ROWS)):
            rows = [_row(number, part, sound) for number in range(first, min(first + UNIT_ROWS, n_rows))]
            pq.write_table(_table(rows, takes), layout.part_file(f"g0001-u{part:06d}"), row_group_size=AUDIO_ROW_GROUP)
            yield _table(rows, plan)

    write_table(planned(), plan, layout.plan_file(1))  # in row groups as large as the engine's own
    voices = [{"voice": voice, "consent": "synthetic", "license": "CC0"} for voice in VOICES]
    pq.write_table(pa.Table.from_pylist(voices, schema=VOICE_TABLE_SCHEMA), layout.voices_file(1))
    layout.corpus_filter.parent.mkdir()
    layout.corpus_filter.write_text(DEFAULT_FILTER)
    write_corpus_rows(folder)
    return folder


def _sound() -> bytes:
    """Noise with a syllable-like envelope, which FLAC compresses about as well as speech."""
    times = np.arange(int(SOUND_S * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).normal(0, 0.02, len(times)) * np.sin(2 * np.pi * 2 * times) ** 2
    return encode_sound(Waveform(noise.astype(np.float32), RATE_HZ))


def _row(number: int, part: int, sound: bytes) -> dict[str, object]:
    voice = VOICES[number % len(VOICES)]
    text = f"This is the sentence number {number}, as long as a sentence of such a corpus usually is."
    return {
        "id": f"en-{number:06d}",
        "position": number,
        "unit": part,
        "take_key": f"{number:032x}",
        "attempt": 1,
        "status": "ok",
        "text": text,
        "text_norm": text,
        "phonemes": "h ə l ˈoʊ . " * 8,
        "language": "en",
        "voice": voice,
        "speaker": voice,
        "split": "dev" if voice == VOICES[0] else "train",
        "seed": number,
        "speed": 1.0,
        "pitch_semitones": 0.0,
        "prosody": 1.0,
        "sample_rate_hz": RATE_HZ,
        "n_samples": int(SOUND_S * RATE_HZ),
        "duration_s": SOUND_S,
        "expected_duration_s": SOUND_S,
        "timings": [
            {"text": word, "start_s": 0.3 * index, "end_s": 0.3 * index + 0.2, "kind": "word"}
            for index, word in enumerate(text.split())
        ],
        "flags": [],
        "model": "none:0",
        "settings_json": "{}",
        "consent": "synthetic",
        "synthetic": True,
        "hierbatch_version": "0",
        "finished_at": datetime(2026, 1, 1, tzinfo=UTC),
        "audio": {"bytes": sound, "path": f"en-{number:06d}.flac"},
    }


def _table(rows: list[dict[str, object]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


if __name__ == "__main__":
    main()
