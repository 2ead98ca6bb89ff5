"""A run folder damaged in every way of ../shared/cases/attack/part_faults.py, and the commands on it.

    python benchmarks/shared_run_faults.py
    python benchmarks/shared_run_faults.py --only part plan

A finished run of the fake model is copied, damaged, and passed to `status`, `run` and other commands, each in a process
of its own. A damage passes if every command ends with exit code 0, 2, 3 or 75 without a traceback, and if afterwards
either the run has every take once, with the sound of the undamaged one, or a command has refused it with a message.
The command exits with 1 if one does not pass.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "plugins"), str(ROOT)]  # the package of the fake model

from shared_attack_cases import VOICE, Outcome, run_forked  # noqa: E402

from hierbatch.errors import HierbatchError  # noqa: E402
from hierbatch.manifest.takes.takes import Takes  # noqa: E402
from tests.engine.fake_model import write_fake_bundle  # noqa: E402

N_ROWS = 300
_CODES = (0, 2, 3, 75)
_PART = "g0001-u000000.parquet"
Damage = Callable[[Path], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of the names of damages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_fake_bundle(folder / "bundle")
        write_manifest(folder / "m.parquet")
        assert command("run", folder / "base", folder).code == 0
        wanted = sounds(folder / "base")
        assert len(wanted) == N_ROWS
        print("| damage | verdict | exit codes | afterwards |\n| --- | --- | --- | --- |", flush=True)
        verdicts = [
            verdict(name, *damage, folder, wanted)
            for name, damage in (DAMAGES | LIMITS).items()
            if name.startswith(tuple(options.only))
        ]
    print(f"{sum(verdicts)} of {len(verdicts)} damages pass")
    sys.exit(0 if all(verdicts) else 1)


def write_manifest(path: Path) -> None:
    ids = [f"r{number:03d}" for number in range(N_ROWS)]
    pq.write_table(pa.table({"id": ids, "text": [f"Hello there number {number}." for number in range(N_ROWS)]}), path)


def sounds(run: Path) -> dict[str, bytes]:
    """Audio of each take by row id; raises HierbatchError as `Takes` does."""
    rows = Takes(run).table(["id", "audio"]).to_pylist()
    found = {row["id"]: row["audio"]["bytes"] for row in rows if row["audio"]}
    assert len(found) == len({row["id"] for row in rows}) == len(rows)
    return found


def _set_alarm() -> None:
    signal.alarm(60)  # a command that waits for a pipe uses no processor time


def command(name: str, run: Path, folder: Path, limit: Callable[[], object] | None = None) -> Outcome:
    """Run one command on a run folder."""
    voice = ("--voice", VOICE, "--consent", "licensed", "--language", "en")
    shutil.rmtree(folder / "export", ignore_errors=True)
    words = {
        "status": ("status", run),
        "verify": ("status", run, "--verify"),
        "run": ("run", folder / "m.parquet", *voice, "--engine", "local", "--model", folder / "bundle", "--out", run),
        "export": ("export", run, "--to", "ljspeech", "--out", folder / "export"),
        "compact": ("compact", run),
        "retry": ("retry", run, "--id", "r001", "--engine", "local"),
    }[name]
    return run_forked(words, folder / "output", limit or _set_alarm)


def verdict(
    name: str,
    damage: Damage,
    commands: tuple[str, ...],
    limit: Callable[[], object] | None,
    folder: Path,
    wanted: dict[str, bytes],
) -> bool:
    """Damage a copy of the run, run the commands, and print whether the run is whole or was refused."""
    run = folder / "copy"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(folder / "base", run)
    for name_of_log in ("choices", "requests"):
        (run / name_of_log).mkdir(exist_ok=True)
    damage(run)
    outcomes = [command(each, run, folder, limit) for each in commands]
    if limit is not None:  # without the limit, the same command completes the run
        outcomes.append(command("run", run, folder))
    is_graceful = all(o.code in _CODES and "Traceback (most recent" not in o.output for o in outcomes)
    try:
        found = sounds(run)
        n_same = sum(found.get(row_id) == content for row_id, content in wanted.items())
        state = f"{n_same} of {N_ROWS} takes as before"
    except HierbatchError as error:
        n_same, state = 0, f"refused: {str(error).splitlines()[0][:100]}"
    refusals = [" ".join(o.output.split())[-120:] for o in outcomes if o.code in (2, 3) and o.output.strip()]
    passed = is_graceful and (n_same == N_ROWS or bool(refusals))
    codes = " ".join(f"{each} {o.code}" for each, o in zip((*commands, "run"), outcomes, strict=False))
    message = f"; {refusals[-1]}" if refusals else ""
    print(f"| {name} | {'passed' if passed else 'FAILED'} | {codes} | {state}{message} |", flush=True)
    if not is_graceful:
        print("\n".join(o.output[-600:] for o in outcomes if o.code not in _CODES or "Traceback" in o.output))
    return passed


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


if __name__ == "__main__":
    main()
