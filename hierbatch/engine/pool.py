"""Interface of a worker pool, as used by the dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hierbatch.engine.units import Unit, UnitReport


@dataclass(frozen=True, slots=True)
class Finished:
    """A unit that has been committed to `parts/`."""

    unit: Unit
    report: UnitReport


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit that was not committed.

    Its worker died (`crash`), exceeded the time limit (`timeout`), or raised an unexpected exception (`exception`, with
    its text in `error`).
    """

    unit: Unit
    why: str
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

    def submit(self, unit: Unit) -> None:
        """Send a unit to an idle worker."""

    def wait(self, timeout_s: float) -> Sequence[Finished | Lost]:
        """All units that have ended, after at most `timeout_s`; raises SetupError if no worker can continue."""

    def close(self) -> None:
        """Stop all workers."""
