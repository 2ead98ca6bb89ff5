"""Training in several processes with Ray Train; only this module imports `ray.train`.

Each process computes its rows of every batch; gradients are summed (`hierbatch.training.trainer.world`). If a process
dies, all processes restart from the last checkpoint in the run folder.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from hierbatch.errors import HierbatchError, RunError

Log = Callable[[str], None]

_MAX_FAILURES = 3
_LOG = "train.log"
_POLL_S = 1.0


def train_in_workers(
    process: Callable[[Any, Log], None], job: Any, n_workers: int, run: Path, log: Log, *, uses_gpu: bool
) -> None:
    """Run a training function in several processes that form one process group.

    The main process writes its progress to `train.log` in the run folder, and each new line is passed to `log`.
    Training runs on the cluster at RAY_ADDRESS, or else on one that is started on this machine for the duration of the
    training.

    Args:
        process: training function, called with the job and a logger in every process.
        job: first argument of `process`.
        n_workers: number of processes.
        run: run folder, which all processes can access.
        log: function that receives the progress of the main process.
        uses_gpu: True to reserve one GPU for each process.

    Raises:
        RunError: the processes died repeatedly.
        HierbatchError: the training function raised it.
    """
    import ray
    from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    was_running = ray.is_initialized()
    if not was_running:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        address = os.environ.get("RAY_ADDRESS")
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", num_cpus=n_workers, include_dashboard=False, **quiet)
    trainer = TorchTrainer(
        _run_worker,
        train_loop_config={"process": process, "job": job, "log_path": str(run.resolve() / _LOG)},
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
        with _followed(run / _LOG, log):
            trainer.fit()
    except Exception as error:
        raise _described(error) from error
    finally:
        if not was_running:
            ray.shutdown()


def _run_worker(settings: dict[str, Any]) -> None:
    """Run the training function in one process; the main process writes the log."""
    from hierbatch.training.trainer.world import World

    path, is_main = Path(settings["log_path"]), World.current().is_main

    def log(line: str) -> None:
        if is_main:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    settings["process"](settings["job"], log)


@contextmanager
def _followed(path: Path, log: Log) -> Iterator[None]:
    """Context in which new lines of a file are passed to `log`, about once per second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    is_over = threading.Event()
    with path.open(encoding="utf-8") as file:
        file.seek(0, os.SEEK_END)
        thread = threading.Thread(target=_follow, args=(file, log, is_over))
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def _follow(file: TextIO, log: Log, is_over: threading.Event) -> None:
    while True:
        was_over = is_over.wait(_POLL_S)
        for line in file:
            log(line.rstrip("\n"))
        if was_over:
            return


def _described(error: BaseException) -> HierbatchError:
    """HierbatchError that the training function raised, or else a RunError."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, HierbatchError):
            return cause
        for failure in getattr(cause, "worker_failures", {}).values():
            if isinstance(failure, HierbatchError):
                return failure
            origin = getattr(failure, "cause", None)
            if isinstance(origin, HierbatchError):
                return origin
        cause = cause.__cause__
    return RunError(
        "A training process died more than once",
        got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
        fix="check the memory of the machines; the same command resumes from the last checkpoint",
    )
