"""`hierbatch upsample`: bandwidth extension of recordings to 24 or 48 kHz."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.object_path import local_path


def upsample(
    manifest: Annotated[
        Path, typer.Argument(parser=local_path, help="Manifest (.parquet, .csv, .jsonl) with id and source.")
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Run folder: created, or resumed if it exists.")],
    rate_hz: Annotated[
        int, typer.Option(help="24000 or 48000, for rows without rate_hz.", rich_help_panel=options.SOUND_PANEL)
    ] = 48_000,
    source_root: options.SourceRoot = None,
    model: Annotated[
        str, typer.Option(help="Name of a SpeechSR model, or a bundle folder.", rich_help_panel=options.SOUND_PANEL)
    ] = "speechsr",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_per_worker: options.GpusPerWorker = 1.0,
    ray_address: options.RayAddress = "",
    update: options.Update = False,
) -> None:
    """Extend the bandwidth of every recording of a manifest.

    Content above 8 kHz is resynthesized with SpeechSR, whatever the source rate.
    A recording that cannot be used becomes a failed row. The same command resumes
    a stopped run.
    """
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.upsample import UpsampleSpec

    spec = UpsampleSpec(manifest=manifest, rate_hz=rate_hz, source_root=source_root, bundle=model)
    line = ProgressLine()
    job = RunJob(
        spec=spec,
        out=out,
        device=options.placement(device, dtype, compile_),
        execution=options.execution(engine, workers, gpus_per_worker, ray_address),
        max_retakes=0,
        update=update,
    )
    print_model_license_warnings(model)
    outcome = run_job(job, line.listener())
    line.end()
    print_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
