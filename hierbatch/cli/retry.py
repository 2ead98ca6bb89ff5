"""`hierbatch retry`: another attempt at chosen rows."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options


def retry(
    run: options.RunPath,
    kind: Annotated[list[str] | None, typer.Option(help="Rows that failed this way, e.g. crash; repeatable.")] = None,
    flag: Annotated[list[str] | None, typer.Option(help="Good takes with this flag, e.g. clipped; repeatable.")] = None,
    id_: Annotated[list[str] | None, typer.Option("--id", help="This row; repeatable.")] = None,
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_a_worker: options.GpusAWorker = 1.0,
    ray_address: options.RayAddress = "",
) -> None:
    """Speak rows again with another seed: all that failed, or those chosen. A good take stays until a better stands."""
    from hierbatch.cli.licenses import tell_model_licenses
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.engine.run_folder import RunFolder
    from hierbatch.jobs.retry import RetryJob
    from hierbatch.jobs.retry import retry as retry_job
    from hierbatch.jobs.run import check_device

    line = ProgressLine()
    job = RetryJob(
        run=run,
        kinds=tuple(kind or ()),
        flags=tuple(flag or ()),
        ids=tuple(id_ or ()),
        device=options.placement(device, dtype, compile_),
        workforce=options.workforce(engine, workers, gpus_a_worker, ray_address),
    )
    check_device(job.device, job.workforce)  # told first, as by every command
    tell_model_licenses(RunFolder(run).newest()["origin"]["bundle"])
    outcome = retry_job(job, line.watch())
    line.end()
    tell_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
