"""Memory and time of a driver by the number of rows: validating, planning, starting, resuming and counting a run.

    python benchmarks/scale.py                                   # 1 and 10 million rows
    python benchmarks/scale.py --rows 200000 800000 --folder /data/scale
    python benchmarks/scale.py --parts 1500000                   # the start of a run with so many parts

Each phase is a process of its own, measured by its peak memory (`ru_maxrss`, with all libraries) and its wall time:

    validate   check of a manifest: ids, repeated ids, values
    plan       plan of its rows (their phonemes are given, so that no time is spent on espeak-ng)
    start      list the parts, load the index and find the pending rows, with all parts of the plan but those of the
               last unit in the index; that is what a driver does before its first unit
    rebuild    the same without an index: every part is read
    count      flawed rows for retakes, and the counts of `status`: what a driver does after its last unit

The parts are written by this program, 64 rows each, with the columns of takes that a driver reads and no audio, so that
ten million rows need minutes instead of weeks. A last line extrapolates to a hundred million rows from the two largest
sizes. Disk: about 0.7 GB per million rows.

With `--parts`, only `start` is measured, with that many parts of four rows. They are empty files: a start does not open
parts that its index knows.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.planning import TakeSettings
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.speak import SpeakSpec, validate_spec
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.columns.schema import TEXT_ROW_GROUP
from hierbatch.manifest.runs.plan_units import PlanReader, PlanUnits
from hierbatch.manifest.runs.run_layout import FOLDER_PARTS
from hierbatch.manifest.tables.parquet_writing import write_rows
from hierbatch.programs import run_program

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
PHASES = ("validate", "plan", "start", "rebuild", "count")
LARGE_ROWS = 100_000_000
_WINDOW_ROWS = 65_536
_PHONEMES = "h ə l ˈoʊ | w ˈɝ l d ."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--folder", type=Path, help="folder for the runs; a temporary one by default")
    parser.add_argument("--phases", nargs="+", default=list(PHASES), choices=PHASES)
    parser.add_argument("--parts", type=int, help="measure the start of a run with this number of parts")
    parser.add_argument("--one", choices=(*PHASES, "parts"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.folder)))
        return
    if options.parts:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            measure_start(Path(folder), options.parts)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        results = {n_rows: run_phases(Path(folder) / str(n_rows), n_rows, options.phases) for n_rows in options.rows}
    print_growth(results)


def run_phases(folder: Path, n_rows: int, phases: list[str]) -> dict[str, dict[str, float]]:
    """Measure all phases of a run of some rows, and print a table row for each."""
    folder.mkdir()
    write_manifest(folder / "m.parquet", n_rows)
    print(
        f"\n{n_rows} rows\n\n| phase | seconds | of CPU | peak MB | rate |\n| --- | --- | --- | --- | --- |", flush=True
    )
    found = {}
    for phase in ("validate", "plan", "parts", "start", "rebuild", "count"):
        if phase in phases or phase in ("plan", "parts"):
            command = [sys.executable, __file__, "--one", phase, "--folder", str(folder)]
            found[phase] = json.loads(run_program(command).splitlines()[-1])
            if phase in phases:
                entry = found[phase]
                times = f"{entry['wall_s']:.1f} | {entry['cpu_s']:.1f}"
                print(f"| {phase} | {times} | {entry['peak_mb']:.0f} | {entry['rate']} |", flush=True)
    shutil.rmtree(folder)
    return found


def measure_start(folder: Path, n_parts: int) -> None:
    """Measure the start of a run with parts of four rows, of which all but the last are finished."""
    run = RunFolder(folder / "run")
    run.make()
    write_plan_of_names(run.plan_file(1), 4 * (n_parts + 1))
    committed = CommittedRows(run, 1)
    for first in range(0, n_parts, FOLDER_PARTS):
        subfolder = run.part_file(f"g0001-u{first:06d}").parent
        subfolder.mkdir(exist_ok=True)
        for number in range(first, min(n_parts, first + FOLDER_PARTS)):
            os.close(os.open(f"{subfolder}/g0001-u{number:06d}.parquet", os.O_CREAT | os.O_WRONLY))
    committed.plans[0].is_whole[: n_parts - 1] = True
    committed.add(f"g0001-u{n_parts - 1:06d}")
    committed.save()
    found = json.loads(
        run_program([sys.executable, __file__, "--one", "start", "--folder", str(folder)]).splitlines()[-1]
    )
    print(
        f"start with {n_parts} parts: {found['wall_s']:.1f} s, {found['cpu_s']:.1f} s of CPU, {found['peak_mb']:.0f} MB"
    )


def write_plan_of_names(path: Path, n_rows: int) -> None:
    """Write the columns of a plan that a start reads, four rows per unit."""
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("take_key", pa.string()),
            ("attempt", pa.int16()),
            ("position", pa.int64()),
            ("unit", pa.int32()),
            ("expected_duration_s", pa.float32()),
        ]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, n_rows, _WINDOW_ROWS):
            rows = np.arange(first, min(n_rows, first + _WINDOW_ROWS))
            ids = pa.array(rows).cast(pa.string())
            ones = np.ones(len(rows), np.int16)
            columns = [ids, ids, ones, rows, (rows // 4).astype(np.int32), ones.astype(np.float32)]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=TEXT_ROW_GROUP)


def write_manifest(path: Path, n_rows: int) -> None:
    """Write rows of one word."""
    schema = pa.schema([("id", pa.string()), ("phonemes", pa.string()), ("language", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, n_rows, _WINDOW_ROWS):
            numbers = range(first, min(n_rows, first + _WINDOW_ROWS))
            columns = [[f"row-{i:09d}" for i in numbers], [_PHONEMES] * len(numbers), ["en"] * len(numbers)]
            writer.write_table(pa.table(columns, schema=schema))


def measure(phase: str, folder: Path) -> dict[str, float | str]:
    """Run a phase in this process."""
    started, cpu_started = time.perf_counter(), time.process_time()
    rate = {
        "validate": validate,
        "plan": plan,
        "parts": write_parts,
        "start": start,
        "rebuild": rebuild,
        "count": count,
    }[phase](folder)
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # ru_maxrss is in KiB
    per_s = f"{rate[0] / cpu_s:.0f} {rate[1]} per second of CPU"
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb, "rate": per_s}


def validate(folder: Path) -> tuple[int, str]:
    """Check the manifest; returns the number of rows."""
    return validate_spec(_spec(folder)).n_rows, "rows"


def plan(folder: Path) -> tuple[int, str]:
    """Write the plan and the table of its units, as `run` does."""
    run = RunFolder(folder / "run")
    run.make()
    spec = validate_spec(_spec(folder))
    write_rows(spec.plan(), spec.plan_schema(), run.plan_file(1))
    PlanUnits.from_plan(run.plan_file(1)).store(run.units_file(run.plan_file(1)), run.tmp)
    return spec.n_rows, "rows"


def write_parts(folder: Path) -> tuple[int, str]:
    """Write the parts of all units but the last, and record them in the index."""
    run = RunFolder(folder / "run")
    committed = CommittedRows(run, 1)
    units = committed.plans[0].units
    reader = PlanReader(run.plan_file(1), ["id", "take_key", "attempt"])
    for at in range(len(units) - 1):
        takes = _takes(reader.rows(int(units.starts[at]), int(units.starts[at + 1])))
        name = f"g0001-u{int(units.numbers[at]):06d}"
        part = run.part_file(name)
        part.parent.mkdir(exist_ok=True)
        pq.write_table(takes, part, write_statistics=False, use_dictionary=False)
        committed.add(name)
    committed.save()
    return len(units) - 1, "parts"


def start(folder: Path) -> tuple[int, str]:
    """Find the pending rows with the index; returns the number of parts."""
    committed = CommittedRows(RunFolder(folder / "run"), 1)
    committed.refresh()
    commits = committed.plans[0]
    units = list(committed.pending(commits).units())
    if committed.n_read or len(units) != 1:
        raise SystemExit(f"{committed.n_read} parts were read, and {len(units)} units are pending")
    return int(np.count_nonzero(commits.is_whole)), "parts"


def rebuild(folder: Path) -> tuple[int, str]:
    """Read all parts, without an index."""
    run = RunFolder(folder / "run")
    shutil.rmtree(run.index)
    run.make()
    committed = CommittedRows(run, 1)
    committed.refresh()
    committed.save()
    return committed.n_read, "parts"


def count(folder: Path) -> tuple[int, str]:
    """Look for flawed rows and count the takes."""
    run = RunFolder(folder / "run")
    settings = TakeSettings(task="speak", defaults={}, seed=0, voice_sha256={}, fingerprint="")
    if Retakes(take_settings=settings, max_retakes=1).plan_next(run, 1) is not None:
        raise SystemExit("rows were found to be flawed")
    counts = count_rows(run.root)
    if counts.n_failed or not 0 < counts.n_missing <= 64:
        raise SystemExit(f"{counts.n_failed} failed and {counts.n_missing} missing rows")
    return counts.n_ok, "rows"


def print_growth(results: dict[int, dict[str, dict[str, float]]]) -> None:
    """Print the bytes of an additional row, and what a hundred million rows would take."""
    for (few, before), (many, after) in pairwise(sorted(results.items())):
        print(f"\nfrom {few} to {many} rows, and at {LARGE_ROWS} rows by these two:\n")
        print("| phase | bytes per additional row | MB | CPU minutes |\n| --- | --- | --- | --- |")
        for phase in (phase for phase in PHASES if phase in before and phase in after):
            byte_row, second_row = (
                (after[phase][name] - before[phase][name]) / (many - few) for name in ("peak_mb", "cpu_s")
            )
            more = LARGE_ROWS - many
            peak_mb, cpu_s = after[phase]["peak_mb"] + byte_row * more, after[phase]["cpu_s"] + second_row * more
            print(f"| {phase} | {byte_row * 1e6:.1f} | {peak_mb:.0f} | {cpu_s / 60:.1f} |")


def _spec(folder: Path) -> SpeakSpec:
    return SpeakSpec(manifest=folder / "m.parquet", voices=VoiceChoice(voice=VOICE))


def _takes(planned: pa.Table) -> pa.Table:
    n_rows = len(planned)
    return pa.table(
        {
            **{name: planned.column(name) for name in planned.column_names},
            "status": ["ok"] * n_rows,
            "error_kind": pa.nulls(n_rows, pa.string()),
            "flags": pa.array([[]] * n_rows, pa.list_(pa.string())),
            "duration_s": pa.array([1.0] * n_rows, pa.float32()),
            "duration_ratio": pa.array([1.0] * n_rows, pa.float32()),
        }
    )


if __name__ == "__main__":
    main()
