"""Time and memory of the desk's table over a large run: pages, sorting, filters, histograms, decisions and an audit.

    python benchmarks/desk_table.py --rows 1000000

The run is synthetic: a plan, and parts with all measures and without audio. The memory is the resident set of the desk;
its start reads the whole run once and is listed apart.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from peak_memory import peak_mb

from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, arrow_schema, plan_schema, take_schema
from hierbatch.manifest.runs.run_layout import RunLayout

_CLI = "from hierbatch.cli.app import main; main()"
_PART_ROWS = 5000
_VOICES = [f"voice{number:02d}" for number in range(20)]
_MEASURES = {
    "duration_s": (4.0, 1.5), "duration_ratio": (1.0, 0.12), "loudness_lufs": (-24.0, 2.0), "peak_db": (-4.0, 1.5),
    "f0_median_hz": (160.0, 40.0), "f0_std_semitones": (3.0, 0.6), "snr_db": (40.0, 6.0),
    "semantic_distance": (0.1, 0.02), "speaker_similarity": (0.8, 0.05), "cer": (0.05, 0.03),
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    n_rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "run"
        write_run(run, n_rows)
        started = time.monotonic()
        with _desk(run) as (desk, client):
            print(f"{n_rows:,} rows, {psutil.cpu_count()} cores; the desk answers after {_since(started):.1f} s\n")
            print(f"Highest memory of the start: {peak_mb(desk.pid):.0f} MB")
            print(f"Memory after the start: {psutil.Process(desk.pid).memory_info().rss / 1e6:.0f} MB\n")
            print("| request | s | memory, MB |")
            print("| --- | --- | --- |")
            for title, act in _requests(client, n_rows):
                started = time.monotonic()
                act()
                print(
                    f"| {title} | {_since(started):.2f} | {psutil.Process(desk.pid).memory_info().rss / 1e6:.0f} |",
                    flush=True,
                )
            print(f"\nHighest memory: {peak_mb(desk.pid):.0f} MB")


def _since(started: float) -> float:
    return time.monotonic() - started


def _requests(client: httpx.Client, n_rows: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Titles and requests, in the order of a reviewer's work."""
    post = lambda path, body: client.post(path, json=body).raise_for_status().json()  # noqa: E731
    low = {"ranges": {"snr_db": [10, 30]}}
    found: dict[str, Any] = {}

    def table(**query: Any) -> None:
        found["rows"] = post("/api/table", {"limit": 50, **query})["rows"]

    def decide(verdict: str) -> None:
        row = found["rows"][0]
        post("/api/decide", {"id": row["id"], "take": row["take"], "verdict": verdict})

    yield "first page, database built", lambda: table()
    yield "first page", lambda: table()
    yield "histograms", lambda: post("/api/histograms", {})
    yield "page sorted by a measure", lambda: table(sort="cer", is_descending=True)
    yield "page filtered by a measure", lambda: table(**low)
    yield "histograms, filtered", lambda: post("/api/histograms", low)
    yield "last page", lambda: table(offset=n_rows - 50)
    yield "rows with a text", lambda: table(text="sentence 777")
    yield "one row", lambda: client.get(f"/api/rows/{found['rows'][0]['id']}").raise_for_status()
    yield "a rejection", lambda: decide("reject")
    yield "page after it", lambda: table(sort="cer", is_descending=True)
    yield "a keep", lambda: decide("keep")
    yield "kept rows", lambda: table(show="kept")
    yield "audit of 500 rows drawn", lambda: post("/api/audit", {"n_rows": 500, "seed": 1})
    yield "page of the audit", lambda: table(is_audit=True)
    yield "rejection in the audit", lambda: decide("reject")
    yield "histograms with the interval", lambda: post("/api/histograms", {"is_audit": True})


def write_run(run: Path, n_rows: int) -> None:
    """Write a run of successful takes without audio.

    Args:
        run: new run folder.
        n_rows: number of rows.
    """
    layout = RunLayout(run)
    for folder in (layout.plans, layout.parts):
        folder.mkdir(parents=True)
    layout.record_file.write_text(json.dumps({"format": 1, "generations": [{"number": 1}]}))
    plan = plan_schema(
        arrow_schema([c for c in MANIFEST_COLUMNS if c.name in ("id", "text", "voice", "language")], "manifest")
    )
    takes = take_schema(plan)
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(layout.plan_file(1), plan) as writer:
        for first in range(0, n_rows, _PART_ROWS):
            rows = _rows(np.arange(first, min(first + _PART_ROWS, n_rows)), rng)
            writer.write_table(_as_table(rows, plan))
            path = layout.part_file(f"g0001-u{first // _PART_ROWS:06d}")
            pq.write_table(_as_table(rows, takes), path, row_group_size=1000)


def _rows(numbers: np.ndarray[Any, Any], rng: np.random.Generator) -> dict[str, Any]:
    texts = [f"This is sentence {number} of a long corpus." for number in numbers]
    n = len(numbers)
    flags = [["too_long"] if is_flagged else [] for is_flagged in rng.random(n) < 0.02]
    measures = {name: rng.normal(mean, spread, n) for name, (mean, spread) in _MEASURES.items()}
    return {
        "id": [f"r{number:08d}" for number in numbers],
        "take_key": [f"{number:032x}" for number in numbers],
        "attempt": np.ones(n, np.int16),
        "position": numbers.astype(np.int64),
        "unit": (numbers // 50).astype(np.int32),
        "text": texts,
        "text_norm": texts,
        "voice": [_VOICES[number % len(_VOICES)] for number in numbers],
        "language": ["en" if number % 3 else "ko" for number in numbers],
        "status": ["ok"] * n,
        "flags": flags,
        "expected_duration_s": np.full(n, 4.0),
        **measures,
    }


def _as_table(rows: dict[str, Any], schema: pa.Schema) -> pa.Table:
    n = len(rows["id"])
    columns = [
        pa.array(rows[field.name]).cast(field.type) if field.name in rows else pa.nulls(n, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


@contextmanager
def _desk(run: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    desk = subprocess.Popen(
        [sys.executable, "-c", _CLI, "review", str(run), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        address = desk.stdout.readline().strip() if desk.stdout else ""
        base = address.partition("/?")[0]
        with httpx.Client(base_url=base, headers={"origin": base}, timeout=600, follow_redirects=True) as client:
            client.get(address).raise_for_status()
            yield desk, client
    finally:
        desk.send_signal(signal.SIGINT)
        desk.wait()


if __name__ == "__main__":
    main()
