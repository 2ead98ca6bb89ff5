"""`hierbatch convert`: voice conversion of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.run import RunOutcome

_KeyShift = Annotated[
    float,
    typer.Option(
        min=-12.0,
        max=12.0,
        help="Transposition relative to the target voice's range, in semitones.",
        rich_help_panel=options.SOUND_PANEL,
    ),
]
_Rate = Annotated[
    int | None,
    typer.Option(
        min=8_000,
        max=192_000,
        help="Output sample rate in Hz. Default: that of each recording.",
        rich_help_panel=options.SOUND_PANEL,
    ),
]
_F0 = Annotated[
    str,
    typer.Option(
        help="Pitch tracker: dio, or yaapt (as HierSpeech++, much slower).", rich_help_panel=options.SOUND_PANEL
    ),
]
_FullBand = Annotated[
    bool,
    typer.Option(
        "--full-band",
        help="Bandwidth extension by SpeechSR for output rates above 16 kHz.",
        rich_help_panel=options.SOUND_PANEL,
    ),
]
_Clips = Annotated[bool, typer.Option("--clips", help="Also write OUT/export/clips/ID.flac.")]


def convert(
    manifest: Annotated[
        Path, typer.Argument(parser=local_path, help="Manifest (.parquet, .csv, .jsonl) with id and source.")
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Run folder: created, or resumed if it exists.")],
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    source_root: options.SourceRoot = None,
    pitch_semitones: _KeyShift = 0.0,
    rate_hz: _Rate = None,
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
    gpus_per_worker: options.GpusPerWorker = 1.0,
    ray_address: options.RayAddress = "",
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Convert every recording of a manifest to its target voice.

    The length is kept to the sample. A row with an unusable recording or voice is
    recorded as failed. The same command resumes a stopped run.
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.convert import ConvertSpec
    from hierbatch.models.upsampling.full_band import choose_upsampler

    spec = ConvertSpec(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        source_root=source_root,
        pitch_semitones=pitch_semitones,
        rate_hz=rate_hz,
        f0=f0,
        full_band=choose_upsampler(model) if full_band else None,
        seed=seed,
        bundle=model,
        model_factory=model_factory,
    )
    line = ProgressLine()
    # Another seed does not change the flags of a conversion.
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
    raise typer.Exit(_print_result(outcome, out, clips=clips))


def _print_result(outcome: RunOutcome, out: Path, *, clips: bool) -> int:
    """Print the result and write the clips if requested. Returns the exit code."""
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.jobs.clips import write_clips

    print_outcome(outcome)
    if clips:
        print(f"{out / 'export' / 'clips'}: {write_clips(out)} files")
    return exit_code(outcome)
