"""What is settled about Ray before it is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass

AT_HOME = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the one switch that binds Ray's ports to 127.0.0.1, on Linux too
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment in which Ray opens no port to the network and reports to nobody; Ray reads it when it is imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaySettings:
    """How many workers, what each may use, and when one is given up.

    A unit may take `patience_s` and `patience` times its expected sound before its worker counts as hanging.
    """

    n_workers: int
    gpus_a_worker: float = 0.0
    patience_s: float = 60.0
    patience: float = 20.0
    start_patience_s: float = 600.0


def keep_ray_at_home() -> None:
    """Set what the user has not set himself."""
    for name, value in AT_HOME.items():
        os.environ.setdefault(name, value)
