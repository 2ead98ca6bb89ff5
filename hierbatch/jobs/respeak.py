"""Takes of single rows, made on request while no other process works on the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.dispatch import Dispatcher
from hierbatch.engine.pool import LocalPool
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.requested_takes import RequestedTakes
from hierbatch.engine.run_folder import RunFolder, is_locked, lock_run
from hierbatch.engine.work_units import WorkUnit
from hierbatch.engine.worker import WorkerSpec
from hierbatch.jobs.recorded_run import open_recorded_run
from hierbatch.manifest.decisions.take_requests import RequestState, TakeRequest, append_request, read_requests
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.object_path import arrow_source

_MAX_ENCODED = 8
"""Number of voices that are encoded in advance."""


@dataclass(slots=True)
class _Loaded:
    """A generation of a run, with a loaded worker for it."""

    generation: int
    pool: LocalPool
    requested: RequestedTakes
    lexicon_changed_ns: int
    """Modification time in nanoseconds of the lexicon of corrections that was read; 0 if it did not exist."""
    has_resumed: bool = False


@dataclass(slots=True)
class Respeaker:
    """Maker of the takes that are requested in a run, with a worker in this process that stays loaded between calls."""

    run: Path
    device: DeviceChoice = field(default_factory=DeviceChoice)
    on_take: Callable[[], None] = lambda: None
    """Function called after each take that is committed."""
    _loaded: _Loaded | None = None

    def load(self, is_ending: Callable[[], bool] = lambda: False) -> None:
        """Load the model and the front end and encode the first voices, so that no request waits for them.

        Args:
            is_ending: function that is called between the steps; the remaining steps are left out once it returns True.

        Raises:
            RunError: the folder is not a run, or its model or lexicon has changed.
            BundleError: the model cannot be loaded.
        """
        loaded = self._open()
        if not is_ending():
            loaded.requested.load()
        path = RunFolder(self.run).voices_file(loaded.generation)
        names = (
            pq.read_table(arrow_source(path), columns=["voice"]).column("voice").to_pylist() if path.exists() else []
        )
        for name in names[:_MAX_ENCODED]:
            if not is_ending():
                loaded.pool.encode_voices([name])

    def answer_waiting(self) -> int:
        """Make the takes of all waiting requests, and return the number of takes.

        The lock of the run is held during the call.

        Raises:
            RunError: the folder is not a run, its model or lexicon has changed, or another process works on the run.
            BundleError: the model cannot be loaded.
            StorageError: the disk is full.
        """
        folder = RunFolder(self.run)
        folder.newest()  # raises RunError if the folder is not a run
        with lock_run(folder):
            folder.make()
            loaded = self._open()
            units = loaded.requested.plan_waiting()
            if not loaded.has_resumed:  # takes that an earlier process planned and did not make
                units, loaded.has_resumed = _pending_units(folder, loaded.generation), True
            dispatcher = Dispatcher(
                pool=loaded.pool,
                progress=Progress(n_rows=0, n_done_before=0, expected_s=0.0),
                circuit_breaker=CircuitBreaker(max_failed_ratio=1.0),
                is_stopping=lambda: False,
                log_event=folder.log_event,
                listener=RunListener(on_progress=lambda _: self.on_take()),
                requested=loaded.requested,
            )
            dispatcher.run(iter(units))
        return sum(unit.n_rows for unit in units)

    def _open(self) -> _Loaded:
        """Return the worker of the newest generation, which is loaded first if no worker or an older one is loaded."""
        folder = RunFolder(self.run)
        if self._loaded is None or self._loaded.generation != int(folder.newest()["number"]):
            record = open_recorded_run(folder)
            spec = WorkerSpec.from_run(folder, record.generation, record.origin, self.device.placement)
            self._loaded = _Loaded(
                record.generation, LocalPool(spec), record.requested_takes(), _lexicon_change(folder)
            )
        elif self._loaded.lexicon_changed_ns != (changed := _lexicon_change(folder)):
            self._loaded.requested = open_recorded_run(folder).requested_takes()
            self._loaded.lexicon_changed_ns = changed
        return self._loaded


def _lexicon_change(folder: RunFolder) -> int:
    path = folder.corrected_lexicon
    return path.stat().st_mtime_ns if path.exists() else 0


def _pending_units(folder: RunFolder, generation: int) -> list[WorkUnit]:
    """Work units of requested takes that are planned but not made yet."""
    committed = CommittedRows(folder, generation)
    committed.refresh()
    requested = (commits for commits in committed.plans if commits.units.is_requested)
    return [unit for commits in requested for unit in committed.pending(commits).units()]


def respeak(run: Path, request: TakeRequest, device: DeviceChoice | None = None) -> RequestState:
    """Request takes of a row, and make them at once, unless a driver works on the run.

    In that case, the driver makes the takes before its next work unit.

    Args:
        run: run folder.
        request: row, edit and number of takes.
        device: device of the model.

    Returns:
        The request with its answer; the answer is None if the driver of the run has not read the request yet.

    Raises:
        RunError: the folder is not a run, or its model or lexicon has changed.
        BundleError: the model cannot be loaded.
        StorageError: the disk is full.
    """
    folder = RunFolder(run)
    folder.newest()  # raises RunError if the folder is not a run
    written = append_request(run, request)
    if not is_locked(folder):
        Respeaker(run, device or DeviceChoice()).answer_waiting()
    return read_requests(run)[written.request]
