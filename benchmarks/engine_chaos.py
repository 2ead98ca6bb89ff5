"""Kill a run's driver and workers at random moments, resume each time, and compare the sound with a calm run's.

    python benchmarks/engine_chaos.py                                  # the fake model: 20 drivers, 20 workers
    python benchmarks/engine_chaos.py --model lite --kills 5           # the packaged one, by signal-to-noise ratio
    python benchmarks/engine_chaos.py --kills 3 --seed 7 --minutes 5

Each sitting starts Ray anew, waits for a worker of this very driver, kills one at a random moment and the driver at a
later one; every fifth driver dies at a random moment of its start, before it has workers or just after. It ends when
`--kills` of both are dead or after `--minutes`, whichever comes first, and the seed and every moment are printed. Then
the run is finished undisturbed. Exits 1 if too few were killed, an id is missing, or a sound differs.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from hierbatch.manifest.takes import Takes

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
FAKE = ("--model-factory", "tests.engine.fake_model:FakeModel")
LEAST_SNR_DB = 60.0
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What one sitting suffered; None where the run had ended before."""

    number: int
    worker_killed_after_s: float | None
    driver_killed_after_s: float | None
    n_parts: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="fake", help="fake, or a packaged model's name")
    parser.add_argument("--rows", type=int, default=4500)
    parser.add_argument("--kills", type=int, default=20, help="of drivers, and of workers: at least so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30.0, help="bound on the disturbed part")
    options = parser.parse_args()
    print(f"model {options.model}, {options.rows} rows, seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if torment(Path(folder), options) else 1)


def torment(folder: Path, options: argparse.Namespace) -> bool:
    """Whether the tormented run came out as the undisturbed one."""
    manifest = write_manifest(folder, options.rows, options.model)
    bundle = folder / "bundle"
    bundle.mkdir()
    model = ["--model", str(bundle), *FAKE] if options.model == "fake" else ["--model", options.model]
    calm, tormented = folder / "calm", folder / "tormented"
    said = folder / "said.txt"
    finish(command(manifest, calm, model, "local"), said)
    if options.model == "fake":
        (bundle / "seconds-a-row").write_text("0.02")
    rng = random.Random(options.seed)
    until = time.monotonic() + options.minutes * 60
    number = n_drivers = n_workers = 0
    print("| sitting | worker killed after | driver killed after | parts that stand |\n| --- | --- | --- | --- |")
    while min(n_drivers, n_workers) < options.kills:
        if time.monotonic() > until:
            print(f"stopped after {options.minutes:g} minutes")
            break
        number += 1
        sat = disturb(number, command(manifest, tormented, model, "ray"), tormented, said, rng)
        n_drivers += sat.driver_killed_after_s is not None
        n_workers += sat.worker_killed_after_s is not None
        moments = (
            f"{s:.2f} s" if s is not None else "-" for s in (sat.worker_killed_after_s, sat.driver_killed_after_s)
        )
        print(f"| {number} | {' | '.join(moments)} | {sat.n_parts} |", flush=True)
        if sat.driver_killed_after_s is None:
            print("the run has come to its end; more --rows leave more to kill")
            break
    finish(command(manifest, tormented, model, "ray"), said)
    print(
        f"{n_drivers} drivers and {n_workers} workers killed; drivers that lived to see it wrote {n_lost(tormented)}"
        " lost units down"
    )
    is_same = compare(calm, tormented, options.rows, to_the_byte=options.model == "fake")
    return is_same and min(n_drivers, n_workers) >= options.kills


def write_manifest(folder: Path, n_rows: int, model: str) -> Path:
    """Rows of phonemes, all different; the packaged model speaks fewer words of them."""
    words = ("h ə l ˈoʊ", "w ˈɝ l d", "s ˈʌ n", "m ˈu n", "ɹ ˈeɪ n")
    rng = random.Random(0)
    said = [" | ".join(rng.choices(words, k=rng.randint(1, 6))) + " ." for _ in range(n_rows)]
    path = folder / f"{model}.parquet"
    pq.write_table(
        pa.table({"id": [f"r{i:06d}" for i in range(n_rows)], "phonemes": said, "lang": ["en"] * n_rows}), path
    )
    return path


def command(manifest: Path, out: Path, model: list[str], engine: str) -> list[str]:
    start = [sys.executable, "-c", "from hierbatch.cli.app import main; main()", "run", str(manifest)]
    return [*start, "--out", str(out), "--voice", str(VOICE), "--engine", engine, "--workers", "2", *model]


def started(words: list[str], said: Path) -> subprocess.Popen[str]:
    """A driver that tells `said` what it has to say: a pipe would stay open as long as any process of a dead driver."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with said.open("w") as file:
        return subprocess.Popen(words, cwd=ROOT, env=environment, text=True, stdout=file, stderr=subprocess.STDOUT)


def finish(words: list[str], said: Path) -> None:
    code = started(words, said).wait()
    if code:
        raise SystemExit(f"a run that nobody disturbs ended with {code}:\n{said.read_text()}")


def disturb(number: int, words: list[str], run: Path, said: Path, rng: random.Random) -> Sitting:
    """Kill a worker and then the driver, some time after workers are up; one driver in five dies at its start."""
    process = started(words, said)
    began = time.monotonic()
    worker_after_s = driver_after_s = None
    if number % 5 == 0:
        time.sleep(rng.uniform(0.5, 8.0))
    else:
        first_worker(process)
        began = time.monotonic()
        time.sleep(rng.uniform(0.0, 3.0))
        if kill_worker(process, rng):
            worker_after_s = time.monotonic() - began
        time.sleep(rng.uniform(0.0, 2.0))
    if process.poll() is None:
        process.kill()
        driver_after_s = time.monotonic() - began
    process.wait()
    return Sitting(
        number=number,
        worker_killed_after_s=worker_after_s,
        driver_killed_after_s=driver_after_s,
        n_parts=len(list((run / "parts").glob("*.parquet"))),
    )


def first_worker(process: subprocess.Popen[str]) -> None:
    """Wait for a worker of this driver: parts tell nothing, for those of a killed one still finish what they have."""
    while process.poll() is None and not worker_processes(process.pid):
        time.sleep(_LOOK_S)


def kill_worker(process: subprocess.Popen[str], rng: random.Random) -> bool:
    """Kill one of the driver's workers, now or as soon as it has one; False where the driver ends before."""
    while process.poll() is None:
        workers = worker_processes(process.pid)
        with suppress(ProcessLookupError):  # it has ended since it was listed: then another
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                return True
        time.sleep(_LOOK_S)
    return False


def worker_processes(driver: int) -> list[int]:
    """Processes under a driver that are workers of Ray with an actor of ours."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            names[pid] = (folder / "cmdline").read_bytes()
    return [pid for pid, name in names.items() if b"_RayWorker" in name and driver in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    found = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found


def n_lost(run: Path) -> int:
    """Units whose worker died under a driver that was still there to notice."""
    events = map(json.loads, (run / "events.jsonl").read_text(encoding="utf-8").splitlines())
    return sum(event["event"] == "lost" and event["why"] == "crash" for event in events)


def compare(calm: Path, tormented: Path, n_rows: int, *, to_the_byte: bool) -> bool:
    """Tell whether every id is there once and sounds the same, to the byte or to what neighbours in a batch change."""
    expected, got = Takes(calm), Takes(tormented)
    ids = got.ids
    standing = Counter(
        row_id
        for part in (tormented / "parts").glob("*.parquet")
        for row_id in pq.read_table(part, columns=["id"]).column("id").to_pylist()
    )
    n_again = sum(count - 1 for count in standing.values())
    print(f"{len(ids)} of {n_rows} ids have a take that counts, each once; {n_again} takes stand beside another")
    before, after = expected.sounds(expected.ids), got.sounds(ids)
    hashes = [[hashlib.sha256(sounds[i]).hexdigest() for i in sorted(sounds)] for sounds in (before, after)]
    n_same = sum(before[i] == after.get(i) for i in before)
    least_db = min((snr_db(before[i], after[i]) for i in before.keys() & after.keys()), default=-np.inf)
    alike = "are equal" if hashes[0] == hashes[1] else "differ"
    print(f"{n_same} of {len(before)} sounds are the same to the byte; the hashes of all {alike}")
    print(f"least signal-to-noise ratio against the undisturbed run: {least_db:.1f} dB (inf: no difference)")
    is_alike = n_same == len(before) if to_the_byte else least_db > LEAST_SNR_DB
    return ids == expected.ids and len(ids) == n_rows and before.keys() == after.keys() and is_alike


def snr_db(one: bytes, other: bytes) -> float:
    """Level of a sound over its difference from another; minus infinity where their lengths differ."""
    if one == other:
        return np.inf
    (a, _), (b, _) = (soundfile.read(io.BytesIO(sound)) for sound in (one, other))
    if len(a) != len(b):
        return -np.inf
    noise = float(np.sum((a - b) ** 2))
    return np.inf if noise == 0 else 10 * np.log10(float(np.sum(a**2)) / noise)


if __name__ == "__main__":
    main()
