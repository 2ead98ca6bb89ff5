"""Session of a run: a worker pool processes the pending rows until all are done or the session has to stop."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.dispatch import MIN_SHARE_S, Dispatcher
from hierbatch.engine.execution import Execution
from hierbatch.engine.interrupts import stop_on_signals
from hierbatch.engine.planning import MapTables
from hierbatch.engine.pool import LocalPool, Pool
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.ray_settings import START_TIMEOUT_S, RaySettings, configure_ray_environment
from hierbatch.engine.requested_takes import RequestedTakes
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.work_units import Pending
from hierbatch.engine.worker import WorkerSpec
from hierbatch.manifest.books.row_selection import RowSelection
from hierbatch.object_path import is_remote


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    """Rows processed and failed in a session, and its duration; `ending` is `done`, `interrupted` or `failures`."""

    ending: str
    n_worked: int
    n_failed: int
    sound_s: float
    wall_s: float
    error_kinds: dict[str, int]
    reasons: tuple[tuple[str, int], ...] = ()
    """The three most frequent failure reasons, each with its number of rows."""

    @property
    def times_real_time(self) -> float:
        """Seconds of audio produced per second of wall-clock time."""
        return self.sound_s / self.wall_s if self.wall_s > 0 else 0.0


RAY_READ_MIN_ROWS = 8_192
"""Minimum number of rows for which starting Ray speeds up the front end."""


@contextmanager
def open_table_mapper(execution: Execution, n_rows: int) -> Iterator[MapTables]:
    """Context with a map function for the front end: sequential for few rows or the local engine, or else on all cores.

    If Ray is started for it, Ray runs until the end of the context, so that the workers can use it too.
    """
    if execution.engine == "local" or n_rows < RAY_READ_MIN_ROWS:
        yield map
        return
    configure_ray_environment(execution.ray_address)
    from hierbatch.engine.ray_cluster import ray_running  # late import, as below
    from hierbatch.engine.ray_readers import map_tables

    with ray_running(execution.workers or os.cpu_count() or 1, execution.ray_address):
        yield map_tables


def run_session(
    folder: RunFolder,
    generation: int,
    spec: WorkerSpec,
    execution: Execution,
    listener: RunListener,
    retakes: Retakes | None = None,
    requested: RequestedTakes | None = None,
    selection: RowSelection | None = None,
) -> SessionResult:
    """Process all pending rows of a generation, including retries, and synthesize flawed takes again.

    The caller must own the lock of the run.

    Args:
        folder: the run.
        generation: number of the generation, from 1.
        spec: parameters of the workers.
        execution: engine and number of workers.
        listener: callbacks for progress and messages.
        retakes: policy for retakes of flawed rows; None for no retakes.
        requested: planner of the takes that reviewers request, which have priority; None leaves the requests waiting.
        selection: rows to process; the other rows stay pending.

    Raises:
        SetupError: no worker can continue.
        RunError: a file of the run is damaged, or the workers do not start or do not fit on the machines.
        StorageError: the disk is full, read-only or gone.
    """
    if requested:
        requested.plan_waiting()
    committed = CommittedRows(folder, generation)
    # Folders of an object store that are full by the index are listed at the end: listing is what a start pays for.
    committed.refresh(complete=not is_remote(folder.root), on_message=listener.on_message)
    committed.save()
    is_wanted = selection.positions(committed.plans[0].plan) if selection else None
    pending, progress = _find_pending(committed, is_wanted)
    n_left = progress.n_rows - progress.n_done_before  # without retakes, which the first round may already be
    rounds = _Rounds(folder, generation, committed, is_wanted, retakes, progress).plans(pending)
    ending, wall_s = "done", 0.0
    if (first := next(rounds, None)) is not None:
        n_shares = min(n_left or progress.n_rows, math.ceil(progress.expected_s / MIN_SHARE_S) or 1)
        folder.log_event(
            "start", rows=progress.n_rows, left=n_left, engine=execution.engine, device=str(spec.placement)
        )
        # In this order: a Ray started here replaces the SIGTERM handler if there is none yet.
        with _open_pool(spec, execution, n_shares) as pool, stop_on_signals() as is_stopping:
            dispatcher = Dispatcher(
                pool=pool,
                progress=progress,
                circuit_breaker=execution.circuit_breaker,
                is_stopping=is_stopping,
                log_event=folder.log_event,
                listener=listener,
                requested=requested,
                on_finished=committed.add,
            )
            ending = _run_rounds(dispatcher, chain([first], rounds))
            wall_s = progress.elapsed_s  # neither Ray's startup nor its shutdown counts
        committed.save()
        folder.log_event("end", ending=ending, worked=progress.n_ok + progress.n_failed, failed=progress.n_failed)
    return _result(ending, progress, wall_s)


def _find_pending(committed: CommittedRows, is_wanted: npt.NDArray[np.bool_] | None) -> tuple[list[Pending], Progress]:
    """Pending rows of all plans, requested ones first, and the progress of the run before this session."""
    pending = [committed.pending(commits, is_wanted) for commits in committed.plans]
    # Retries plan the same rows again.
    n_rows = committed.plans[0].units.n_rows if is_wanted is None else int(is_wanted.sum())
    pending.sort(key=lambda plan: not plan.is_requested)  # a reviewer is waiting for these
    counted = [plan for plan in pending if not plan.is_requested]
    n_left = sum(plan.n_rows for plan in counted)
    expected_s = sum(plan.expected_s for plan in counted)
    return pending, Progress(n_rows=n_rows, n_done_before=n_rows - n_left, expected_s=expected_s)


def _run_rounds(dispatcher: Dispatcher, rounds: Iterable[Sequence[Pending]]) -> str:
    """Process the plans of each round, and return `done` or the reason for an early end."""
    for planned in rounds:
        ending = dispatcher.run(chain.from_iterable(plan.units() for plan in planned))
        if ending != "done":
            return ending
    return "done"


def _result(ending: str, progress: Progress, wall_s: float) -> SessionResult:
    return SessionResult(
        ending=ending,
        n_worked=progress.n_ok + progress.n_failed,
        n_failed=progress.n_failed,
        sound_s=progress.sound_s,
        wall_s=wall_s,
        error_kinds=dict(progress.error_kinds.most_common()),
        reasons=tuple(progress.reasons.most_common(3)),
    )


@dataclass(frozen=True, slots=True)
class _Rounds:
    """Plans of a session: first all pending rows, then rounds of retakes."""

    folder: RunFolder
    generation: int
    committed: CommittedRows
    is_wanted: npt.NDArray[np.bool_] | None
    retakes: Retakes | None
    progress: Progress

    def plans(self, pending: list[Pending]) -> Iterator[list[Pending]]:
        """Yield the plans of each round, beginning with `pending`."""
        if any(plan.n_rows for plan in pending):
            yield pending
        if is_remote(self.folder.root) and (missing := self._removed_since()):
            yield missing
        while self.retakes and (planned := self.retakes.plan_next(self.folder, self.generation)):
            again = self.committed.pending(self.committed.add_plan(planned.plan))
            if again.n_rows:
                self.progress.revert(again.n_rows, planned.error_kinds, again.expected_s)
                yield [again]

    def _removed_since(self) -> list[Pending]:
        """Find rows whose parts have disappeared from the object store, and correct the progress by these rows."""
        self.committed.refresh()
        found = [self.committed.pending(commits, self.is_wanted) for commits in self.committed.plans]
        missing = [plan for plan in found if plan.n_rows]
        self.progress.n_done_before -= sum(plan.n_rows for plan in missing)
        self.progress.expected_s += sum(plan.expected_s for plan in missing)
        return missing


@contextmanager
def _open_pool(spec: WorkerSpec, execution: Execution, n_shares: int) -> Iterator[Pool]:
    """Context with a pool of workers, at most one worker per share of the remaining work."""
    if execution.engine == "local":
        yield LocalPool(spec)
        return
    configure_ray_environment(execution.ray_address)
    # Imported late: it takes seconds and reads the environment.
    from hierbatch.engine.ray_cluster import check_worker_slots, count_worker_slots, ray_running
    from hierbatch.engine.ray_pool import RayPool

    gpus = execution.gpus_per_worker if spec.placement.is_gpu else 0.0
    with ray_running(execution.workers or os.cpu_count() or 1, execution.ray_address):
        memory_bytes = int(execution.worker_memory * 1e9)
        # A cluster may grow: what does not fit waits for a node, and makes an autoscaler add one.
        if not execution.ray_address:
            check_worker_slots(execution.workers, gpus, memory_bytes)
        n_workers = min(execution.workers or count_worker_slots(gpus, memory_bytes, execution.resources), n_shares)
        settings = RaySettings(
            n_workers=n_workers,
            gpus_per_worker=gpus,
            memory_bytes=memory_bytes,
            resources=execution.resources,
            is_spread=execution.placement == "spread",
            has_metrics=bool(execution.ray_address),
            start_timeout_s=math.inf if execution.ray_address and execution.workers else START_TIMEOUT_S,
        )
        pool = RayPool(spec, settings)
        try:
            yield pool
        finally:
            pool.close()
