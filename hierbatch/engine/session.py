"""One sitting at a run: what is still asked for goes through a pool until it is done or has to stop."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from hierbatch.engine.dispatch import SMALLEST_SHARE_S, Breaker, Dispatcher
from hierbatch.engine.interrupts import stop_on_signals
from hierbatch.engine.local_pool import LocalPool
from hierbatch.engine.planning import MapTables
from hierbatch.engine.pool import Pool
from hierbatch.engine.progress import Progress, Watch
from hierbatch.engine.ray_settings import RaySettings, keep_ray_at_home
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.units import Pending, find_pending
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError
from hierbatch.manifest.takes import committed_names

ENGINES = ("ray", "local")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """Who works: `ray` for actors, `local` for this process; 0 workers means as many as there is room for."""

    engine: str = "ray"
    n_workers: int = 0
    gpus_a_worker: float = 1.0
    """Share of a GPU each worker holds, where the device is one; 0.5 puts two on a GPU."""
    address: str = ""
    """A running Ray cluster, whose machines all see the run folder; empty starts Ray on this machine alone."""
    breaker: Breaker = field(default_factory=Breaker)

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError("The engine is not known", wanted=" or ".join(ENGINES), got=self.engine)
        if self.n_workers < 0:
            raise InputError("The number of workers is negative", got=str(self.n_workers))
        if not 0 < self.gpus_a_worker <= 1 and not self.gpus_a_worker.is_integer():
            raise InputError(
                "The share of a GPU is out of range", wanted="0 to 1, or a whole number", got=f"{self.gpus_a_worker:g}"
            )
        if self.address and self.engine != "ray":
            raise InputError("Only the engine ray has an address", got=f"--engine {self.engine}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What one sitting did; `ending` is `done`, `interrupted` or `failures`."""

    ending: str
    n_worked: int
    n_failed: int
    sound_s: float
    wall_s: float
    error_kinds: dict[str, int]
    reasons: tuple[tuple[str, int], ...] = ()
    """The three most frequent reasons of failures, each with its number of rows."""

    @property
    def times_real_time(self) -> float:
        return self.sound_s / self.wall_s if self.wall_s > 0 else 0.0


READ_TOGETHER_ROWS = 8_192
"""From how many rows on it pays to start Ray for reading them."""


@contextmanager
def open_readers(workforce: Workforce, n_rows: int) -> Iterator[MapTables]:
    """How rows are read: here, or where there are many of them on all cores; Ray then runs on for the workers."""
    if workforce.engine == "local" or n_rows < READ_TOGETHER_ROWS:
        yield map
        return
    keep_ray_at_home(workforce.address)
    from hierbatch.engine.ray_cluster import ray_running  # here, as below
    from hierbatch.engine.ray_pool import map_tables

    with ray_running(workforce.n_workers or os.cpu_count() or 1, workforce.address):
        yield map_tables


def work(
    folder: RunFolder,
    generation: int,
    spec: WorkerSpec,
    workforce: Workforce,
    watch: Watch,
    retakes: Retakes | None = None,
) -> Sitting:
    """Work all rows of a generation, retries too, that no part holds yet, and make again what comes out wrong.

    The caller holds the run's lock.

    Raises:
        SetupError: no worker can go on.
    """
    committed = committed_names(folder)
    pending = [find_pending(plan, committed) for plan in folder.plan_files(generation)]
    n_left = sum(plan.n_rows for plan in pending)
    n_rows = len(pending[0].mask)  # retries ask for the same rows again
    progress = Progress(n_rows=n_rows, n_before=n_rows - n_left, expected_s=sum(plan.expected_s for plan in pending))
    rounds = _rounds(folder, generation, pending, retakes, progress)
    ending, wall_s = "done", 0.0
    if (first := next(rounds, None)) is not None:
        n_shares = min(n_left or len(first[0].mask), math.ceil(progress.expected_s / SMALLEST_SHARE_S) or 1)
        folder.note("start", rows=n_rows, left=n_left, engine=workforce.engine, device=spec.device)
        # In this order: Ray, if it starts here, takes SIGTERM for itself where nobody else has it.
        with _open_pool(spec, workforce, n_shares) as pool, stop_on_signals() as is_stopping:
            dispatcher = Dispatcher(
                pool=pool,
                progress=progress,
                breaker=workforce.breaker,
                is_stopping=is_stopping,
                note=folder.note,
                watch=watch,
            )
            for plans in chain([first], rounds):
                ending = dispatcher.run(chain.from_iterable(plan.units() for plan in plans))
                if ending != "done":
                    break
            wall_s = progress.elapsed_s  # Ray's end is not counted, as its start is not
        folder.note("end", ending=ending, worked=progress.n_ok + progress.n_failed, failed=progress.n_failed)
    return Sitting(
        ending=ending,
        n_worked=progress.n_ok + progress.n_failed,
        n_failed=progress.n_failed,
        sound_s=progress.sound_s,
        wall_s=wall_s,
        error_kinds=dict(progress.error_kinds.most_common()),
        reasons=tuple(progress.reasons.most_common(3)),
    )


def _rounds(
    folder: RunFolder, generation: int, pending: list[Pending], retakes: Retakes | None, progress: Progress
) -> Iterator[list[Pending]]:
    """What is to be worked, one round after the other: first all that is left, then what came out wrong, anew."""
    if any(plan.n_rows for plan in pending):
        yield pending
    while retakes and (planned := retakes.plan_next(folder, generation)):
        again = find_pending(planned.plan, committed_names(folder))
        if again.n_rows:
            progress.take_back(again.n_rows, planned.error_kinds, again.expected_s)
            yield [again]


@contextmanager
def _open_pool(spec: WorkerSpec, workforce: Workforce, n_shares: int) -> Iterator[Pool]:
    """A pool that has no more workers than there are shares of work."""
    if workforce.engine == "local":
        yield LocalPool(spec)
        return
    keep_ray_at_home(workforce.address)
    # Here, since it takes seconds and reads the environment.
    from hierbatch.engine.ray_cluster import check_places, count_places, ray_running
    from hierbatch.engine.ray_pool import RayPool

    gpus = workforce.gpus_a_worker if spec.device.startswith("cuda") else 0.0
    with ray_running(workforce.n_workers or os.cpu_count() or 1, workforce.address):
        check_places(workforce.n_workers, gpus)
        n_workers = min(workforce.n_workers or count_places(gpus), n_shares)
        pool = RayPool(spec, RaySettings(n_workers=n_workers, gpus_a_worker=gpus))
        try:
            yield pool
        finally:
            pool.close()
