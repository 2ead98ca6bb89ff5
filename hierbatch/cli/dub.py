"""`hierbatch dub`: a folder of recordings and films in other people's voices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.object_path import here

if TYPE_CHECKING:
    from hierbatch.jobs.dub import Dubbing
    from hierbatch.jobs.dub_delivery import Background

_MOST_LINES = 20


def dub(
    folder: Annotated[
        Path, typer.Argument(parser=here, help="Recordings and films: WAV, FLAC, MP3, Ogg, M4A, MP4, MOV, MKV, WebM.")
    ],
    out: Annotated[Path, typer.Option(parser=here, help="Folder for the dubbed files and their table; gone on with.")],
    voice_map: Annotated[
        Path | None, typer.Option(parser=here, help="Who gets which voice: a table of file, speaker, voice, key.")
    ] = None,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    segments: Annotated[
        Path | None,
        typer.Option(
            parser=here,
            help="Folder of segments tables (NAME.rttm, .csv or .srt); by default they lie beside the files.",
        ),
    ] = None,
    background: Annotated[
        str, typer.Option(help="What stands outside speech: keep, off, or so many dB lower, such as -12.")
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
    """Replace the voices of a folder's recordings and films; each stays as long as it was, to the sample.

    Speech is found by voice activity, or told by segments tables with several speakers. Pictures are copied.
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.dub import DubJob
    from hierbatch.jobs.dub import dub as dub_job

    tell_model_licenses(model)
    line = ProgressLine()
    dubbing = dub_job(
        DubJob(
            folder=folder,
            out=out,
            voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent),
            voice_map=voice_map,
            segments=segments,
            background=_background(background),
            seed=seed,
            bundle=model,
            model_factory=model_factory,
            device=options.placement(device, dtype, compile_),
            workforce=options.workforce(engine, workers),
            update=update,
        ),
        line.watch(),
    )
    line.end()
    raise typer.Exit(_tell(dubbing))


def _background(text: str) -> Background:
    from hierbatch.errors import InputError
    from hierbatch.jobs.dub_delivery import Background

    named = {"keep": 0.0, "off": None}
    if text in named:
        return Background(gain_db=named[text])
    try:
        return Background(gain_db=float(text))
    except ValueError as error:
        raise InputError("The background is not clear", wanted="keep, off, or a number of dB", got=text) from error


def _tell(dubbing: Dubbing) -> int:
    """Print the table; gives the exit code."""
    from hierbatch.cli.outcome import exit_code
    from hierbatch.engine.progress import clock

    made = [line for line in dubbing.lines if not line.error]
    for line in made[:_MOST_LINES]:
        who = f"{line.speaker} -> {line.voice}" if line.speaker else f"-> {line.voice}"
        alike = "" if line.speaker_similarity is None else f", similarity {line.speaker_similarity:.2f}"
        flags = f", {line.flags}" if line.flags else ""
        print(f"{line.output}: {who}, length error {line.length_error_samples}{alike}{flags}")
    if len(made) > _MOST_LINES:
        print(f"... and {len(made) - _MOST_LINES} more lines in {dubbing.report}")
    for line in dubbing.lines:
        if line.error:
            print(f"{line.file}: {line.error}")
    files = {line.file: line.duration_s or 0.0 for line in made}
    print(f"{dubbing.report}: {len(files)} files dubbed, {clock(sum(files.values()))}, {dubbing.n_failed} failed")
    return exit_code(dubbing.outcome) or (exit_codes.FAILED_ROWS if dubbing.n_failed else exit_codes.OK)
