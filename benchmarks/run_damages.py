"""Damages of a run folder, and limits of the process that works on it, for `shared_run_faults.py`."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_PART = "g0001-u000000.parquet"
Damage = Callable[[Path], object]


def _part(run: Path) -> Path:
    return run / "parts" / _PART


def _cut(path: Path, n_bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:n_bytes])


def _flip(run: Path) -> None:
    data = bytearray(_part(run).read_bytes())
    start = data.find(b"fLaC") + 3000
    for index in range(start, start + 200):
        data[index] ^= 0x55
    _part(run).write_bytes(bytes(data))


def _replace_column(run: Path, name: str, values: Callable[[int], pa.Array]) -> None:
    table = pq.read_table(_part(run))
    pq.write_table(table.set_column(table.schema.get_field_index(name), name, values(len(table))), _part(run))


def _leave_behind(run: Path) -> None:
    (run / "tmp" / ".unfinished-abc").mkdir(parents=True, exist_ok=True)
    for name in ("tmp/.unfinished-abc/q.parquet", "tmp/old-1.parquet", "plan/.unfinished-zz"):
        (run / name).write_bytes(b"x")


def _replace_by_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _replace_by_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


def _name_code(run: Path) -> None:
    """Record an arbitrary function as the loader of the model, as a stranger's run folder may do."""
    record = json.loads((run / "run.json").read_text())
    record["generations"][-1]["origin"].update(model_factory="os:execl", bundle=str(run / "x"), model="os:execl")
    (run / "run.json").write_text(json.dumps(record))


def _pipe(name: str) -> Damage:
    def replace_by_pipe(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)

    return replace_by_pipe


def _write_record(text: str) -> Damage:
    return lambda run: (run / "run.json").write_text(text)


_RECORDS = {
    "list": "[]", "null": "null", "no generations": '{"format": 1}', "empty": '{"format": 1, "generations": []}',
    "cut": '{"format": 1, "gen', "text": '{"format": 1, "generations": "x"}',
    "number": '{"format": 1, "generations": [5]}',
    "no settings": '{"format": 1, "generations": [{"number": 1}]}', "deep": "[" * 100_000,
}  # fmt: skip
_USUAL = ("status", "run", "status")
_FOREIGN = pa.table({"a": [1]})

DAMAGES: dict[str, tuple[Damage, tuple[str, ...], None]] = {
    "part deleted": (lambda run: _part(run).unlink(), _USUAL, None),
    "part truncated": (lambda run: _cut(_part(run), 5000), _USUAL, None),
    "part empty": (lambda run: _cut(_part(run), 0), _USUAL, None),
    "part with flipped sound bytes": (_flip, ("status", "run", "verify", "export", "compact", "status"), None),
    "part of another table": (lambda run: pq.write_table(_FOREIGN, _part(run)), _USUAL, None),
    "part of another table beside": (lambda run: pq.write_table(_FOREIGN, run / "parts" / "zz.parquet"), _USUAL, None),
    "part copied": (
        lambda run: shutil.copy(_part(run), _part(run).with_name(f"copy-{_PART}")),
        ("status", "run", "compact", "status"),
        None,
    ),
    "part with a wrong type": (
        lambda run: _replace_column(run, "attempt", lambda n: pa.array(["1"] * n)), _USUAL, None,
    ),
    "part without ids": (lambda run: _replace_column(run, "id", lambda n: pa.nulls(n, pa.string())), _USUAL, None),
    "part that is a folder": (lambda run: (run / "parts" / "sub.parquet").mkdir(), _USUAL, None),
    **{
        f"pipe instead of {name}": (_pipe(name), ("status", "run", "export"), None)
        for name in (
            "parts/g0001-u000099.parquet", f"parts/{_PART}", "run.json", "events.jsonl", "lock", "plan/g0001.parquet",
            "plan/g0001-voices.parquet", "choices/a.jsonl", "requests/a.jsonl", "lexicon.csv",
        )
    },
    "parts that are a file": (lambda run: _replace_by_file(run / "parts"), ("status", "run"), None),
    "record deleted": (lambda run: (run / "run.json").unlink(), _USUAL, None),
    **{f"record: {name}": (_write_record(text), ("status", "run", "retry"), None) for name, text in _RECORDS.items()},
    "record that names code": (_name_code, ("retry", "status", "run"), None),
    "plan deleted": (lambda run: [path.unlink() for path in (run / "plan").iterdir()], _USUAL, None),
    "plan cut": (lambda run: _cut(run / "plan" / "g0001.parquet", 100), ("status", "run"), None),
    "leftovers": (_leave_behind, _USUAL, None),
    "events that are no JSON": (
        lambda run: (run / "events.jsonl").write_bytes(b'\xff\xfe{"event": "start"\n{"event": "start", "at": 5}\n'),
        ("status", "run"),
        None,
    ),
    "events that are a folder": (lambda run: _replace_by_folder(run / "events.jsonl"), ("status", "run"), None),
    "lock that is a folder": (lambda run: _replace_by_folder(run / "lock"), ("status", "run"), None),
}  # fmt: skip
"""Damages of a run folder, and the commands on it."""


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (int(2.4 * 2**30),) * 2)


def _limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000,) * 2)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _limit_open_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


def _remove_parts(run: Path) -> None:
    for path in (run / "parts").iterdir():
        path.unlink()


LIMITS: dict[str, tuple[Damage, tuple[str, ...], Callable[[], object]]] = {
    "limit of memory": (_remove_parts, ("run",), _limit_memory),
    "limit of file size": (_remove_parts, ("run",), _limit_file_size),
    "limit of open files": (_remove_parts, ("run",), _limit_open_files),
}
"""Limits of the process that makes the takes."""
