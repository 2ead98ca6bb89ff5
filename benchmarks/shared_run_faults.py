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

from run_damages import DAMAGES, LIMITS, Damage  # noqa: E402
from shared_attack_cases import VOICE, Outcome, run_forked  # noqa: E402

from hierbatch.errors import HierbatchError  # noqa: E402
from hierbatch.manifest.takes.takes import Takes  # noqa: E402
from tests.engine.fake_model import write_fake_bundle  # noqa: E402

N_ROWS = 300
_CODES = (0, 2, 3, 75)


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


if __name__ == "__main__":
    main()
