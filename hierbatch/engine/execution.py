"""Options for the engine that processes the rows of a run, and for its workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.errors import InputError
from hierbatch.option import Option, OptionGroup

ENGINES = ("ray", "local")


@dataclass(frozen=True, kw_only=True)
class Execution(OptionGroup):
    """Engine, number of workers and their resources."""

    TITLE: ClassVar[str] = "Workers"

    engine: Annotated[str, Option("ray, or local for one worker in this process.")] = "ray"
    workers: Annotated[
        int, Option("Number of Ray workers; 0: one per core. With --ray-address also more than fit now.", minimum=0)
    ] = 0
    gpus_per_worker: Annotated[float, Option("GPUs per worker; 0.5 puts two workers on one GPU.")] = 1.0
    ray_address: Annotated[
        str, Option("Address of a Ray cluster that can access the run folder. Default: a local one.")
    ] = ""
    worker_memory: Annotated[
        float, Option("Memory per worker in GB that Ray reserves; 0 reserves none.", minimum=0, metavar="GB")
    ] = 0.0
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
        if self.ray_address and self.engine != "ray":
            raise InputError(
                "A cluster address needs the engine ray", got=f"--engine {self.engine}", fix="use --engine ray"
            )
