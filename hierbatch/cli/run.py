"""`hierbatch run`: a manifest to takes; the same command goes on where it stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import tell_model_licenses


def run(
    manifest: options.RowsPath,
    out: options.OutRun,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    lang: Annotated[str | None, typer.Option(help="Language of rows that name none: en or ko.")] = None,
    lexicon: options.Lexicon = None,
    speed: options.Speed = 1.0,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_a_worker: options.GpusAWorker = 1.0,
    ray_address: options.RayAddress = "",
    retakes: options.Retakes = 1,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Speak every row of a manifest: a failing row becomes a row with its reason, and the rest goes on."""
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.order import SpeakOrder
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job

    order = SpeakOrder(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=lang,
        lexicon=lexicon,
        speed=speed,
        seed=seed,
        bundle=model,
        model_factory=model_factory,
    )
    line = ProgressLine()
    job = RunJob(
        order=order,
        out=out,
        device=options.placement(device, dtype, compile_),
        workforce=options.workforce(engine, workers, gpus_a_worker, ray_address),
        retakes=retakes,
        update=update,
    )
    tell_model_licenses(model)
    outcome = run_job(job, line.watch())
    line.end()
    tell_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
