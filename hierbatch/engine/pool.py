"""Interface of a worker pool, as used by the dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hierbatch.engine.work_units import WorkUnit, WorkUnitReport


@dataclass(frozen=True, slots=True)
class FinishedUnit:
    """A unit that has been committed to `parts/`."""

    unit: WorkUnit
    report: WorkUnitReport


@dataclass(frozen=True, slots=True)
class LostUnit:
    """A unit that was not committed.

    Its worker died (`crash`), exceeded the time limit (`timeout`), or raised an unexpected exception (`exception`, with
    its text in `error`).
    """

    unit: WorkUnit
    cause: str
    error: str = ""


class Pool(Protocol):
    """Workers that process one unit each; dead workers are replaced automatically."""

    @property
    def n_workers(self) -> int:
        """Number of workers, including those still starting."""

    @property
    def n_free(self) -> int:
        """Number of idle workers."""

    @property
    def n_busy(self) -> int:
        """Number of units in progress."""

    def submit(self, unit: WorkUnit) -> None:
        """Send a unit to an idle worker."""

    def wait(self, timeout_s: float) -> Sequence[FinishedUnit | LostUnit]:
        """All units that have ended, after at most `timeout_s`; raises SetupError if no worker can continue."""

    def close(self) -> None:
        """Stop all workers."""
