"""Make takes of single rows on request, while nobody else works on the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyarrow.parquet as pq

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.dispatch import Dispatcher
from hierbatch.engine.pool import LocalPool
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.requested_takes import RequestedTakes
from hierbatch.engine.run_folder import RunFolder, is_locked, lock_run
from hierbatch.engine.work_units import WorkUnit, find_pending
from hierbatch.engine.worker import WorkerSpec
from hierbatch.jobs.recorded_run import open_recorded_run
from hierbatch.manifest.take_requests import RequestState, TakeRequest, append_request, read_requests
from hierbatch.manifest.takes import committed_names
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.object_path import arrow_source

_MAX_ENCODED = 8
"""Voices that are encoded before a request needs them."""


@dataclass(slots=True)
class _Loaded:
    """A generation of the run, with its loaded worker."""

    generation: int
    pool: LocalPool
    requested: RequestedTakes
    lexicon_changed_ns: int
    """Last change of the corrected lexicon when it was read; 0 if there was none."""
    has_resumed: bool = False


@dataclass(slots=True)
class Respeaker:
    """Answers the requests in a run with a worker in this process that stays loaded between the calls."""

    run: Path
    device: DeviceChoice = field(default_factory=DeviceChoice)
    on_take: Callable[[], None] = lambda: None
    """Called after each committed take."""
    _loaded: _Loaded | None = None

    def load(self) -> None:
        """Load the model and the front end and encode the first voices, so that no request waits for them.

        Raises:
            RunError: the folder is not a run, or its model or lexicon has changed.
            BundleError: the model cannot be loaded.
        """
        loaded = self._open()
        loaded.requested.load()
        path = RunFolder(self.run).voices_file(loaded.generation)
        if path.exists():
            names = pq.read_table(arrow_source(path), columns=["voice"]).column("voice").to_pylist()
            loaded.pool.encode_voices(names[:_MAX_ENCODED])

    def answer_waiting(self) -> int:
        """Make the takes of all waiting requests; returns their number.

        The lock of the run is held meanwhile.

        Raises:
            RunError: another process works on the run: its driver answers the requests.
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
        """Worker of the newest generation; a worker of an older one is replaced."""
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
    """Work units of requested takes that are planned and do not exist yet."""
    committed = committed_names(folder)
    pending = [find_pending(plan, committed) for plan in folder.plan_files(generation)[1:]]
    return list(chain.from_iterable(plan.units() for plan in pending if plan.is_requested))


def respeak(run: Path, request: TakeRequest, device: DeviceChoice | None = None) -> RequestState:
    """Request takes of a row, and make them unless a driver works on the run, which does so before its next work unit.

    Args:
        run: run folder.
        request: row, edit and number of takes.
        device: device of the model.

    Returns:
        The request with its answer; without one, the driver of the run has not seen it yet.

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
