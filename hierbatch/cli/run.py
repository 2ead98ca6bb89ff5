"""`hierbatch run`: synthesize the rows of a manifest."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import print_model_license_warnings


def run(
    manifest: options.ManifestPath,
    out: options.RunFolderOut,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    language: Annotated[
        str | None, typer.Option(help="Language of rows without one: en or ko.", rich_help_panel=options.SOUND_PANEL)
    ] = None,
    lexicon: options.Lexicon = None,
    speed: options.Speed = 1.0,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_per_worker: options.GpusPerWorker = 1.0,
    ray_address: options.RayAddress = "",
    max_retakes: options.MaxRetakes = 1,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Synthesize every row of a manifest.

    A failed row is recorded with its error and does not stop the others. The same
    command resumes a stopped run.
    """
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.speak import SpeakSpec

    spec = SpeakSpec(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=language,
        lexicon=lexicon,
        speed=speed,
        seed=seed,
        bundle=model,
        model_factory=model_factory,
    )
    line = ProgressLine()
    job = RunJob(
        spec=spec,
        out=out,
        device=options.placement(device, dtype, compile_),
        execution=options.execution(engine, workers, gpus_per_worker, ray_address),
        max_retakes=max_retakes,
        update=update,
    )
    print_model_license_warnings(model)
    outcome = run_job(job, line.listener())
    line.end()
    print_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
