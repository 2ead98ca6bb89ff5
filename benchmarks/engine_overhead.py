"""Overhead of the engine over the bare model loop, and the speed-up from a second worker.

    python benchmarks/engine_overhead.py                    # in CPU time and in wall time
    python benchmarks/engine_overhead.py --workers          # one Ray worker against the bare loop, and two workers

The bare loop is the model and the processing of its audio (measures, FLAC), in the same batches and without an engine.
The engine is a complete run in this process: validation, planning, synthesis, commit, counting. Both are measured at
two sizes to separate fixed costs (loading the model, reading the voice) from the cost per row. They alternate, in
changing order; the result is the median of the ratios, printed with minimum and maximum as a measure of noise. CPU time
excludes other load on the machine, but also the engine's waiting (for the disk). Wall time includes both, so its ratio,
and that of two workers, is valid only on an otherwise idle machine; the load average before every turn is printed. The
gain from a second process is limited by the hardware, since cores share memory bandwidth; `--workers` therefore also
measures two parallel bare loops, without the engine.

One Ray worker is compared with the bare loop in CPU time: that of its process, all threads, from the end of its first
unit to the end of its last, relative to the bare loop on the same units; and the same plus the driver's CPU time in
that interval. Ray's other processes are excluded; they also run when there is no work.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.work_units import make_pending
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.runs.plan_units import PlanUnits
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import SpeechModel
from hierbatch.stages.speak import Speak
from hierbatch.stages.voices import VoiceStore

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed
from tools.evaluation.evaluation_set import load_set

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "manifests" / "voices" / "narrator.flac"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lite")
    parser.add_argument("--rows", type=int, nargs=2, default=[32, 288], help="a small and a large run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--workers", action="store_true", help="compare one Ray worker with the bare loop and with two workers"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if options.workers:
            compare_one_worker(Path(folder), options)
            compare_workers(Path(folder), options)
        else:
            compare_loops(Path(folder), options)


def compare_loops(folder: Path, options: argparse.Namespace) -> None:
    """Measure bare loop and complete run at two sizes; each turn yields one ratio of the cost per additional row."""
    few, many = sorted(options.rows)
    model = options.model
    print("| turn | load | rows | bare loop, CPU s | complete run, CPU s | bare loop, wall s | complete run, wall s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    ratios = []
    for n_rows in (few, many):  # plans the units of all bare loops; also warms up imports and first calls
        run_rows(folder / str(n_rows), model, n_rows, Execution(engine="local"))
    for turn in range(1, options.repeats + 1):
        measured_s = {}
        for n_rows in (few, many):
            load = os.getloadavg()[0]
            out = folder / f"{turn}-{n_rows}"
            complete = partial(timed, partial(run_rows, out, model, n_rows, Execution(engine="local")))
            bare = partial(bare_loop, folder / str(n_rows), model)
            if turn % 2:
                bare_s, complete_s = bare(), complete()
            else:
                complete_s, bare_s = complete(), bare()
            measured_s[n_rows] = np.array([bare_s, complete_s])
            cells = " | ".join(f"{seconds:.2f}" for seconds in measured_s[n_rows].T.flat)
            print(f"| {turn} | {load:.1f} | {n_rows} | {cells} |", flush=True)
        bare_s, complete_s = measured_s[many] - measured_s[few]
        ratios.append(complete_s / bare_s)
    for clock, clock_ratios in zip(("CPU", "wall"), np.array(ratios).T, strict=True):
        print_ratio(f"{clock} time per additional row, complete run / bare loop", clock_ratios.tolist())


def compare_one_worker(folder: Path, options: argparse.Namespace) -> None:
    """Measure one Ray worker and the bare loop alternately, in CPU time, over all units but the first."""
    n_rows, model = max(options.rows), options.model
    run_rows(folder / "loop", model, n_rows, Execution(engine="local"))  # plans the units of all bare loops
    print("| turn | load | rows | bare loop, CPU s | Ray worker, CPU s | driver, CPU s |")
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
    for processes, measured in zip(("worker", "worker + driver"), zip(*ratios, strict=True), strict=True):
        print_ratio(f"CPU time per row on Ray, {processes} / bare loop", list(measured))


def worker_cpu_s(out: Path, model: str, n_rows: int) -> tuple[float, float]:
    """CPU time of a run's only Ray worker and of its driver, from the end of the first unit to the end of the last."""
    samples: list[tuple[float, float]] = []

    def sample(progress: Progress) -> None:
        if progress.n_ok + progress.n_failed:
            samples.append((sum(cpu_s(process) for process in worker_processes()), time.process_time()))

    run_rows(out, model, n_rows, Execution(engine="ray", workers=1), RunListener(on_progress=sample))
    return samples[-1][0] - samples[0][0], samples[-1][1] - samples[0][1]


def worker_processes() -> list[psutil.Process]:
    """Ray workers below this process, found by the actor's name; other drivers may run theirs on this machine."""
    return [child for child in psutil.Process().children(recursive=True) if child.name().startswith("ray::_RayWork")]


def cpu_s(process: psutil.Process) -> float:
    """User and system time of a process."""
    times = process.cpu_times()
    return float(times.user + times.system)


def compare_workers(folder: Path, options: argparse.Namespace) -> None:
    """Measure one and two Ray workers alternately in wall time, and two parallel bare loops as the upper limit."""
    few, many = sorted(options.rows)
    print("| turn | load | workers | rows | wall s without startup |\n| --- | --- | --- | --- | --- |")
    ratios = []
    for turn in range(1, options.repeats + 1):
        wall_s = {}
        for n_workers in (1, 2) if turn % 2 else (2, 1):
            load = os.getloadavg()[0]
            execution = Execution(engine="ray", workers=n_workers)
            wall_s[n_workers] = run_rows(folder / f"{turn}-w{n_workers}", options.model, many, execution)
            print(f"| {turn} | {load:.1f} | {n_workers} | {many} | {wall_s[n_workers]:.1f} |", flush=True)
        ratios.append(wall_s[1] / wall_s[2])
    print_ratio("speed-up of two workers over one", ratios)
    run_rows(folder / "bare", options.model, few, Execution(engine="local"))
    limits = []
    for _ in range(options.repeats):
        alone_s, together_s = (bare_loops(folder / "bare", options.model, n_loops) for n_loops in (1, 2))
        limits.append(2 * alone_s / together_s)
    print_ratio("speed-up of two bare loops over one", limits)
    print(f"share of the possible speed-up that the engine reaches: {median(ratios) / median(limits):.3f}")


def print_ratio(label: str, ratios: list[float]) -> None:
    """Print the median, minimum and maximum of the turns."""
    print(f"{label}: x {median(ratios):.3f}, single turns {min(ratios):.3f} to {max(ratios):.3f}")


def run_rows(out: Path, model: str, n_rows: int, execution: Execution, listener: RunListener | None = None) -> float:
    """Execute a complete run of English sentences; returns the wall time in seconds, without planning and startup.

    Args:
        out: folder to create, for manifest and run.
        model: packaged model's name, or a bundle.
        n_rows: number of rows.
        execution: engine and number of workers.
        listener: progress callbacks.
    """
    out.mkdir()
    texts = [sentence.text for sentence in load_set("development").sentences_in("en")]
    manifest = out / "m.csv"
    rows = (f'r{i:05d},"{texts[i % len(texts)].replace(chr(34), "")}",en' for i in range(n_rows))
    manifest.write_text("\n".join(["id,text,language", *rows]) + "\n", encoding="utf-8")
    order = SpeakSpec(manifest=manifest, voices=VoiceChoice(voice=VOICE), model=ModelChoice(model=model))
    return run(
        RunJob(spec=order, out=out / "run", execution=execution, quality=MeasureChoice()), listener
    ).session.wall_s


def bare_loop(out: Path, model: str) -> tuple[float, float]:
    """CPU and wall seconds of the bare loop over the units that a run has planned."""
    stage, units = loaded_loop(out, model)
    return timed(lambda: [stage(rows) for rows in units])


def bare_cpu_s(out: Path, model: str) -> float:
    """CPU seconds of the bare loop without the first unit."""
    stage, units = loaded_loop(out, model)
    stage(units[0])
    return timed(lambda: [stage(rows) for rows in units[1:]])[0]


def loaded_loop(out: Path, model: str) -> tuple[Speak, list[pa.Table]]:
    """Load the synthesis stage and the units of a run."""
    layout = RunLayout(out / "run")
    plan = layout.plan_file(1)
    plan_units = PlanUnits.from_plan(plan)
    units = [unit.rows for unit in make_pending(plan, plan_units, np.ones(plan_units.n_rows, np.bool_)).units()]
    loaded = cast("SpeechModel", open_model(model))
    stage = Speak(loaded, VoiceStore(layout.voices_file(1), loaded.encode_voice), placement=DevicePlacement())
    assert sum(map(len, units)) == pq.read_metadata(layout.plan_file(1)).num_rows
    return stage, units


def bare_loops(out: Path, model: str, n_loops: int) -> float:
    """Wall seconds until the slowest of several parallel bare loops has finished; each runs all units."""
    context = get_context("spawn")
    barrier, wall_s = context.Barrier(n_loops), context.SimpleQueue()
    loops = [context.Process(target=_parallel_loop, args=(out, model, barrier, wall_s)) for _ in range(n_loops)]
    for loop in loops:
        loop.start()
    slowest_s = max(wall_s.get() for _ in loops)
    for loop in loops:
        loop.join()
    return slowest_s


def _parallel_loop(out: Path, model: str, barrier: Barrier, wall_s: SimpleQueue[float]) -> None:
    torch.set_num_threads(1)
    bare_loop(out, model)  # warm-up
    barrier.wait()
    wall_s.put(bare_loop(out, model)[1])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of a call."""
    started = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - started[0], time.perf_counter() - started[1]


if __name__ == "__main__":
    main()
