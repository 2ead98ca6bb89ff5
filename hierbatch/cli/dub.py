"""`hierbatch dub`: replace the voices of a folder of recordings and films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.dub import DubResult
    from hierbatch.jobs.dub_output import Background

_MAX_PRINTED_ROWS = 20


def dub(
    folder: Annotated[
        Path,
        typer.Argument(
            parser=local_path, help="Folder of recordings and films: WAV, FLAC, MP3, M4A, MP4, MKV and others."
        ),
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Output folder: created, or resumed if it exists.")],
    voice_map: Annotated[
        Path | None,
        typer.Option(
            parser=local_path,
            help="Table that assigns voices: file, speaker, voice, key.",
            rich_help_panel=options.VOICE_PANEL,
        ),
    ] = None,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    segments: Annotated[
        Path | None,
        typer.Option(
            parser=local_path,
            help="Folder of segment tables (NAME.rttm, .csv, .srt). Default: next to the files.",
        ),
    ] = None,
    track: Annotated[
        str,
        typer.Option(help="Sound track of films: a number from 1, or a language such as kor. Default: the first."),
    ] = "",
    background: Annotated[
        str,
        typer.Option(
            help="Audio outside speech: keep, off, or a gain in dB such as -12.", rich_help_panel=options.SOUND_PANEL
        ),
    ] = "keep",
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    engine: options.Engine = "ray",
    workers: options.Workers = 0,
    update: options.Update = False,
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Replace the voices of a folder of recordings and films.

    The length is kept to the sample; video is copied. Speech is found by voice
    activity detection, or given by segment tables with several speakers.
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.dub import DubJob
    from hierbatch.jobs.dub import dub as dub_job

    print_model_license_warnings(model)
    line = ProgressLine()
    dubbing = dub_job(
        DubJob(
            folder=folder,
            out=out,
            voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent),
            voice_map=voice_map,
            segments=segments,
            track=track,
            background=_background(background),
            seed=seed,
            bundle=model,
            model_factory=model_factory,
            device=options.placement(device, dtype, compile_),
            execution=options.execution(engine, workers),
            update=update,
        ),
        line.listener(),
    )
    line.end()
    raise typer.Exit(_print_result(dubbing))


def _background(text: str) -> Background:
    from hierbatch.errors import InputError
    from hierbatch.jobs.dub_output import Background

    named = {"keep": 0.0, "off": None}
    if text in named:
        return Background(gain_db=named[text])
    try:
        return Background(gain_db=float(text))
    except ValueError as error:
        raise InputError(
            "The background option is invalid",
            expected="keep, off, or a number of dB",
            got=text,
            fix="correct --background",
        ) from error


def _print_result(dubbing: DubResult) -> int:
    """Print the report rows. Returns the exit code."""
    from hierbatch.cli.outcome import exit_code
    from hierbatch.engine.progress import format_duration

    finished = [line for line in dubbing.lines if not line.error]
    for line in finished[:_MAX_PRINTED_ROWS]:
        voices = f"{line.speaker} -> {line.voice}" if line.speaker else f"-> {line.voice}"
        similarity = "" if line.speaker_similarity is None else f", similarity {line.speaker_similarity:.2f}"
        flags = f", {line.flags}" if line.flags else ""
        print(f"{line.output}: {voices}, length error {line.length_error_samples}{similarity}{flags}")
    if len(finished) > _MAX_PRINTED_ROWS:
        print(f"... and {len(finished) - _MAX_PRINTED_ROWS} more rows in {dubbing.report}")
    for line in dubbing.lines:
        if line.error:
            print(f"{line.file}: {line.error}")
    files = {line.file: line.duration_s or 0.0 for line in finished}
    print(
        f"{dubbing.report}: {len(files)} files dubbed, {format_duration(sum(files.values()))}, "
        f"{dubbing.n_failed} failed"
    )
    return exit_code(dubbing.outcome) or (exit_codes.FAILED_ROWS if dubbing.n_failed else exit_codes.OK)
