"""Workers as Ray actors; beside `ray_cluster` the only file that knows Ray.

Each worker is one pinned actor that is never restarted by Ray and never retries: what becomes of a unit whose worker
died is the dispatcher's to decide. Units go in as small tables, counts come back; sound never passes through Ray.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import monotonic
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import RayError, RayTaskError

from hierbatch.engine.pool import Finished, Lost
from hierbatch.engine.ray_cluster import count_places
from hierbatch.engine.ray_settings import Patience, RaySettings
from hierbatch.engine.units import Unit, UnitReport
from hierbatch.engine.worker import Worker, WorkerSpec
from hierbatch.errors import RunError, SetupError
from hierbatch.stages.base import Stage

_FAILED_STARTS = 2


class _Reader:
    """A stage that needs no model, held by an actor so that what it has loaded stays."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def read(self, rows: pa.Table) -> pa.Table:
        return self._stage(rows)


def map_tables(stage: Stage, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables through a stage on all cores of the running Ray, in their order, a few of them ahead.

    Raises:
        SetupError: as the stage raised it.
        RunError: a reader died.
    """
    reader_class: Any = ray.remote(_Reader)
    n_readers = count_places(0.0)
    readers = [reader_class.options(num_cpus=1).remote(stage) for _ in range(n_readers)]
    turns = cycle(readers)
    ahead: deque[Any] = deque()
    try:
        for table in tables:
            ahead.append(next(turns).read.remote(table))
            if len(ahead) > 2 * n_readers:
                yield _answer(ahead.popleft())
        while ahead:
            yield _answer(ahead.popleft())
    finally:
        for reader in readers:
            ray.kill(reader)


def _answer(told: Any) -> pa.Table:
    try:
        return ray.get(told)
    except RayTaskError as error:
        if isinstance(error.cause, SetupError):
            raise error.cause from error
        raise RunError("The rows cannot be read", got=f"{type(error.cause).__name__}: {error.cause}") from error
    except RayError as error:
        raise RunError(
            "A process that reads the rows died", got=type(error).__name__, mend="look for lack of memory, then rerun"
        ) from error


class _RayWorker:
    """A worker that starts when told: an error in an actor's constructor would lose its message."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def start(self, spec: WorkerSpec) -> None:
        self._worker = Worker(spec)

    def process(self, unit: Unit) -> UnitReport:
        assert self._worker is not None  # the pool gives units only to workers that have started
        return self._worker.process(unit)


@dataclass(slots=True)
class _Slot:
    """One place for a worker: who sits there, what it was told last, and until when it may take."""

    actor: Any
    told: Any
    deadline: float
    unit: Unit | None = None
    is_ready: bool = False
    failed_starts: int = 0
    """Of the workers that sat here one after the other."""


class RayPool:
    """Actors with one unit in hand each.

    A place where no worker can start any more, since its node is gone or its memory is taken, is given up as long as
    others are left.
    """

    def __init__(self, spec: WorkerSpec, settings: RaySettings) -> None:
        self._spec = spec
        self._settings = settings
        self._patience = Patience(settings)
        self._slots = [self._start() for _ in range(settings.n_workers)]

    @property
    def n_workers(self) -> int:
        return len(self._slots)

    @property
    def n_free(self) -> int:
        return sum(slot.is_ready and slot.unit is None for slot in self._slots)

    @property
    def n_busy(self) -> int:
        return sum(slot.unit is not None for slot in self._slots)

    def submit(self, unit: Unit) -> None:
        slot = next(slot for slot in self._slots if slot.is_ready and slot.unit is None)
        slot.unit = unit
        slot.told = slot.actor.process.remote(unit)
        slot.deadline = monotonic() + self._patience.allows_s(unit.expected_s)

    def wait(self, timeout_s: float) -> Sequence[Finished | Lost]:
        told = [slot.told for slot in self._slots if slot.unit or not slot.is_ready]
        if not told:
            return []
        ready, _ = ray.wait(told, num_returns=1, timeout=timeout_s)
        heard = [slot for slot in self._slots if slot.told in ready]
        ended = [self._hear(slot) for slot in heard]
        now = monotonic()
        overdue = [slot for slot in self._slots if (slot.unit or not slot.is_ready) and now > slot.deadline]
        ended += [self._replace(slot, "timeout") for slot in overdue]
        return [end for end in ended if end]

    def close(self) -> None:
        for slot in self._slots:
            ray.kill(slot.actor)

    def _start(self) -> _Slot:
        actor_class: Any = ray.remote(_RayWorker)
        options = {"num_cpus": 1, "num_gpus": self._settings.gpus_a_worker, "max_restarts": 0, "max_concurrency": 1}
        actor = actor_class.options(**options).remote()
        return _Slot(actor, actor.start.remote(self._spec), monotonic() + self._settings.start_patience_s)

    def _hear(self, slot: _Slot) -> Finished | Lost | None:
        """What a worker answered; our own errors come out as they were raised."""
        try:
            report = ray.get(slot.told)
        except RayTaskError as error:
            if isinstance(error.cause, SetupError):
                raise error.cause from error
            said = f"{type(error.cause).__name__}: {error.cause}"
            if slot.unit is None:
                raise RunError("A worker does not start", got=said) from error
            unit, slot.unit = slot.unit, None
            return Lost(unit, "exception", said)
        except RayError:
            return self._replace(slot, "crash")
        if slot.unit is None:
            slot.is_ready, slot.failed_starts = True, 0
            return None
        unit, slot.unit = slot.unit, None
        self._patience.add(report.work_s, unit.expected_s)
        return Finished(unit, report)

    def _replace(self, slot: _Slot, why: str) -> Lost | None:
        """A new worker in a lost one's place; gives the unit that was lost with it."""
        ray.kill(slot.actor)
        unit = slot.unit
        slot.unit, slot.is_ready = None, False
        slot.failed_starts += unit is None
        if slot.failed_starts >= _FAILED_STARTS or (why == "timeout" and unit is None):
            self._give_up(slot, why)
        else:
            fresh = self._start()
            slot.actor, slot.told, slot.deadline = fresh.actor, fresh.told, fresh.deadline
        return Lost(unit, why) if unit else None

    def _give_up(self, slot: _Slot, why: str) -> None:
        self._slots.remove(slot)
        if not any(other.is_ready for other in self._slots):
            raise RunError(
                "The workers die while they load the model" if why == "crash" else "No worker comes up",
                wanted="a worker that starts",
                got=f"{slot.failed_starts} ended by {why} in a row",
                mend="look for lack of memory; `--engine local` shows what the model itself says",
            )
