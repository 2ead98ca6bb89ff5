"""Memory of a run's driver by the number of rows.

    python benchmarks/engine_memory.py                              # 250 000 and 1 000 000 rows
    python benchmarks/engine_memory.py --rows 50000 150000
    python benchmarks/engine_memory.py --rows 50000 150000 --spoken # rows that a fake model synthesizes
    python benchmarks/engine_memory.py --rows 100 400 --sound-mb 4  # recordings of 4 MB each inside the manifest

Each size is a complete run on Ray in a process of its own (validation, planning, synthesis, counting), followed by the
same command again, which finds everything done. By default the front end rejects the phonemes of every row, so that no
time is spent on synthesis, and workers record the failures; with `--spoken` two workers synthesize every row, a sine of
a sixth of a second. The driver never reads audio, so both cost it the same. Printed are the process's peak memory
(`ru_maxrss`, which includes torch's own 0.5 GB) and the bytes per additional row. Recordings are a tenth of a second of
noise, converted by Lite, in WAV files padded to the given size.
"""

from __future__ import annotations

import argparse
import json
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

from hierbatch.constants import RATE_HZ
from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.base import JobSpec
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.programs import run_program

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
WINDOW_ROWS = 65_536


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--engine", default="ray", help="ray, or local, which includes the worker's memory")
    parser.add_argument(
        "--sound-mb", type=float, default=0, help="size of each row's recording in MB; 0 for rows of text"
    )
    parser.add_argument("--spoken", action="store_true", help="synthesize the rows with a fake model")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(options.one, options)))
        return
    print("| rows | peak MB | peak MB of a rerun of a complete run | seconds |\n| --- | --- | --- | --- |")
    peaks = []
    for n_rows in sorted(options.rows):
        with tempfile.TemporaryDirectory() as folder:
            if options.sound_mb:
                write_recordings(Path(folder) / "m.parquet", n_rows, options.sound_mb)
            else:
                write_manifest(Path(folder) / "m.parquet", n_rows, "a ." if options.spoken else "§ .")
            first, rerun = (run_session(Path(folder), n_rows, options) for _ in range(2))
        peaks.append((n_rows, max(first["peak_mb"], rerun["peak_mb"])))
        print(f"| {n_rows} | {first['peak_mb']:.0f} | {rerun['peak_mb']:.0f} | {first['wall_s']:.0f} |", flush=True)
    for (few, few_mb), (many, many_mb) in pairwise(peaks):
        print(f"from {few} to {many} rows: {(many_mb - few_mb) * 1e6 / (many - few):.0f} bytes per additional row")


def write_manifest(path: Path, n_rows: int, phonemes: str) -> None:
    """Write rows that all have the same phonemes."""
    schema = pa.schema([("id", pa.string()), ("phonemes", pa.string()), ("language", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, n_rows, WINDOW_ROWS):
            numbers = range(first, min(n_rows, first + WINDOW_ROWS))
            columns = [[f"row-{i:09d}" for i in numbers], [phonemes] * len(numbers), ["en"] * len(numbers)]
            writer.write_table(pa.table(columns, schema=schema))


def write_recordings(path: Path, n_rows: int, sound_mb: float) -> None:
    """Write rows of WAV files that are padded to `sound_mb` by a chunk that readers skip."""
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


def run_session(folder: Path, n_rows: int, options: argparse.Namespace) -> dict[str, float]:
    """Measure one session of a run in a process of its own."""
    command = [sys.executable, __file__, "--one", str(folder), "--rows", str(n_rows), "--engine", options.engine]
    command += ["--sound-mb", str(options.sound_mb), *(["--spoken"] if options.spoken else [])]
    return json.loads(run_program(command).splitlines()[-1])


def one_run(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Run or resume the run in this process; returns peak memory in MB and wall time in seconds."""
    started, (n_rows,) = time.perf_counter(), options.rows
    execution = Execution(engine=options.engine, workers=2, circuit_breaker=CircuitBreaker(max_failed_ratio=1.0))
    order: JobSpec = SpeakSpec(manifest=folder / "m.parquet", voices=VoiceChoice(voice=VOICE))
    if options.sound_mb:
        order = ConvertSpec(manifest=folder / "m.parquet", voices=VoiceChoice(voice=VOICE))
    if options.spoken:
        sys.path.insert(0, str(ROOT))
        from tests.engine.fake_model import write_fake_bundle
        from tests.plugins_path import add_plugins

        add_plugins()
        order = replace(order, model=ModelChoice(model=str(write_fake_bundle(folder / "bundle"))))
    counts = run(RunJob(spec=order, out=folder / "run", execution=execution)).counts
    if counts.n_ok + counts.n_failed != n_rows or (options.spoken and counts.n_failed):
        raise SystemExit(f"{counts.n_ok} ok and {counts.n_failed} failed rows, expected {n_rows} in all")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # ru_maxrss is in KiB
    return {"peak_mb": peak_mb, "wall_s": time.perf_counter() - started}


if __name__ == "__main__":
    main()
