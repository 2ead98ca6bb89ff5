"""Kill a driver before each of its file operations, run the same command again, and compare all takes.

    python benchmarks/engine_kill_points.py             # every point, some 200
    python benchmarks/engine_kill_points.py --every 10

The story is a run with retakes, a retry, a compaction, a run with other settings (`--update`), a retry and a compaction
of that; the fake model, in one process. A fork of the driver ends itself (`_exit`: nothing is cleaned up) before its
n-th call of `os.replace`, `fsync`, `unlink`, `mkdir`, `rmdir`, `ftruncate`, or of `os.open` for writing, for every n
until the command comes through. Exits 1 where what the same command makes of the rest is not what an undisturbed driver
made: ids, keys, attempts, status, flags and the bytes of the sound, and nothing half-written left over.
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

from hierbatch.engine.session import Workforce
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.order import SpeakOrder
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.manifest.takes import Takes

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
N_ROWS = 100
STAGES = ("run", "retry", "compact", "update", "retry", "compact")
TOUCHES = ("replace", "fsync", "unlink", "mkdir", "rmdir", "ftruncate", "open")
_KILLED = 9
LOCAL = Workforce(engine="local")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A run in a folder, and what is asked of it from one stage to the next."""

    order: SpeakOrder
    run: Path

    def tell(self, stage: int) -> None:
        """Do one stage, as a user's command does it."""
        if STAGES[stage] == "retry":
            retry(RetryJob(run=self.run, workforce=LOCAL, ids=("row-001", "row-003", "row-060")))
        elif STAGES[stage] == "compact":
            compact(CompactJob(run=self.run, part_bytes=1))
        else:
            self._run(stage)

    def go_on(self, stage: int, before: Path) -> None:
        """Do a stage that was cut off again. A retry that stands in a plan is no more asked for: any run works it."""
        if STAGES[stage] == "retry" and _n_retries(self.run) > _n_retries(before):
            self._run(stage)
        else:
            self.tell(stage)

    def takes(self) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        takes = Takes(self.run)
        return takes.table(["id", "take_key", "attempt", "status", "flags"]).to_pylist(), takes.sounds(takes.ids)

    def _run(self, stage: int) -> None:
        is_updated = "update" in STAGES[: stage + 1]
        order = replace(self.order, speed=1.5) if is_updated else self.order
        run(RunJob(order=order, out=self.run, workforce=LOCAL, update=STAGES[stage] == "update"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="kill before every so-manyth touch only")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))  # the fake model lives with the tests
    pa.set_cpu_count(1)  # a fork has none of its parent's threads
    pa.set_io_thread_count(1)
    print("| stage | points | came out otherwise |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        n_otherwise = sum(torment(Path(folder), stage, options.every) for stage in range(len(STAGES)))
    sys.exit(1 if n_otherwise else 0)


def torment(folder: Path, stage: int, every: int) -> int:
    """Kill a stage at its points; gives how many of them came out otherwise."""
    story = Story(order=prepare(folder / f"{stage}"), run=folder / f"{stage}" / "run")
    for earlier in range(stage):
        story.tell(earlier)
    before = folder / f"{stage}-before"
    story.run.mkdir(exist_ok=True)
    shutil.copytree(story.run, before)
    story.tell(stage)
    wanted = story.takes()
    n_points, otherwise = 0, []
    for point in count(1, every):
        shutil.rmtree(story.run)
        shutil.copytree(before, story.run)
        if not is_killed(lambda: story.tell(stage), point):
            break
        n_points += 1
        story.go_on(stage, before)
        leftovers = [*story.run.rglob(".unfinished-*"), *(story.run / "tmp").iterdir()]
        if story.takes() != wanted or leftovers:
            otherwise.append(point)
    print(f"| {STAGES[stage]} | {n_points} | {', '.join(map(str, otherwise)) or 'none'} |", flush=True)
    return len(otherwise)


def prepare(folder: Path) -> SpeakOrder:
    from tests.engine.fake_model import FACTORY, Fault

    (folder / "bundle").mkdir(parents=True)
    seeds = {3: Fault.RAISE, 5: Fault.NAN, 9: Fault.CLIPPED}
    table = {
        "id": [f"row-{i:03d}" for i in range(N_ROWS)],
        "phonemes": [" | ".join(["h ə l ˈoʊ"] * (1 + i % 3)) + " ." for i in range(N_ROWS)],
        "lang": ["en"] * N_ROWS,
        "seed": pa.array([seeds.get(i) for i in range(N_ROWS)], pa.int64()),
    }
    pq.write_table(pa.table(table), folder / "m.parquet")
    return SpeakOrder(
        manifest=folder / "m.parquet",
        voices=VoiceChoice(file=VOICE),
        bundle=str(folder / "bundle"),
        model_factory=FACTORY,
    )


def is_killed(work: Callable[[], object], point: int) -> bool:
    """Do work in a fork that dies before a touch of the disk; False where it came to its end before."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, _KILLED):
            raise SystemExit(f"a driver ended by itself at point {point}, with {code}")
        return code == _KILLED
    code = 1
    try:
        die_before(point)
        work()
        code = 0
    finally:
        os._exit(code)


def die_before(point: int) -> None:
    """End this process before its n-th touch."""
    touches = count(1)

    def deadly(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def touch(*arguments: Any, **named: Any) -> Any:
            only_reads = name == "open" and not (len(arguments) > 1 and arguments[1] & (os.O_CREAT | os.O_RDWR))
            if not only_reads and next(touches) == point:
                os._exit(_KILLED)
            return real(*arguments, **named)

        return touch

    for name in TOUCHES:
        setattr(os, name, deadly(name))


def _n_retries(run_folder: Path) -> int:
    return len(list((run_folder / "plan").glob("g*-r*")))


if __name__ == "__main__":
    main()
