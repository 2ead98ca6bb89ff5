"""Kill a run's driver and workers at random moments, resume it, and compare the audio with an undisturbed run.

    python benchmarks/engine_chaos.py                                  # the fake model: 20 drivers, 20 workers
    python benchmarks/engine_chaos.py --model lite --kills 5           # the packaged one, by signal-to-noise ratio
    python benchmarks/engine_chaos.py --kills 3 --seed 7 --minutes 5

Each session starts its own Ray, waits for a worker of its driver, kills a worker at a random moment and the driver at a
later one; every fifth driver is killed during startup, before or just after its workers exist. The benchmark stops
after `--kills` kills of each, or after `--minutes`; it prints the seed and the time of every kill. Then the run is
finished undisturbed. Exits with 1 if too few were killed, an id is missing, or any audio differs.
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

from hierbatch.manifest.takes.takes import Takes

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "plugins"), str(ROOT)]),
    "OMP_NUM_THREADS": "1",
}
"""Environment variables of drivers and cluster nodes, by which they find the package of the fake model."""
MIN_SNR_DB = 60.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class DisturbedSession:
    """Kill times of one session; None if the run ended before the kill."""

    number: int
    worker_killed_after_s: float | None
    driver_killed_after_s: float | None
    n_parts: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="fake", help="fake, or a packaged model's name")
    parser.add_argument("--rows", type=int, default=4500)
    parser.add_argument("--kills", type=int, default=20, help="minimum number of drivers, and of workers, to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30.0, help="time limit of the disturbed sessions")
    options = parser.parse_args()
    print(f"model {options.model}, {options.rows} rows, seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if disturb_run(Path(folder), options) else 1)


def disturb_run(folder: Path, options: argparse.Namespace) -> bool:
    """Kill and resume a run; True if its result equals that of an undisturbed run."""
    manifest = write_manifest(folder, options.rows, options.model)
    bundle = folder / "bundle"
    if options.model == "fake":
        sys.path.insert(0, str(ROOT))
        from tests.engine.fake_model import write_fake_bundle

        write_fake_bundle(bundle)
    model = ["--model", str(bundle) if options.model == "fake" else options.model]
    undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
    log = folder / "log.txt"
    finish(command(manifest, undisturbed, model, "local"), log)
    if options.model == "fake":
        (bundle / "seconds-a-row").write_text("0.02")
    rng = random.Random(options.seed)
    until = time.monotonic() + options.minutes * 60
    number = n_drivers = n_workers = 0
    print("| session | worker killed after | driver killed after | committed parts |\n| --- | --- | --- | --- |")
    while min(n_drivers, n_workers) < options.kills:
        if time.monotonic() > until:
            print(f"stopped after {options.minutes:g} minutes")
            break
        number += 1
        session = disturb(number, command(manifest, disturbed, model, "ray"), disturbed, log, rng)
        n_drivers += session.driver_killed_after_s is not None
        n_workers += session.worker_killed_after_s is not None
        times = (
            f"{s:.2f} s" if s is not None else "-"
            for s in (session.worker_killed_after_s, session.driver_killed_after_s)
        )
        print(f"| {number} | {' | '.join(times)} | {session.n_parts} |", flush=True)
        if session.driver_killed_after_s is None:
            print("the run is complete; use more --rows for more kills")
            break
    finish(command(manifest, disturbed, model, "ray"), log)
    print(
        f"{n_drivers} drivers and {n_workers} workers killed; surviving drivers logged {n_lost(disturbed)} lost units"
    )
    is_same = compare(undisturbed, disturbed, options.rows, to_the_byte=options.model == "fake")
    return is_same and min(n_drivers, n_workers) >= options.kills


def write_manifest(folder: Path, n_rows: int, model: str) -> Path:
    """Write rows of random phonemes, named after the model."""
    words = ("h ə l ˈoʊ", "w ˈɝ l d", "s ˈʌ n", "m ˈu n", "ɹ ˈeɪ n")
    rng = random.Random(0)
    phonemes = [" | ".join(rng.choices(words, k=rng.randint(1, 6))) + " ." for _ in range(n_rows)]
    path = folder / f"{model}.parquet"
    pq.write_table(
        pa.table({"id": [f"r{i:06d}" for i in range(n_rows)], "phonemes": phonemes, "language": ["en"] * n_rows}), path
    )
    return path


def command(manifest: Path, out: Path, model: list[str], engine: str) -> list[str]:
    """Command line of the run, in a Python process of its own."""
    start = [sys.executable, "-c", "from hierbatch.cli.app import main; main()", "run", str(manifest)]
    return [*start, "--out", str(out), "--voice", str(VOICE), "--engine", engine, "--workers", "2", *model]


def start(arguments: list[str], log: Path) -> subprocess.Popen[str]:
    """Start a driver that writes to a log file; a pipe would stay open as long as any child of a killed driver."""
    with log.open("w") as file:
        environment = os.environ | ENVIRONMENT
        return subprocess.Popen(arguments, cwd=ROOT, env=environment, text=True, stdout=file, stderr=subprocess.STDOUT)


def finish(arguments: list[str], log: Path) -> None:
    """Run a driver to its end; exits if it fails."""
    code = start(arguments, log).wait()
    if code:
        raise SystemExit(f"an undisturbed run exited with {code}:\n{log.read_text()}")


def disturb(number: int, arguments: list[str], run: Path, log: Path, rng: random.Random) -> DisturbedSession:
    """Kill a worker and then the driver some time after startup; every fifth driver is killed during startup.

    Args:
        number: number of the session, from 1.
        arguments: the driver's command line.
        run: its run folder.
        log: file for its output.
        rng: source of the kill times.
    """
    process = start(arguments, log)
    started = time.monotonic()
    worker_after_s = driver_after_s = None
    if number % 5 == 0:
        time.sleep(rng.uniform(0.5, 8.0))
    else:
        wait_for_worker(process)
        started = time.monotonic()
        time.sleep(rng.uniform(0.0, 3.0))
        if kill_worker(process, rng):
            worker_after_s = time.monotonic() - started
        time.sleep(rng.uniform(0.0, 2.0))
    if process.poll() is None:
        process.kill()
        driver_after_s = time.monotonic() - started
    process.wait()
    return DisturbedSession(
        number=number,
        worker_killed_after_s=worker_after_s,
        driver_killed_after_s=driver_after_s,
        n_parts=len(list((run / "parts").glob("*.parquet"))),
    )


def wait_for_worker(process: subprocess.Popen[str]) -> None:
    """Wait for a worker of this driver. New parts are no sign of one: workers of a killed driver finish theirs."""
    while process.poll() is None and not worker_processes(process.pid):
        time.sleep(_POLL_S)


def kill_worker(process: subprocess.Popen[str], rng: random.Random) -> bool:
    """Kill one of the driver's workers as soon as it has one; False if the driver ends first."""
    while process.poll() is None:
        workers = worker_processes(process.pid)
        with suppress(ProcessLookupError):  # it may have ended since it was listed: try another
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                return True
        time.sleep(_POLL_S)
    return False


def worker_processes(driver: int) -> list[int]:
    """Process ids of Ray workers below a driver that run our actor."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            names[pid] = (folder / "cmdline").read_bytes()
    return [pid for pid, name in names.items() if b"_RayWorker" in name and driver in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    """All known ancestors of a process, itself included."""
    found = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found


def n_lost(run: Path) -> int:
    """Number of units whose worker crashed under a surviving driver."""
    events = map(json.loads, (run / "events.jsonl").read_text(encoding="utf-8").splitlines())
    return sum(event["event"] == "lost" and event["cause"] == "crash" for event in events)


def compare(undisturbed: Path, disturbed: Path, n_rows: int, *, to_the_byte: bool) -> bool:
    """Check that every id occurs once and has the same audio in both runs.

    Args:
        undisturbed: run folder of the reference.
        disturbed: run folder to check.
        n_rows: expected number of rows.
        to_the_byte: require equal bytes; otherwise a minimum signal-to-noise ratio, since batch neighbors change bits.
    """
    expected, got = Takes(undisturbed), Takes(disturbed)
    ids = got.ids
    n_takes = Counter(
        row_id
        for part in (disturbed / "parts").glob("*.parquet")
        for row_id in pq.read_table(part, columns=["id"]).column("id").to_pylist()
    )
    n_duplicates = sum(count - 1 for count in n_takes.values())
    print(f"{len(ids)} of {n_rows} ids have exactly one valid take; {n_duplicates} duplicate takes")
    before, after = expected.sounds(expected.ids), got.sounds(ids)
    hashes = [[hashlib.sha256(sounds[i]).hexdigest() for i in sorted(sounds)] for sounds in (before, after)]
    n_same = sum(before[i] == after.get(i) for i in before)
    lowest_db = min((snr_db(before[i], after[i]) for i in before.keys() & after.keys()), default=-np.inf)
    equality = "are equal" if hashes[0] == hashes[1] else "differ"
    print(f"{n_same} of {len(before)} audio files are byte-identical; the hashes of all {equality}")
    print(f"lowest signal-to-noise ratio against the undisturbed run: {lowest_db:.1f} dB (inf: no difference)")
    is_same = n_same == len(before) if to_the_byte else lowest_db > MIN_SNR_DB
    return ids == expected.ids and len(ids) == n_rows and before.keys() == after.keys() and is_same


def snr_db(one: bytes, other: bytes) -> float:
    """Signal-to-difference ratio of two encoded signals in dB; minus infinity if their lengths differ."""
    if one == other:
        return np.inf
    (a, _), (b, _) = (soundfile.read(io.BytesIO(sound)) for sound in (one, other))
    if len(a) != len(b):
        return -np.inf
    noise = float(np.sum((a - b) ** 2))
    return np.inf if noise == 0 else 10 * np.log10(float(np.sum(a**2)) / noise)


if __name__ == "__main__":
    main()
