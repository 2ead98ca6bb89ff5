"""Options for the engine that processes the rows of a run, and for its workers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.errors import InputError
from hierbatch.option import Option, OptionGroup

ENGINES = ("ray", "local")
PLACEMENTS = ("pack", "spread")

_RESOURCE = re.compile(r"\s*([A-Za-z][\w.:/-]*)\s*=\s*(\d+(?:\.\d+)?)\s*")
_OWN_RESOURCES = ("CPU", "GPU", "memory", "object_store_memory")


@dataclass(frozen=True, kw_only=True)
class Execution(OptionGroup):
    """Engine, number of workers and their resources."""

    TITLE: ClassVar[str] = "Workers"

    engine: Annotated[str, Option("ray, or local for one worker in this process.")] = "ray"
    workers: Annotated[
        int, Option("Number of Ray workers; 0: one per core. May exceed the present size of a cluster.", minimum=0)
    ] = 0
    gpus_per_worker: Annotated[float, Option("GPUs per worker; 0.5 puts two workers on one GPU.", minimum=0)] = 1.0
    ray_address: Annotated[
        str, Option("Address of a Ray cluster that can access the run folder. Default: a local one.")
    ] = ""
    worker_memory: Annotated[
        float, Option("Memory per worker in GB that Ray reserves; 0 reserves none.", minimum=0, metavar="GB")
    ] = 0.0
    worker_resources: Annotated[
        str, Option("Further resources per worker that nodes of the cluster declare, such as spot=1,a100=0.5.")
    ] = ""
    placement: Annotated[str, Option("pack: few nodes; spread: one worker per node where possible.")] = "pack"
    circuit_breaker: CircuitBreaker = field(default_factory=CircuitBreaker)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.engine not in ENGINES:
            raise InputError("Unknown engine", expected=" or ".join(ENGINES), got=self.engine, fix="change --engine")
        if not 0 < self.gpus_per_worker <= 1 and not float(self.gpus_per_worker).is_integer():
            raise InputError(
                "The number of GPUs per worker is out of range",
                expected="0 to 1, or a whole number",
                got=f"{self.gpus_per_worker:g}",
                fix="change --gpus-per-worker",
            )
        if self.placement not in PLACEMENTS:
            raise InputError(
                "Unknown placement", expected=" or ".join(PLACEMENTS), got=self.placement, fix="change --placement"
            )
        if self.resources and not self.ray_address:
            raise InputError(
                "Further resources of workers need a Ray cluster",
                got=f"--worker-resources {self.worker_resources} without --ray-address",
                fix="pass the address of the cluster, or leave out --worker-resources",
            )
        if self.ray_address and self.engine != "ray":
            raise InputError(
                "A cluster address needs the engine ray", got=f"--engine {self.engine}", fix="use --engine ray"
            )

    @property
    def resources(self) -> dict[str, float]:
        """Further resources of each worker, by name.

        Raises:
            InputError: the option is not a list of names and positive amounts, or it names CPU, GPU or memory.
        """
        found = {}
        for entry in self.worker_resources.split(",") if self.worker_resources.strip() else ():
            named = _RESOURCE.fullmatch(entry)
            if named is None or named[1] in _OWN_RESOURCES or not float(named[2]):
                raise InputError(
                    "The resources of a worker cannot be read",
                    expected="names and amounts such as spot=1,a100=0.5, without CPU, GPU and memory",
                    got=self.worker_resources,
                    fix="correct --worker-resources",
                )
            found[named[1]] = float(named[2])
        return found
