"""Pool of workers as Ray actors; only this module, `ray_cluster`, `ray_metrics` and `ray_readers` import Ray.

Each worker is one actor that Ray neither restarts nor retries: the dispatcher handles the unit of a dead worker. Units
are sent to workers as small tables, and workers return counts; audio never passes through Ray.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from hierbatch.engine.pool import FinishedUnit, LostUnit
from hierbatch.engine.progress import Progress
from hierbatch.engine.ray_metrics import RunMetrics
from hierbatch.engine.ray_settings import RaySettings, TimeoutPolicy
from hierbatch.engine.work_units import WorkUnit, WorkUnitReport
from hierbatch.engine.worker import Worker, WorkerSpec
from hierbatch.errors import RunError, SetupError
from hierbatch.pandas_import import keep_pandas_unloaded

_MAX_FAILED_STARTS = 2


class _RayWorker:
    """Actor that loads its worker in `start`, since Ray loses the message of an error in an actor's constructor."""

    def __init__(self) -> None:
        keep_pandas_unloaded()
        self._worker: Worker | None = None

    def start(self, spec: WorkerSpec) -> None:
        self._worker = Worker(spec)

    def process(self, unit: WorkUnit) -> WorkUnitReport:
        assert self._worker is not None  # the pool sends units only to started workers
        return self._worker.process(unit)


@dataclass(slots=True)
class _Slot:
    """Slot of a worker: the actor, its current call with the deadline, and the queued call."""

    actor: Any
    call: Any
    deadline: float
    unit: WorkUnit | None = None
    is_ready: bool = False
    failed_starts: int = 0
    """Consecutive failed starts of workers in this slot."""
    next_unit: WorkUnit | None = None
    next_call: Any = None


class RayPool:
    """Pool of actors that process one unit each, and may have a second unit queued.

    A slot in which workers no longer start, because its node is gone or out of memory, is removed as long as other
    slots remain.
    """

    def __init__(self, spec: WorkerSpec, settings: RaySettings) -> None:
        self._spec = spec
        self._settings = settings
        self._timeouts = TimeoutPolicy(settings)
        self._metrics = RunMetrics() if settings.has_metrics else None
        self._slots = [self._start() for _ in range(settings.n_workers)]

    @property
    def n_workers(self) -> int:
        """Number of workers, including those that are starting."""
        return len(self._slots)

    @property
    def n_free(self) -> int:
        """Number of idle workers."""
        return sum(slot.is_ready and slot.unit is None for slot in self._slots)

    @property
    def n_ahead(self) -> int:
        """Number of busy workers that can take a second unit."""
        return sum(slot.unit is not None and slot.next_unit is None for slot in self._slots)

    @property
    def n_busy(self) -> int:
        """Number of units in progress or queued at a worker."""
        return sum((slot.unit is not None) + (slot.next_unit is not None) for slot in self._slots)

    def submit(self, unit: WorkUnit) -> None:
        """Send a unit to an idle worker, or else to one that can take a second unit."""
        slot = next((slot for slot in self._slots if slot.is_ready and slot.unit is None), None)
        if slot is None:  # its actor processes one call after the other
            slot = next(slot for slot in self._slots if slot.unit is not None and slot.next_unit is None)
            slot.next_unit, slot.next_call = unit, slot.actor.process.remote(unit)
            return
        slot.unit = unit
        slot.call = slot.actor.process.remote(unit)
        slot.deadline = monotonic() + self._timeouts.timeout_s(unit.expected_s)

    def observe(self, progress: Progress) -> None:
        """Publish the counts of the run, if a cluster collects metrics."""
        if self._metrics:
            self._metrics.observe(progress, self.n_busy)

    def wait(self, timeout_s: float) -> Sequence[FinishedUnit | LostUnit]:
        """Wait up to `timeout_s` for units to end, and return them; raises SetupError if no worker can continue."""
        calls = [slot.call for slot in self._slots if slot.unit or not slot.is_ready]
        if not calls:
            return []
        ready, _ = ray.wait(calls, num_returns=1, timeout=timeout_s)
        done = [slot for slot in self._slots if slot.call in ready]
        ended = [end for slot in done for end in self._collect(slot)]
        now = monotonic()
        overdue = [slot for slot in self._slots if (slot.unit or not slot.is_ready) and now > slot.deadline]
        return [*ended, *(end for slot in overdue for end in self._replace(slot, "timeout"))]

    def close(self) -> None:
        """Stop all workers."""
        for slot in self._slots:
            ray.kill(slot.actor)

    def _start(self) -> _Slot:
        actor_class: Any = ray.remote(_RayWorker)
        settings = self._settings
        options: dict[str, Any] = {
            "num_cpus": 1,
            "num_gpus": settings.gpus_per_worker,
            "resources": dict(settings.resources),
            "max_restarts": 0,
            "max_concurrency": 1,
        }
        if settings.is_spread:
            options["scheduling_strategy"] = "SPREAD"
        if self._settings.memory_bytes:
            options["memory"] = self._settings.memory_bytes
        actor = actor_class.options(**options).remote()
        return _Slot(actor, actor.start.remote(self._spec), monotonic() + self._settings.start_timeout_s)

    def _collect(self, slot: _Slot) -> list[FinishedUnit | LostUnit]:
        """Return the units that ended with a completed call; a SetupError of the worker is raised unchanged."""
        try:
            report = ray.get(slot.call)
        except RayTaskError as error:
            if isinstance(error.cause, SetupError):
                raise error.cause from error
            message = f"{type(error.cause).__name__}: {error.cause}"
            if slot.unit is None:
                raise RunError(
                    "A worker does not start", got=message, fix="run with `--engine local` to see the full error"
                ) from error
            return [LostUnit(self._finish(slot), "exception", message)]
        except RayError:
            return [*self._replace(slot, "crash")]
        if slot.unit is None:
            slot.is_ready, slot.failed_starts = True, 0
            return []
        unit = self._finish(slot)
        self._timeouts.add(report.work_s, unit.expected_s)
        if self._metrics:
            self._metrics.add_unit(report.work_s)
        return [FinishedUnit(unit, report)]

    def _finish(self, slot: _Slot) -> WorkUnit:
        """Return the finished unit of a slot, and make the queued unit, if there is one, the current unit."""
        unit = slot.unit
        assert unit is not None
        slot.unit, slot.call = slot.next_unit, slot.next_call
        slot.next_unit = slot.next_call = None
        if slot.unit:
            slot.deadline = monotonic() + self._timeouts.timeout_s(slot.unit.expected_s)
        return unit

    def _replace(self, slot: _Slot, cause: str) -> list[LostUnit]:
        """Replace the worker of a slot, or remove the slot if workers no longer start; return the lost units."""
        ray.kill(slot.actor)
        unit, waiting = slot.unit, slot.next_unit
        slot.unit, slot.is_ready = None, False
        slot.next_unit = slot.next_call = None
        slot.failed_starts += unit is None
        if slot.failed_starts >= _MAX_FAILED_STARTS or (cause == "timeout" and unit is None):
            self._remove_slot(slot, cause)
        else:
            fresh = self._start()
            slot.actor, slot.call, slot.deadline = fresh.actor, fresh.call, fresh.deadline
        lost = [LostUnit(unit, cause)] if unit else []
        return [*lost, LostUnit(waiting, "waiting")] if waiting else lost

    def _remove_slot(self, slot: _Slot, cause: str) -> None:
        self._slots.remove(slot)
        if not any(other.is_ready for other in self._slots):
            raise RunError(
                "The workers die while loading the model" if cause == "crash" else "No worker starts",
                expected="a worker that starts",
                got=f"{slot.failed_starts} failed starts in a row ({cause})",
                fix="check free memory; run with `--engine local` to see the error of the model itself",
            )
