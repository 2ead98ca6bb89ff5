"""Kill a driver before each of its file operations, run the same command again, and compare all takes.

    python benchmarks/engine_kill_points.py             # every kill point, about 200
    python benchmarks/engine_kill_points.py --every 10

The scenario is a run with retakes, a retry, a compaction, a run with other settings (`--update`), and again a retry and
a compaction; with the fake model, in one process. A fork of the driver exits (`_exit`, without cleanup) before its n-th
call of `os.replace`, `fsync`, `unlink`, `mkdir`, `rmdir`, `ftruncate`, or of `os.open` for writing, for every n until
the command completes. Exits with 1 if the resumed command's result differs from that of an undisturbed driver (ids,
keys, attempts, status, flags, bytes of the audio), or if half-written files remain.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.execution import Execution
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
N_ROWS = 100
STAGES = ("run", "retry", "compact", "update", "retry", "compact")
OPERATIONS = ("replace", "fsync", "unlink", "mkdir", "rmdir", "ftruncate", "open")
_KILLED_EXIT_CODE = 9
LOCAL = Execution(engine="local")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A run folder, and the commands applied to it, one per stage."""

    order: SpeakSpec
    run: Path

    def execute(self, stage: int) -> None:
        """Execute one stage as the user's command does."""
        if STAGES[stage] == "retry":
            retry(RetryJob(run=self.run, execution=LOCAL, ids=("row-001", "row-003", "row-060")))
        elif STAGES[stage] == "compact":
            compact(CompactJob(run=self.run, part_bytes=1))
        else:
            self._run(stage)

    def resume(self, stage: int, before: Path) -> None:
        """Execute an interrupted stage again; a retry that is already planned is completed by any run."""
        if STAGES[stage] == "retry" and _n_retries(self.run) > _n_retries(before):
            self._run(stage)
        else:
            self.execute(stage)

    def takes(self) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        """Rows and audio of all takes, for comparison."""
        takes = Takes(self.run)
        return takes.table(["id", "take_key", "attempt", "status", "flags"]).to_pylist(), takes.sounds(takes.ids)

    def _run(self, stage: int) -> None:
        is_updated = "update" in STAGES[: stage + 1]
        order = replace(self.order, speech=SpeechSettings(speed=1.5)) if is_updated else self.order
        run(RunJob(spec=order, out=self.run, execution=LOCAL, control=RunControl(update=STAGES[stage] == "update")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="use only every N-th kill point")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))  # the fake model lives with the tests
    pa.set_cpu_count(1)  # a fork has none of its parent's threads
    pa.set_io_thread_count(1)
    print("| stage | kill points | different results |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        n_different = sum(kill_at_every_point(Path(folder), stage, options.every) for stage in range(len(STAGES)))
    sys.exit(1 if n_different else 0)


def kill_at_every_point(folder: Path, stage: int, every: int) -> int:
    """Kill a stage at each of its kill points and resume it; returns the number of different results.

    Args:
        folder: working folder.
        stage: index into `STAGES`.
        every: use only every N-th kill point.
    """
    scenario = Scenario(order=prepare(folder / f"{stage}"), run=folder / f"{stage}" / "run")
    for earlier in range(stage):
        scenario.execute(earlier)
    before = folder / f"{stage}-before"
    scenario.run.mkdir(exist_ok=True)
    shutil.copytree(scenario.run, before)
    scenario.execute(stage)
    wanted = scenario.takes()
    n_points, different = 0, []
    for point in count(1, every):
        shutil.rmtree(scenario.run)
        shutil.copytree(before, scenario.run)
        if not is_killed(lambda: scenario.execute(stage), point):
            break
        n_points += 1
        scenario.resume(stage, before)
        leftovers = [*scenario.run.rglob(".unfinished-*"), *(scenario.run / "tmp").iterdir()]
        if scenario.takes() != wanted or leftovers:
            different.append(point)
    print(f"| {STAGES[stage]} | {n_points} | {', '.join(map(str, different)) or 'none'} |", flush=True)
    return len(different)


def prepare(folder: Path) -> SpeakSpec:
    """Write the manifest, some of whose rows fail or are flagged by the fake model."""
    from tests.engine.fake_model import Fault, write_fake_bundle
    from tests.plugins_path import add_plugins

    add_plugins()

    bundle = write_fake_bundle(folder / "bundle")
    seeds = {3: Fault.RAISE, 5: Fault.NAN, 9: Fault.CLIPPED}
    table = {
        "id": [f"row-{i:03d}" for i in range(N_ROWS)],
        "phonemes": [" | ".join(["h ə l ˈoʊ"] * (1 + i % 3)) + " ." for i in range(N_ROWS)],
        "language": ["en"] * N_ROWS,
        "seed": pa.array([seeds.get(i) for i in range(N_ROWS)], pa.int64()),
    }
    pq.write_table(pa.table(table), folder / "m.parquet")
    return SpeakSpec(
        manifest=folder / "m.parquet",
        voices=VoiceChoice(voice=VOICE),
        model=ModelChoice(model=str(bundle)),
    )


def is_killed(work: Callable[[], object], point: int) -> bool:
    """Run work in a fork that exits before its n-th file operation; False if it completed first."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, _KILLED_EXIT_CODE):
            raise SystemExit(f"the driver failed at kill point {point} with exit code {code}")
        return code == _KILLED_EXIT_CODE
    code = 1
    try:
        exit_before(point)
        work()
        code = 0
    finally:
        os._exit(code)


def exit_before(point: int) -> None:
    """Patch `os` so that this process exits before its n-th file operation."""
    calls = count(1)

    def patched(name: str) -> Callable[..., Any]:
        original = getattr(os, name)

        def operation(*arguments: Any, **named: Any) -> Any:
            only_reads = name == "open" and not (len(arguments) > 1 and arguments[1] & (os.O_CREAT | os.O_RDWR))
            if not only_reads and next(calls) == point:
                os._exit(_KILLED_EXIT_CODE)
            return original(*arguments, **named)

        return operation

    for name in OPERATIONS:
        setattr(os, name, patched(name))


def _n_retries(run_folder: Path) -> int:
    return len(list((run_folder / "plan").glob("g*-r*")))


if __name__ == "__main__":
    main()
