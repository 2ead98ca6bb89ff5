"""Settings of Ray that must be fixed before Ray is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

LOOPBACK_ENV = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the one switch that binds Ray's ports to 127.0.0.1, on Linux too
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment variables that bind Ray to the loopback interface and turn off usage reports, read on import of Ray."""

WORKER_ENV = {"RAY_worker_niceness": "0"}
"""Environment variable for normal priority of workers; Ray's default, nice 15, is too low on a busy machine."""

SHARED_CLUSTER_ENV = {"RAY_USAGE_STATS_ENABLED": "0"}
"""Environment variable that turns off usage reports, for an existing cluster, which has its own network settings."""


START_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RaySettings:
    """Number of workers, their resources, and their time limits."""

    n_workers: int
    gpus_per_worker: float = 0.0
    memory_bytes: int = 0
    """Memory that Ray reserves for each worker."""
    base_timeout_s: float = 60.0
    """Constant part of a unit's time limit."""
    timeout_factor: float = 20.0
    """Further seconds per second of expected audio; after three units, at most ten times that of the slowest unit."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """Further resources of each worker, by the names that the nodes of the cluster declare."""
    is_spread: bool = False
    """Place workers on as many nodes as possible; otherwise Ray packs them."""
    has_metrics: bool = False
    """Publish metrics through Ray; useful on a cluster only, where they are collected."""
    start_timeout_s: float = START_TIMEOUT_S
    """Time limit for loading the model; infinite if workers may wait for a node to join the cluster."""


class TimeoutPolicy:
    """Rule for the time limit of a unit, after which its worker is considered to hang."""

    _MIN_UNITS = 3
    _SLOWEST_FACTOR = 10.0

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self._n_seen = 0
        self._slowest = 0.0

    def add(self, work_s: float, expected_s: float) -> None:
        """Record the processing time of a finished unit, and the seconds of audio that were expected."""
        if expected_s > 0:
            self._n_seen += 1
            self._slowest = max(self._slowest, work_s / expected_s)

    def timeout_s(self, expected_s: float) -> float:
        """Time limit of a unit with `expected_s` seconds of expected audio."""
        each = self._settings.timeout_factor
        if self._n_seen >= self._MIN_UNITS:
            each = min(each, self._SLOWEST_FACTOR * self._slowest)
        return self._settings.base_timeout_s + each * expected_s


def configure_ray_environment(address: str = "") -> None:
    """Set Ray's environment variables, except those that the user has set."""
    for name, value in (SHARED_CLUSTER_ENV if address else LOOPBACK_ENV | WORKER_ENV).items():
        os.environ.setdefault(name, value)
