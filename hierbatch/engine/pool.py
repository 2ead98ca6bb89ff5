"""What the dispatcher sees of the workers, wherever they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hierbatch.engine.units import Unit, UnitReport


@dataclass(frozen=True, slots=True)
class Finished:
    """A unit that stands in `parts/`."""

    unit: Unit
    report: UnitReport


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit that does not stand: its worker died (`crash`), took too long and was ended (`timeout`), or raised what
    no worker should raise (`exception`, which `error` then tells)."""

    unit: Unit
    why: str
    error: str = ""


class Pool(Protocol):
    """Workers that are given one unit each; a dead one is replaced without being asked."""

    @property
    def n_workers(self) -> int:
        """Workers in all, those that still start included."""

    @property
    def n_free(self) -> int:
        """Workers that could take a unit now."""

    @property
    def n_busy(self) -> int:
        """Units being worked."""

    def submit(self, unit: Unit) -> None:
        """Give a unit to a free worker."""

    def wait(self, timeout_s: float) -> Sequence[Finished | Lost]:
        """What has ended, after at most `timeout_s`; raises SetupError where no worker can go on."""

    def close(self) -> None:
        """End all workers."""
