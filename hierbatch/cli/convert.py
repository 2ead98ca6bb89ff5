"""`hierbatch convert`: voice conversion of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from hierbatch.jobs.run import RunOutcome


@command
def convert(
    manifest: options.RecordingsPath,
    out: options.LocalRunOut,
    clips: Annotated[bool, typer.Option("--clips", help="Also write OUT/export/clips/ID.flac.")] = False,
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

    The length is kept to the sample. A row with an unusable recording or voice is
    recorded as failed. The same command resumes a stopped run.

    Example: hierbatch convert recordings.csv --voice anna.flac --out runs/anna
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.convert import ConvertSpec

    spec = ConvertSpec(manifest=manifest, sources=sources, voices=voices, conversion=conversion, model=model)
    job = RunJob(spec=spec, out=out, execution=execution, quality=quality, control=control)
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        outcome = run_job(job, line.listener())
    raise typer.Exit(_print_result(outcome, out, clips=clips))


def _print_result(outcome: RunOutcome, out: Path, *, clips: bool) -> int:
    """Print the result and write the clips if requested. Returns the exit code."""
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.jobs.clips import write_clips

    print_outcome(outcome)
    if clips:
        print(f"{out / 'export' / 'clips'}: {write_clips(out)} files")
    return exit_code(outcome)
