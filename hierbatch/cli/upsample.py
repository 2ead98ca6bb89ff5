"""`hierbatch upsample`: bandwidth extension of recordings to 24 or 48 kHz."""

from __future__ import annotations

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.recordings import SourceFolder, UpsamplingModelChoice, UpsamplingSettings


@command
def upsample(
    manifest: options.RecordingsPath,
    out: options.LocalRunOut,
    clips: options.Clips = False,
    *,
    sources: SourceFolder,
    upsampling: UpsamplingSettings,
    model: UpsamplingModelChoice,
    execution: Execution,
    control: RunControl,
) -> None:
    """Extend the bandwidth of every recording of a manifest.

    Content above 8 kHz is resynthesized with SpeechSR, whatever the source rate.
    A recording that cannot be used becomes a failed row. The same command resumes
    a stopped run.

    Example: hierbatch upsample recordings.csv --rate-hz 48000 --out runs/48k
    """
    from hierbatch.cli.outcome import exit_code, print_clips, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.options.quality import MeasureChoice
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.upsample import UpsampleSpec

    spec = UpsampleSpec(manifest=manifest, sources=sources, upsampling=upsampling, model=model)
    job = RunJob(spec=spec, out=out, execution=execution, quality=MeasureChoice(), control=control)
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        outcome = run_job(job, line.listener())
    print_outcome(outcome)
    print_clips(out, clips=clips)
    raise typer.Exit(exit_code(outcome))
