"""One worker in the driver's own process: for laptops, notebooks and tests, with no Ray to start."""

from __future__ import annotations

from collections.abc import Sequence

from hierbatch.engine.pool import Finished, Lost
from hierbatch.engine.units import Unit
from hierbatch.engine.worker import Worker, WorkerSpec
from hierbatch.errors import SetupError


class LocalPool:
    """Works a unit inside `wait`. A row that kills the process kills the run with it: only Ray guards against that."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._worker = Worker(spec)
        self._unit: Unit | None = None

    @property
    def n_workers(self) -> int:
        return 1

    @property
    def n_free(self) -> int:
        return 0 if self._unit else 1

    @property
    def n_busy(self) -> int:
        return 1 if self._unit else 0

    def submit(self, unit: Unit) -> None:
        self._unit = unit

    def wait(self, timeout_s: float) -> Sequence[Finished | Lost]:
        if self._unit is None:
            return []
        unit, self._unit = self._unit, None
        try:
            return [Finished(unit, self._worker.process(unit))]
        except SetupError:
            raise
        except Exception as error:  # noqa: BLE001 - which of its rows is at fault, the dispatcher finds out
            return [Lost(unit, "exception", f"{type(error).__name__}: {error}")]

    def close(self) -> None:
        """Nothing to end."""
