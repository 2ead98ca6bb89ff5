"""`hierbatch convert`: recordings in another voice; the same command goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.object_path import here

if TYPE_CHECKING:
    from hierbatch.jobs.run import RunOutcome

_KeyShift = Annotated[float, typer.Option(min=-12.0, max=12.0, help="Semitones above the target voice's own range.")]
_Rate = Annotated[
    int | None, typer.Option(min=8_000, max=192_000, help="Sampling rate in Hz; by default each recording's own.")
]
_F0 = Annotated[
    str, typer.Option(help="What finds the pitch: dio, or yaapt as the published systems have it, far slower.")
]
_FullBand = Annotated[
    bool, typer.Option("--full-band", help="Give conversions at more than 16 kHz a top above 8 kHz (SpeechSR).")
]
_Clips = Annotated[bool, typer.Option("--clips", help="Also write RUN/export/clips/ID.flac.")]


def convert(
    manifest: Annotated[
        Path, typer.Argument(parser=here, help="Recordings: .parquet, .csv or .jsonl with id and source.")
    ],
    out: Annotated[Path, typer.Option(parser=here, help="Run folder: made, or gone on with.")],
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    source_root: options.SourceRoot = None,
    key_shift: _KeyShift = 0.0,
    rate: _Rate = None,
    f0: _F0 = "dio",
    full_band: _FullBand = False,
    clips: _Clips = False,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    gpus_a_worker: options.GpusAWorker = 1.0,
    ray_address: options.RayAddress = "",
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Convert every recording of a manifest to its target voice, as long as it was to the sample.

    A recording that cannot be used, and a row whose voice cannot, becomes a failed row with its reason; the rest
    goes on.
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.convert_order import ConvertOrder
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.models.full_band import own_or_packaged

    order = ConvertOrder(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        source_root=source_root,
        pitch_semitones=key_shift,
        rate_hz=rate,
        f0=f0,
        full_band=own_or_packaged(model) if full_band else None,
        seed=seed,
        bundle=model,
        model_factory=model_factory,
    )
    line = ProgressLine()
    # Another seed changes nothing that is flagged in a conversion.
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
    raise typer.Exit(_tell(outcome, out, clips=clips))


def _tell(outcome: RunOutcome, out: Path, *, clips: bool) -> int:
    """Print what was made, and write the clips that were asked for; gives the exit code."""
    from hierbatch.cli.outcome import exit_code, tell_outcome
    from hierbatch.jobs.clips import write_clips

    tell_outcome(outcome)
    if clips:
        print(f"{out / 'export' / 'clips'}: {write_clips(out)} files")
    return exit_code(outcome)
