"""What the engine costs beside the work itself, and what a second worker gains.

    python benchmarks/engine_overhead.py                    # by process time, and by the clock
    python benchmarks/engine_overhead.py --workers          # one worker on Ray and the bare loop, and two workers

The bare loop is the model and what is made of its sound (measures, FLAC), in the same batches, and nothing around it.
The engine is a whole run in this process: checked, planned, spoken, committed, counted. Both are told at two sizes, so
that what is paid once (loading the model, reading the voice) is told apart from what each row costs. They take turns,
now the one first, now the other; told is the median of the turns' ratios, with the least and the greatest: beside other
work these show what it is worth. Process time leaves other work out, and what the engine waits for too (the disk); the
clock counts both, so that its figure, and that of two workers, holds only for a machine that did nothing else: the load
before every turn is printed. What a second process brings at all is the machine's: cores share memory, and some share
more. `--workers` therefore also tells how much faster two bare loops are side by side, without any engine.

One worker on Ray is set beside the bare loop by process time: that of its process, all threads, from the end of its
first unit to the end of its last, over that of the bare loop for the same units; and the same with the driver's own
process time between the two moments added. Ray's other processes are not in it; they run while nothing is worked, too.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from hierbatch.analysis.evaluation_set import load_set
from hierbatch.engine.progress import Progress, Watch
from hierbatch.engine.session import Workforce
from hierbatch.engine.units import find_pending
from hierbatch.jobs.order import SpeakOrder
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.takes import committed_names
from hierbatch.stages.loading import DEFAULT_FACTORY, load_model
from hierbatch.stages.speak import Speak
from hierbatch.stages.voices import VoiceShelf

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lite")
    parser.add_argument("--rows", type=int, nargs=2, default=[32, 288], help="a small and a large run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", action="store_true", help="compare one worker on Ray with the loop, and with two")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if options.workers:
            compare_one_worker(Path(folder), options)
            compare_workers(Path(folder), options)
        else:
            compare_loops(Path(folder), options)


def compare_loops(folder: Path, options: argparse.Namespace) -> None:
    """Bare loop and whole run of two sizes in every turn; each turn gives one ratio of what a further row costs."""
    few, many = sorted(options.rows)
    model = options.model
    print("| turn | load | rows | bare loop, CPU s | whole run, CPU s | bare loop, s | whole run, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    ratios = []
    for n_rows in (few, many):  # planned here once for all bare loops; imports and first calls are nobody's
        sat(folder / str(n_rows), model, n_rows, Workforce(engine="local"))
    for turn in range(1, options.repeats + 1):
        took_s = {}
        for n_rows in (few, many):
            load = os.getloadavg()[0]
            out = folder / f"{turn}-{n_rows}"
            whole = partial(timed, partial(sat, out, model, n_rows, Workforce(engine="local")))
            bare = partial(bare_loop, folder / str(n_rows), model)
            if turn % 2:
                bare_s, whole_s = bare(), whole()
            else:
                whole_s, bare_s = whole(), bare()
            took_s[n_rows] = np.array([bare_s, whole_s])
            cells = " | ".join(f"{seconds:.2f}" for seconds in took_s[n_rows].T.flat)
            print(f"| {turn} | {load:.1f} | {n_rows} | {cells} |", flush=True)
        bare_s, whole_s = took_s[many] - took_s[few]
        ratios.append(whole_s / bare_s)
    for clock, measured in zip(("process time", "the clock"), np.array(ratios).T, strict=True):
        tell(f"a further row costs in a run, over the bare loop, by {clock}", measured.tolist())


def compare_one_worker(folder: Path, options: argparse.Namespace) -> None:
    """One worker on Ray and the bare loop, in turns and by process time, over all units but the first."""
    n_rows, model = max(options.rows), options.model
    sat(folder / "loop", model, n_rows, Workforce(engine="local"))  # planned once for all bare loops
    print("| turn | load | rows | bare loop, CPU s | worker on Ray, CPU s | its driver, CPU s |")
    print("| --- | --- | --- | --- | --- | --- |")
    ratios = []
    for turn in range(1, options.repeats + 1):
        load = os.getloadavg()[0]
        worker = partial(worker_cpu_s, folder / f"{turn}-one", model, n_rows)
        if turn % 2:
            bare_s, (worker_s, driver_s) = bare_cpu_s(folder / "loop", model), worker()
        else:
            (worker_s, driver_s), bare_s = worker(), bare_cpu_s(folder / "loop", model)
        print(f"| {turn} | {load:.1f} | {n_rows} | {bare_s:.2f} | {worker_s:.2f} | {driver_s:.2f} |", flush=True)
        ratios.append((worker_s / bare_s, (worker_s + driver_s) / bare_s))
    for what, measured in zip(("its worker", "its worker and its driver"), zip(*ratios, strict=True), strict=True):
        tell(f"a row of a run on Ray costs {what}, over the bare loop", list(measured))


def worker_cpu_s(out: Path, model: str, n_rows: int) -> tuple[float, float]:
    """Process time of a run's one worker on Ray, and of its driver, from the end of the first unit to the last's."""
    seen: list[tuple[float, float]] = []

    def look(progress: Progress) -> None:
        if progress.n_ok + progress.n_failed:
            seen.append((sum(cpu_s(process) for process in workers_of_mine()), time.process_time()))

    sat(out, model, n_rows, Workforce(engine="ray", n_workers=1), Watch(progress=look))
    return seen[-1][0] - seen[0][0], seen[-1][1] - seen[0][1]


def workers_of_mine() -> list[psutil.Process]:
    """Ray names a worker's process by its actor; other drivers may have theirs on this machine."""
    return [child for child in psutil.Process().children(recursive=True) if child.name().startswith("ray::_RayWork")]


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def compare_workers(folder: Path, options: argparse.Namespace) -> None:
    """One worker and two on Ray, in turns and by the clock; and two bare loops side by side, which no engine passes."""
    few, many = sorted(options.rows)
    print("| turn | load | workers | rows | seconds from the first unit to the last |\n| --- | --- | --- | --- | --- |")
    ratios = []
    for turn in range(1, options.repeats + 1):
        wall_s = {}
        for n_workers in (1, 2) if turn % 2 else (2, 1):
            load = os.getloadavg()[0]
            workforce = Workforce(engine="ray", n_workers=n_workers)
            wall_s[n_workers] = sat(folder / f"{turn}-w{n_workers}", options.model, many, workforce)
            print(f"| {turn} | {load:.1f} | {n_workers} | {many} | {wall_s[n_workers]:.1f} |", flush=True)
        ratios.append(wall_s[1] / wall_s[2])
    tell("two workers are as fast as one", ratios)
    sat(folder / "bare", options.model, few, Workforce(engine="local"))
    limits = []
    for _ in range(options.repeats):
        alone_s, together_s = (bare_loops(folder / "bare", options.model, n_loops) for n_loops in (1, 2))
        limits.append(2 * alone_s / together_s)
    tell("two bare loops side by side are as fast as one", limits)
    print(f"of what this machine has for a second process, the engine gives {median(ratios) / median(limits):.3f}")


def tell(what: str, ratios: list[float]) -> None:
    print(f"{what}: x {median(ratios):.3f}, in single turns {min(ratios):.3f} to {max(ratios):.3f}")


def sat(out: Path, model: str, n_rows: int, workforce: Workforce, watch: Watch | None = None) -> float:
    """Seconds by the clock that the rows of a whole run took."""
    out.mkdir()
    texts = [sentence.text for sentence in load_set("development").sentences_in("en")]
    manifest = out / "m.csv"
    rows = (f'r{i:05d},"{texts[i % len(texts)].replace(chr(34), "")}",en' for i in range(n_rows))
    manifest.write_text("\n".join(["id,text,lang", *rows]) + "\n", encoding="utf-8")
    order = SpeakOrder(manifest=manifest, voices=VoiceChoice(file=VOICE), bundle=model)
    return run(RunJob(order=order, out=out / "run", workforce=workforce, retakes=0), watch).sitting.wall_s


def bare_loop(out: Path, model: str) -> tuple[float, float]:
    """Seconds of the model and its sound alone, over the units that a run has planned."""
    stage, units = loaded_loop(out, model)
    return timed(lambda: [stage(rows) for rows in units])


def bare_cpu_s(out: Path, model: str) -> float:
    """Process time of the same without the first unit."""
    stage, units = loaded_loop(out, model)
    stage(units[0])
    return timed(lambda: [stage(rows) for rows in units[1:]])[0]


def loaded_loop(out: Path, model: str) -> tuple[Speak, list[pa.Table]]:
    """The stage that speaks, and the units of a run."""
    layout = RunLayout(out / "run")
    nothing = committed_names(RunLayout(out))
    units = [unit.rows for unit in find_pending(layout.plan_file(1), nothing).units()]
    loaded = load_model(DEFAULT_FACTORY, model, "cpu")
    stage = Speak(loaded, VoiceShelf(layout.voices_file(1), loaded.encode_voice), device="cpu")
    assert sum(map(len, units)) == pq.read_metadata(layout.plan_file(1)).num_rows
    return stage, units


def bare_loops(out: Path, model: str, n_loops: int) -> float:
    """Seconds until the last of so many processes is through the same units, each with a loop of its own."""
    context = get_context("spawn")
    begin, took_s = context.Barrier(n_loops), context.SimpleQueue()
    loops = [context.Process(target=_loop_alone, args=(out, model, begin, took_s)) for _ in range(n_loops)]
    for loop in loops:
        loop.start()
    slowest_s = max(took_s.get() for _ in loops)
    for loop in loops:
        loop.join()
    return slowest_s


def _loop_alone(out: Path, model: str, begin: Barrier, took_s: SimpleQueue[float]) -> None:
    torch.set_num_threads(1)
    bare_loop(out, model)  # first calls are nobody's
    begin.wait()
    took_s.put(bare_loop(out, model)[1])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of process time, and by the clock."""
    started = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - started[0], time.perf_counter() - started[1]


if __name__ == "__main__":
    main()
