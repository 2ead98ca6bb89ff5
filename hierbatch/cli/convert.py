"""`hierbatch convert`: voice conversion of recordings."""

from __future__ import annotations

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.recordings import ConversionSettings, SourceFolder
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice


@command
def convert(
    manifest: options.RecordingsPath,
    out: options.LocalRunOut,
    clips: options.Clips = False,
    *,
    sources: SourceFolder,
    voices: VoiceChoice,
    conversion: ConversionSettings,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> None:
    """Convert every recording of a manifest to its target voice.

    Each take is exactly as long as its recording. A row with an unusable recording
    or voice is recorded as failed. The same command resumes a stopped run.

    Example: hierbatch convert recordings.csv --voice anna.flac --out runs/anna
    """
    from hierbatch.cli.outcome import exit_code, print_clips, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.convert import ConvertSpec

    spec = ConvertSpec(manifest=manifest, sources=sources, voices=voices, conversion=conversion, model=model)
    job = RunJob(spec=spec, out=out, execution=execution, quality=quality, control=control)
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        outcome = run_job(job, line.listener())
    print_outcome(outcome)
    print_clips(out, clips=clips)
    raise typer.Exit(exit_code(outcome))
