"""What is settled about Ray before it is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass

AT_HOME = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the one switch that binds Ray's ports to 127.0.0.1, on Linux too
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment in which Ray opens no port to the network and reports to nobody; Ray reads it when it is imported."""

AT_WORK = {"RAY_worker_niceness": "0"}
"""Ray gives its workers way to all else on the machine (nice 15), where they starve beside other work."""

NOWHERE_ELSE = {"RAY_USAGE_STATS_ENABLED": "0"}
"""The same for a cluster that somebody else started, and has opened to whom he chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaySettings:
    """How many workers, what each may use, and when one is given up."""

    n_workers: int
    gpus_a_worker: float = 0.0
    patience_s: float = 60.0
    """A unit may take this long and, for each second of its expected sound, `patience` seconds more; once some units
    have shown the pace, ten times the slowest of them."""
    patience: float = 20.0
    start_patience_s: float = 600.0


class Patience:
    """How long a unit may take before its worker counts as hanging."""

    _N_TO_JUDGE_BY = 3
    _TIMES_SLOWEST = 10.0

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self._n_seen = 0
        self._slowest = 0.0

    def add(self, work_s: float, expected_s: float) -> None:
        """Learn from a finished unit."""
        if expected_s > 0:
            self._n_seen += 1
            self._slowest = max(self._slowest, work_s / expected_s)

    def allows_s(self, expected_s: float) -> float:
        """Seconds for a unit of so much expected sound."""
        each = self._settings.patience
        if self._n_seen >= self._N_TO_JUDGE_BY:
            each = min(each, self._TIMES_SLOWEST * self._slowest)
        return self._settings.patience_s + each * expected_s


def keep_ray_at_home(address: str = "") -> None:
    """Set what the user has not set himself."""
    for name, value in (NOWHERE_ELSE if address else AT_HOME | AT_WORK).items():
        os.environ.setdefault(name, value)
