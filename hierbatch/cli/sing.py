"""`hierbatch sing`: a score with lyrics to singing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.say import SayVoice
from hierbatch.jobs.options.singing import SingingSettings
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path


@command
def sing(
    score: Annotated[
        Path, typer.Argument(parser=local_path, help="Score: .musicxml .mxl .mid .ustx, or a note list (.csv).")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", parser=local_path, help="Sound file to write: .flac .wav .mp3 .ogg .opus."),
    ],
    *,
    prompt: SayVoice,
    singing: SingingSettings,
    model: ModelChoice,
) -> None:
    """Turn a score with lyrics into a sung sound file.

    The tune is that of the score, moved by whole octaves to the range of the
    voice. Times are those of the score.

    Example: hierbatch sing song.musicxml --voice anna.flac --consent self -o a.flac
    """
    from hierbatch.api.loading import load
    from hierbatch.api.speech import SpeechPipeline
    from hierbatch.cli.licenses import print_model_license_warnings
    from hierbatch.errors import BundleError

    pipeline = load(model.model, device=model.device, dtype=model.dtype, compile=model.compile)
    if not isinstance(pipeline, SpeechPipeline):
        raise BundleError("The model has no singing", got=model.model, fix="choose another with --model")
    print_model_license_warnings(model.model)
    voice = pipeline.voice(prompt.voice, consent=prompt.consent, denoise_ratio=prompt.denoise_ratio or 0.0)
    for notice in voice.notices:
        print(f"Note: {notice}", file=sys.stderr)
    song = pipeline.sing(
        score,
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
