"""Training in several processes with Ray Train; only this module imports `ray.train`.

Each process computes its rows of every batch; gradients are summed (`hierbatch.training.trainer.world`). If a process
dies, all of them start again from the last checkpoint of the run folder.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hierbatch.errors import HierbatchError, RunError

_MAX_FAILURES = 3


def train_in_workers(
    process: Callable[[Any, Callable[[str], None]], None], job: Any, n_workers: int, run: Path, *, uses_gpu: bool
) -> None:
    """Run a training function in several processes that form one process group.

    Args:
        process: training function, called with the job and a logger in every process.
        job: its first argument.
        n_workers: number of processes.
        run: run folder, which all processes can reach.
        uses_gpu: one GPU for each process.

    Raises:
        RunError: the processes died repeatedly.
        HierbatchError: an error of the training function.
    """
    import ray
    from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    was_running = ray.is_initialized()
    if not was_running:
        ray.init(num_cpus=n_workers, include_dashboard=False, log_to_driver=True, logging_level=logging.ERROR)
    trainer = TorchTrainer(
        _run_worker,
        train_loop_config={"process": process, "job": job},
        scaling_config=ScalingConfig(
            num_workers=n_workers, use_gpu=uses_gpu, resources_per_worker={"GPU": 1} if uses_gpu else {"CPU": 1}
        ),
        torch_config=TorchConfig(backend="nccl" if uses_gpu else "gloo"),
        run_config=RunConfig(
            name="workers",
            storage_path=str((run / "ray").resolve()),
            failure_config=FailureConfig(max_failures=_MAX_FAILURES),
            checkpoint_config=CheckpointConfig(num_to_keep=1),
        ),
    )
    try:
        trainer.fit()
    except Exception as error:
        raise _described(error) from error
    finally:
        if not was_running:
            ray.shutdown()


def _run_worker(settings: dict[str, Any]) -> None:
    """Run the training function in one process; the main one prints its log."""
    from hierbatch.training.trainer.world import World

    log = _print if World.current().is_main else _ignore
    settings["process"](settings["job"], log)


def _print(line: str) -> None:
    import sys

    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _ignore(_line: str) -> None:
    pass


def _described(error: BaseException) -> HierbatchError:
    """The training function's own error, or a RunError."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, HierbatchError):
            return cause
        for failure in getattr(cause, "worker_failures", {}).values():
            if isinstance(failure, HierbatchError):
                return failure
            if isinstance(getattr(failure, "cause", None), HierbatchError):
                return failure.cause
        cause = cause.__cause__
    return RunError(
        "A training process died more than once",
        got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
        fix="check the memory of the machines; the same command resumes from the last checkpoint",
    )
