"""`hierbatch sing`: scores with lyrics to singing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.singing import SingingSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path


@command
def sing(
    score: Annotated[
        Path,
        typer.Argument(
            parser=local_path,
            help="Score (.musicxml .mxl .mid .ustx .ds, or a note list .csv), or a manifest with the column song.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", parser=local_path, help="Sound file for a score; run folder for a manifest, also to resume."
        ),
    ],
    clips: options.Clips = False,
    *,
    voices: VoiceChoice,
    singing: SingingSettings,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> None:
    """Turn scores with lyrics into singing.

    The melody is transposed by whole octaves into the range of the voice; the
    timing of the score is kept.

    Example: hierbatch sing song.musicxml --voice anna.flac --out song.flac
    """
    print_model_license_warnings(model.model)
    if out.suffix:
        _sing_one(score, out, voices, singing, model)
        return
    from hierbatch.cli.outcome import exit_code, print_clips, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.run import RunJob
    from hierbatch.jobs.run import run as run_job
    from hierbatch.jobs.specs.sing import SingSpec

    spec = SingSpec(manifest=score, voices=voices, singing=singing, model=model)
    job = RunJob(spec=spec, out=out, execution=execution, quality=quality, control=control)
    with ProgressLine() as line:
        outcome = run_job(job, line.listener())
    print_outcome(outcome)
    print_clips(out, clips=clips)
    raise typer.Exit(exit_code(outcome))


def _sing_one(score: Path, out: Path, voices: VoiceChoice, singing: SingingSettings, model: ModelChoice) -> None:
    """Write one song to a sound file.

    Args:
        score: path of the score.
        out: sound file.
        voices: voice options, with one recording.
        singing: lyrics, transposition and ornaments.
        model: model, and the device it runs on.
    """
    from hierbatch.api.loading import load_speech_pipeline
    from hierbatch.errors import InputError
    from hierbatch.frontend.scores.reading import read_score

    if voices.voice is None:
        raise InputError("There is no voice", expected="--voice FILE", fix="pass a recording of 3 to 15 s")
    read = read_score(score)  # before the model, which takes seconds
    pipeline = load_speech_pipeline(model)
    voice = pipeline.voice(voices.voice, consent=voices.consent, denoise_ratio=voices.denoise_ratio or 0.0)
    for notice in voice.notices:
        print(f"Note: {notice}", file=sys.stderr)
    song = pipeline.sing(
        read,
        voice,
        language=singing.language or "auto",
        lyrics=singing.lyrics,
        lexicon=singing.lexicon,
        transpose=singing.transpose,
        vibrato_cents=singing.vibrato_cents,
        seed=singing.seed,
    )
    print(
        f"{song.save(out)}: {song.duration_s:.1f} s, {len(song.words)} words, "
        f"transposed by {song.semitones:+g} semitones"
    )
