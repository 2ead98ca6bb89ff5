"""Interface of a worker pool, as used by the dispatcher, and the pool of one worker in the driver process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hierbatch.engine.progress import Progress
from hierbatch.engine.work_units import WorkUnit, WorkUnitReport
from hierbatch.engine.worker import Worker, WorkerSpec
from hierbatch.errors import SetupError


@dataclass(frozen=True, slots=True)
class FinishedUnit:
    """Unit that has been committed to `parts/`, with the worker's report."""

    unit: WorkUnit
    report: WorkUnitReport


@dataclass(frozen=True, slots=True)
class LostUnit:
    """Unit that was not committed.

    The cause is `crash` (its worker died), `timeout` (its worker exceeded the time limit), `exception` (its worker
    raised an unexpected exception, whose text is in `error`) or `waiting` (the unit was queued at a worker that was
    lost during the previous unit).
    """

    unit: WorkUnit
    cause: str
    error: str = ""


class Pool(Protocol):
    """Workers that process one unit each and may have a second unit queued; dead workers are replaced automatically."""

    @property
    def n_workers(self) -> int:
        """Number of workers, including those that are starting."""

    @property
    def n_free(self) -> int:
        """Number of idle workers."""

    @property
    def n_ahead(self) -> int:
        """Number of busy workers that can take a second unit."""

    @property
    def n_busy(self) -> int:
        """Number of units in progress or queued at a worker."""

    def submit(self, unit: WorkUnit) -> None:
        """Send a unit to an idle worker, or else to one that can take a second unit."""

    def observe(self, progress: Progress) -> None:
        """Publish the counts of the run, if the pool publishes metrics."""

    def wait(self, timeout_s: float) -> Sequence[FinishedUnit | LostUnit]:
        """Wait up to `timeout_s` for units to end, and return them; raises SetupError if no worker can continue."""

    def close(self) -> None:
        """Stop all workers."""


class LocalPool:
    """Pool of one worker in this process, for laptops, notebooks and tests; it does not need Ray.

    The worker processes its unit inside `wait`. A row that crashes the process ends the run; only the Ray pool isolates
    such rows.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._worker = Worker(spec)
        self._unit: WorkUnit | None = None

    def encode_voices(self, names: Iterable[str]) -> None:
        """Encode voices in advance, so that no row has to wait for its voice."""
        self._worker.encode_voices(names)

    @property
    def n_workers(self) -> int:
        """Number of workers: one."""
        return 1

    @property
    def n_free(self) -> int:
        """Number of idle workers."""
        return 0 if self._unit else 1

    @property
    def n_ahead(self) -> int:
        """Number of workers that can take a second unit: none, since `wait` processes one unit at a time."""
        return 0

    @property
    def n_busy(self) -> int:
        """Number of units in progress."""
        return 1 if self._unit else 0

    def submit(self, unit: WorkUnit) -> None:
        """Store a unit for the next `wait`."""
        self._unit = unit

    def observe(self, progress: Progress) -> None:
        """Do nothing: only a pool on a cluster publishes metrics."""

    def wait(self, timeout_s: float) -> Sequence[FinishedUnit | LostUnit]:
        """Process the submitted unit and return its result; raises SetupError if the run cannot continue."""
        if self._unit is None:
            return []
        unit, self._unit = self._unit, None
        try:
            return [FinishedUnit(unit, self._worker.process(unit))]
        except SetupError:
            raise
        except Exception as error:  # noqa: BLE001 - the dispatcher isolates the row at fault
            return [LostUnit(unit, "exception", f"{type(error).__name__}: {error}")]

    def close(self) -> None:
        """Do nothing, since the worker runs in this process."""
