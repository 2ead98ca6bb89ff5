"""`hierbatch upsample`: recordings to 24 or 48 kHz with a new top; the same command goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.object_path import here


def upsample(
    manifest: Annotated[
        Path, typer.Argument(parser=here, help="Recordings: .parquet, .csv or .jsonl with id and source.")
    ],
    out: Annotated[Path, typer.Option(parser=here, help="Run folder: made, or gone on with.")],
    rate: Annotated[int, typer.Option(help="24000 or 48000, of rows that name no rate_hz.")] = 48_000,
    source_root: options.SourceRoot = None,
    model: Annotated[str, typer.Option(help="A SpeechSR's name, or a bundle's folder.")] = "speechsr",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_a_worker: options.GpusAWorker = 1.0,
    ray_address: options.RayAddress = "",
    update: options.Update = False,
) -> None:
    """Give every recording of a manifest a top: whatever its rate, what is above 8 kHz is made anew (SpeechSR).

    A recording that cannot be used becomes a failed row with its reason; the rest goes on.
    """
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.upsample_order import UpsampleOrder

    order = UpsampleOrder(manifest=manifest, rate_hz=rate, source_root=source_root, bundle=model)
    line = ProgressLine()
    job = RunJob(
        order=order,
        out=out,
        device=options.placement(device, dtype, compile_),
        workforce=options.workforce(engine, workers, gpus_a_worker, ray_address),
        retakes=0,
        update=update,
    )
    tell_model_licenses(model)
    outcome = run_job(job, line.watch())
    line.end()
    tell_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
