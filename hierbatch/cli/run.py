"""`hierbatch run`: synthesize the rows of a manifest."""

from __future__ import annotations

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl, Sharding
from hierbatch.jobs.options.quality import Quality
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice


@command
def run(
    manifest: options.ManifestPath,
    out: options.RunFolderOut,
    clips: options.Clips = False,
    *,
    voices: VoiceChoice,
    speech: SpeechSettings,
    model: ModelChoice,
    execution: Execution,
    quality: Quality,
    control: RunControl,
    sharding: Sharding,
) -> None:
    """Synthesize every row of a manifest.

    A failed row is recorded with its error and does not stop the others. The same
    command resumes a stopped run.

    Example: hierbatch run rows.csv --voices voices.csv --out runs/first
    """
    from hierbatch.cli.outcome import exit_code, print_clips, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.speak import SpeakSpec

    spec = SpeakSpec(manifest=manifest, voices=voices, speech=speech, model=model)
    job = RunJob(spec=spec, out=out, execution=execution, quality=quality, control=control, shard=sharding.shard)
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        outcome = run_job(job, line.listener())
    print_outcome(outcome)
    print_clips(outcome.out, clips=clips)
    raise typer.Exit(exit_code(outcome))
