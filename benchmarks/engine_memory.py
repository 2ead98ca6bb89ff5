"""How much memory the driver of a run takes, by the number of rows.

    python benchmarks/engine_memory.py                              # 250 000 and 1 000 000 rows
    python benchmarks/engine_memory.py --rows 50000 150000
    python benchmarks/engine_memory.py --rows 100 400 --sound-mb 4  # recordings of 4 MB each inside the manifest

Each size is a whole run in a process of its own, on Ray with two workers: checked, planned, worked, counted, and then
the same command once more, which finds all of it done. The rows bring phonemes that the front end refuses, so that no
time goes into sound: a failed row and a good one are the same to the driver, which sees neither's sound. Told are the
most memory the process ever held (`ru_maxrss`, which counts torch's own 0.5 GB too) and what each further row adds.
Recordings are noise that Lite converts: a tenth of a second of it, and much that is carried and not listened to.
"""

from __future__ import annotations

import argparse
import json
import resource
import struct
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.dispatch import Breaker
from hierbatch.engine.session import Workforce
from hierbatch.jobs.convert_order import ConvertOrder
from hierbatch.jobs.order import SpeakOrder
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.manifest.schema import AUDIO
from hierbatch.programs import run_program
from hierbatch.units import RATE_HZ

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
WINDOW_ROWS = 65_536


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--engine", default="ray", help="ray, or local: then the worker's memory is counted too")
    parser.add_argument("--sound-mb", type=float, default=0, help="rows are recordings of so many MB each")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(options.one, options.rows[0], options.engine, options.sound_mb)))
        return
    print("| rows | MB at its most | MB in a rerun that finds all done | seconds |\n| --- | --- | --- | --- |")
    peaks = []
    for n_rows in sorted(options.rows):
        with tempfile.TemporaryDirectory() as folder:
            if options.sound_mb:
                write_recordings(Path(folder) / "m.parquet", n_rows, options.sound_mb)
            else:
                write_manifest(Path(folder) / "m.parquet", n_rows)
            first, again = (sat(Path(folder), n_rows, options) for _ in range(2))
        peaks.append((n_rows, max(first["peak_mb"], again["peak_mb"])))
        print(f"| {n_rows} | {first['peak_mb']:.0f} | {again['peak_mb']:.0f} | {first['wall_s']:.0f} |", flush=True)
    for (few, less), (many, more) in pairwise(peaks):
        print(f"from {few} to {many} rows: {(more - less) * 1e6 / (many - few):.0f} bytes a further row")


def write_manifest(path: Path, n_rows: int) -> None:
    schema = pa.schema([("id", pa.string()), ("phonemes", pa.string()), ("lang", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, n_rows, WINDOW_ROWS):
            numbers = range(first, min(n_rows, first + WINDOW_ROWS))
            columns = [[f"row-{i:09d}" for i in numbers], ["§ ."] * len(numbers), ["en"] * len(numbers)]
            writer.write_table(pa.table(columns, schema=schema))


def write_recordings(path: Path, n_rows: int, sound_mb: float) -> None:
    """WAV files with a chunk that no reader looks into."""
    sound = np.random.default_rng(0).normal(0, 3000, RATE_HZ // 10).astype("<i2").tobytes()
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    junk = bytes(int(sound_mb * 1e6) // 2 * 2)
    chunks = [shape, b"JUNK", struct.pack("<I", len(junk)), junk, b"data", struct.pack("<I", len(sound)), sound]
    content = b"WAVE" + b"".join(chunks)
    source = {"bytes": b"RIFF" + struct.pack("<I", len(content)) + content, "path": None}
    schema = pa.schema([("id", pa.string()), ("source", AUDIO)])
    with pq.ParquetWriter(path, schema) as writer:
        for i in range(n_rows):
            writer.write_table(pa.table([[f"row-{i:09d}"], pa.array([source], AUDIO)], schema=schema))


def sat(folder: Path, n_rows: int, options: argparse.Namespace) -> dict[str, float]:
    """One sitting at a run, in a process of its own."""
    words = [sys.executable, __file__, "--one", str(folder), "--rows", str(n_rows), "--engine", options.engine]
    return json.loads(run_program([*words, "--sound-mb", str(options.sound_mb)]).splitlines()[-1])


def one_run(folder: Path, n_rows: int, engine: str, sound_mb: float) -> dict[str, float]:
    started = time.perf_counter()
    workforce = Workforce(engine=engine, n_workers=2, breaker=Breaker(max_failed=1.0))
    kind = ConvertOrder if sound_mb else SpeakOrder
    order = kind(manifest=folder / "m.parquet", voices=VoiceChoice(file=VOICE))
    standing = run(RunJob(order=order, out=folder / "run", workforce=workforce)).standing
    if standing.n_ok + standing.n_failed != n_rows:
        raise SystemExit(f"{standing.n_ok + standing.n_failed} of {n_rows} rows were counted")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"peak_mb": peak_mb, "wall_s": time.perf_counter() - started}


if __name__ == "__main__":
    main()
