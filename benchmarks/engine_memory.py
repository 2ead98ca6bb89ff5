"""How much memory the driver of a run takes, by the number of rows.

    python benchmarks/engine_memory.py                              # 250 000 and 1 000 000 rows
    python benchmarks/engine_memory.py --rows 50000 150000
    python benchmarks/engine_memory.py --rows 50000 150000 --spoken # rows that are spoken, by a fake model
    python benchmarks/engine_memory.py --rows 100 400 --sound-mb 4  # recordings of 4 MB each inside the manifest

Each size is a whole run in a process of its own, on Ray: checked, planned, worked, counted, and then the same command
once more, which finds all of it done. The rows bring phonemes that the front end refuses, so that no time goes into
sound, and one worker puts them down; with `--spoken` two workers speak every row, a sine of a sixth of a second. To the
driver, which sees nobody's sound, both are the same. Told are the most memory the process ever held (`ru_maxrss`, which
counts torch's own 0.5 GB too) and what each further row adds. Recordings are noise that Lite converts: a tenth of a
second of it, and much that is carried and not listened to.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import struct
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.dispatch import Breaker
from hierbatch.engine.session import Workforce
from hierbatch.jobs.convert_order import ConvertOrder
from hierbatch.jobs.order import Order, SpeakOrder
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.manifest.schema import AUDIO
from hierbatch.programs import run_program
from hierbatch.units import RATE_HZ

ROOT = Path(__file__).resolve().parent.parent
FAKE = "tests.engine.fake_model:FakeModel"
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
WINDOW_ROWS = 65_536


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--engine", default="ray", help="ray, or local: then the worker's memory is counted too")
    parser.add_argument("--sound-mb", type=float, default=0, help="rows are recordings of so many MB each")
    parser.add_argument("--spoken", action="store_true", help="rows are spoken, by a fake model")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(options.one, options)))
        return
    print("| rows | MB at its most | MB in a rerun that finds all done | seconds |\n| --- | --- | --- | --- |")
    peaks = []
    for n_rows in sorted(options.rows):
        with tempfile.TemporaryDirectory() as folder:
            if options.sound_mb:
                write_recordings(Path(folder) / "m.parquet", n_rows, options.sound_mb)
            else:
                write_manifest(Path(folder) / "m.parquet", n_rows, "a ." if options.spoken else "§ .")
            first, again = (sat(Path(folder), n_rows, options) for _ in range(2))
        peaks.append((n_rows, max(first["peak_mb"], again["peak_mb"])))
        print(f"| {n_rows} | {first['peak_mb']:.0f} | {again['peak_mb']:.0f} | {first['wall_s']:.0f} |", flush=True)
    for (few, less), (many, more) in pairwise(peaks):
        print(f"from {few} to {many} rows: {(more - less) * 1e6 / (many - few):.0f} bytes a further row")


def write_manifest(path: Path, n_rows: int, phonemes: str) -> None:
    schema = pa.schema([("id", pa.string()), ("phonemes", pa.string()), ("lang", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, n_rows, WINDOW_ROWS):
            numbers = range(first, min(n_rows, first + WINDOW_ROWS))
            columns = [[f"row-{i:09d}" for i in numbers], [phonemes] * len(numbers), ["en"] * len(numbers)]
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
    words += ["--sound-mb", str(options.sound_mb), *(["--spoken"] if options.spoken else [])]
    return json.loads(run_program(words).splitlines()[-1])


def one_run(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    started, (n_rows,) = time.perf_counter(), options.rows
    workforce = Workforce(engine=options.engine, n_workers=2, breaker=Breaker(max_failed=1.0))
    order: Order = SpeakOrder(manifest=folder / "m.parquet", voices=VoiceChoice(file=VOICE))
    if options.sound_mb:
        order = ConvertOrder(manifest=folder / "m.parquet", voices=VoiceChoice(file=VOICE))
    if options.spoken:
        os.environ["PYTHONPATH"] = str(ROOT)  # workers must find the fake model
        sys.path.insert(0, str(ROOT))
        (folder / "bundle").mkdir(exist_ok=True)
        order = replace(order, bundle=str(folder / "bundle"), model_factory=FAKE)
    standing = run(RunJob(order=order, out=folder / "run", workforce=workforce)).standing
    if standing.n_ok + standing.n_failed != n_rows or (options.spoken and standing.n_failed):
        raise SystemExit(f"{standing.n_ok} good and {standing.n_failed} failed of {n_rows} rows were counted")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # told in kibibytes
    return {"peak_mb": peak_mb, "wall_s": time.perf_counter() - started}


if __name__ == "__main__":
    main()
